//! `logits`: one inference, layer after layer.

use super::{Expansion, local, operand, take, weights};
use crate::schedule::Place;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// `fn logits`.
pub fn logits(expansion: &Expansion<'_>) -> TokenStream {
    let this = format_ident!("self");
    let schedule = &expansion.inference;
    // The node whose output stands in each slot, by which the buffer is called.
    let mut names: Vec<proc_macro2::Ident> = Vec::new();
    let mut uses_memory = false;
    let calls: Vec<TokenStream> = schedule
        .calls
        .iter()
        .map(|call| {
            let node = expansion.node(call.node);
            if let Place::Slot(slot) = call.y
                && slot == names.len()
            {
                names.push(node.name.clone());
            }
            let mut buffers = Vec::new();
            let x = match call.x {
                Place::Slot(slot) => operand(call.x, &names[slot], &mut buffers),
                place => operand(place, &node.name, &mut buffers),
            };
            if let (Some([activation, features]), true) = (&node.overwrite, call.x == call.y) {
                let take = take("INFERENCE", &buffers);
                uses_memory = true;
                return quote!(#take #activation.apply(#x, #features););
            }
            let y = operand(call.y, &node.name, &mut buffers);
            uses_memory |= !buffers.is_empty();
            let take = take("INFERENCE", &buffers);
            let (constant, weights) = (node.constant(), weights(node, &this, false));
            quote!(#take Self::#constant.forward(#weights, #x, #y);)
        })
        .collect();
    let [input, output, memory] = ["input", "output", "memory"].map(local);
    let copy = (schedule.head == Place::Input).then(|| quote!(#output.copy_from_slice(#input);));
    let judged = judged(expansion);
    let memory = if uses_memory {
        memory
    } else {
        local("_memory")
    };
    let import = (!calls.is_empty()).then(|| {
        quote!(
            use ::kerust::layer::Operation as _;
        )
    });
    quote! {
        fn logits(
            &self,
            #input: &[f32],
            #memory: &mut ::kerust::memory::Memory<'_>,
            #output: &mut [f32],
        ) {
            #import
            #judged
            #(#calls)*
            #copy
        }
    }
}

/// In a generic model the shapes are judged when its sizes are given.
fn judged(expansion: &Expansion<'_>) -> TokenStream {
    if !expansion.is_generic() {
        return TokenStream::new();
    }
    let judged = expansion
        .plan
        .constants
        .iter()
        .filter(|constant| constant.judged);
    let names = judged.map(|constant| &constant.name);
    quote!(#(const { _ = Self::#names; })*)
}
