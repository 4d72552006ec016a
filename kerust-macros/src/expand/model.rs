//! The implementation of `Model`.

use super::{Expansion, inference, training, weights};
use crate::expand::local;
use proc_macro2::TokenStream;
use quote::quote;

/// `impl Model`.
pub fn implementation(expansion: &Expansion<'_>) -> TokenStream {
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let plan = expansion.plan;
    let text = name.to_string();
    let (input, output) = (plan.input.path(), plan.head.data.path());
    let activation = &plan.head.activation;
    let storage = if expansion.is_generic() {
        quote!(::kerust::model::NoStorage)
    } else {
        quote!([f32; #name::INFERENCE.len()])
    };
    let (init, logits) = (init(expansion), inference::logits(expansion));
    let (forward, heads) = (training::forward(expansion), training::heads(expansion));
    let backward = training::backward(expansion);
    quote! {
        #[automatically_derived]
        impl #generics ::kerust::model::Model for #name #arguments #bounds {
            type Input = #input;
            type Heads = ::kerust::model::Head<::kerust::activation::#activation, #output>;
            type Storage = #storage;

            const NAME: &'static str = #text;
            const HEADS: &'static [&'static str] = &[];
            const LAYERS: &'static [::kerust::model::LayerInfo] = Self::LAYERS;
            const ARENA_LEN: usize = Self::INFERENCE.len();
            const TRAINING_LEN: usize = Self::TRAINING.len();

            #init
            #logits
            #forward
            #heads
            #backward
        }
    }
}

fn init(expansion: &Expansion<'_>) -> TokenStream {
    let (this, rng) = (quote::format_ident!("self"), local("rng"));
    let calls: Vec<TokenStream> = expansion
        .fields()
        .map(|(_, _, node)| {
            let (constant, weights) = (node.constant(), weights(node, &this, true));
            quote!(Self::#constant.init(#weights, #rng);)
        })
        .collect();
    let (import, rng) = if calls.is_empty() {
        (TokenStream::new(), local("_rng"))
    } else {
        (
            quote!(
                use ::kerust::layer::Operation as _;
            ),
            rng,
        )
    };
    quote! {
        fn init(&mut self, #rng: &mut ::kerust::rng::Rng) {
            #import
            #(#calls)*
        }
    }
}
