//! A layer that is applied again, with the weights that it has.

use super::{Activation, Infer, Place};
use crate::ast;
use crate::catalog::Rule;
use crate::plan::{Data, Edge, Node};
use crate::report::nearest;
use proc_macro2::Ident;
use quote::quote;

impl Infer<'_> {
    /// The layer before this one that a bare name without parentheses means.
    pub(super) fn applied_before(&self, layer: &ast::Layer) -> Option<usize> {
        let (ast::Name::Bare(name), None) = (&layer.name, &layer.arguments) else {
            return None;
        };
        self.layers.iter().position(|before| before.name == *name)
    }

    /// Applies the layer of this number again.
    pub(super) fn again(
        &mut self,
        ident: &Ident,
        number: usize,
        place: &Place,
        last: bool,
    ) -> (Place, Option<Activation>) {
        let original = &self.layers[number];
        let (data, name) = (original.output.clone(), original.name.clone());
        if !may_equal(&original.input, &place.data) {
            self.report
                .fault(
                    ident,
                    format!("`{ident}` takes {}, found {}", original.input, place.data),
                )
                .note(format!(
                    "it is `{}`, applied again with the weights that it has",
                    original.declared
                ))
                .help("give it equal shapes, or write a layer of its own here");
            return (place.unknown(&ident.to_string()), None);
        }
        let shapes = [original.input.clone(), place.data.clone()];
        let known = shapes.iter().all(|it| it.known_shape().is_some());
        if !known && !shapes.iter().any(Data::is_unknown) {
            let [first, again] = shapes.map(|data| data.shape());
            let rule = Rule {
                known: None,
                tokens: quote!(::kerust::shape::merge(&[#first, #again])),
            };
            let fresh = self.names.fresh(&name, "again");
            // It reports nothing here: rustc judges.
            let _ = self.judge_at(&fresh, rule, &|_| quote!(#ident), &ident.to_string(), "");
        }
        let mut edge = place.edge;
        let nodes = self.nodes.iter().filter(|node| node.layer == number);
        let nodes: Vec<Node> = nodes.filter(|node| node.of.is_none()).cloned().collect();
        for node in nodes {
            let fresh = self.names.fresh(&node.name, "again");
            edge = self.node(Node {
                name: Ident::new(&fresh.to_string(), ident.span()),
                of: Some(node.name.clone()),
                inputs: vec![edge],
                ..node
            });
        }
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
                self.report
                    .fault(
                        ident,
                        format!("`{ident}` is an output here, and read by a layer elsewhere"),
                    )
                    .note("the activation of an output belongs to its loss")
                    .help("write its activation as a layer: `=> Activation(sigmoid)`");
            }
            _ => {}
        }
        let place = Place::new(edge, data, ident.to_string());
        (place, head)
    }

    /// Reports a name in lower case that no layer has.
    pub(super) fn no_such_layer(&mut self, ident: &Ident) {
        let names: Vec<String> = self.layers.iter().map(|it| it.name.to_string()).collect();
        let fault = self.report.fault(
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

    /// The activation that became a head's, for those who read the value beside the head.
    pub(super) fn activated(&mut self, place: &Place, activation: Activation) -> Place {
        let Edge::Node(node) = place.edge else {
            return place.clone();
        };
        let (layer, name) = (self.nodes[node].layer, self.nodes[node].name.clone());
        let name = self.names.fresh(&name, &activation.0.to_lowercase());
        Place {
            edge: self.elementwise(name, layer, place.edge, &place.data, activation),
            ..place.clone()
        }
    }
}

/// Whether two shapes may be the same, as far as that is known here.
fn may_equal(a: &Data, b: &Data) -> bool {
    match (a.known_shape(), b.known_shape()) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    }
}
