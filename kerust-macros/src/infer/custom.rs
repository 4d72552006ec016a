//! Custom layers, and models as layers.

use super::{ChainEnd, Infer, Mask};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::ast::{self, ValueKind};
use crate::plan::{Form, Layer, Node, Role, ValueType, constant};
use crate::value::text;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};

/// The arguments of a custom layer.
const OWN: &[Parameter] = &[Parameter {
    name: "supports_masking",
    kind: Kind::Flag,
    required: false,
    training_only: false,
}];

impl Infer<'_> {
    /// Adds a custom layer, whose shape only the type system knows.
    pub(super) fn custom(
        &mut self,
        layer: &ast::Layer,
        path: &TokenStream,
        place: &ChainEnd,
    ) -> ChainEnd {
        let declared = text(path);
        if layer.ident() == self.model {
            self.diagnostics
                .fault(layer.ident(), format!("`{}` nests itself", self.model))
                .note("a model can be a layer of other models")
                .help("write the layers that belong here, or another model");
            return place.unknown(&declared);
        }
        let given = layer.arguments().iter();
        let is_foreign = |argument: &&ast::Argument| {
            let keyword = argument.keyword.as_ref();
            // A misspelt `supports_masking` is an error about that name.
            keyword.is_none_or(|keyword| {
                keyword != "name" && keyword != "trainable" && !keyword.to_string().contains("mask")
            })
        };
        let foreign: Vec<_> = given.filter(is_foreign).collect();
        if let Some(argument) = foreign.first() {
            let (name, value) = (layer.ident(), text(&argument.value.tokens));
            let (found, at) = match &argument.keyword {
                None => (value, argument.value.tokens.clone()),
                Some(keyword) => (format!("{keyword} = {value}"), quote!(#keyword)),
            };
            let sizes = foreign.iter().filter(|it| {
                it.keyword.is_none() || matches!(it.value.kind, ValueKind::Integer(_))
            });
            let sizes: Vec<String> = sizes.map(|it| text(&it.value.tokens)).collect();
            let fault = self.diagnostics.fault(
                at,
                format!("`{name}` is not a built-in layer, and a custom layer takes no `{found}` in parentheses"),
            );
            match sizes.is_empty() {
                true => fault
                    .help("give it what it needs as const arguments or types: `Own::<32, Relu>`"),
                false => fault.help(format!(
                    "give it const arguments: `{name}::<{}>`",
                    sizes.join(", ")
                )),
            };
            return place.unknown(&declared);
        }
        let arguments = Arguments::bind(layer, OWN, self.generics, self.diagnostics);
        let keeps_mask = arguments.flag("supports_masking", false);
        let sound = arguments.sound && !arguments.was_refused("supports_masking");
        let (frozen, given) = (!arguments.trainable, arguments.name);
        let name = self.names.name(layer, given.as_ref(), self.diagnostics);
        if !sound || place.data.is_unknown() {
            return place.unknown(&declared);
        }
        self.component(
            layer,
            path,
            std::slice::from_ref(place),
            name,
            [frozen, keeps_mask],
        )
    }

    /// Adds a custom layer with several values: `my::Gate(a, b)`. `find` finds a value by its name.
    pub(super) fn custom_of_several(
        &mut self,
        layer: &ast::Layer,
        path: &TokenStream,
        find: &mut dyn FnMut(&mut Self, &Ident) -> Option<ChainEnd>,
    ) -> ChainEnd {
        let (mut places, mut given, mut frozen) = (Vec::new(), None, false);
        let mut sound = true;
        for argument in layer.arguments() {
            let value = &argument.value;
            match (&argument.keyword, &value.kind) {
                (None, ValueKind::Word(name)) => match find(self, name) {
                    Some(place) => places.push(place),
                    None => sound = false,
                },
                (Some(keyword), ValueKind::Word(name)) if keyword == "name" => {
                    given = Some(name.clone());
                }
                (Some(keyword), ValueKind::Flag(trainable)) if keyword == "trainable" => {
                    frozen = !trainable;
                }
                (_, ValueKind::Faulty) => sound = false,
                _ => {
                    let found = text(&value.tokens);
                    self.diagnostics
                        .fault(
                            &value.tokens,
                            format!(
                                "`{}` takes values by their names, found `{found}`",
                                layer.ident()
                            ),
                        )
                        .note(
                            "a custom layer that takes several values is written `my::Gate(a, b)`",
                        )
                        .help("in addition to values it takes `name` and `trainable`");
                    sound = false;
                }
            }
        }
        let name = self.names.name(layer, given.as_ref(), self.diagnostics);
        if !sound || places.iter().any(|place| place.data.is_unknown()) {
            return ChainEnd::start().unknown(&text(path));
        }
        self.component(layer, path, &places, name, [frozen, false])
    }

    /// The node of a custom layer.
    fn component(
        &mut self,
        layer: &ast::Layer,
        path: &TokenStream,
        places: &[ChainEnd],
        name: Ident,
        [frozen, keeps_mask]: [bool; 2],
    ) -> ChainEnd {
        let declared = text(path);
        for place in places {
            self.nameable(&place.data, layer);
        }
        let mut masks = places.iter().filter_map(|place| place.mask.as_ref());
        if let Some(mask) = masks.next().filter(|_| !keeps_mask) {
            self.own_without_mask(layer, mask, places.len() == 1);
        }
        let paths = places.iter().map(|place| place.data.path());
        let input = match places {
            [place] => place.data.path(),
            _ => quote!((#(#paths),*)),
        };
        let edges: Vec<_> = places.iter().map(|place| place.edge).collect();
        // All code has the span of the layer's name, so that type errors are reported there.
        let span = Span::call_site().located_at(layer.ident().span());
        let weights =
            quote_spanned!(span=> <#path as ::kerust::__private::layer::Build<#input>>::Layer);
        let component = quote_spanned!(span=> <#weights as ::kerust::__private::layer::Component>);
        let outputs: Vec<ValueType> = (0..self.outputs)
            .map(|number| {
                let suffix = match number {
                    0 => "_SHAPE".to_owned(),
                    number => format!("_SHAPE_{number}"),
                };
                let number = Literal::usize_unsuffixed(number);
                let output = quote_spanned! {span=>
                    <#component::Output as ::kerust::__private::tensor::Nth<#number>>
                };
                let value = quote_spanned!(span=> #output::SHAPE);
                let constant = self.constant(constant(&name, &suffix), value, false);
                ValueType {
                    constant: Some(constant),
                    ..ValueType::float(Form::Typed(quote_spanned!(span=> #output::Tensor)))
                }
            })
            .collect();
        let data = outputs[0].clone();
        if let Some(mask) = places[0].mask.as_ref().filter(|_| keeps_mask) {
            let (steps, output) = (mask.data.shape(), data.shape());
            let message = format!(
                "`{declared}(supports_masking = true)` gives another number of steps than the mask of `{}` has",
                mask.by
            );
            let value = quote_spanned! {span=> {
                ::core::assert!(#output.extent(0) == #steps.extent(0), #message);
                #output
            }};
            self.constant(constant(&name, "_MASKED"), value, true);
        }
        let edge = self.node(Node {
            operation: (quote!(#component::Operation), quote!(#component::OPERATION)),
            weights: Some(weights.clone()),
            saved: Some(quote!(#component::SAVED_LEN)),
            scratch: Some(quote!(#component::SCRATCH_LEN)),
            ..Node::new(
                name.clone(),
                self.layers.len(),
                edges.clone(),
                data.clone(),
                Role::Custom,
            )
        });
        let node = self.nodes.len() - 1;
        let others = self.parts(&name, &outputs[1..]);
        let others = others.into_iter().zip(&outputs[1..]);
        let others = others.map(|(edge, data)| ChainEnd::new(edge, data.clone(), declared.clone()));
        self.layers.push(Layer {
            tokens: layer.tokens.clone(),
            name,
            kind: layer.ident().to_string(),
            declared: declared.clone(),
            input: places[0].data.clone(),
            output: data.clone(),
            params: None,
            weights: Some(weights),
            macs: quote!(#component::MACS),
            training_only: false,
            uses: 1,
            state: true,
            frozen,
            settings: Vec::new(),
            sources: edges,
            mask: None,
            node,
        });
        ChainEnd {
            mask: places[0].mask.clone().filter(|_| keeps_mask),
            others: others.collect(),
            ..ChainEnd::new(edge, data, declared.clone())
        }
    }

    /// Reports a custom layer that would lose a mask.
    fn own_without_mask(&mut self, layer: &ast::Layer, mask: &Mask, takes_one: bool) {
        let ident = layer.ident();
        let fault = self.diagnostics.fault(
            ident,
            format!("`{ident}` would lose the mask of `{}`", mask.by),
        );
        let fault = fault.note(
            "a mask says which steps are padding, and a custom layer or a model does not read it",
        );
        match takes_one {
            true => fault.help(format!(
                "if it computes each step by itself, say so, and its output has the same mask: \
                 `{ident}(supports_masking = true)`; or put a layer before it that uses the mask, such as \
                 `GlobalAveragePooling1D`"
            )),
            false => fault.help(
                "put a layer before it that uses the mask, such as `GlobalAveragePooling1D` or `LSTM(16)`",
            ),
        };
    }
}
