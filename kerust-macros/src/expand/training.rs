//! The code of a training step: forward pass, heads, backward pass.

use super::inference::{in_place, name, outputs, values};
use super::{Buffers, Expansion, Taken, imports, local, take, tuple, weights};
use crate::schedule::{Back, Gradient, Return};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// `fn forward_training`.
pub fn forward(expansion: &Expansion<'_>) -> TokenStream {
    let this = format_ident!("self");
    let schedule = &expansion.training;
    let step = local("step");
    let (inputs, unpack) = expansion.inputs();
    let slots = &expansion.training.slots;
    let mut buffers = Buffers::new("TRAINING", &inputs, slots, (&[], &[]));
    let (mut overwrites, mut plain) = (false, false);
    let calls: Vec<TokenStream> = schedule
        .forward
        .iter()
        .map(|call| {
            let node = expansion.node(call.node);
            if call.x.contains(&call.y) {
                overwrites = true;
                return in_place(expansion, call, &mut buffers);
            }
            plain = true;
            name(expansion, call, &mut buffers);
            let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
            let y = outputs(call, &mut buffers);
            let saved = match call.saved {
                Some(slot) => buffers.slot(slot, local("saved")),
                None => quote!(()),
            };
            // The buffer of saved values is also used as scratch.
            let scratch = match node.scratch {
                Some(_) => quote!(&mut []),
                None => quote!(()),
            };
            let take = buffers.take();
            let (constant, weights) = (node.constant(), weights(node, &this, false));
            let number = Literal::usize_unsuffixed(call.node);
            let part = expansion
                .gradient_range(node)
                .map(|range| quote!(.part(#range)));
            let x = values(node, &x);
            quote! {
                #take
                Self::#constant.forward_training(
                    #weights, #x, #y, #scratch, #saved, #step.layer(#number) #part,
                );
            }
        })
        .collect();
    let copies: Vec<TokenStream> = schedule
        .copies
        .iter()
        .map(|(slot, from)| {
            let from = buffers.operand(*from);
            let logits = buffers.slot(*slot, local("logits"));
            let take = buffers.take();
            quote!(#take #logits.copy_from_slice(#from);)
        })
        .collect();
    let import = imports(&[("InPlace", overwrites), ("Operation", plain)]);
    let step = if plain { step } else { local("_step") };
    let [input, memory] = ["input", "memory"].map(local);
    let input_type = expansion.input_slices();
    quote! {
        fn forward_training(
            &self,
            #input: #input_type,
            #memory: &mut ::kerust::__private::memory::Memory<'_>,
            #step: ::kerust::__private::rng::Step<'_>,
        ) {
            #import
            #unpack
            #(#calls)*
            #(#copies)*
        }
    }
}

/// `fn heads`.
pub fn heads(expansion: &Expansion<'_>) -> TokenStream {
    let schedule = &expansion.training;
    let memory = local("memory");
    let many = schedule.heads.len() > 1;
    let named = |of: &str, head: usize| match many {
        true => local(&format!("{of}_{head}")),
        false => local(of),
    };
    let mut buffers = Vec::new();
    let (mut all_logits, mut gradients) = (Vec::new(), Vec::new());
    for (head, [logits, gradient]) in schedule.heads.iter().enumerate() {
        let names = [named("logits", head), named("gradient", head)];
        for (name, buffer) in names.iter().zip([*logits, *gradient]) {
            buffers.push(Taken {
                name: name.clone(),
                buffer,
                is_float: schedule.slots[buffer].element.is_float(),
            });
        }
        let [logits, gradient] = names;
        all_logits.push(quote!(#logits));
        gradients.push(quote!(#gradient));
    }
    let take = take("TRAINING", &buffers);
    let pass = match many {
        false => quote!(#(#all_logits)*, #(#gradients)*),
        true => quote!(logits: (#(#all_logits),*), gradient: (#(#gradients),*)),
    };
    quote! {
        fn heads<'m>(
            #memory: &'m mut ::kerust::__private::memory::Memory<'_>,
        ) -> ::kerust::__private::model::HeadPass<'m, Self::Heads> {
            #take
            ::kerust::__private::model::HeadPass { #pass }
        }
    }
}

/// `fn masks`, if an output has a mask.
pub fn masks(expansion: &Expansion<'_>) -> TokenStream {
    let schedule = &expansion.training;
    if schedule.masks.is_empty() {
        return TokenStream::new();
    }
    let (inputs, _) = expansion.inputs();
    let mut buffers = Buffers::new("TRAINING", &inputs, &schedule.slots, (&[], &[]));
    for call in &schedule.forward {
        match call.x.contains(&call.y) {
            true => buffers.rename(call.y, &expansion.node(call.node).name),
            false => name(expansion, call, &mut buffers),
        }
    }
    let masks = super::inference::masks(&schedule.masks, &mut buffers);
    let [memory, look] = ["memory", "look"].map(local);
    quote! {
        fn masks(
            #memory: &mut ::kerust::__private::memory::Memory<'_>,
            #look: &mut dyn ::core::ops::FnMut(::core::primitive::usize, &[::core::primitive::u8]),
        ) {
            #(#masks)*
        }
    }
}

/// The statements of the backward pass, and the names that they use.
pub struct Backward {
    pub import: TokenStream,
    pub unpack: TokenStream,
    pub calls: Vec<TokenStream>,
    pub uses_input: bool,
    pub uses_memory: bool,
    pub uses_gradient: bool,
}

/// The calls of the backward pass.
pub fn backward(expansion: &Expansion<'_>) -> Backward {
    let (inputs, unpack) = expansion.inputs();
    let slots = &expansion.training.slots;
    let mut buffers = Buffers::new("TRAINING", &inputs, slots, (&[], &[]));
    for call in &expansion.training.forward {
        match call.x.contains(&call.y) {
            true => buffers.rename(call.y, &expansion.node(call.node).name),
            false => name(expansion, call, &mut buffers),
        }
    }
    let (mut nodes, mut overwrites) = (Vec::new(), false);
    let calls = expansion.training.backward.iter();
    let calls: Vec<TokenStream> = calls
        .map(|back| match back {
            Back::Call(call) if call.x == call.y => {
                overwrites = true;
                let y = buffers.operand(call.y[0]);
                let dy = gradients(call, &mut buffers);
                let node = expansion.node(call.node);
                let (take, constant) = (buffers.take(), node.constant());
                let weights = weights(node, &format_ident!("self"), false);
                quote!(#take Self::#constant.backward_in_place(#weights, #y, #dy);)
            }
            Back::Call(call) => {
                nodes.push(expansion.node(call.node));
                returned(expansion, call, &mut buffers)
            }
            Back::Sum { into, part, nested } => sum(*into, *part, *nested, &mut buffers),
        })
        .collect();
    Backward {
        uses_input: !nodes.is_empty(),
        uses_memory: buffers.used,
        uses_gradient: nodes.iter().any(|node| node.weights.is_some()),
        import: imports(&[
            ("BackwardInPlace", overwrites),
            ("Operation", !nodes.is_empty()),
        ]),
        unpack,
        calls,
    }
}

fn returned(expansion: &Expansion<'_>, call: &Return, buffers: &mut Buffers<'_>) -> TokenStream {
    let node = expansion.node(call.node);
    let [this, gradient] = [format_ident!("self"), local("gradient")];
    let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
    let y = tuple(call.y.iter().map(|y| buffers.operand(*y)));
    let saved = call.saved.map(|slot| buffers.slot(slot, local("saved")));
    let dy = gradients(call, buffers);
    let unread = call.dy.iter().enumerate();
    let unread = unread.filter(|(_, dy)| dy.is_some_and(|slot| call.zeros.contains(&slot)));
    let zeros = unread.map(|(place, _)| {
        let dy = gradient_name(call, place);
        quote!(#dy.fill(0.0);)
    });
    let zeros: TokenStream = zeros.collect();
    let through = local("through");
    let single = call.dx.len() == 1;
    let dx = call.dx.iter().enumerate().map(|(place, dx)| {
        let name = match single {
            true => local("dx"),
            false => local(&format!("dx_{place}")),
        };
        match dx {
            None => quote!(::core::option::Option::None),
            Some(Gradient::Slot(slot)) => {
                let dx = buffers.slot(*slot, name);
                quote!(::core::option::Option::Some(#dx))
            }
            Some(Gradient::NestedSlot(slot)) => {
                let dx = buffers.slot(*slot, name);
                quote!(#through.is_some().then_some(#dx))
            }
            Some(Gradient::Through) => quote!(#through.as_deref_mut()),
            Some(Gradient::ThroughOr(slot)) => {
                let dx = buffers.slot(*slot, name);
                quote!(::core::option::Option::Some(#through.as_deref_mut().unwrap_or(#dx)))
            }
        }
    });
    let dx: Vec<_> = dx.collect();
    let (x, dx) = (values(node, &x), values(node, &dx));
    let take = buffers.take();
    let constant = node.constant();
    let own = weights(node, &this, false);
    let part = match expansion.gradient_range(node) {
        Some(range) => quote!(#gradient.part(#range)),
        None => quote!(::kerust::__private::gradient::Gradient::none()),
    };
    let dy = match call.dy.as_slice() {
        [Some(_)] => dy,
        _ => quote!(dy: #dy),
    };
    let accumulate = match (node.weights.is_some(), call.again) {
        (true, false) if expansion.plan.is_layer() => {
            let accumulate = local("accumulate");
            quote!(#accumulate)
        }
        (true, true) => quote!(accumulate: true),
        _ => quote!(accumulate: false),
    };
    let saved = saved.map_or(quote!(saved: ()), |saved| quote!(#saved));
    let statements = quote! {
        #take
        #zeros
        Self::#constant.backward(
            #own,
            ::kerust::__private::layer::Pass { x: #x, y: #y, #saved, #dy, dx: #dx, #accumulate },
            #part,
        );
    };
    // If neither this layer nor any before it trains, nothing is left to do.
    let end = expansion.gradient_ends(node).map(|(_, end)| {
        let unasked = expansion
            .plan
            .hands_on()
            .then(|| quote!(&& #through.is_none()));
        quote! {
            if #gradient.ends_at(#end) #unasked {
                return;
            }
        }
    });
    match call.nested {
        true => quote!(if #through.is_some() { #statements }),
        false => quote!(#end #statements),
    }
}

/// The gradients of a call's outputs in the form that its operation takes.
fn gradients(call: &Return, buffers: &mut Buffers<'_>) -> TokenStream {
    tuple(call.dy.iter().enumerate().map(|(place, dy)| match dy {
        None => quote!(&mut []),
        Some(slot) => buffers.slot(*slot, gradient_name(call, place)),
    }))
}

/// The name of the gradient of an output.
fn gradient_name(call: &Return, place: usize) -> Ident {
    match call.dy.len() {
        1 => local("dy"),
        _ => local(&format!("dy_{place}")),
    }
}

fn sum(into: Gradient, part: usize, nested: bool, buffers: &mut Buffers<'_>) -> TokenStream {
    let through = local("through");
    let Gradient::Slot(into) = into else {
        let part = buffers.slot(part, local("part"));
        let (take, sum) = (buffers.take(), local("sum"));
        return quote! {
            if let ::core::option::Option::Some(#sum) = #through.as_deref_mut() {
                #take
                ::kerust::__private::kernels::sum_into(#sum, #part);
            }
        };
    };
    let sum = buffers.slot(into, local("sum"));
    let part = buffers.slot(part, local("part"));
    let take = buffers.take();
    let statements = quote!(#take ::kerust::__private::kernels::sum_into(#sum, #part););
    match nested {
        true => quote!(if #through.is_some() { #statements }),
        false => statements,
    }
}
