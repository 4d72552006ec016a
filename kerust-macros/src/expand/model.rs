//! The implementation of `Model`.

use super::{Expansion, graph, imports, inference, local, training, weights};
use crate::plan::Role;
use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

/// `impl Model`.
pub fn implementation(expansion: &Expansion<'_>) -> TokenStream {
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let text = name.to_string();
    let (input, heads_type) = (expansion.input(), expansion.heads());
    let storage = if expansion.is_generic() {
        quote!(::kerust::model::NoStorage)
    } else {
        quote!([u32; #name::INFERENCE.len()])
    };
    let heads_text = match expansion.plan.heads.as_slice() {
        [_] => Vec::new(),
        heads => heads
            .iter()
            .map(|head| head.name.unraw().to_string())
            .collect(),
    };
    let (init, logits) = (init(expansion), inference::logits(expansion));
    let (forward, heads) = (training::forward(expansion), training::heads(expansion));
    let (through, backward) = backward(expansion);
    let absorb = absorb(expansion);
    let inputs = inputs(expansion);
    let graph = graph::graph(expansion.plan);
    quote! {
        #through

        #[automatically_derived]
        impl #generics ::kerust::model::Model for #name #arguments #bounds {
            type Input = #input;
            type Heads = #heads_type;
            type Storage = #storage;

            const NAME: &'static str = #text;
            const HEADS: &'static [&'static str] = &[#(#heads_text),*];
            const LAYERS: &'static [::kerust::model::LayerInfo] = Self::LAYERS;
            #graph
            #inputs
            const ARENA_LEN: usize = Self::INFERENCE.len();
            const TRAINING_LEN: usize = Self::TRAINING.len();

            #init
            #logits
            #forward
            #heads
            #backward
            #absorb
        }
    }
}

/// The names and shapes of the inputs, which a graph's summary shows.
fn inputs(expansion: &Expansion<'_>) -> TokenStream {
    let inputs = expansion.plan.inputs.iter().map(|input| {
        let (name, shape) = (input.name.unraw().to_string(), input.data.shape());
        quote!((#name, #shape))
    });
    quote!(const INPUTS: &'static [(&'static str, ::kerust::shape::Shape)] = &[#(#inputs),*];)
}

/// The backward pass: with what hands the input's gradient on, where the model may be a layer.
fn backward(expansion: &Expansion<'_>) -> (TokenStream, TokenStream) {
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let training::Backward {
        import,
        unpack,
        calls,
        uses_input,
        uses_memory,
        uses_gradient,
    } = training::backward(expansion);
    let named = |name: &str, used: bool| match used {
        true => local(name),
        false => local(&format!("_{name}")),
    };
    let slices = expansion.input_slices();
    if expansion.plan.is_layer() {
        let [input, memory, gradient, through] =
            ["input", "memory", "gradient", "through"].map(local);
        let accumulate = named("accumulate", uses_gradient);
        let inner_gradient = named("gradient", uses_gradient);
        let inherent = quote! {
            #[automatically_derived]
            impl #generics #name #arguments #bounds {
                /// The backward pass; the gradient of the input goes to `through`, if there is one.
                fn backward_through(
                    &self,
                    #input: &[f32],
                    #memory: &mut ::kerust::memory::Memory<'_>,
                    #inner_gradient: &mut Self,
                    mut #through: ::core::option::Option<&mut [f32]>,
                    #accumulate: bool,
                ) {
                    #import
                    #(#calls)*
                }
            }
        };
        let method = quote! {
            fn backward(
                &self,
                #input: &[f32],
                #memory: &mut ::kerust::memory::Memory<'_>,
                #gradient: &mut Self,
            ) {
                self.backward_through(
                    #input, #memory, #gradient, ::core::option::Option::None, false,
                );
            }
        };
        return (inherent, method);
    }
    let input = named("input", uses_input);
    let memory = named("memory", uses_memory);
    let gradient = named("gradient", uses_gradient);
    let unpack = uses_input.then_some(unpack);
    let method = quote! {
        fn backward(
            &self,
            #input: #slices,
            #memory: &mut ::kerust::memory::Memory<'_>,
            #gradient: &mut Self,
        ) {
            #import
            #unpack
            #(#calls)*
        }
    };
    (TokenStream::new(), method)
}

/// `fn absorb`, where a layer holds state.
fn absorb(expansion: &Expansion<'_>) -> TokenStream {
    let gradient = local("gradient");
    let calls: Vec<TokenStream> = expansion
        .fields()
        .filter_map(|(name, _, node)| {
            if node.role == Role::Custom {
                return Some(quote! {
                    ::kerust::layer::Component::absorb(&mut self.#name, &#gradient.#name);
                });
            }
            let constant = node.constant();
            expansion.plan.layers[node.layer]
                .state
                .then(|| quote!(Self::#constant.absorb(&mut self.#name, &#gradient.#name);))
        })
        .collect();
    if calls.is_empty() {
        return TokenStream::new();
    }
    let states = expansion
        .fields()
        .map(|(_, _, node)| node)
        .filter(|node| expansion.plan.layers[node.layer].state && node.role != Role::Custom);
    let import = imports(states);
    quote! {
        fn absorb(&mut self, #gradient: &Self) {
            #import
            #(#calls)*
        }
    }
}

fn init(expansion: &Expansion<'_>) -> TokenStream {
    let (this, rng) = (quote::format_ident!("self"), local("rng"));
    let calls: Vec<TokenStream> = expansion
        .fields()
        .map(|(_, _, node)| {
            let (constant, weights) = (node.constant(), weights(node, &this, true));
            match node.role {
                Role::Custom => quote!(::kerust::layer::Component::init(#weights, #rng);),
                _ => quote!(Self::#constant.init(#weights, #rng);),
            }
        })
        .collect();
    let import = imports(expansion.fields().map(|(_, _, node)| node));
    let rng = if calls.is_empty() { local("_rng") } else { rng };
    quote! {
        fn init(&mut self, #rng: &mut ::kerust::rng::Rng) {
            #import
            #(#calls)*
        }
    }
}
