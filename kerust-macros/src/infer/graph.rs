//! The graph form, with named values.

use super::{Activation, ChainEnd, Infer, head, is_input, merge};
use crate::ast::{self, Graph, Name, Outputs, ValueKind};
use crate::catalog;
use crate::diagnostics::nearest;
use crate::keras;
use crate::plan::{Edge, Head, Input, ValueType};
use crate::value::text;
use proc_macro2::{Ident, Span};
use quote::ToTokens;

/// The maximum number of inputs and of outputs: that of the tuples for which the traits are implemented.
const MAX_ENDS: usize = 4;

/// The values that are defined before the current `let`.
#[derive(Default)]
struct Values<'a> {
    values: Vec<Value>,
    /// The later `let`s, for errors about names that are used too early.
    later: Vec<&'a Ident>,
    /// Whether a name was not found. It is then unknown which values are read.
    broken: bool,
}

/// A value named by a `let`.
struct Value {
    name: Ident,
    place: ChainEnd,
    is_input: bool,
    used: bool,
    /// The activation of the head, if the value is one.
    activation: Option<Activation>,
    /// The value after that activation, once a layer has read it.
    activated: Option<ChainEnd>,
}

impl Infer<'_> {
    pub(super) fn graph(&mut self, graph: &Graph) -> Vec<Head> {
        let outputs: Vec<&Ident> = match &graph.outputs {
            Outputs::Names(names) => names.iter().collect(),
            Outputs::Chain(chain) => name_alone(chain).into_iter().collect(),
            Outputs::Missing => Vec::new(),
        };
        let is_output = |number: usize| {
            let name = &graph.lets[number].name;
            let last = graph.lets.iter().rposition(|it| it.name == *name);
            last == Some(number) && outputs.contains(&name)
        };
        let mut values = Values::default();
        for (number, statement) in graph.lets.iter().enumerate() {
            let later = graph.lets[number..].iter();
            values.later = later
                .flat_map(|it| [&it.name].into_iter().chain(&it.others))
                .collect();
            self.statement(statement, is_output(number), &mut values);
        }
        values.later.clear();
        let mut heads = match &graph.outputs {
            Outputs::Chain(chain) if name_alone(chain).is_none() => {
                let name = Ident::new("output", Span::call_site());
                let (place, activation, _) = self.value(chain, &name, true, &mut values);
                if let Some(last) = chain.layers.last() {
                    self.nameable(&place.data, last);
                    self.masked_output(last.ident(), &place);
                    self.one_output(last, &place);
                }
                vec![head(name, place, activation)]
            }
            Outputs::Missing => Vec::new(),
            _ => self.outputs(&outputs, &mut values),
        };
        if !values.broken && !matches!(graph.outputs, Outputs::Missing) {
            self.unused(&values);
        }
        if self.inputs.is_empty() {
            if !values.broken && self.diagnostics.is_empty() {
                self.diagnostics
                    .fault(self.model, "the graph has no `Input`")
                    .help("write the sizes of one sample: `let image = Input(28, 28, 1);`");
            }
            self.inputs.push(Input {
                name: Ident::new("input", Span::call_site()),
                data: ValueType::unknown(),
            });
        }
        if let Some(input) = self.inputs.get(MAX_ENDS) {
            self.diagnostics
                .fault(
                    &input.name,
                    format!("a model takes up to {MAX_ENDS} inputs, found one more"),
                )
                .help("use one input for two of them, and split it with layers");
            // Further errors that follow from this are suppressed.
            self.inputs.truncate(MAX_ENDS);
        }
        if heads.is_empty() {
            let name = Ident::new("output", Span::call_site());
            heads.push(head(name, ChainEnd::start().unknown(""), None));
        }
        heads
    }

    fn statement(&mut self, statement: &ast::Let, is_output: bool, values: &mut Values<'_>) {
        let name = &statement.name;
        values.broken |= statement.is_reported;
        self.outputs = 1 + statement.others.len();
        if let Some(other) = name_alone(&statement.chain) {
            self.diagnostics
                .fault(
                    other,
                    format!("`let {name} = {other}` names one value twice"),
                )
                .help(format!("write `{other}` wherever it is read"));
            values.find(name, false);
        }
        let (place, activation, is_input) = self.value(&statement.chain, name, is_output, values);
        self.outputs = 1;
        if is_output && let Some(last) = statement.chain.layers.last() {
            self.nameable(&place.data, last);
        }
        let others = self.others(statement, &place);
        let place = ChainEnd {
            others: Vec::new(),
            ..place
        };
        values.values.push(Value {
            is_input,
            activation,
            ..Value::new(name, place)
        });
        let others = statement.others.iter().zip(others);
        values
            .values
            .extend(others.map(|(name, place)| Value::new(name, place)));
        values.values.retain(|value| value.name != "_");
    }

    /// Evaluates an expression: the value, its activation if it is a head, and whether it is an input.
    fn value(
        &mut self,
        chain: &ast::Chain,
        name: &Ident,
        is_output: bool,
        values: &mut Values<'_>,
    ) -> (ChainEnd, Option<Activation>, bool) {
        let Some((source, layers)) = chain.layers.split_first() else {
            return (ChainEnd::start().unknown(""), None, false);
        };
        let outputs = std::mem::replace(&mut self.outputs, 1);
        if layers.is_empty() {
            self.outputs = outputs;
        }
        let place = self.source(source, layers, name, values);
        self.outputs = outputs;
        let bare = is_input(source) && layers.is_empty();
        // The inputs of a misplaced layer are unknown.
        values.broken |= layers.iter().any(|layer| layer.applied.is_some());
        let (place, activation) = self.follow(layers, place, is_output);
        (place, activation, bare)
    }

    fn source(
        &mut self,
        source: &ast::Layer,
        layers: &[ast::Layer],
        name: &Ident,
        values: &mut Values<'_>,
    ) -> ChainEnd {
        if is_input(source) {
            let name = match (layers.is_empty(), self.inputs.len()) {
                (true, _) => name.clone(),
                (false, 0) => Ident::new("input", Span::call_site()),
                (false, number) => Ident::new(&format!("input_{number}"), Span::call_site()),
            };
            return self.input(source, name);
        }
        let ident = source.ident();
        let unknown = ChainEnd::start().unknown("");
        match &source.name {
            Name::Faulty(_) => {
                values.broken = true;
                unknown
            }
            // The missing input has been reported.
            Name::Bare(ident)
                if source.faulty_arguments
                    && !merge::is_merge(ident)
                    && catalog::values(&ident.to_string()).is_none() =>
            {
                values.broken = true;
                unknown
            }
            Name::Bare(_) if source.applied.is_some() => {
                let faults = self.diagnostics.len();
                let place = self.applied(source, &mut |infer, name| infer.read(name, values));
                values.broken |= self.diagnostics.len() > faults;
                place
            }
            Name::Bare(ident) if merge::is_merge(ident) => {
                self.merge(source, &mut |infer, name| infer.read(name, values))
            }
            Name::Bare(ident)
                if catalog::values(&ident.to_string()).is_some() && source.block.is_none() =>
            {
                self.of_several(source, &mut |infer, name| infer.read(name, values))
            }
            Name::Bare(ident)
                if source.arguments.is_none() && source.block.is_none() && is_value(ident) =>
            {
                self.read(ident, values).unwrap_or(unknown)
            }
            Name::Path(path, _) if reads_values(source) => {
                self.custom_of_several(source, path, &mut |infer, name| infer.read(name, values))
            }
            Name::Bare(ident) if reads_values(source) && is_own(ident) => {
                let path = ident.to_token_stream();
                self.custom_of_several(source, &path, &mut |infer, name| infer.read(name, values))
            }
            _ => {
                values.broken = true;
                self.diagnostics
                    .fault(
                        ident,
                        format!(
                            "a chain begins with `Input`, the name of a value or a merge, found \
                             `{ident}`"
                        ),
                    )
                    .help(format!(
                        "write what it reads: `x => {}`",
                        text(&source.tokens)
                    ));
                unknown
            }
        }
    }

    /// The value with this name, as a layer reads it.
    fn read(&mut self, name: &Ident, values: &mut Values<'_>) -> Option<ChainEnd> {
        let Some(value) = values.find(name, true) else {
            self.unknown_value(name, values);
            return None;
        };
        let Some(activation) = value.activation else {
            return Some(value.place.clone());
        };
        let place = match &value.activated {
            Some(place) => place.clone(),
            None => self.activated(&value.place, activation),
        };
        value.activated = Some(place.clone());
        Some(place)
    }

    fn unknown_value(&mut self, name: &Ident, values: &mut Values<'_>) {
        values.broken = true;
        if values.later.contains(&name) {
            self.diagnostics
                .fault(name, format!("`{name}` is read before its `let`"))
                .help(format!("put `let {name} = ..;` before this statement"));
            return;
        }
        let known: Vec<String> = values.values.iter().map(|it| it.name.to_string()).collect();
        let fault = self
            .diagnostics
            .fault(name, format!("no value is named `{name}`"));
        match nearest(&name.to_string(), known.iter().map(String::as_str)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help(format!("name it before: `let {name} = Input(4);`")),
        };
    }

    fn outputs(&mut self, names: &[&Ident], values: &mut Values<'_>) -> Vec<Head> {
        let mut heads: Vec<Head> = Vec::new();
        for (number, name) in names.iter().enumerate() {
            if number >= MAX_ENDS {
                self.diagnostics
                    .fault(
                        name,
                        format!("a model has up to {MAX_ENDS} outputs, found one more"),
                    )
                    .help("join two of them: `Concatenate(a, b)`");
                values.find(name, true);
                continue;
            }
            if names[..number].contains(name) {
                self.diagnostics
                    .fault(name, format!("`{name}` is an output twice"))
                    .help("remove one of the two");
                continue;
            }
            let Some(value) = values.find(name, true) else {
                self.unknown_value(name, values);
                heads.push(head((*name).clone(), ChainEnd::start().unknown(""), None));
                continue;
            };
            if value.is_input {
                self.diagnostics
                    .fault(name, format!("the output `{name}` is an input"))
                    .note("nothing computes it, and nothing trains it")
                    .help(format!(
                        "name a value that is computed from it: `let y = {name} => Dense(3);`"
                    ));
            }
            let (place, activation) = (value.place.clone(), value.activation);
            self.masked_output(name, &place);
            heads.push(head((*name).clone(), place, activation));
        }
        heads
    }

    /// Reports values that nothing reads.
    fn unused(&mut self, values: &Values<'_>) {
        for (number, value) in values.values.iter().enumerate() {
            if value.used {
                continue;
            }
            let name = &value.name;
            let again = values.values[number + 1..]
                .iter()
                .any(|it| it.name == *name);
            let what = if value.is_input { "input" } else { "value" };
            let fault = self
                .diagnostics
                .fault(name, format!("the {what} `{name}` is never read"));
            if again {
                fault.note(format!(
                    "another `let {name}` follows before anything reads it"
                ));
            }
            fault.help("read it, make it an output, or remove it");
        }
    }
}

impl Value {
    fn new(name: &Ident, place: ChainEnd) -> Self {
        Self {
            name: name.clone(),
            place,
            is_input: false,
            used: false,
            activation: None,
            activated: None,
        }
    }
}

impl Values<'_> {
    /// The last value with this name.
    fn find(&mut self, name: &Ident, used: bool) -> Option<&mut Value> {
        let value = self.values.iter_mut().rev().find(|it| it.name == *name)?;
        value.used |= used;
        Some(value)
    }
}

impl ChainEnd {
    /// The place before the first layer.
    pub(super) fn start() -> Self {
        Self::new(Edge::Input(0), ValueType::unknown(), String::new())
    }
}

/// `x`, if the chain is only that name.
fn name_alone(chain: &ast::Chain) -> Option<&Ident> {
    match chain.layers.as_slice() {
        [layer] if layer.arguments.is_none() && layer.block.is_none() => match &layer.name {
            Name::Bare(name) if is_value(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a layer is applied to values by name: `my::Gate(a, b)`.
fn reads_values(layer: &ast::Layer) -> bool {
    let mut values = layer.arguments().iter().filter(|it| it.keyword.is_none());
    let is_name = |argument: &ast::Argument| matches!(&argument.value.kind, ValueKind::Word(name) if is_value(name));
    layer.block.is_none() && values.clone().count() > 1 && values.all(is_name)
}

/// Whether a bare name can be a custom layer.
fn is_own(name: &Ident) -> bool {
    let found = name.to_string();
    let names = catalog::rows().map(|row| row.name);
    let names = names
        .chain(merge::NAMES)
        .chain(keras::LAYERS.iter().map(|(name, _)| *name));
    !is_value(name) && names.clone().all(|name| name != found) && nearest(&found, names).is_none()
}

/// Whether a bare name is that of a value, and not of a layer.
fn is_value(name: &Ident) -> bool {
    name.to_string()
        .starts_with(|c: char| c.is_lowercase() || c == '_')
}
