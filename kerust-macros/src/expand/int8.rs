//! `NetInt8`, the 8-bit twin, and `impl Quantize`.

use super::{Expansion, items};
use crate::ast;
use crate::int8::Twin;
use crate::schedule;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};
use syn::parse_quote;

/// The twin, and how its numbers follow from those of the model.
pub fn int8(model: &ast::Model, twin: &Twin) -> TokenStream {
    let Some(int8) = &model.header.int8 else {
        return TokenStream::new();
    };
    let name = &model.header.name;
    let doc = format!(" The 8-bit twin of [`{name}`], which `quantize` makes.");
    let twin_model = ast::Model {
        header: ast::Header {
            attributes: vec![parse_quote!(#[doc = #doc])],
            visibility: model.header.visibility.clone(),
            name: format_ident!("{name}Int8", span = name.span()),
            generics: model.header.generics.clone(),
            weights: int8.weights.clone(),
            budgets: int8.budgets.clone(),
            int8: None,
        },
        anonymous: false,
        body: ast::Body::Graph(ast::Graph {
            lets: Vec::new(),
            outputs: ast::Outputs::Missing,
        }),
    };
    let expansion = Expansion {
        inference: schedule::inference(&twin.plan),
        training: schedule::Training::default(),
        model: &twin_model,
        plan: &twin.plan,
    };
    let items = items(&expansion);
    let quantize = quantize(name, &twin_model.header.name, twin);
    quote!(#items #quantize)
}

fn quantize(name: &Ident, twin_name: &Ident, twin: &Twin) -> TokenStream {
    let path = quote!(::kerust::__private::quantize);
    let inputs = twin.inputs.iter().map(|input| {
        let (field, len) = (input.name.to_string(), &input.len);
        let rescaling = option(input.rescaling.as_ref().map(|it| quote!(&#name::#it)));
        quote!(#path::Int8Input { name: #field, rescaling: #rescaling, len: #len })
    });
    let steps = twin.steps.iter().map(|step| {
        let (field, constant, len) = (step.name.to_string(), &step.constant, &step.len);
        let normalization = step.normalization.as_ref().map(|(field, constant)| {
            let field = field.to_string();
            quote!((#field, &#name::#constant))
        });
        let normalization = option(normalization);
        let fused = Ident::new(step.fused, Span::call_site());
        let inputs = step.inputs.iter().map(|it| Literal::usize_unsuffixed(*it));
        quote! {
            #path::Int8Step {
                name: #field,
                layer: &#twin_name::#constant,
                normalization: #normalization,
                fused: ::kerust::__private::kernels::int8::Fused::#fused,
                inputs: &[#(#inputs),*],
                len: #len,
            }
        }
    });
    let outputs = twin.outputs.iter().map(|output| {
        let field = output.name.to_string();
        let [value, logits] = [output.value, output.logits].map(Literal::usize_unsuffixed);
        quote!(#path::Int8Output { name: #field, value: #value, logits: #logits })
    });
    let values = Literal::usize_unsuffixed(twin.inputs.len() + twin.steps.len());
    quote! {
        #[automatically_derived]
        impl #path::Quantize for #name {
            type Int8 = #twin_name;
            type Ranges = [[f32; 2]; #values];
            const NETWORK: #path::Network = #path::Network {
                inputs: &[#(#inputs),*],
                steps: &[#(#steps),*],
                outputs: &[#(#outputs),*],
            };
        }
    }
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}
