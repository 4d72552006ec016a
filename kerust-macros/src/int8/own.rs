//! Layers that only a twin has.

use super::support::Kind;
use super::{Builder, Step};
use crate::plan::{Activation, Edge, Layer, Node, Role, ValueType};
use crate::words::ACTIVATIONS;
use kerust_core::element::Dtype;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};

impl Builder<'_> {
    /// An activation that is a node of its own, after the layer `of`.
    pub(super) fn activation(
        &mut self,
        of: &Ident,
        activation: Activation,
        from: Edge,
        data: &ValueType,
    ) -> Edge {
        let (word, span) = activation;
        let name = self.fresh(format!("{of}_{}", word.to_lowercase()));
        let tokens = ACTIVATIONS.tokens(word, span);
        let features = data.last();
        let path = quote!(::kerust::__private::layers::Activation);
        let mut node = Node::new(
            name.clone(),
            self.layers.len(),
            vec![from],
            data.clone(),
            Role::Compute,
        );
        let kind = match word {
            "Softmax" => Kind::Softmax,
            _ => Kind::Table,
        };
        let weights = kind.weights(&node);
        node.operation = (path.clone(), quote!(#path::new(#tokens, #features)));
        node.weights = Some(weights.clone());
        node.in_place = true;
        let value = self.step(Step {
            name: name.clone(),
            constant: node.constant(),
            normalization: None,
            fused: "None",
            inputs: vec![self.value(from)],
            len: data.len(),
        });
        let declared = format!("Activation({})", word.to_lowercase());
        let named = (&name, "Activation", declared);
        self.layer_of_its_own(named, vec![from], data, &weights);
        self.push(node, value)
    }

    /// The sum of two of a layer's inputs: 8-bit numbers are added two at a time.
    pub(super) fn partial_sum(
        &mut self,
        of: &Node,
        inputs: [Edge; 2],
        weights: &TokenStream,
    ) -> Edge {
        let name = self.fresh(format!("{}_part", of.name));
        let data = of.output.clone().of(Dtype::I8);
        let path = of.operation.0.clone();
        let node = Node {
            operation: (path.clone(), quote!(#path::new())),
            weights: Some(weights.clone()),
            in_place: true,
            ..Node::new(
                name.clone(),
                self.layers.len(),
                inputs.to_vec(),
                data.clone(),
                of.role,
            )
        };
        let value = self.step(Step {
            name: name.clone(),
            constant: node.constant(),
            normalization: None,
            fused: "None",
            inputs: inputs.map(|edge| self.value(edge)).to_vec(),
            len: data.len(),
        });
        let named = (&name, "Add", "Add".to_owned());
        self.layer_of_its_own(named, inputs.to_vec(), &data, weights);
        self.push(node, value)
    }

    /// A layer that only the twin has: an activation after another node of its layer, or a part of a sum.
    pub(super) fn layer_of_its_own(
        &mut self,
        (name, kind, declared): (&Ident, &str, String),
        sources: Vec<Edge>,
        data: &ValueType,
        weights: &TokenStream,
    ) -> usize {
        let layer = Layer {
            tokens: name.to_token_stream(),
            name: name.clone(),
            kind: kind.to_owned(),
            declared,
            input: data.clone(),
            output: data.clone(),
            params: None,
            weights: Some(weights.clone()),
            macs: quote!(0),
            uses: 1,
            training_only: false,
            state: true,
            frozen: true,
            settings: Vec::new(),
            sources,
            mask: None,
            node: self.nodes.len(),
        };
        self.layers.push((None, layer));
        self.layers.len() - 1
    }
}
