//! Layers that are applied again, with the same weights.

use super::{Activation, ChainEnd, Infer, Mask};
use crate::ast;
use crate::catalog::{Masking, Rule};
use crate::diagnostics::nearest;
use crate::plan::{Edge, Node, Role, ValueType};
use proc_macro2::Ident;
use quote::quote;
use std::collections::HashMap;

impl Infer<'_> {
    /// The earlier layer that a bare name without parentheses refers to.
    pub(super) fn applied_before(&self, layer: &ast::Layer) -> Option<usize> {
        let (ast::Name::Bare(name), None) = (&layer.name, &layer.arguments) else {
            return None;
        };
        self.layers.iter().position(|before| before.name == *name)
    }

    /// Applies the layer with this index again.
    pub(super) fn again(
        &mut self,
        ident: &Ident,
        number: usize,
        place: &ChainEnd,
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        let original = &self.layers[number];
        let (data, name) = (original.output.clone(), original.name.clone());
        if !may_equal(&original.input, &place.data) {
            self.diagnostics
                .fault(
                    ident,
                    format!("`{ident}` takes {}, found {}", original.input, place.data),
                )
                .note(format!(
                    "it is `{}`, applied again with the weights that it has",
                    original.declared
                ))
                .help("give it equal shapes, or write a separate layer here");
            return (place.unknown(&ident.to_string()), None);
        }
        let shapes = [original.input.clone(), place.data.clone()];
        let known = shapes.iter().all(|it| it.known_shape().is_some());
        if !known && !shapes.iter().any(ValueType::is_unknown) {
            let [first, again] = shapes.map(|data| data.shape());
            let rule = Rule {
                known: None,
                tokens: quote!(::kerust::__private::shape::merge(&[#first, #again])),
            };
            let fresh = self.names.fresh(&name, "again");
            // It reports nothing here: rustc checks it.
            let _ = self.judge_at(&fresh, rule, &|_| quote!(#ident), &ident.to_string(), "");
        }
        if self.stateful.contains(&number) {
            self.diagnostics
                .fault(
                    ident,
                    format!(
                        "`{ident}` carries a state (`stateful = true`), so it is applied only once"
                    ),
                )
                .help("write a separate layer here");
            return (place.unknown(&ident.to_string()), None);
        }
        if !self.takes_again(ident, number, place) {
            return (place.unknown(&ident.to_string()), None);
        }
        let (mut edge, mut parts) = self.copied(ident, number, place);
        let layer = &mut self.layers[number];
        layer.sources.push(place.edge);
        layer.uses += 1;
        let mut head = None;
        match self.activations.get(&number).copied() {
            Some((activation, true)) if last => head = Some(activation),
            Some((activation, true)) => {
                let fresh = self.names.fresh(&name, &activation.0.to_lowercase());
                edge = self.elementwise(fresh, number, edge, &data, activation);
            }
            Some(((word, _), false)) if last && word != "Linear" => {
                self.diagnostics
                    .fault(
                        ident,
                        format!("`{ident}` is an output here, and read by a layer elsewhere"),
                    )
                    .note("the activation of an output belongs to its loss")
                    .help("write its activation as a layer: `=> Activation(sigmoid)`");
            }
            _ => {}
        }
        let mask = match self.maskings.get(&number) {
            Some(Masking::Makes) => parts.pop().map(|(edge, data)| Mask {
                edge,
                data,
                by: ident.to_string(),
            }),
            Some(Masking::Keeps | Masking::UsesAndKeeps) => place.mask.clone(),
            _ => None,
        };
        let others = parts.into_iter();
        let others = others.map(|(edge, data)| ChainEnd::new(edge, data, ident.to_string()));
        let place = ChainEnd {
            mask,
            others: others.collect(),
            ..ChainEnd::new(edge, data, ident.to_string())
        };
        (place, head)
    }

    /// Whether the layer with this index can be applied again, considering masks and the number of values.
    fn takes_again(&mut self, ident: &Ident, number: usize, place: &ChainEnd) -> bool {
        let layer = &self.layers[number];
        let uses = layer.uses.max(1);
        if layer.sources.len() > uses {
            let values = layer.sources.len() + 1 - uses;
            self.diagnostics
                .fault(ident, format!("`{ident}` takes {values} values, found one"))
                .help("write a separate layer here, applied to as many values");
            return false;
        }
        match (layer.mask, &place.mask, self.maskings.get(&number)) {
            (Some(_), Some(_), _)
            | (None, None, _)
            | (None, Some(_), Some(Masking::Keeps | Masking::Makes)) => true,
            (before, ..) => {
                let words = |masked: bool| if masked { "with a mask" } else { "without one" };
                let [before, here] = [before.is_some(), place.mask.is_some()].map(words);
                self.diagnostics
                    .fault(
                        ident,
                        format!("`{ident}` was applied {before} before, and here {here}"),
                    )
                    .help("give both uses a mask or none, or write a separate layer here");
                false
            }
        }
    }

    /// Adds the nodes of a layer again for the value at `place`. Returns its output and its further outputs.
    fn copied(
        &mut self,
        ident: &Ident,
        number: usize,
        place: &ChainEnd,
    ) -> (Edge, Vec<(Edge, ValueType)>) {
        let mut parts = Vec::new();
        let layer = &self.layers[number];
        let mut edges: HashMap<Edge, Edge> = HashMap::from([(layer.sources[0], place.edge)]);
        if let (Some(before), Some(mask)) = (layer.mask, &place.mask) {
            edges.insert(before, mask.edge);
        }
        let end = Edge::Node(layer.node);
        let nodes = self.nodes.iter().enumerate();
        let nodes = nodes.filter(|(_, node)| node.layer == number && node.of.is_none());
        let nodes: Vec<(usize, Node)> = nodes.map(|(at, node)| (at, node.clone())).collect();
        for (at, node) in nodes {
            let fresh = self.names.fresh(&node.name, "again");
            let (is_part, output) = (matches!(node.role, Role::Part(_)), node.output.clone());
            let inputs = node.inputs.iter();
            let inputs = inputs.map(|edge| *edges.get(edge).unwrap_or(edge));
            let copy = self.node(Node {
                name: Ident::new(&fresh.to_string(), ident.span()),
                of: Some(node.name.clone()),
                inputs: inputs.collect(),
                role: match node.role {
                    Role::Part(of) => match edges.get(&Edge::Node(of)) {
                        Some(Edge::Node(of)) => Role::Part(*of),
                        _ => node.role,
                    },
                    role => role,
                },
                ..node
            });
            edges.insert(Edge::Node(at), copy);
            if is_part {
                parts.push((copy, output));
            }
        }
        (edges.get(&end).copied().unwrap_or(place.edge), parts)
    }

    /// Reports a lower-case name that is not the name of a layer.
    pub(super) fn no_such_layer(&mut self, ident: &Ident) {
        let names: Vec<String> = self.layers.iter().map(|it| it.name.to_string()).collect();
        let fault = self.diagnostics.fault(
            ident,
            format!("no layer before this one is named `{ident}`"),
        );
        match nearest(&ident.to_string(), names.iter().map(String::as_str)) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help(format!(
                "write the layer, or give one before it this name: `Dense(32, name = {ident})`"
            )),
        };
    }

    /// The activation of a head as a node, for layers that read the value too.
    pub(super) fn activated(&mut self, place: &ChainEnd, activation: Activation) -> ChainEnd {
        let Edge::Node(node) = place.edge else {
            return place.clone();
        };
        let (layer, name) = (self.nodes[node].layer, self.nodes[node].name.clone());
        let name = self.names.fresh(&name, &activation.0.to_lowercase());
        ChainEnd {
            edge: self.elementwise(name, layer, place.edge, &place.data, activation),
            ..place.clone()
        }
    }
}

/// Whether two shapes can be equal, as far as they are known here.
fn may_equal(a: &ValueType, b: &ValueType) -> bool {
    match (a.known_shape(), b.known_shape()) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}
