//! A training step: forward, the heads, backward.

use super::{Expansion, local, operand, take, weights};
use crate::schedule::Place;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// `fn forward_training`.
pub fn forward(expansion: &Expansion<'_>) -> TokenStream {
    let this = format_ident!("self");
    let schedule = &expansion.training;
    let step = local("step");
    let calls: Vec<TokenStream> = schedule
        .forward
        .iter()
        .map(|call| {
            let node = expansion.node(call.node);
            let mut buffers = Vec::new();
            let x = value(expansion, call.x, &mut buffers);
            let y = operand(call.y, &node.name, &mut buffers);
            let saved = match call.saved {
                Some(slot) => operand(Place::Slot(slot), &local("saved"), &mut buffers),
                None => quote!(&mut []),
            };
            let take = take("TRAINING", &buffers);
            let (constant, weights) = (node.constant(), weights(node, &this, false));
            let number = Literal::usize_unsuffixed(call.node);
            quote! {
                #take
                Self::#constant.forward_training(#weights, #x, #y, #saved, #step.layer(#number));
            }
        })
        .collect();
    let [input, memory] = ["input", "memory"].map(local);
    let copy = (schedule.head == Place::Input).then(|| {
        let logits = local("logits");
        let take = take("TRAINING", &[(logits.clone(), schedule.logits)]);
        quote!(#take #logits.copy_from_slice(#input);)
    });
    let (import, step) = if calls.is_empty() {
        (TokenStream::new(), local("_step"))
    } else {
        (
            quote!(
                use ::kerust::layer::Operation as _;
            ),
            step,
        )
    };
    quote! {
        fn forward_training(
            &self,
            #input: &[f32],
            #memory: &mut ::kerust::memory::Memory<'_>,
            #step: ::kerust::rng::Step,
        ) {
            #import
            #(#calls)*
            #copy
        }
    }
}

/// `fn heads`.
pub fn heads(expansion: &Expansion<'_>) -> TokenStream {
    let schedule = &expansion.training;
    let (memory, logits, gradient) = (local("memory"), local("logits"), local("gradient"));
    let take = take(
        "TRAINING",
        &[
            (logits.clone(), schedule.logits),
            (gradient.clone(), schedule.gradient),
        ],
    );
    quote! {
        fn heads<'m>(
            #memory: &'m mut ::kerust::memory::Memory<'_>,
        ) -> ::kerust::model::HeadPass<'m> {
            #take
            ::kerust::model::HeadPass { #logits, #gradient }
        }
    }
}

/// `fn backward`.
pub fn backward(expansion: &Expansion<'_>) -> TokenStream {
    let [this, gradient] = [format_ident!("self"), local("gradient")];
    let mut uses_input = false;
    let mut uses_gradient = false;
    let calls: Vec<TokenStream> = expansion
        .training
        .backward
        .iter()
        .map(|call| {
            let node = expansion.node(call.node);
            let mut buffers = Vec::new();
            uses_input |= call.x == Place::Input;
            uses_gradient |= node.weights.is_some();
            let x = value(expansion, call.x, &mut buffers);
            let y = operand(call.y, &node.name, &mut buffers);
            let saved = match call.saved {
                Some(slot) => operand(Place::Slot(slot), &local("saved"), &mut buffers),
                None => quote!(&[]),
            };
            let dy = operand(Place::Slot(call.dy), &local("dy"), &mut buffers);
            let dx = match call.dx {
                Some(slot) => {
                    let dx = operand(Place::Slot(slot), &local("dx"), &mut buffers);
                    quote!(::core::option::Option::Some(#dx))
                }
                None => quote!(::core::option::Option::None),
            };
            let take = take("TRAINING", &buffers);
            let constant = node.constant();
            let (own, slot) = (weights(node, &this, false), weights(node, &gradient, true));
            let pass = local("pass");
            quote! {
                #take
                let #pass = ::kerust::layer::Pass {
                    x: #x,
                    y: #y,
                    saved: #saved,
                    #dy,
                    dx: #dx,
                    accumulate: false,
                };
                Self::#constant.backward(#own, #pass, #slot);
            }
        })
        .collect();
    let named = |name: &str, used: bool| match used {
        true => local(name),
        false => local(&format!("_{name}")),
    };
    let input = named("input", uses_input);
    let memory = named("memory", !calls.is_empty());
    let gradient = named("gradient", uses_gradient);
    let import = (!calls.is_empty()).then(|| {
        quote!(
            use ::kerust::layer::Operation as _;
        )
    });
    quote! {
        fn backward(
            &self,
            #input: &[f32],
            #memory: &mut ::kerust::memory::Memory<'_>,
            #gradient: &mut Self,
        ) {
            #import
            #(#calls)*
        }
    }
}

/// The buffer that a node reads, called for the node that wrote it.
fn value(
    expansion: &Expansion<'_>,
    place: Place,
    buffers: &mut Vec<(Ident, usize)>,
) -> TokenStream {
    let forward = &expansion.training.forward;
    let writer = forward.iter().find(|call| call.y == place);
    let name = writer.map_or_else(
        || local("input"),
        |call| expansion.node(call.node).name.clone(),
    );
    operand(place, &name, buffers)
}
