//! `logits`: the code of one inference, layer by layer.

use super::{Buffers, Expansion, imports, local, tuple, weights};
use crate::plan::{Fusion, Node};
use crate::schedule::{Call, Location};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// `fn logits`.
pub fn logits(expansion: &Expansion<'_>) -> TokenStream {
    let (inputs, unpack_input) = expansion.inputs();
    let (outputs, unpack_output) = expansion.outputs();
    let (statements, masks) = body(expansion, "INFERENCE", &inputs, &outputs);
    let [input, output, memory] = ["input", "output", "memory"].map(local);
    let judged = judged(expansion);
    let (input_type, output_type) = (expansion.input_slices(), expansion.output_slices());
    let arguments = quote! {
        &self,
        #input: #input_type,
        #memory: &mut ::kerust::__private::memory::Memory<'_>,
        #output: #output_type,
    };
    let statements = quote! {
        #judged
        #unpack_input
        #unpack_output
        #statements
    };
    if masks.is_empty() {
        return quote!(fn logits(#arguments) { #statements });
    }
    let look = local("look");
    quote! {
        const MASKED: bool = true;

        fn logits(#arguments) {
            self.logits_and_masks(#input, #memory, #output, &mut |_, _| {});
        }

        fn logits_and_masks(
            #arguments
            #look: &mut dyn ::core::ops::FnMut(::core::primitive::usize, &[::core::primitive::u8]),
        ) {
            #statements
            #(#masks)*
        }
    }
}

/// The statements of an inference with the memory plan `plan`, and those that show the masks of the outputs.
pub(super) fn body(
    expansion: &Expansion<'_>,
    plan: &'static str,
    inputs: &[Ident],
    outputs: &[Ident],
) -> (TokenStream, Vec<TokenStream>) {
    let schedule = &expansion.inference;
    let written = (outputs, schedule.outputs.as_slice());
    let mut buffers = Buffers::new(plan, inputs, &schedule.slots, written);
    let (mut plain, mut overwrites, mut products, mut fuses) = (false, false, false, false);
    let calls: Vec<TokenStream> = schedule
        .calls
        .iter()
        .map(|number| {
            if !number.tail.is_empty() {
                (products, fuses) = (true, true);
                return fused(expansion, number, &mut buffers);
            }
            name(expansion, number, &mut buffers);
            if number.x.contains(&number.y) {
                overwrites = true;
                return in_place(expansion, number, &mut buffers);
            }
            plain = true;
            call(expansion, number, &mut buffers)
        })
        .collect();
    let copies: Vec<TokenStream> = schedule
        .copies
        .iter()
        .map(|(head, from)| {
            let from = buffers.operand(*from);
            let to = buffers.operand(Location::Output(*head));
            let take = buffers.take();
            quote!(#take ::kerust::__private::kernels::copy(#from, #to);)
        })
        .collect();
    let masks = masks(&schedule.masks, &mut buffers);
    let memory = local("memory");
    let import = imports(&[
        ("Forward", plain),
        ("Fuse", fuses),
        ("InPlace", overwrites),
        ("Product", products),
    ]);
    let statements = quote! {
        #import
        let mut #memory = #memory.with([#(::kerust::__private::memory::output(#outputs)),*]);
        #(#calls)*
        #(#copies)*
    };
    (statements, masks)
}

/// The statements that show the masks of the outputs.
pub(super) fn masks(masks: &[(usize, Location)], buffers: &mut Buffers<'_>) -> Vec<TokenStream> {
    let look = local("look");
    let masks = masks.iter().map(|(head, place)| {
        let mask = buffers.operand(*place);
        let (take, head) = (buffers.take(), Literal::usize_unsuffixed(*head));
        quote!(#take #look(#head, #mask);)
    });
    masks.collect()
}

fn call(expansion: &Expansion<'_>, call: &Call, buffers: &mut Buffers<'_>) -> TokenStream {
    let node = expansion.node(call.node);
    let this = format_ident!("self");
    let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
    let y = outputs(call, buffers);
    let scratch = call.saved.map(|slot| buffers.slot(slot, local("scratch")));
    let take = buffers.take();
    let (constant, weights) = (node.constant(), weights(node, &this, false));
    let (x, scratch) = (values(node, &x), scratch.unwrap_or(quote!(())));
    quote!(#take Self::#constant.forward(#weights, #x, #y, #scratch);)
}

/// Names the outputs of a call.
pub(super) fn name(expansion: &Expansion<'_>, call: &Call, buffers: &mut Buffers<'_>) {
    buffers.name(call.y, &expansion.node(call.node).name);
    for (number, place) in expansion.plan.parts(call.node).zip(&call.parts) {
        buffers.name(*place, &expansion.node(number).name);
    }
}

/// The outputs of a call in the form that its operation takes: one slice, or a tuple.
pub(super) fn outputs(call: &Call, buffers: &mut Buffers<'_>) -> TokenStream {
    let places = [&call.y].into_iter().chain(&call.parts);
    tuple(places.map(|place| buffers.operand(*place)))
}

/// The inputs of a node in the form that its operation takes: one slice, an array for a merge, or a tuple.
pub(super) fn values(node: &Node, x: &[TokenStream]) -> TokenStream {
    let mut rest = x;
    tuple(node.groups.iter().map(|count| {
        let (group, behind) = rest.split_at(*count);
        rest = behind;
        match group {
            [] => quote!(()),
            [x] => x.clone(),
            group => quote!([#(#group),*]),
        }
    }))
}

/// A product with the layers that are fused with it.
fn fused(expansion: &Expansion<'_>, call: &Call, buffers: &mut Buffers<'_>) -> TokenStream {
    let this = format_ident!("self");
    let node = expansion.node(call.node);
    let end = call.tail.last().map_or(node, |end| expansion.node(*end));
    let in_place = call.x.contains(&call.y);
    let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
    let scratch = call.saved.map(|slot| buffers.slot(slot, local("scratch")));
    let line = call.line.map(|slot| buffers.slot(slot, local("line")));
    // The old value may be added, or may be the input of the product.
    if !in_place {
        buffers.rename(call.y, &end.name);
    }
    let y = buffers.operand(call.y);
    let take = buffers.take();
    let epilogue = local("epilogue");
    let mut ends = TokenStream::new();
    for part in &call.tail {
        let part = expansion.node(*part);
        let constant = part.constant();
        let before = match ends.is_empty() {
            true => quote!(::kerust::__private::kernels::Epilogue::NONE),
            false => quote!(#epilogue),
        };
        let line = match part.fusion {
            Fusion::Line => quote!(#line),
            _ => quote!(&mut []),
        };
        let weights = weights(part, &this, false);
        ends.extend(quote!(let #epilogue = Self::#constant.fuse(#weights, #before, #line);));
    }
    let (constant, weights) = (node.constant(), weights(node, &this, false));
    let x = match in_place {
        true => quote!(::core::option::Option::None),
        false => quote!(::core::option::Option::Some(#(#x),*)),
    };
    if in_place {
        buffers.rename(call.y, &end.name);
    }
    let scratch = scratch.unwrap_or(quote!(&mut []));
    quote! {
        #take
        #ends
        Self::#constant.forward_fused(#weights, #x, #y, #scratch, #epilogue);
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
    let weights = weights(node, &format_ident!("self"), false);
    let scratch = call.saved.map(|slot| buffers.slot(slot, local("scratch")));
    let others = call.x.iter().filter(|x| **x != call.y);
    let others: Vec<_> = others.map(|x: &Location| buffers.operand(*x)).collect();
    let take = buffers.take();
    // From here on the buffer holds the output.
    buffers.rename(call.y, &node.name);
    let constant = node.constant();
    let x = match others.as_slice() {
        [] => quote!(()),
        [other] if node.in_place => other.clone(),
        others => quote!([#(#others),*]),
    };
    let scratch = scratch.unwrap_or(quote!(()));
    quote!(#take Self::#constant.forward_in_place(#weights, #y, #x, #scratch);)
}

/// In a generic model the shapes are checked when its sizes are known.
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
