//! A training step: forward, the heads, backward.

use super::inference::in_place;
use super::{Buffers, Expansion, imports, local, take, tuple, weights};
use crate::plan::Role;
use crate::schedule::{Back, Gradient, Return};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

/// `fn forward_training`.
pub fn forward(expansion: &Expansion<'_>) -> TokenStream {
    let this = format_ident!("self");
    let schedule = &expansion.training;
    let step = local("step");
    let (inputs, unpack) = expansion.inputs();
    let mut buffers = Buffers::new("TRAINING", &inputs, &expansion.training.slots, &[]);
    let mut overwrites = false;
    let calls: Vec<TokenStream> = schedule
        .forward
        .iter()
        .map(|call| {
            let node = expansion.node(call.node);
            if call.x.contains(&call.y) {
                overwrites |= node.in_place;
                return in_place(expansion, call, &mut buffers);
            }
            buffers.name(call.y, &node.name);
            let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
            let y = buffers.operand(call.y);
            let saved = match call.saved {
                Some(slot) => buffers.slot(slot, local("saved")),
                None => quote!(&mut []),
            };
            let take = buffers.take();
            let (constant, weights) = (node.constant(), weights(node, &this, false));
            let number = Literal::usize_unsuffixed(call.node);
            match node.role {
                Role::Merge => quote!(#take Self::#constant.forward(&[#(#x),*], #y);),
                Role::Custom => quote! {
                    #take
                    ::kerust::layer::Component::forward_training(
                        #weights, #(#x,)* #y, #saved, #step.layer(#number),
                    );
                },
                _ => quote! {
                    #take
                    Self::#constant.forward_training(
                        #weights, #(#x,)* #y, #saved, #step.layer(#number),
                    );
                },
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
    let overwriting = overwrites.then(|| {
        quote!(
            use ::kerust::layer::InPlace as _;
        )
    });
    let apart = schedule
        .forward
        .iter()
        .filter(|call| !call.x.contains(&call.y));
    let nodes = apart.map(|call| expansion.node(call.node));
    let import = imports(nodes.clone());
    let steps = nodes.into_iter().any(|node| node.role != Role::Merge);
    let step = if steps { step } else { local("_step") };
    let [input, memory] = ["input", "memory"].map(local);
    let input_type = expansion.input_slices();
    quote! {
        fn forward_training(
            &self,
            #input: #input_type,
            #memory: &mut ::kerust::memory::Memory<'_>,
            #step: ::kerust::rng::Step,
        ) {
            #overwriting
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
    let mut passes = Vec::new();
    let mut types = Vec::new();
    for (head, [logits, gradient]) in schedule.heads.iter().enumerate() {
        let names = [named("logits", head), named("gradient", head)];
        buffers.push((names[0].clone(), *logits));
        buffers.push((names[1].clone(), *gradient));
        let [logits, gradient] = names;
        passes.push(if many {
            quote!(::kerust::model::HeadPass { logits: #logits, gradient: #gradient })
        } else {
            quote!(::kerust::model::HeadPass { #logits, #gradient })
        });
        types.push(quote!(::kerust::model::HeadPass<'m>));
    }
    let take = take("TRAINING", &buffers);
    let (types, passes) = (tuple(types.into_iter()), tuple(passes.into_iter()));
    quote! {
        fn heads<'m>(#memory: &'m mut ::kerust::memory::Memory<'_>) -> #types {
            #take
            #passes
        }
    }
}

/// What the backward pass consists of, and what it uses.
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
    let mut buffers = Buffers::new("TRAINING", &inputs, &expansion.training.slots, &[]);
    for call in &expansion.training.forward {
        let name = &expansion.node(call.node).name;
        match call.x.contains(&call.y) {
            true => buffers.rename(call.y, name),
            false => buffers.name(call.y, name),
        }
    }
    let mut nodes = Vec::new();
    let calls = expansion.training.backward.iter();
    let calls: Vec<TokenStream> = calls
        .map(|back| match back {
            Back::Call(call) if call.x == [call.y] => {
                let (y, dy) = (buffers.operand(call.y), buffers.slot(call.dy, local("dy")));
                let (take, constant) = (buffers.take(), expansion.node(call.node).constant());
                quote!(#take Self::#constant.backward_in_place(#y, #dy);)
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
        import: imports(nodes.into_iter()),
        unpack,
        calls,
    }
}

fn returned(expansion: &Expansion<'_>, call: &Return, buffers: &mut Buffers<'_>) -> TokenStream {
    let node = expansion.node(call.node);
    let [this, gradient] = [format_ident!("self"), local("gradient")];
    let x: Vec<_> = call.x.iter().map(|x| buffers.operand(*x)).collect();
    let y = buffers.operand(call.y);
    let saved = call.saved.map(|slot| buffers.slot(slot, local("saved")));
    let dy = buffers.slot(call.dy, local("dy"));
    let through = local("through");
    let single = call.dx.len() == 1;
    let custom = node.role == Role::Custom;
    let dx = call.dx.iter().enumerate().map(|(place, dx)| {
        let name = match single {
            true => local("dx"),
            false => local(&format!("dx_{place}")),
        };
        match dx {
            None => quote!(::core::option::Option::None),
            Some(Gradient::Slot(slot)) => {
                let dx = buffers.slot(*slot, name);
                match custom {
                    true => dx,
                    false => quote!(::core::option::Option::Some(#dx)),
                }
            }
            Some(Gradient::NestedSlot(slot)) => {
                let dx = buffers.slot(*slot, name);
                quote!(#through.is_some().then_some(#dx))
            }
            Some(Gradient::Through) => quote!(#through.as_deref_mut()),
            Some(Gradient::ThroughOr(slot)) => {
                let dx = buffers.slot(*slot, name);
                quote!(#through.as_deref_mut().unwrap_or(#dx))
            }
        }
    });
    let dx: Vec<_> = dx.collect();
    // A component's `dx` is a plain slice, mostly of that very name.
    let field = dx.iter().map(|dx| match dx.to_string().as_str() {
        "dx" => dx.clone(),
        _ => quote!(dx: #dx),
    });
    let take = buffers.take();
    let constant = node.constant();
    let (own, slot) = (weights(node, &this, false), weights(node, &gradient, true));
    let pass = local("pass");
    let accumulate = match (node.weights.is_some(), call.again) {
        (true, false) if expansion.plan.is_layer() => {
            let accumulate = local("accumulate");
            quote!(#accumulate)
        }
        (true, true) => quote!(accumulate: true),
        _ => quote!(accumulate: false),
    };
    let statements = match node.role {
        Role::Merge => quote! {
            #take
            Self::#constant.backward(&[#(#x),*], #y, #dy, &mut [#(#dx),*]);
        },
        Role::Custom => quote! {
            #take
            let #pass = ::kerust::layer::ComponentPass {
                #(x: #x,)*
                y: #y,
                #saved,
                #dy,
                #(#field,)*
                #accumulate,
            };
            ::kerust::layer::Component::backward(#own, #pass, #slot);
        },
        _ => {
            let saved = saved.map_or(quote!(saved: &[]), |saved| quote!(#saved));
            quote! {
                #take
                let #pass = ::kerust::layer::Pass {
                    #(x: #x,)*
                    y: #y,
                    #saved,
                    #dy,
                    #(dx: #dx,)*
                    #accumulate,
                };
                Self::#constant.backward(#own, #pass, #slot);
            }
        }
    };
    match call.nested {
        true => quote!(if #through.is_some() { #statements }),
        false => statements,
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
                ::kerust::kernels::sum_into(#sum, #part);
            }
        };
    };
    let sum = buffers.slot(into, local("sum"));
    let part = buffers.slot(part, local("part"));
    let take = buffers.take();
    let statements = quote!(#take ::kerust::kernels::sum_into(#sum, #part););
    match nested {
        true => quote!(if #through.is_some() { #statements }),
        false => statements,
    }
}
