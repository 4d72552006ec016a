//! `logits`: one inference, layer after layer.

use super::{Buffers, Expansion, imports, local, weights};
use crate::plan::Role;
use crate::schedule::{Call, Place};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

/// `fn logits`.
pub fn logits(expansion: &Expansion<'_>) -> TokenStream {
    let schedule = &expansion.inference;
    let (inputs, unpack_input) = expansion.inputs();
    let (outputs, unpack_output) = expansion.outputs();
    let mut buffers = Buffers::new("INFERENCE", &inputs, &schedule.slots, &outputs);
    let mut called = Vec::new();
    let mut overwrites = false;
    let calls: Vec<TokenStream> = schedule
        .calls
        .iter()
        .map(|number| {
            let node = expansion.node(number.node);
            buffers.name(number.y, &node.name);
            if number.x.contains(&number.y) {
                overwrites |= node.in_place && node.in_place_scratch.is_none();
                return in_place(expansion, number, &mut buffers);
            }
            called.push(node);
            call(expansion, number, &mut buffers)
        })
        .collect();
    let copies: Vec<TokenStream> = schedule
        .copies
        .iter()
        .map(|(head, from)| {
            let from = buffers.operand(*from);
            let to = buffers.operand(Place::Output(*head));
            let take = buffers.take();
            quote!(#take ::kerust::kernels::copy(#from, #to);)
        })
        .collect();
    let [input, output, memory] = ["input", "output", "memory"].map(local);
    let judged = judged(expansion);
    let import = imports(called.into_iter());
    let in_place = overwrites.then(|| {
        quote!(
            use ::kerust::layer::InPlace as _;
        )
    });
    let (input_type, output_type) = (expansion.input_slices(), expansion.output_slices());
    quote! {
        fn logits(
            &self,
            #input: #input_type,
            #memory: &mut ::kerust::memory::Memory<'_>,
            #output: #output_type,
        ) {
            #in_place
            #import
            #judged
            #unpack_input
            #unpack_output
            let mut #memory = #memory.with([#(#outputs),*]);
            #(#calls)*
            #(#copies)*
        }
    }
}

fn call(expansion: &Expansion<'_>, call: &Call, buffers: &mut Buffers<'_>) -> TokenStream {
    let node = expansion.node(call.node);
    let this = format_ident!("self");
    let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
    let y = buffers.operand(call.y);
    let scratch = call.saved.map(|slot| buffers.slot(slot, local("scratch")));
    let take = buffers.take();
    let (constant, weights) = (node.constant(), weights(node, &this, false));
    match node.role {
        Role::Merge => quote!(#take Self::#constant.forward(&[#(#x),*], #y);),
        Role::Custom => quote! {
            #take
            ::kerust::layer::Component::forward(#weights, #(#x,)* #y, #scratch);
        },
        _ => quote!(#take Self::#constant.forward(#weights, #(#x,)* #y);),
    }
}

/// A call that overwrites one of its inputs.
pub(super) fn in_place(
    expansion: &Expansion<'_>,
    call: &Call,
    buffers: &mut Buffers<'_>,
) -> TokenStream {
    let node = expansion.node(call.node);
    let y = buffers.operand(call.y);
    if node.in_place {
        let (constant, weights) = (
            node.constant(),
            weights(node, &format_ident!("self"), false),
        );
        let scratch = call.saved.map(|slot| buffers.slot(slot, local("scratch")));
        let take = buffers.take();
        buffers.rename(call.y, &node.name);
        let scratch = scratch.iter();
        return quote!(#take Self::#constant.forward_in_place(#weights, #y #(, #scratch)*););
    }
    let parts = call.x.iter().filter(|x| **x != call.y);
    let parts: Vec<_> = parts.map(|x: &Place| buffers.operand(*x)).collect();
    let take = buffers.take();
    // From here on the buffer holds the sum.
    buffers.rename(call.y, &node.name);
    let constant = node.constant();
    quote!(#take Self::#constant.forward_in_place(#y, &[#(#parts),*]);)
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
