//! Creates the plan from the syntax tree, and infers the shape of each layer.

mod again;
mod block;
mod catalogued;
mod custom;
mod fuse;
mod graph;
mod judge;
mod masks;
mod merge;
mod names;
mod outputs;
mod ranges;
mod several;
mod size;
mod stateful;
mod unknown;
mod wrapper;

use crate::arguments::Arguments;
use crate::ast;
use crate::catalog::{self, Before, INPUT, Masking, Row, Rule, rows, stand_in};
use crate::diagnostics::Diagnostics;
use crate::plan::{Activation, Constant, Edge, Form, Head, Input, Layer, Node, Plan, ValueType};
use crate::value::{Size, Term, text};
use crate::words;
use kerust_core::shape::{Fault, MAX_RANK};
use names::Names;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use std::collections::HashMap;

pub use block::NAMES as BLOCKS;
pub use merge::NAMES as MERGES;

/// Analyzes a model. Errors are reported; the plan is then only good for a stub.
pub fn plan(model: &ast::Model, diagnostics: &mut Diagnostics) -> Plan {
    plan_of(model, diagnostics, false)
}

/// The plan of a step of a model without errors: states are further inputs and outputs of its `stateful` layers.
pub fn steps(model: &ast::Model) -> Plan {
    plan_of(model, &mut Diagnostics::default(), true)
}

fn plan_of(model: &ast::Model, diagnostics: &mut Diagnostics, stepping: bool) -> Plan {
    let generics = model.generic_names();
    let name = &model.header.name;
    let mut infer = Infer {
        model: name,
        owner: if generics.is_empty() {
            quote!(#name)
        } else {
            quote!(Self)
        },
        names: Names::default(),
        generics: &generics,
        inputs: Vec::new(),
        nodes: Vec::new(),
        layers: Vec::new(),
        activations: HashMap::new(),
        maskings: HashMap::new(),
        repetition: 0,
        outputs: 1,
        constants: Vec::new(),
        unnameable: Vec::new(),
        stepping,
        stateful: Vec::new(),
        states: Vec::new(),
        diagnostics,
    };
    let mut heads = match &model.body {
        ast::Body::Chain(chain) => vec![infer.chain(chain)],
        ast::Body::Graph(graph) => infer.graph(graph),
    };
    heads.extend(
        infer
            .states
            .iter()
            .enumerate()
            .map(|(number, (_, edge, data))| Head {
                name: format_ident!("next_{number}"),
                from: *edge,
                activation: Ident::new("Linear", Span::call_site()),
                data: data.clone(),
                mask: None,
            }),
    );
    let states = infer.states.into_iter();
    let mut plan = Plan {
        stateful: !infer.stateful.is_empty(),
        states: states.map(|(input, edge, _)| (input, edge)).collect(),
        inputs: infer.inputs,
        nodes: infer.nodes,
        layers: infer.layers,
        constants: infer.constants,
        heads,
        is_twin: false,
    };
    fuse::fuse_activations(&mut plan);
    plan
}

struct Infer<'a> {
    model: &'a Ident,
    /// The type that contains the constants of the expansion.
    owner: TokenStream,
    generics: &'a [String],
    names: Names,
    inputs: Vec<Input>,
    nodes: Vec<Node>,
    layers: Vec<Layer>,
    /// The activation of each layer that has one, and whether it became that of a head.
    activations: HashMap<usize, (Activation, bool)>,
    /// How each built-in layer treats a mask.
    maskings: HashMap<usize, Masking>,
    /// The index of the current repetition, from 0.
    repetition: usize,
    /// The number of named outputs of the current layer.
    outputs: usize,
    constants: Vec<Constant>,
    /// The layers whose sizes a generic model cannot name; each is reported once.
    unnameable: Vec<String>,
    /// Whether this is the plan of a step, in which `stateful` layers carry their states on.
    stepping: bool,
    /// The layers that are `stateful`.
    stateful: Vec<usize>,
    /// The states of such layers: the input before a step, and the value after it.
    states: Vec<(usize, Edge, ValueType)>,
    diagnostics: &'a mut Diagnostics,
}

/// The current end of a chain.
#[derive(Clone)]
struct ChainEnd {
    edge: Edge,
    data: ValueType,
    /// The last layer, as a message names it.
    declared: String,
    /// The mask of the value.
    mask: Option<Mask>,
    /// The further outputs of the last layer.
    others: Vec<ChainEnd>,
}

/// A mask: a value of the graph that belongs to another value.
#[derive(Clone)]
struct Mask {
    edge: Edge,
    data: ValueType,
    /// The layer that created it, as a message names it.
    by: String,
}

impl Infer<'_> {
    fn chain(&mut self, chain: &ast::Chain) -> Head {
        let input = Ident::new("input", Span::call_site());
        let (place, layers) = match chain.layers.split_first() {
            Some((layer, layers)) if is_input(layer) => (self.input(layer, input), layers),
            _ => {
                self.inputs.push(Input {
                    name: input,
                    data: ValueType::unknown(),
                });
                (self.no_input(chain), chain.layers.as_slice())
            }
        };
        if let [only] = chain.layers.as_slice()
            && is_input(only)
            && !only.faulty_arguments
        {
            self.diagnostics
                .fault(only, "the model has no layers after `Input`")
                .help(format!(
                    "add one: `{} => Dense(10, softmax)`",
                    place.declared
                ));
        }
        let (place, activation) = self.follow(layers, place, true);
        if let Some(last) = chain.layers.last() {
            self.nameable(&place.data, last);
            self.masked_output(last.ident(), &place);
            self.one_output(last, &place);
        }
        head(Ident::new("output", Span::call_site()), place, activation)
    }

    /// Processes layers. Returns the head's activation if the last one is the end of the model.
    fn follow(
        &mut self,
        layers: &[ast::Layer],
        mut place: ChainEnd,
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        let mut head = None;
        let outputs = std::mem::replace(&mut self.outputs, 1);
        for (number, layer) in layers.iter().enumerate() {
            self.one_value(layer, &place);
            place.others.clear();
            if number + 1 == layers.len() {
                self.outputs = outputs;
            }
            if is_input(layer) {
                self.diagnostics
                    .fault(
                        layer,
                        "found a second `Input`, expected one, at the beginning",
                    )
                    .help("remove it: each layer takes the shape of the one before it");
                continue;
            }
            (place, head) = self.layer(layer, &place, last && number + 1 == layers.len());
        }
        (place, head)
    }

    fn no_input(&mut self, chain: &ast::Chain) -> ChainEnd {
        let found = match chain.layers.first().map(|layer| &layer.name) {
            Some(ast::Name::Faulty(_)) => None,
            // It is not a layer, which is reported after this.
            Some(ast::Name::Bare(first)) if unknown::is_another(first) => None,
            Some(ast::Name::Bare(first) | ast::Name::Path(_, first)) => {
                Some(self.diagnostics.fault(
                    first,
                    format!("a model begins with `Input`, found `{first}`"),
                ))
            }
            None => Some(self.diagnostics.fault(
                Ident::new("end", chain.end),
                "the model has no layers, expected `Input(..)`",
            )),
        };
        if let Some(fault) = found {
            fault.help("write the sizes of one sample first: `Input(28, 28, 1) => ..`");
        }
        ChainEnd::new(Edge::Input(0), ValueType::unknown(), "Input".to_owned())
    }

    fn input(&mut self, layer: &ast::Layer, name: Ident) -> ChainEnd {
        let declared = text(&layer.tokens);
        let arguments = Arguments::bind(layer, INPUT, self.generics, self.diagnostics);
        let given = arguments.name.clone();
        let data = match arguments.sound {
            true => self.input_data(layer, &arguments, &declared),
            false => None,
        };
        let data = data.unwrap_or_else(ValueType::unknown);
        self.nameable(&data, layer);
        self.inputs.push(Input {
            name: given.unwrap_or(name),
            data: data.clone(),
        });
        ChainEnd::new(Edge::Input(self.inputs.len() - 1), data, declared)
    }

    fn input_data(
        &mut self,
        layer: &ast::Layer,
        arguments: &Arguments<'_>,
        declared: &str,
    ) -> Option<ValueType> {
        let sizes: Vec<Size> = arguments.sizes("shape").into_iter().flatten().collect();
        if sizes.len() > MAX_RANK {
            self.diagnostics
                .fault(
                    layer,
                    format!("`Input` of {} sizes, expected 1 to 4", sizes.len()),
                )
                .help("write the sizes of one sample; the batch is not one of them");
            return None;
        }
        let mut data = ValueType::float(Form::Sizes(sizes));
        if arguments.is_given("dtype") {
            data.dtype = words::dtype(arguments.word("dtype")?.0);
        }
        let shape = data.shape();
        let rule = Rule {
            known: data.known().map(kerust_core::shape::input),
            tokens: quote!(::kerust::__private::shape::input(#shape)),
        };
        let name = match self.inputs.len() {
            0 => Ident::new("input", layer.ident().span()),
            number => format_ident!("input_{number}", span = layer.ident().span()),
        };
        data.constant = self.judge(&name, rule, arguments, declared, "").ok()?;
        Some(data)
    }

    /// Adds a layer. Returns the head's activation if it is the last one.
    fn layer(
        &mut self,
        layer: &ast::Layer,
        place: &ChainEnd,
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        if layer.applied.is_some() {
            self.diagnostics
                .fault(
                    layer.ident(),
                    format!(
                        "`{}` is applied to values by their names, but comes after an arrow",
                        layer.ident()
                    ),
                )
                .help("begin the chain with it: `let y = LSTM(16)(x, initial_state = (h, c));`");
            return (place.unknown(&text(&layer.tokens)), None);
        }
        if let Some(block) = &layer.block {
            return self.block(layer, block, place, last);
        }
        if let Some(number) = self.applied_before(layer) {
            return self.again(layer.ident(), number, place, last);
        }
        let row = match &layer.name {
            ast::Name::Faulty(_) => return (place.unknown(""), None),
            ast::Name::Path(path, _) => return (self.custom(layer, path, place), None),
            ast::Name::Bare(ident) => {
                let found = ident.to_string();
                if merge::is_merge(ident) {
                    merge::misplaced(ident, self.diagnostics);
                    return (place.unknown(&found), None);
                }
                if !catalog::is_of_one(&found) {
                    self.diagnostics
                        .fault(
                            ident,
                            format!("`{found}` is applied to values, and must be at the beginning of a chain"),
                        )
                        .help(format!("name the values: `let y = {found}(a, b, ..);`"));
                    return (place.unknown(&found), None);
                }
                match rows().find(|row| row.name == found) {
                    Some(row) => row,
                    None => return (self.not_catalogued(layer, ident, place), None),
                }
            }
        };
        let arguments = Arguments::bind(layer, row.parameters, self.generics, self.diagnostics);
        self.catalogued(row, layer, &arguments, place, last)
    }

    fn node(&mut self, node: Node) -> Edge {
        self.nodes.push(node);
        Edge::Node(self.nodes.len() - 1)
    }

    /// Reports what is wrong with a layer by itself, or with its rank, if its input shape is not or only
    /// partly known.
    fn judge_alone(
        &mut self,
        row: &Row,
        arguments: &Arguments<'_>,
        declared: &str,
        place: &ChainEnd,
    ) {
        let found = place.data.stand_in();
        let stand_in = found.clone().unwrap_or_else(stand_in);
        let before = Before {
            data: &stand_in,
            others: &[],
            masked: &[false],
            nameable: true,
        };
        let rule = (row.infer)(arguments, &before, &mut Diagnostics::default()).rule;
        let Some(Err(fault)) = rule.and_then(|rule| rule.known) else {
            return;
        };
        if fault.is_own() && arguments.sound {
            self.fault(&fault, arguments.tokens(fault.argument()), declared, "");
        } else if let (Fault::Rank { .. } | Fault::Features { .. }, Some(shape)) = (fault, found) {
            // The message of the rule, without the placeholders for unknown sizes.
            let message = fault.text(declared, &place.declared);
            let found = place.data.to_string();
            let message = message.as_str().replace(&shape.to_string(), &found);
            let message = message.replace("Reshape(4096, -1)", "Reshape(.., -1)");
            self.diagnostics
                .fault(arguments.tokens(fault.argument()), message);
        }
    }
}

impl ChainEnd {
    /// The place after a layer with errors.
    fn unknown(&self, declared: &str) -> Self {
        Self {
            edge: self.edge,
            data: ValueType::unknown(),
            declared: declared.to_owned(),
            mask: None,
            others: Vec::new(),
        }
    }

    /// The place of a value without a mask.
    fn new(edge: Edge, data: ValueType, declared: String) -> Self {
        Self {
            edge,
            data,
            declared,
            mask: None,
            others: Vec::new(),
        }
    }
}

fn head(name: Ident, place: ChainEnd, activation: Option<Activation>) -> Head {
    let (word, span) = activation.unwrap_or(("Linear", Span::call_site()));
    Head {
        name,
        from: place.edge,
        activation: Ident::new(word, span),
        data: place.data,
        mask: place.mask.map(|mask| mask.edge),
    }
}

fn is_input(layer: &ast::Layer) -> bool {
    matches!(&layer.name, ast::Name::Bare(name) if name == "Input")
}
