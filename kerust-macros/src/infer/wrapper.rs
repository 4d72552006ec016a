//! Wrapper layers: `Bidirectional(LSTM(16))`, `TimeDistributed(Dense(8))`.

use super::catalogued::Said;
use super::{ChainEnd, Infer, size, unknown};
use crate::arguments::{ACTIVITY, Arguments};
use crate::ast::{self, Name};
use crate::catalog::{
    After, BIDIRECTIONAL, Before, Macs, Masking, Row, Rule, Spec, TIME_DISTRIBUTED, bidirectional,
    gates, rows,
};
use crate::plan::{Activation, Form, Role, ValueType};
use crate::value::{Size, Term, text};
use kerust_core::shape::{self, Fault};
use proc_macro2::TokenStream;
use quote::quote;

impl Infer<'_> {
    pub(super) fn wrapper(
        &mut self,
        layer: &ast::Layer,
        inner: &ast::Chain,
        (place, states): (&ChainEnd, &[ChainEnd]),
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        let kind = layer.ident().to_string();
        let unknown = (place.unknown(&text(&layer.tokens)), None);
        let Some((inner, row)) = self.wrapped(&kind, layer, inner, place) else {
            return unknown;
        };
        let is_bidirectional = kind == "Bidirectional";
        let parameters = if is_bidirectional {
            BIDIRECTIONAL
        } else {
            TIME_DISTRIBUTED
        };
        let outer = Arguments::bind(layer, parameters, self.generics, self.diagnostics);
        let given = Arguments::bind(inner, row.parameters, self.generics, self.diagnostics);
        if given.activity_regularizer().is_some() {
            let tokens = given.tokens(ACTIVITY);
            self.diagnostics
                .fault(
                    tokens,
                    format!("`{kind}` does not take a layer with `activity_regularizer`"),
                )
                .help("write the penalty as a layer behind it: `=> ActivityRegularization(l2 = 0.01)`");
            return unknown;
        }
        if self.no_state_inside(&kind, &given) {
            return unknown;
        }
        let nameable = self.generics.is_empty();
        let (spec, settings) = if is_bidirectional {
            if given.flag("go_backwards", false) {
                self.diagnostics
                    .fault(
                        given.tokens("go_backwards"),
                        "`Bidirectional` takes a layer that goes forwards, found `go_backwards = true`",
                    )
                    .help("leave it out: the second layer goes backwards");
                return unknown;
            }
            if !self.are_states(inner, &given, states) {
                return unknown;
            }
            let others: Vec<&ValueType> = states.iter().map(|state| &state.data).collect();
            let before = Before {
                data: &place.data,
                others: &others,
                masked: &[place.mask.is_some()],
                nameable,
            };
            let spec = (row.infer)(&given, &before, self.diagnostics);
            let gates = gates(row.name).unwrap_or(1);
            let mut spec = bidirectional((row.name, gates), [&outer, &given], &before, spec);
            let macs = size::macs(&spec.macs, &place.data, &place.data);
            spec.macs = times(macs, &Size::known(2));
            let settings = given.settings().into_iter().flat_map(|(array, term)| {
                let of = |direction| (format!("{direction}.{array}"), term.clone());
                ["forward", "backward"].map(of)
            });
            (spec, settings.collect())
        } else {
            let Some(step) = self.step(layer, inner, &given, place) else {
                return unknown;
            };
            let before = Before {
                data: &step,
                others: &[],
                masked: &[false],
                nameable,
            };
            let spec = (row.infer)(&given, &before, self.diagnostics);
            if !spec.outputs.is_empty() {
                self.diagnostics
                    .fault(
                        given.tokens("return_state"),
                        "`TimeDistributed` gives one value, found `return_state = true`",
                    )
                    .help("leave it out: the output of the last step is the state h");
                return unknown;
            }
            if self.is_refused(inner, row, &spec) {
                return unknown;
            }
            (at_each_step(spec, &place.data, &step), given.settings())
        };
        let said = Said {
            kind: &kind,
            row,
            arguments: &given,
            declared: declared(&kind, &outer, &given),
            name: outer.name.as_ref(),
            trainable: outer.trainable && given.trainable,
            settings,
            judges_alone: is_bidirectional,
            operation: if is_bidirectional { &kind } else { row.name },
            judged: (!is_bidirectional)
                .then(|| [given.declared(), format!("a step of `{}", place.declared)]),
        };
        self.placed(layer, said, spec, (place, states), last)
    }

    /// The inner layer, and its row.
    fn wrapped<'a>(
        &mut self,
        kind: &str,
        layer: &ast::Layer,
        inner: &'a ast::Chain,
        place: &ChainEnd,
    ) -> Option<(&'a ast::Layer, &'static Row)> {
        let [inner] = inner.layers.as_slice() else {
            let fault = self.diagnostics.fault(
                layer.ident(),
                format!("`{kind}` holds one layer, found {}", inner.layers.len()),
            );
            fault.help("write one for each layer, or a separate model");
            return None;
        };
        let ident = inner.ident();
        let row = match &inner.name {
            Name::Faulty(_) => return None,
            Name::Bare(ident) if inner.block.is_none() => rows().find(|row| ident == row.name),
            _ => None,
        };
        let takes = |row: &&Row| kind != "Bidirectional" || gates(row.name).is_some();
        if let Some(row) = row.filter(takes) {
            return Some((inner, row));
        }
        if row.is_none() && matches!(&inner.name, Name::Bare(ident) if unknown::is_another(ident)) {
            self.not_catalogued(inner, ident, place);
            return None;
        }
        let (expected, example) = match kind {
            "Bidirectional" => (
                "a recurrent layer",
                "write `LSTM(..)`, `GRU(..)` or `SimpleRNN(..)`",
            ),
            _ => (
                "a built-in layer",
                "write, for example, `TimeDistributed(Conv2D(8, 3x3))`",
            ),
        };
        self.diagnostics
            .fault(ident, format!("`{kind}` takes {expected}, found `{ident}`"))
            .help(example);
        None
    }

    /// The shape of one step.
    fn step(
        &mut self,
        layer: &ast::Layer,
        inner: &ast::Layer,
        given: &Arguments<'_>,
        place: &ChainEnd,
    ) -> Option<ValueType> {
        let sizes = match &place.data.form {
            Form::Sizes(sizes) => sizes,
            Form::Part(sizes) if sizes.len() > 1 => {
                return Some(ValueType::known_in_part(sizes[1..].to_vec()));
            }
            Form::Unknown | Form::Part(_) => return Some(ValueType::unknown()),
            Form::Typed(_) => {
                self.diagnostics
                    .fault(layer.ident(), "`TimeDistributed` after a custom layer")
                    .note("its number of dimensions is known to rustc only")
                    .help("add a built-in layer before it: `=> Reshape(24, 8)`");
                return None;
            }
        };
        if sizes.len() < 2 {
            let found = place.data.known().unwrap_or(shape::Shape::new(&[1]));
            let fault = Fault::Rank { found, expected: 2 };
            let declared = format!("TimeDistributed({})", given.declared());
            self.fault(&fault, inner, &declared, &place.declared);
            return None;
        }
        Some(ValueType::float(Form::Sizes(sizes[1..].to_vec())))
    }

    /// Reports a layer that cannot be applied to each step independently.
    fn is_refused(&mut self, inner: &ast::Layer, row: &Row, spec: &Spec) -> bool {
        if spec.masking == Masking::Makes {
            self.diagnostics
                .fault(
                    inner.ident(),
                    format!("`TimeDistributed` does not take a layer that makes a mask, found `{}`", row.name),
                )
                .note("each step would have a mask of its own, and none would be left for the whole sequence")
                .help("put it before, where it masks steps of the whole sequence");
            return true;
        }
        let is_training_only = spec.role == Role::TrainingOnly && row.name != "Dropout";
        let draws = is_training_only || row.name == "RandomCrop";
        if !(spec.state || draws) {
            return false;
        }
        self.diagnostics
            .fault(
                inner.ident(),
                format!("`TimeDistributed` does not take `{}`", row.name),
            )
            .note(match spec.state {
                true => "Keras computes the moments of each step separately",
                false => "it draws random numbers once for each sample, not for each step",
            })
            .help(match spec.state {
                true => format!(
                    "use it directly: it works on the last axis: `=> {}`",
                    row.name
                ),
                false => "put it before the layer that creates the steps".to_owned(),
            });
        true
    }
}

/// The properties of a layer that is applied to each step, as if it were a sample.
fn at_each_step(spec: Spec, all: &ValueType, step: &ValueType) -> Spec {
    let steps = all.dim(0, true);
    let (shape, of_step) = (all.shape(), step.shape());
    let inner = spec.rule.unwrap_or_else(|| Rule {
        known: step.known().map(Ok),
        tokens: quote!(::kerust::__private::shape::elementwise(#of_step)),
    });
    let known = all.known().zip(inner.known);
    let output = match &inner.known {
        Some(Ok(shape)) => ValueType::known(*shape),
        _ => step.clone(),
    };
    let tokens = inner.tokens;
    let after = match spec.after {
        After::Same => After::Same,
        After::Sizes(sizes) => {
            After::Sizes([Some(steps.clone())].into_iter().chain(sizes).collect())
        }
    };
    let len = |len: Option<TokenStream>| len.map(|len| many(len, &steps));
    Spec {
        rule: Some(Rule {
            known: known.map(|(all, inner)| shape::time_distributed(all, inner)),
            tokens: quote!(::kerust::__private::shape::time_distributed(#shape, #tokens)),
        }),
        after,
        macs: times(size::macs(&spec.macs, step, &output), &steps),
        saved: len(spec.saved),
        scratch: len(spec.scratch),
        masking: Masking::Keeps,
        in_place: false,
        in_place_scratch: None,
        ..spec
    }
}

/// `n` times as many multiply-adds.
fn times(macs: TokenStream, n: &Size) -> Macs {
    let macs = many(macs, n);
    Macs::Stated(macs.to_string().parse().ok(), macs)
}

/// `n` times a number.
fn many(number: TokenStream, n: &Size) -> TokenStream {
    match (number.to_string().parse::<usize>(), n.known) {
        (Ok(number), Some(n)) => Size::known(number.saturating_mul(n)).tokens(),
        (Ok(0), _) => number,
        _ => quote!(::core::primitive::usize::saturating_mul(#n, #number)),
    }
}

/// `Bidirectional(LSTM(16), merge_mode = sum)`
fn declared(kind: &str, outer: &Arguments<'_>, given: &Arguments<'_>) -> String {
    let (inner, own) = (given.declared(), outer.declared());
    match own.strip_prefix(kind).and_then(|own| own.strip_prefix('(')) {
        Some(own) => format!("{kind}({inner}, {own}"),
        None => format!("{kind}({inner})"),
    }
}
