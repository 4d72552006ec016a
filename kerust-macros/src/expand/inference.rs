//! `logits`: one inference, layer after layer.

use super::{Buffers, Expansion, imports, local, weights};
use crate::plan::{Fusion, Role};
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
    let (mut overwrites, mut tails) = (false, false);
    let calls: Vec<TokenStream> = schedule
        .calls
        .iter()
        .map(|number| {
            let node = expansion.node(number.node);
            if !number.tail.is_empty() {
                tails |= node.in_place_scratch.is_none() || !number.x.contains(&number.y);
                return tailed(expansion, number, &mut buffers);
            }
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
    let tailed = tails.then(|| {
        quote!(
            use ::kerust::layer::Tailed as _;
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
            #tailed
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

/// A product with what follows it.
fn tailed(expansion: &Expansion<'_>, call: &Call, buffers: &mut Buffers<'_>) -> TokenStream {
    let this = format_ident!("self");
    let node = expansion.node(call.node);
    let end = call.tail.last().map_or(node, |end| expansion.node(*end));
    let in_place = call.x.contains(&call.y);
    let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
    let scratch = call.saved.map(|slot| buffers.slot(slot, local("scratch")));
    let line = call.line.map(|slot| buffers.slot(slot, local("line")));
    // What stood there may be added, or is what the product is made of.
    if !in_place {
        buffers.rename(call.y, &end.name);
    }
    let y = buffers.operand(call.y);
    let take = buffers.take();
    let tail = local("tail");
    let mut ends = TokenStream::new();
    for part in &call.tail {
        let part = expansion.node(*part);
        let constant = part.constant();
        let of = match (part.fusion, ends.is_empty()) {
            (Fusion::Line, _) => {
                let weights = weights(part, &this, false);
                quote!(#weights, #line)
            }
            (_, true) => quote!(::kerust::kernels::Tail::NONE),
            (_, false) => quote!(#tail),
        };
        ends.extend(quote!(let #tail = Self::#constant.tail(#of);));
    }
    let (constant, weights) = (node.constant(), weights(node, &this, false));
    if in_place {
        buffers.rename(call.y, &end.name);
        return quote! {
            #take
            #ends
            Self::#constant.forward_in_place_tailed(#weights, #y, #scratch, #tail);
        };
    }
    quote! {
        #take
        #ends
        Self::#constant.forward_tailed(#weights, #(#x,)* #y, #tail);
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
