//! Plan to plan: the 8-bit twin of a model.
//!
//! The twin has the layers of the model, with 8-bit values and weights. A batch normalization is folded into the
//! layer before it, ReLU into the range of an output; other activations are nodes of their own, and what only
//! training does is left out. `f32` inputs are quantized, and outputs turned back.

mod ends;
mod own;
mod support;

use crate::ast;
use crate::diagnostics::Diagnostics;
use crate::functions;
use crate::plan::{Edge, Fusion, Head, Layer, Node, Plan, Role};
use kerust_core::element::Dtype;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use support::{Kind, kind, split};

/// The twin's plan, and what a quantizer computes its numbers from.
pub struct Twin {
    pub plan: Plan,
    pub inputs: Vec<QuantizedInput>,
    pub steps: Vec<Step>,
    pub outputs: Vec<QuantizedOutput>,
}

/// An output of the twin.
pub struct QuantizedOutput {
    /// The field of its quantization.
    pub name: Ident,
    /// Its value.
    pub value: usize,
    /// The value before the activation of the head.
    pub logits: usize,
}

/// An input of the twin.
pub struct QuantizedInput {
    /// The field of its quantization.
    pub name: Ident,
    /// The constant of the model that rescales it before.
    pub rescaling: Option<Ident>,
    pub len: TokenStream,
}

/// A step of the twin that computes.
pub struct Step {
    /// The field of its numbers.
    pub name: Ident,
    /// The constant of the twin that holds its configuration.
    pub constant: Ident,
    /// The batch normalization that is folded into it: its field, and the constant of the model.
    pub normalization: Option<(Ident, Ident)>,
    /// The variant of `Fused`.
    pub fused: &'static str,
    /// The values that it reads.
    pub inputs: Vec<usize>,
    pub len: TokenStream,
}

/// The twin of a model; nothing where a layer has no 8-bit arithmetic, which is reported.
pub fn twin(model: &ast::Model, plan: &Plan, diagnostics: &mut Diagnostics) -> Option<Twin> {
    let int8 = model.header.int8.as_ref()?;
    let mut builder = Builder {
        model: &model.header.name,
        plan,
        diagnostics,
        nodes: Vec::new(),
        layers: Vec::new(),
        edges: Vec::new(),
        values: Vec::new(),
        inputs: Vec::new(),
        ends: Vec::new(),
        steps: Vec::new(),
        sound: true,
    };
    let inputs = builder.quantized_inputs(int8.input);
    if !builder.sound {
        return None;
    }
    for number in 0..plan.nodes.len() {
        let edge = builder.node(number);
        builder.edges.push(edge);
    }
    let heads: Vec<Head> = plan
        .heads
        .iter()
        .map(|head| builder.head(head, int8.output))
        .collect();
    if !builder.sound {
        return None;
    }
    Some(Twin {
        inputs: builder.inputs,
        steps: builder.steps,
        outputs: builder.ends,
        plan: Plan {
            stateful: false,
            states: Vec::new(),
            inputs,
            nodes: builder.nodes,
            layers: builder.layers.into_iter().map(|(_, layer)| layer).collect(),
            constants: Vec::new(),
            heads,
            is_twin: true,
        },
    })
}

struct Builder<'a> {
    model: &'a Ident,
    plan: &'a Plan,
    diagnostics: &'a mut Diagnostics,
    nodes: Vec<Node>,
    /// The layers, each with its number in the model where it has one.
    layers: Vec<(Option<usize>, Layer)>,
    /// What each node of the model became.
    edges: Vec<Edge>,
    /// The value that each node of the twin shows, by its number among the quantizer's.
    values: Vec<usize>,
    inputs: Vec<QuantizedInput>,
    ends: Vec<QuantizedOutput>,
    steps: Vec<Step>,
    sound: bool,
}

impl Builder<'_> {
    fn push(&mut self, node: Node, value: usize) -> Edge {
        self.nodes.push(node);
        self.values.push(value);
        Edge::Node(self.nodes.len() - 1)
    }

    /// What an edge of the model became.
    fn of(&self, edge: Edge) -> Edge {
        match edge {
            Edge::Input(number) => Edge::Node(number),
            // A layer that is applied again, which is refused, may read a later node.
            Edge::Node(number) => self.edges.get(number).copied().unwrap_or(Edge::Node(0)),
        }
    }

    fn value(&self, edge: Edge) -> usize {
        match edge {
            Edge::Input(number) => number,
            Edge::Node(number) => self.values[number],
        }
    }

    /// What a node of the model becomes.
    fn node(&mut self, number: usize) -> Edge {
        let plan = self.plan;
        let node = &plan.nodes[number];
        let before = node.inputs.first().map(|edge| self.of(*edge));
        let kind = match node.role {
            Role::TrainingOnly => return before.unwrap_or(Edge::Node(0)),
            Role::Alias => return self.view(node, before),
            Role::Custom | Role::Part(_) => None,
            Role::Compute | Role::Merge if node.of.is_some() => {
                return self.refuse(
                    node,
                    "it is applied more than once, and each use has values of another range",
                    "write a layer for each use",
                );
            }
            Role::Compute | Role::Merge => match node.is_activation {
                Some(("Softmax", _)) => Some(Kind::Softmax),
                Some(("LogSoftmax", _)) => None,
                Some(_) => Some(Kind::Table),
                None => match node.function {
                    // It is no function of single values.
                    Some(functions::SPARSEMAX) => None,
                    Some(_) => Some(Kind::Table),
                    None => kind(&plan.layers[node.layer].kind),
                },
            },
        };
        let (Some(kind), Some(before)) = (kind, before) else {
            return self.refuse(
                node,
                "it has no 8-bit arithmetic",
                "remove `#[int8]`, or replace the layer",
            );
        };
        if node.inputs.len() != kind.inputs(node.inputs.len()) {
            return self.refuse(
                node,
                "8-bit layers take no mask",
                "remove the mask, or `#[int8]`",
            );
        }
        let is_first = node
            .inputs
            .iter()
            .any(|edge| matches!(edge, Edge::Input(_)));
        if kind == Kind::Table && is_first && plan.layers[node.layer].kind == "Rescaling" {
            let Edge::Input(input) = node.inputs[0] else {
                return before;
            };
            if self.rescaling(input).is_some() {
                return before;
            }
        }
        if kind == Kind::Line
            && let Some(edge) = self.fold(node)
        {
            return edge;
        }
        self.compute(node, kind)
    }

    /// A view of another value.
    fn view(&mut self, node: &Node, before: Option<Edge>) -> Edge {
        let Some(before) = before else {
            return Edge::Node(0);
        };
        let layer = &self.plan.layers[node.layer];
        // An activation that is part of another layer, or of a head.
        if matches!(layer.kind.as_str(), "Activation" | "ReLU" | "Softmax") {
            return before;
        }
        let layer = self.layer(node, None);
        let view = Node {
            operation: (quote!(()), quote!(())),
            ..Node::new(
                node.name.clone(),
                layer,
                vec![before],
                node.output.clone().of(Dtype::I8),
                Role::Alias,
            )
        };
        let value = self.value(before);
        self.push(view, value)
    }

    /// The twin's layer of a node, with the weights that it has there.
    fn layer(&mut self, node: &Node, weights: Option<TokenStream>) -> usize {
        let number = node.layer;
        let found = self.layers.iter().position(|(of, _)| *of == Some(number));
        if let Some(found) = found {
            self.layers[found].1.node = self.nodes.len();
            return found;
        }
        let layer = &self.plan.layers[number];
        let layer = Layer {
            tokens: layer.tokens.clone(),
            name: layer.name.clone(),
            kind: layer.kind.clone(),
            declared: layer.declared.clone(),
            input: layer.input.clone().of(Dtype::I8),
            output: layer.output.clone().of(Dtype::I8),
            params: match &weights {
                Some(_) => None,
                None => Some(0),
            },
            weights,
            macs: layer.macs.clone(),
            uses: 1,
            training_only: false,
            state: true,
            frozen: true,
            settings: Vec::new(),
            sources: layer.sources.iter().map(|edge| self.of(*edge)).collect(),
            mask: None,
            node: self.nodes.len(),
        };
        self.layers.push((Some(number), layer));
        self.layers.len() - 1
    }

    /// A node that computes, with the activation that it has.
    fn compute(&mut self, node: &Node, kind: Kind) -> Edge {
        let weights = kind.weights(node);
        let mut inputs: Vec<Edge> = node.inputs.iter().map(|edge| self.of(*edge)).collect();
        while kind == Kind::Add && inputs.len() > 2 {
            let sum = self.partial_sum(node, [inputs[0], inputs[1]], &weights);
            inputs.splice(..2, [sum]);
        }
        let model = self.model;
        let constant = node.constant();
        let data = node.output.clone().of(Dtype::I8);
        let is_behind = node.function.is_some() || node.is_activation.is_some();
        let has_layer = self.layers.iter().any(|(of, _)| *of == Some(node.layer));
        let layer = match is_behind && has_layer {
            true => {
                let declared = match node.is_activation {
                    Some((word, _)) => format!("Activation({})", word.to_lowercase()),
                    None => "Activation".to_owned(),
                };
                let name = (&node.name, "Activation", declared);
                self.layer_of_its_own(name, vec![inputs[0]], &data, &weights)
            }
            false => self.layer(node, Some(weights.clone())),
        };
        let scratch = node.int8_scratch.as_ref();
        let twin = Node {
            operation: (node.operation.0.clone(), quote!(#model::#constant)),
            weights: Some(weights),
            groups: node.groups.clone(),
            in_place: match kind {
                Kind::Table | Kind::Softmax | Kind::Add => true,
                Kind::Linear => scratch.is_some_and(|scratch| scratch.in_place.is_some()),
                _ => false,
            },
            in_place_scratch: scratch.and_then(|scratch| scratch.in_place),
            scratch: scratch.map(|scratch| scratch.len.clone()),
            fusion: Fusion::None,
            ..Node::new(
                node.name.clone(),
                layer,
                inputs.clone(),
                data.clone(),
                node.role,
            )
        };
        let (fused, rest) = split(node.fused);
        let value = self.step(Step {
            name: node.name.clone(),
            constant: constant.clone(),
            normalization: None,
            fused,
            inputs: inputs.iter().map(|edge| self.value(*edge)).collect(),
            len: data.len(),
        });
        let edge = self.push(twin, value);
        match rest {
            Some(activation) => self.activation(&node.name, activation, edge, &data),
            None => edge,
        }
    }

    fn step(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.plan.inputs.len() + self.steps.len() - 1
    }

    /// Takes a batch normalization into the layer before it, where nothing else reads that.
    fn fold(&mut self, node: &Node) -> Option<Edge> {
        let &[Edge::Node(before)] = node.inputs.as_slice() else {
            return None;
        };
        let plan = self.plan;
        let product = &plan.nodes[before];
        let is_linear = kind(&plan.layers[product.layer].kind) == Some(Kind::Linear);
        if !is_linear
            || product.is_activation.is_some()
            || product.fused.is_some()
            || plan.reads(Edge::Node(before)) > 1
        {
            return None;
        }
        let edge = self.edges[before];
        let value = self.value(edge);
        let (fused, rest) = split(node.fused);
        let step = &mut self.steps[value - plan.inputs.len()];
        step.normalization = Some((node.name.clone(), node.constant()));
        step.fused = fused;
        match rest {
            Some(activation) => {
                let data = node.output.clone().of(Dtype::I8);
                Some(self.activation(&node.name, activation, edge, &data))
            }
            None => Some(edge),
        }
    }

    /// A name that no layer has.
    fn fresh(&self, name: String) -> Ident {
        let is_taken = |name: &str| {
            let fields = self.plan.nodes.iter().chain(&self.nodes);
            fields.into_iter().any(|node| node.name == name)
        };
        let mut fresh = name.clone();
        let mut number = 0;
        while is_taken(&fresh) {
            number += 1;
            fresh = format!("{name}_{number}");
        }
        format_ident!("{fresh}", span = Span::call_site())
    }

    /// Reports a layer that has no 8-bit arithmetic.
    fn refuse(&mut self, node: &Node, cause: &str, help: &str) -> Edge {
        let layer = &self.plan.layers[node.layer];
        let name = layer.tokens.clone().into_iter().next();
        let name = name.map(TokenStream::from).unwrap_or_default();
        self.diagnostics
            .fault(
                name,
                format!("`{}` cannot be part of an `#[int8]` model", layer.kind),
            )
            .note(cause)
            .help(help);
        self.sound = false;
        Edge::Node(0)
    }
}
