//! The struct of the model: one field for each layer with weights.

use super::{Expansion, layout};
use proc_macro2::TokenStream;
use quote::quote;

/// The struct and its `LayerData`.
pub fn structure(expansion: &Expansion<'_>) -> TokenStream {
    let header = &expansion.model.header;
    let (attributes, visibility, name) = (&header.attributes, &header.visibility, &header.name);
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let plan = expansion.plan;
    let params: Option<usize> = plan.layers.iter().map(|layer| layer.params).sum();
    let list = |parts: Vec<String>| parts.join(", ");
    let summary = format!(
        " {} → {}{}",
        list(plan.inputs.iter().map(|it| it.data.to_string()).collect()),
        list(plan.heads.iter().map(|it| it.data.to_string()).collect()),
        count(params)
    );
    let gap = attributes
        .iter()
        .any(|attribute| attribute.path().is_ident("doc"))
        .then(|| quote!(#[doc = ""]));

    let fields = expansion.fields().map(|(name, weights, node)| {
        let layer = &plan.layers[node.layer];
        let doc = format!(
            " `{}`: {} → {}{}",
            layer.declared,
            layer.input,
            layer.output,
            count(layer.params)
        );
        quote! {
            #[doc = #doc]
            pub #name: #weights
        }
    });
    let parts = expansion.fields().map(|(name, weights, _)| {
        let text = name.to_string();
        quote! {
            ::kerust::__private::layer::Part {
                name: #text,
                offset: ::core::mem::offset_of!(Self, #name),
                trainable: true,
                layout: <#weights as ::kerust::__private::layer::LayerData>::LAYOUT,
            }
        }
    });
    let layout = layout(&parts.collect::<Vec<_>>());
    quote! {
        #(#attributes)*
        #gap
        #[doc = #summary]
        #[repr(C)]
        #visibility struct #name #generics #bounds {
            #(#fields),*
        }

        // SAFETY: `repr(C)`, and every field is `LayerData`, in the order of the layout and at its offset.
        #[automatically_derived]
        unsafe impl #generics ::kerust::__private::layer::LayerData for #name #arguments #bounds {
            #layout
        }
    }
}

fn count(params: Option<usize>) -> String {
    match params {
        None => String::new(),
        Some(1) => ", 1 parameter".to_owned(),
        Some(params) => {
            let digits = params.to_string();
            let mut text = String::new();
            for (place, digit) in digits.chars().enumerate() {
                if place > 0 && (digits.len() - place).is_multiple_of(3) {
                    text.push('\u{202f}');
                }
                text.push(digit);
            }
            format!(", {text} parameters")
        }
    }
}
