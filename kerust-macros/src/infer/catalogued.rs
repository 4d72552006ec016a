//! Layers of the catalogue: a row, its arguments and the shape before it become nodes.

use super::{Infer, Place, absorb, judge, size};
use crate::arguments::Arguments;
use crate::ast;
use crate::catalog::{Before, Row};
use crate::plan::{Activation, Data, Edge, Layer, Node, Role};
use crate::words::{self, ACTIVATIONS};
use proc_macro2::Ident;
use quote::{format_ident, quote};

impl Infer<'_> {
    /// A layer of the catalogue, and the activation that is the head's where it is the last one.
    pub(super) fn catalogued(
        &mut self,
        row: &Row,
        layer: &ast::Layer,
        arguments: &Arguments<'_>,
        place: &Place,
        last: bool,
    ) -> (Place, Option<Activation>) {
        let given = arguments.name.as_ref().map(|name| self.repeated(name));
        let name = self.names.name(layer, given.as_ref(), self.report);
        let declared = arguments.declared();
        let before = Before {
            data: &place.data,
            nameable: self.generics.is_empty(),
        };
        let mut spec = (row.infer)(arguments, &before, self.report);
        let rule = spec.rule.take();
        self.ranges(&name, arguments, &declared);
        let data = if place.data.is_unknown() || !arguments.sound {
            self.judge_alone(row, arguments, &declared, place);
            judge::expected(&spec.after, &place.data)
        } else {
            self.after(&name, &spec.after, rule, arguments, place, &declared)
        };

        let mut activation = spec.activation;
        if let Some(("Softmax", span)) = activation {
            self.softmax(&name, &data, span, arguments, &declared);
        }
        if let Some(activation) = activation {
            self.activations
                .insert(self.layers.len(), (activation, last));
        }
        let head = if last { activation.take() } else { None };
        let weights = spec.weights.as_ref().map(|weights| {
            for size in &weights.sizes {
                self.nameable_size(size, layer);
            }
            (size::weights(weights), weights.params)
        });
        let operation = Ident::new(spec.operation.unwrap_or(row.name), arguments.span());
        let path = quote!(::kerust::layers::#operation);
        let mut config = std::mem::take(&mut spec.config);
        let mut bare = true;
        if let Some(own) =
            activation.filter(|own| spec.takes_activation && absorb::is_absorbed(own))
        {
            config.extend(absorb::setting(own));
            bare = false;
            activation = None;
        }

        let number = self.layers.len();
        let own = spec.operation.is_some();
        let mut edge = place.edge;
        if !own || activation.is_none() {
            // The activation of the head is the head's; its layer is a view, and computes nothing.
            let (path, config) = if own {
                (quote!(()), quote!(()))
            } else {
                (path.clone(), quote!(#path #config))
            };
            edge = self.node(Node {
                operation: (path, config),
                weights: weights.as_ref().map(|weights| weights.0.clone()),
                saved: spec.saved.clone(),
                in_place: spec.in_place,
                in_place_scratch: spec.in_place_scratch,
                fusion: spec.fusion,
                takes_activation: spec.takes_activation && bare,
                forgets_output: spec.forgets_output && bare,
                ..Node::new(name.clone(), number, vec![edge], data.clone(), spec.role)
            });
        }
        if let Some((word, span)) = activation {
            let name = if own {
                name.clone()
            } else {
                format_ident!("{}_{}", name, word.to_lowercase(), span = name.span())
            };
            edge = self.elementwise(name, number, edge, &data, (word, span));
        }
        self.layers.push(Layer {
            tokens: layer.tokens.clone(),
            name,
            kind: row.name.to_owned(),
            declared: declared.clone(),
            input: place.data.clone(),
            output: data.clone(),
            params: weights.as_ref().map_or(Some(0), |weights| weights.1),
            weights: weights.map(|weights| weights.0),
            macs: size::macs(&spec.macs, &place.data, &data),
            training_only: spec.role == Role::TrainingOnly,
            uses: 1,
            state: spec.state,
            frozen: !arguments.trainable || spec.untrained,
            settings: arguments.settings(),
            sources: vec![place.edge],
            node: self.nodes.len() - 1,
        });
        let place = Place {
            edge,
            data,
            declared,
        };
        (place, head)
    }

    /// An activation that is a node of its own.
    pub(super) fn elementwise(
        &mut self,
        name: Ident,
        layer: usize,
        from: Edge,
        data: &Data,
        activation: Activation,
    ) -> Edge {
        let from_output = !words::activation(activation.0).needs_input();
        let word = ACTIVATIONS.tokens(activation.0, activation.1);
        let features = data.last();
        let path = quote!(::kerust::layers::Activation);
        self.node(Node {
            operation: (path.clone(), quote!(#path::new(#word, #features))),
            is_activation: Some(activation),
            in_place: true,
            from_output,
            ..Node::new(name, layer, vec![from], data.clone(), Role::Compute)
        })
    }
}
