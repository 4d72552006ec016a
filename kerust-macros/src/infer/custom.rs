//! Layers of the user's own, and models as layers.

use super::{Infer, Place};
use crate::arguments::Arguments;
use crate::ast;
use crate::plan::{Data, Form, Layer, Node, Role, constant};
use crate::value::text;
use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

impl Infer<'_> {
    /// A layer of the user's own: its shape is known to the type system only.
    pub(super) fn custom(
        &mut self,
        layer: &ast::Layer,
        path: &TokenStream,
        place: &Place,
    ) -> Place {
        let declared = text(path);
        if layer.ident() == self.model {
            self.report
                .fault(layer.ident(), format!("`{}` nests itself", self.model))
                .note("a model can be a layer of other models")
                .help("write the layers that are to stand here, or another model");
            return place.unknown(&declared);
        }
        let given = layer.arguments().iter();
        if let Some(argument) = given.clone().find(|argument| argument.keyword.is_none()) {
            let (name, value) = (layer.ident(), text(&argument.value.tokens));
            self.report
                .fault(
                    &argument.value.tokens,
                    format!("`{name}` is no layer of the catalogue, and a layer of your own takes no `{value}` in parentheses"),
                )
                .help(format!("give it const arguments: `{name}::<{value}>`"));
            return place.unknown(&declared);
        }
        let arguments = Arguments::bind(layer, &[], self.generics, self.report);
        let (sound, frozen, given) = (arguments.sound, !arguments.trainable, arguments.name);
        let name = self.names.name(layer, given.as_ref(), self.report);
        if !sound || place.data.is_unknown() {
            return place.unknown(&declared);
        }
        self.nameable(&place.data, layer);

        let input = place.data.path();
        // All of it on the layer's name: what the type system refuses is refused there.
        let span = Span::call_site().located_at(layer.ident().span());
        let weights = quote_spanned!(span=> <#path as ::kerust::layer::Build<#input>>::Layer);
        let component = quote_spanned!(span=> <#weights as ::kerust::layer::Component>);
        let shape = quote_spanned! {span=>
            <#component::Output as ::kerust::tensor::Nth<0>>::Tensor
        };
        let value = quote_spanned!(span=> <#shape as ::kerust::tensor::Shape>::SHAPE);
        let constant = self.constant(constant(&name, "_SHAPE"), value, false);
        let data = Data {
            form: Form::Typed(shape),
            constant: Some(constant),
        };
        let edge = self.node(Node {
            operation: (quote!(#component::Operation), quote!(#component::OPERATION)),
            weights: Some(weights.clone()),
            saved: Some(quote!(#component::SAVED_LEN)),
            scratch: Some(quote!(#component::SCRATCH_LEN)),
            ..Node::new(
                name.clone(),
                self.layers.len(),
                vec![place.edge],
                data.clone(),
                Role::Custom,
            )
        });
        self.layers.push(Layer {
            tokens: layer.tokens.clone(),
            name,
            kind: layer.ident().to_string(),
            declared: declared.clone(),
            input: place.data.clone(),
            output: data.clone(),
            params: None,
            weights: Some(weights),
            macs: quote!(#component::MACS),
            training_only: false,
            uses: 1,
            state: true,
            frozen,
            settings: Vec::new(),
            sources: vec![place.edge],
            node: self.nodes.len() - 1,
        });
        Place {
            edge,
            data,
            declared,
        }
    }
}
