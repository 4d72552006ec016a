//! The implementation of `Model`.

use super::{Expansion, graph, imports, inference, local, training, weights};
use crate::plan::{Edge, Role};
use kerust_core::element::Dtype;
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;

/// `impl Model`.
pub fn implementation(expansion: &Expansion<'_>) -> TokenStream {
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let text = name.to_string();
    let (input, heads_type) = (expansion.input(), expansion.heads());
    let storage = if expansion.is_generic() {
        quote!(::kerust::__private::model::NoStorage)
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
    let logits = inference::logits(expansion);
    let train = train(expansion);
    let inputs = inputs(expansion);
    let vocabularies = vocabularies(expansion);
    let graph = graph::graph(expansion.plan);
    let activated = expansion.plan.is_twin.then(|| {
        quote!(
            const ACTIVATED: bool = true;
        )
    });
    quote! {
        #[automatically_derived]
        impl #generics ::kerust::__private::model::Model for #name #arguments #bounds {
            type Input = #input;
            type Heads = #heads_type;
            type Storage = #storage;

            const NAME: &'static str = #text;
            const HEADS: &'static [&'static str] = &[#(#heads_text),*];
            const LAYERS: &'static [::kerust::__private::model::LayerInfo] = Self::LAYERS;
            #graph
            #inputs
            #vocabularies
            #activated
            const ARENA_LEN: usize = Self::INFERENCE.len();

            #logits
        }

        #train
    }
}

/// `impl Train`, where the model trains.
fn train(expansion: &Expansion<'_>) -> TokenStream {
    if !expansion.plan.trains() {
        return TokenStream::new();
    }
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let gradient_len = match expansion.fields().count() {
        0 => quote!(0),
        fields => {
            let fields = Literal::usize_unsuffixed(fields);
            quote!(Self::GRADIENT[#fields])
        }
    };
    let settings = settings(expansion);
    let init = init(expansion);
    let (forward, heads) = (training::forward(expansion), training::heads(expansion));
    let masks = training::masks(expansion);
    let (backward, update_state) = (backward(expansion), update_state(expansion));
    quote! {
        #[automatically_derived]
        impl #generics ::kerust::__private::model::Train for #name #arguments #bounds {
            const TRAINING_LEN: usize = Self::TRAINING.len();
            const GRADIENT_LEN: usize = #gradient_len;
            const SETTINGS: &'static [::kerust::__private::model::Setting] = &[#(#settings),*];

            #init
            #forward
            #heads
            #masks
            #backward
            #update_state
        }
    }
}

/// The training settings of the declaration, including those of nested models.
fn settings(expansion: &Expansion<'_>) -> Vec<TokenStream> {
    let mut settings = Vec::new();
    for (name, weights, node) in expansion.fields() {
        let layer = &expansion.plan.layers[node.layer];
        let path = name.unraw().to_string();
        let mut say = |path: &str, term: TokenStream| {
            settings.push(quote!(::kerust::__private::model::Setting { path: #path, term: #term }));
        };
        if layer.frozen {
            say(&path, quote!(::kerust::__private::model::Term::Frozen));
        } else if node.role == Role::Custom {
            let within = quote!(<#weights as ::kerust::__private::layer::Component>::SETTINGS);
            say(
                &path,
                quote!(::kerust::__private::model::Term::Within(#within)),
            );
        }
        for (array, term) in &layer.settings {
            say(&format!("{path}.{array}"), term.clone());
        }
    }
    let mut nodes = expansion.plan.nodes.iter();
    if nodes.any(|node| node.penalizes) {
        settings.push(quote!(::kerust::__private::model::Setting {
            path: "",
            term: ::kerust::__private::model::Term::ActivityRegularizer,
        }));
    }
    settings
}

/// The names and shapes of the inputs, which a graph's summary shows.
fn inputs(expansion: &Expansion<'_>) -> TokenStream {
    let inputs = expansion.plan.inputs.iter().map(|input| {
        let (name, shape) = (input.name.unraw().to_string(), input.data.shape());
        quote!((#name, #shape))
    });
    quote!(const INPUTS: &'static [(&'static str, ::kerust::__private::shape::Shape)] = &[#(#inputs),*];)
}

/// The vocabularies of the inputs that are read by embeddings.
fn vocabularies(expansion: &Expansion<'_>) -> Option<TokenStream> {
    let plan = expansion.plan;
    let mut inputs = plan.inputs.iter();
    if !inputs.any(|input| input.data.dtype == Dtype::U16) {
        return None;
    }
    let least = (0..plan.inputs.len()).map(|input| {
        let readers = plan.nodes.iter();
        let readers = readers.filter(|node| node.inputs.contains(&Edge::Input(input)));
        let tables = readers.filter(|node| plan.layers[node.layer].kind == "Embedding");
        let tables = tables.filter_map(|node| node.weights.as_ref());
        quote! {
            ::kerust::__private::model::vocabulary(&[
                #(<#tables as ::kerust::__private::layer::LayerData>::LAYOUT),*
            ])
        }
    });
    Some(quote!(const VOCABULARIES: &'static [usize] = &[#(#least),*];))
}

/// `fn backward`. A model that can be a layer computes the gradient of its input.
fn backward(expansion: &Expansion<'_>) -> TokenStream {
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
    let hands_on = expansion.plan.hands_on();
    let [input, memory, gradient] = [
        named("input", uses_input),
        named("memory", uses_memory),
        named("gradient", uses_gradient),
    ];
    let mutable = uses_gradient.then(|| quote!(mut));
    let through = match hands_on {
        true => {
            let through = local("through");
            quote!(mut #through)
        }
        false => local("_through").into_token_stream(),
    };
    let accumulate = named("accumulate", uses_gradient && expansion.plan.is_layer());
    let places = expansion.gradient_places();
    let unpack = uses_input.then_some(unpack);
    quote! {
        fn backward(
            &self,
            #input: #slices,
            #memory: &mut ::kerust::__private::memory::Memory<'_>,
            #mutable #gradient: ::kerust::__private::gradient::Gradient<'_>,
            #through: #places,
            #accumulate: bool,
        ) {
            #import
            #unpack
            #(#calls)*
        }
    }
}

/// `fn update_state`, if a layer has state.
fn update_state(expansion: &Expansion<'_>) -> TokenStream {
    let gradient = local("gradient");
    let calls: Vec<TokenStream> = expansion
        .fields()
        .filter(|(_, _, node)| {
            let layer = &expansion.plan.layers[node.layer];
            layer.state && !layer.frozen
        })
        .filter_map(|(name, _, node)| {
            let (constant, range) = (node.constant(), expansion.gradient_range(node)?);
            Some(quote!(Self::#constant.update_state(&mut self.#name, #gradient.part(#range));))
        })
        .collect();
    if calls.is_empty() {
        return TokenStream::new();
    }
    let import = imports(&[("Operation", true)]);
    quote! {
        fn update_state(&mut self, mut #gradient: ::kerust::__private::gradient::Gradient<'_>) {
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
            quote!(Self::#constant.init(#weights, #rng);)
        })
        .collect();
    let import = imports(&[("Operation", !calls.is_empty())]);
    let rng = if calls.is_empty() { local("_rng") } else { rng };
    quote! {
        fn init(&mut self, #rng: &mut ::kerust::__private::rng::Rng) {
            #import
            #(#calls)*
        }
    }
}
