//! Built-in layers: creates nodes from a row, its arguments and the input shape.

use super::{ChainEnd, Infer, Mask, fuse, judge, size};
use crate::arguments::{Arguments, Setting};
use crate::ast;
use crate::catalog::{Before, Masking, Row, Spec};
use crate::functions;
use crate::plan::{Activation, Edge, Form, Layer, Node, Role, ValueType};
use crate::value::{Size, Term};
use crate::words::{self, ACTIVATIONS};
use kerust_core::element::Dtype;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// A layer as it was written.
pub(super) struct Said<'a> {
    pub(super) kind: &'a str,
    /// The row of the layer, or of the layer that it wraps.
    pub(super) row: &'a Row,
    /// The arguments that determine the shape.
    pub(super) arguments: &'a Arguments<'a>,
    pub(super) declared: String,
    pub(super) name: Option<&'a Ident>,
    pub(super) trainable: bool,
    pub(super) settings: Vec<Setting>,
    /// Whether the row checks the layer by itself.
    pub(super) judges_alone: bool,
    /// Its name in `kerust::layers`.
    pub(super) operation: &'a str,
    /// The layer to name in an error, and the layer before it, if they differ from the usual.
    pub(super) judged: Option<[String; 2]>,
}

impl Infer<'_> {
    /// Adds a built-in layer. Returns the activation of the head if it is the last one.
    pub(super) fn catalogued(
        &mut self,
        row: &Row,
        layer: &ast::Layer,
        arguments: &Arguments<'_>,
        place: &ChainEnd,
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        if self.is_stateful(arguments) && self.stepping {
            return self.step_of(row, layer, arguments, place, last);
        }
        self.catalogued_of(row, layer, arguments, (place, &[]), last)
    }

    /// The same, for a layer that is applied to further values.
    pub(super) fn catalogued_of(
        &mut self,
        row: &Row,
        layer: &ast::Layer,
        arguments: &Arguments<'_>,
        (place, others): (&ChainEnd, &[ChainEnd]),
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        let other_data: Vec<&ValueType> = others.iter().map(|place| &place.data).collect();
        let places = [place].into_iter().chain(others);
        let masked: Vec<bool> = places.map(|place| place.mask.is_some()).collect();
        let before = Before {
            data: &place.data,
            others: &other_data,
            masked: &masked,
            nameable: self.generics.is_empty(),
        };
        let spec = (row.infer)(arguments, &before, self.diagnostics);
        let said = Said {
            kind: row.name,
            row,
            arguments,
            declared: arguments.declared(),
            name: arguments.name.as_ref(),
            trainable: arguments.trainable,
            settings: arguments.settings(),
            judges_alone: true,
            operation: row.name,
            judged: None,
        };
        self.placed(layer, said, spec, (place, others), last)
    }

    /// Adds the nodes of a layer with these properties.
    pub(super) fn placed(
        &mut self,
        layer: &ast::Layer,
        said: Said<'_>,
        mut spec: Spec,
        (place, others): (&ChainEnd, &[ChainEnd]),
        last: bool,
    ) -> (ChainEnd, Option<Activation>) {
        let Said {
            row,
            arguments,
            declared,
            ..
        } = said;
        let given = said.name.map(|name| self.repeated(name));
        let name = self.names.name(layer, given.as_ref(), self.diagnostics);
        let rule = spec.rule.take();
        self.ranges(&name, arguments, &declared);
        self.widths(&name, arguments);
        if !self.takes(layer, spec.takes, place) {
            return (place.unknown(&declared), None);
        }
        let mut all = [place].into_iter().chain(others);
        let is_unknown = all.any(|place| place.data.is_unknown());
        let data = if is_unknown || !arguments.sound {
            if said.judges_alone {
                self.judge_alone(row, arguments, &declared, place);
            }
            judge::expected(&spec.after, &place.data)
        } else {
            match said.judged {
                None => self.after(&name, &spec.after, rule, arguments, place, &declared),
                Some([declared, previous]) => {
                    let place = ChainEnd {
                        declared: previous,
                        ..place.clone()
                    };
                    self.after(&name, &spec.after, rule, arguments, &place, &declared)
                }
            }
        };

        let mut function = arguments.function();
        if let Some((functions::GLU, _)) = function {
            function = None;
            if row.name != "Activation" {
                self.diagnostics
                    .fault(
                        arguments.tokens("activation"),
                        format!(
                            "`glu` halves the last axis, and `{}` cannot take it",
                            row.name
                        ),
                    )
                    .help("write it as a layer of its own: `=> Activation(glu)`");
                return (place.unknown(&declared), None);
            }
        }
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
            for size in weights.arrays.iter().flatten().chain(&weights.sizes) {
                self.nameable_size(size, layer);
            }
            let path = size::weights(weights);
            let path = match spec.weights_in {
                None => path,
                Some(outer) => {
                    let outer = Ident::new(outer, Span::call_site());
                    quote!(::kerust::__private::layers::#outer<#path>)
                }
            };
            (path, weights.params)
        });
        let operation = Ident::new(spec.operation.unwrap_or(said.operation), arguments.span());
        let path = quote!(::kerust::__private::layers::#operation);
        let mut config = std::mem::take(&mut spec.config);
        let mut fused = None;
        if let Some(own) = activation.filter(|own| spec.takes_activation && fuse::is_fused(own)) {
            config.extend(fuse::setting(own));
            fused = Some(own);
            activation = None;
        }

        let number = self.layers.len();
        self.maskings.insert(number, spec.masking);
        let own = spec.operation.is_some() && spec.role == Role::Alias;
        let mut edge = place.edge;
        let sources: Vec<Edge> = [place]
            .into_iter()
            .chain(others)
            .map(|it| it.edge)
            .collect();
        let joined = if spec.states > 0 { &[] } else { others };
        let (masks, mask_groups) = self.masks(layer, &name, spec.masking, place, joined);
        let first = self.nodes.len();
        let mut parts: Vec<(Edge, ValueType)> = Vec::new();
        if !own || (activation.is_none() && function.is_none()) {
            // The activation of the head belongs to the head; its layer is a view without a computation.
            let (path, config) = if own {
                (quote!(()), quote!(()))
            } else {
                let arguments = &spec.arguments;
                (quote!(#path #arguments), quote!(#path #config))
            };
            let values = match spec.states {
                0 => vec![sources.len()],
                states => vec![1, states],
            };
            let groups = [values, mask_groups].concat();
            edge = self.node(Node {
                groups,
                operation: (path, config),
                weights: weights.as_ref().map(|weights| weights.0.clone()),
                saved: spec.saved.clone(),
                scratch: spec.scratch.clone(),
                int8_scratch: spec.int8_scratch.clone(),
                in_place: spec.in_place,
                in_place_scratch: spec.in_place_scratch,
                fusion: spec.fusion,
                fused,
                takes_activation: spec.takes_activation && fused.is_none(),
                forgets_output: spec.forgets_output && fused.is_none(),
                penalizes: spec.penalizes,
                ..Node::new(
                    name.clone(),
                    number,
                    [sources.as_slice(), &masks].concat(),
                    data.clone(),
                    spec.role,
                )
            });
            let steps = data.dim(0, self.generics.is_empty());
            let mask = ValueType::float(Form::Sizes(vec![steps])).of(Dtype::U8);
            let made = (spec.masking == Masking::Makes).then_some(mask);
            let outputs: Vec<ValueType> = spec.outputs.iter().cloned().chain(made).collect();
            let edges = self.parts(&name, &outputs);
            parts = edges.into_iter().zip(outputs).collect();
        }
        if let Some((word, span)) = activation {
            let name = if own {
                name.clone()
            } else {
                format_ident!("{}_{}", name, word.to_lowercase(), span = name.span())
            };
            edge = self.elementwise(name, number, edge, &data, (word, span));
        }
        if let Some((word, mut expansion)) = function {
            if word == functions::SPARSEMAX {
                let features = data.last();
                expansion.extend(quote!(.features(#features)));
            }
            let name = if own {
                name.clone()
            } else {
                format_ident!("{}_{}", name, word, span = name.span())
            };
            edge = self.node(Node {
                operation: (functions::type_of(&expansion), expansion),
                in_place: true,
                forgets_output: true,
                function: Some(word),
                ..Node::new(name, number, vec![edge], data.clone(), Role::Compute)
            });
        }
        if let Some(regularizer) = arguments.activity_regularizer() {
            let fresh = format_ident!("{}_activity", name, span = name.span());
            edge = self.penalized(fresh, number, (edge, &data), &regularizer, head);
            let floats = parts.iter_mut().filter(|(_, data)| data.is_float());
            for (place, (edge, data)) in floats.enumerate() {
                let fresh = format_ident!("{}_activity_{}", name, place + 1, span = name.span());
                *edge = self.penalized(fresh, number, (*edge, data), &regularizer, None);
            }
        }
        self.layers.push(Layer {
            tokens: layer.tokens.clone(),
            name,
            kind: said.kind.to_owned(),
            declared: declared.clone(),
            input: place.data.clone(),
            output: data.clone(),
            params: weights.as_ref().map_or(Some(0), |weights| weights.1),
            weights: weights.map(|weights| weights.0),
            macs: size::macs(&spec.macs, &place.data, &data),
            training_only: spec.role == Role::TrainingOnly,
            uses: 1,
            state: spec.state,
            frozen: !said.trainable || spec.untrained,
            settings: said.settings,
            sources,
            mask: masks.first().copied(),
            node: match edge {
                Edge::Node(node) => node,
                Edge::Input(_) => first,
            },
        });
        let mask = match spec.masking {
            Masking::Makes => parts.pop().map(|(edge, data)| Mask {
                edge,
                data,
                by: declared.clone(),
            }),
            Masking::Keeps | Masking::UsesAndKeeps => place.mask.clone(),
            Masking::Uses | Masking::Refuses => None,
        };
        let others = parts.into_iter();
        let others = others.map(|(edge, data)| ChainEnd::new(edge, data, declared.clone()));
        let place = ChainEnd {
            mask,
            others: others.collect(),
            ..ChainEnd::new(edge, data, declared.clone())
        };
        (place, head)
    }

    /// Adds a penalty on a value as a separate node. `head` is the activation that the loss applies to the value.
    fn penalized(
        &mut self,
        name: Ident,
        layer: usize,
        (from, data): (Edge, &ValueType),
        regularizer: &TokenStream,
        head: Option<Activation>,
    ) -> Edge {
        let path = quote!(::kerust::__private::layers::ActivityRegularization);
        let shape = data.shape();
        let head = head.filter(|(word, _)| *word != "Linear");
        let activation = head.map(|(word, span)| {
            let word = ACTIVATIONS.tokens(word, span);
            quote!(.activation(#word))
        });
        let saved = match (&activation, data.known_shape()) {
            (None, _) => quote!(1),
            (Some(_), Some(shape)) => Size::known(shape.len().saturating_mul(2)).tokens(),
            (Some(_), None) => {
                let len = data.len();
                quote!(::core::primitive::usize::saturating_mul(2, #len))
            }
        };
        self.node(Node {
            operation: (
                path.clone(),
                quote!(#path::new(#regularizer, #shape) #activation),
            ),
            saved: Some(saved),
            forgets_output: true,
            penalizes: true,
            ..Node::new(name, layer, vec![from], data.clone(), Role::TrainingOnly)
        })
    }

    /// Adds an activation as a separate node.
    pub(super) fn elementwise(
        &mut self,
        name: Ident,
        layer: usize,
        from: Edge,
        data: &ValueType,
        activation: Activation,
    ) -> Edge {
        let from_output = !words::activation(activation.0).needs_input();
        let word = ACTIVATIONS.tokens(activation.0, activation.1);
        let features = data.last();
        let path = quote!(::kerust::__private::layers::Activation);
        self.node(Node {
            operation: (path.clone(), quote!(#path::new(#word, #features))),
            is_activation: Some(activation),
            in_place: true,
            from_output,
            ..Node::new(name, layer, vec![from], data.clone(), Role::Compute)
        })
    }
}
