//! Built-in layers that are applied to several values by name: `MultiHeadAttention(query, value,
//! num_heads = 4, key_dim = 8)`.

use super::{ChainEnd, Infer};
use crate::arguments::Arguments;
use crate::ast::{self, Block, ValueKind};
use crate::catalog;
use crate::plan::Form;
use crate::value::{Term, text};
use kerust_core::shape::Fault;
use proc_macro2::Ident;

impl Infer<'_> {
    /// Applies the layer to the values, which are its first arguments and which `find` finds by their names.
    pub(super) fn of_several(
        &mut self,
        layer: &ast::Layer,
        find: &mut dyn FnMut(&mut Self, &Ident) -> Option<ChainEnd>,
    ) -> ChainEnd {
        let ident = layer.ident();
        let kind = ident.to_string();
        let is_name = |argument: &&ast::Argument| {
            argument.keyword.is_none() && matches!(argument.value.kind, ValueKind::Word(_))
        };
        let names: Vec<&Ident> = layer
            .arguments()
            .iter()
            .take_while(is_name)
            .filter_map(name)
            .collect();
        let unknown = ChainEnd::start().unknown(&text(&layer.tokens));
        let (Some(row), Some([least, most])) = (
            catalog::rows().find(|row| row.name == kind),
            catalog::values(&kind),
        ) else {
            return unknown;
        };
        let places: Vec<ChainEnd> = names.iter().filter_map(|name| find(self, name)).collect();
        if places.len() < names.len() {
            return unknown;
        }
        if names.len() < least || names.len() > most {
            let found = names.len();
            let place = names.get(most).map_or(ident, |name| *name);
            let plural = if found == 1 { "" } else { "s" };
            let counts = match least == most {
                true => least.to_string(),
                false => format!("{least} or {most}"),
            };
            let fault = self.diagnostics.fault(
                place,
                format!("`{kind}` is applied to {counts} values, found {found} name{plural}"),
            );
            if kind == "Dot" {
                fault.help("write `Dot(a, b, axes = 1)`");
            } else {
                fault.note("the values are the query, the value and the key");
                fault.help(match names.first() {
                    Some(name) if found == 1 && catalog::is_of_one(&kind) => {
                        format!("write `{name} => {kind}(..)` for self-attention")
                    }
                    _ => format!("write `{kind}(query, value, ..)`"),
                });
            }
            return unknown;
        }
        let is_other = |place: &ChainEnd| place.data.rank().is_some_and(|rank| rank != 2);
        let mut values = names.iter().zip(&places);
        if let Some((name, place)) = values.find(|(_, place)| kind != "Dot" && is_other(place)) {
            if let Some(found) = place.data.known() {
                let fault = Fault::Rank { found, expected: 2 };
                self.fault(&fault, name, &kind, &place.declared);
            }
            return unknown;
        }
        if kind == "Dot"
            && places
                .iter()
                .any(|place| matches!(place.data.form, Form::Typed(_)))
        {
            self.diagnostics
                .fault(ident, "`Dot` after a custom layer")
                .note("its number of dimensions is known to rustc only")
                .help("add a built-in layer after it: `=> Reshape(24, 8)`");
            return unknown;
        }
        let arguments = Arguments::bind_behind(
            layer,
            names.len(),
            row.parameters,
            self.generics,
            self.diagnostics,
        );
        let (first, others) = match places.split_first() {
            Some(places) => places,
            None => return unknown,
        };
        let (place, _) = self.catalogued_of(row, layer, &arguments, (first, others), false);
        place
    }

    /// Applies a recurrent layer to a sequence and its initial states: `LSTM(16)(x, initial_state = (h, c))`.
    pub(super) fn applied(
        &mut self,
        layer: &ast::Layer,
        find: &mut dyn FnMut(&mut Self, &Ident) -> Option<ChainEnd>,
    ) -> ChainEnd {
        let (ident, kind) = (layer.ident(), layer.ident().to_string());
        let unknown = ChainEnd::start().unknown(&text(&layer.tokens));
        let wrapped = match &layer.block {
            Some(Block::Wrapper { inner }) if kind == "Bidirectional" => Some(inner),
            _ => None,
        };
        // Both directions begin with states.
        let (recurrent, directions) = match wrapped.map(|inner| inner.layers.as_slice()) {
            Some([inner]) => (inner.ident().to_string(), 2),
            _ => (kind.clone(), 1),
        };
        let Some(gates) = catalog::gates(&recurrent) else {
            if let Some(inner) = wrapped {
                return self.wrapper(layer, inner, (&unknown, &[]), false).0;
            }
            self.diagnostics
                .fault(ident, format!("`{kind}` takes no `initial_state`"))
                .note("recurrent layers take one: `LSTM`, `GRU` and `SimpleRNN`")
                .help(format!("write what it reads before it: `x => {kind}`"));
            return unknown;
        };
        let (mut sequence, mut states) = (None, Vec::new());
        for argument in layer.applied.iter().flatten() {
            let value = &argument.value;
            match (&argument.keyword, &value.kind) {
                (None, ValueKind::Word(name)) if sequence.is_none() => sequence = Some(name),
                (Some(keyword), ValueKind::Word(name)) if keyword == "initial_state" => {
                    states.push(name);
                }
                (Some(keyword), ValueKind::Tuple(names)) if keyword == "initial_state" => {
                    states.extend(names.iter().filter_map(|name| match &name.kind {
                        ValueKind::Word(name) => Some(name),
                        _ => None,
                    }));
                }
                (_, ValueKind::Faulty) => return unknown,
                _ => {
                    let found = text(&value.tokens);
                    self.diagnostics
                        .fault(
                            &value.tokens,
                            format!(
                                "`{kind}` is applied to a value and its states, found `{found}`"
                            ),
                        )
                        .help(format!("write `{kind}(..)(x, initial_state = h)`"));
                    return unknown;
                }
            }
        }
        let expected = directions * if gates == 4 { 2 } else { 1 };
        let Some(sequence) = sequence.filter(|_| states.len() == expected) else {
            let found = states.len();
            let [example, plural] = match (expected, directions) {
                (1, _) => ["h", ""],
                (2, 1) => ["(h, c)", "s"],
                (2, _) => ["(forward_h, backward_h)", "s"],
                _ => ["(forward_h, forward_c, backward_h, backward_c)", "s"],
            };
            self.diagnostics
                .fault(
                    ident,
                    format!("`{kind}` begins with {expected} state{plural}, found {found}"),
                )
                .help(format!("write `{kind}(..)(x, initial_state = {example})`"));
            return unknown;
        };
        let names = [sequence].into_iter().chain(states);
        let places: Vec<Option<ChainEnd>> = names.map(|name| find(self, name)).collect();
        let places: Option<Vec<ChainEnd>> = places.into_iter().collect();
        if let (Some(inner), Some([place, states @ ..])) = (wrapped, places.as_deref()) {
            return self.wrapper(layer, inner, (place, states), false).0;
        }
        let row = catalog::rows().find(|row| row.name == kind);
        let (Some(places), Some(row)) = (places, row) else {
            return unknown;
        };
        let arguments = Arguments::bind(layer, row.parameters, self.generics, self.diagnostics);
        let [place, states @ ..] = places.as_slice() else {
            return unknown;
        };
        if self.has_two_states(layer, &arguments) || !self.are_states(layer, &arguments, states) {
            return unknown;
        }
        self.catalogued_of(row, layer, &arguments, (place, states), false)
            .0
    }

    /// Whether values can be the states of a recurrent layer: the number of values must equal the number of
    /// units.
    pub(super) fn are_states(
        &mut self,
        layer: &ast::Layer,
        arguments: &Arguments<'_>,
        states: &[ChainEnd],
    ) -> bool {
        let units = arguments.count("units").known;
        for state in states {
            let Some(shape) = state.data.known_shape() else {
                continue;
            };
            if units.is_none_or(|units| shape.dims() == [units]) {
                continue;
            }
            let (ident, units) = (layer.ident(), units.unwrap_or_default());
            self.diagnostics
                .fault(
                    ident,
                    format!(
                        "`{ident}` of {units} units begins with a state of ({units}), found {}",
                        state.data
                    ),
                )
                .note(format!(
                    "{} is the output of `{}`",
                    state.data, state.declared
                ))
                .help("give both layers the same number of units");
            return false;
        }
        true
    }
}

fn name(argument: &ast::Argument) -> Option<&Ident> {
    match &argument.value.kind {
        ValueKind::Word(name) => Some(name),
        _ => None,
    }
}
