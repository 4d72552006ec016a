//! The constants of the model: private ones for shapes, configurations and memory plans, public ones for its
//! sizes; and inference in an arena.

use super::{Expansion, local, tuple};
use crate::plan::{self, Edge, Layer, Role};
use crate::schedule::{self, Element, Inference, Slot};
use kerust_core::element::Dtype;
use kerust_core::memory::WORD_BYTES;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};

/// The inherent implementation.
pub fn constants(expansion: &Expansion<'_>) -> TokenStream {
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let plan = expansion.plan;
    let shapes = plan.constants.iter().map(|constant| {
        let (name, value) = (&constant.name, &constant.value);
        quote!(const #name: ::kerust::__private::shape::Shape = #value;)
    });
    let nodes = plan.nodes.iter().filter(|node| node.is_configured());
    let configurations = nodes.map(|node| {
        let constant = node.constant();
        let (path, value) = &node.operation;
        quote!(const #constant: #path = #value;)
    });
    let inference = {
        let Inference {
            slots,
            outputs,
            addresses,
            ..
        } = &expansion.inference;
        memory("INFERENCE", "inference", slots, outputs, addresses.clone())
    };
    let training = plan.trains().then(|| {
        let slots = &expansion.training.slots;
        let addresses = schedule::addresses(slots, &[]);
        memory("TRAINING", "training step", slots, &[], addresses)
    });
    let gradient = plan.trains().then(|| gradient(expansion));
    let public = public(expansion);
    let looked_at = looked_at(expansion);
    quote! {
        #[automatically_derived]
        impl #generics #name #arguments #bounds {
            #(#shapes)*
            #(#configurations)*
            #inference
            #training
            #gradient
            #public
        }
        #looked_at
    }
}

pub(super) fn memory(
    name: &str,
    of: &str,
    slots: &[Slot],
    outputs: &[Slot],
    addresses: Option<Vec<usize>>,
) -> TokenStream {
    let labels: Vec<&str> = slots.iter().map(|slot| slot.label.as_str()).collect();
    let doc = format!(" The buffers of one {of}: {}.", labels.join(", "));
    let name = Ident::new(name, Span::call_site());
    let counts = [slots, outputs].map(<[Slot]>::len);
    let counts = counts.map(Literal::usize_unsuffixed).into_iter();
    // A reference, because each use of a plain constant would be a copy of the whole plan in the program, for
    // every layer.
    let buffers = slots.iter().map(|slot| {
        let len = &slot.len;
        let [first, last] = [slot.first, slot.last].map(Literal::usize_unsuffixed);
        let element = element(&slot.element);
        quote!(::kerust::__private::memory::Buffer::new(#len, #first, #last) #element)
    });
    let written = outputs.iter().map(|slot| {
        let (len, first) = (&slot.len, Literal::usize_unsuffixed(slot.first));
        let element = element(&slot.element);
        quote!(::kerust::__private::memory::Buffer::output(#len, #first) #element)
    });
    let all = quote!([#(#buffers),*], [#(#written),*]);
    let plan = match addresses {
        Some(addresses) => {
            let addresses = addresses.into_iter().map(Literal::usize_unsuffixed);
            quote!(placed(#all, [#(#addresses),*]))
        }
        None => quote!(new(#all)),
    };
    quote! {
        #[doc = #doc]
        const #name: &::kerust::__private::memory::Plan<#(#counts),*> =
            &::kerust::__private::memory::Plan::#plan;
    }
}

/// The element type of a buffer, if it is not `f32`: `.of::<u8>()`.
fn element(element: &Element) -> TokenStream {
    match element {
        Element::Known(Dtype::F32) => TokenStream::new(),
        Element::Known(dtype) => {
            let element = plan::element(*dtype);
            quote!(.of::<#element>())
        }
        Element::Of(path) => {
            quote!(.of_dtype(<#path as ::kerust::__private::tensor::Nth<0>>::DTYPE))
        }
    }
}

/// The start of each layer's part in the gradient, and the end of the last one.
fn gradient(expansion: &Expansion<'_>) -> TokenStream {
    let lens: Vec<_> = expansion
        .fields()
        .map(|(_, weights, node)| {
            let layer = &expansion.plan.layers[node.layer];
            match (layer.frozen, node.role, layer.params) {
                (true, ..) => quote!(0),
                (_, Role::Custom, _) => {
                    quote!(<#weights as ::kerust::__private::layer::Component>::GRADIENT_LEN)
                }
                (_, _, Some(params)) => Literal::usize_unsuffixed(params).to_token_stream(),
                _ => quote!(<#weights as ::kerust::__private::layer::LayerData>::LAYOUT.len()),
            }
        })
        .collect();
    if lens.is_empty() {
        return TokenStream::new();
    }
    let ends = Literal::usize_unsuffixed(lens.len() + 1);
    quote! {
        /// Where the gradient of each layer begins in that of the model, and where the last one ends.
        const GRADIENT: [usize; #ends] = ::kerust::__private::gradient::offsets([#(#lens),*]);
    }
}

/// The size in bytes, for one sample, of the arena's buffers that are live at `step` of an inference.
fn in_use(inference: &Inference, step: usize) -> TokenStream {
    match inference.in_use(step) {
        Some(len) => Literal::usize_unsuffixed(WORD_BYTES * len).to_token_stream(),
        None => {
            let step = Literal::usize_unsuffixed(step);
            quote!(Self::INFERENCE.in_use(#step))
        }
    }
}

fn public(expansion: &Expansion<'_>) -> TokenStream {
    let plan = expansion.plan;
    let ends = plan.inputs.iter().map(|input| input.data.tensor());
    let ends: Vec<_> = ends
        .chain(plan.heads.iter().map(|head| head.data.tensor()))
        .collect();
    let layers = plan
        .layers
        .iter()
        .map(|layer| information(expansion, layer));
    let predict_in = predict_in(expansion);
    let params = params(expansion, &quote!(Self));
    quote! {
        /// The number of weights.
        pub const PARAMS: usize = #params;
        /// Bytes of the weights.
        pub const WEIGHT_BYTES: usize = ::core::mem::size_of::<Self>();
        /// Multiply-adds of one inference, of the layers that state them.
        pub const MACS: usize = ::kerust::__private::model::macs(Self::LAYERS);
        /// Bytes that one inference takes beside the weights, the input and the output, which holds
        /// buffers too until it is written.
        pub const ARENA_BYTES: usize = Self::INFERENCE.bytes();
        /// Bytes of the arena, the input and the output.
        pub const RAM_BYTES: usize = Self::ARENA_BYTES
            #(+ ::core::mem::size_of::<#ends>())*;
        /// The layers, in order.
        pub const LAYERS: &'static [::kerust::__private::model::LayerInfo] = &[#(#layers),*];

        #predict_in
    }
}

fn predict_in(expansion: &Expansion<'_>) -> TokenStream {
    if expansion.is_generic() {
        return TokenStream::new();
    }
    let plan = expansion.plan;
    let (inputs, _) = expansion.inputs();
    let inputs_types: Vec<_> = plan.inputs.iter().map(|it| it.data.tensor()).collect();
    let output = tuple(plan.heads.iter().map(|head| head.data.tensor()));
    let slices = tuple(inputs.iter().map(|name| quote!(#name.as_slice())));
    let [arena, result] = ["arena", "output"].map(local);
    let outputs = quote!(<Self as ::kerust::__private::model::Model>::Heads);
    let tensors = quote!(<#outputs as ::kerust::__private::tensor::Tensors>);
    let heads = quote!(<#outputs as ::kerust::__private::model::Heads>);
    // The outputs of an 8-bit twin are activated in 8 bits.
    let activate =
        (!plan.is_twin).then(|| quote!(#heads::activate(#tensors::view_mut(&mut #result));));
    quote! {
        /// Predicts the output for one sample; `arena` is all the memory that it needs.
        pub fn predict_in(
            &self,
            #(#inputs: &#inputs_types,)*
            #arena: &mut ::kerust::__private::model::Arena<Self>,
        ) -> #output {
            let mut #result = #tensors::zeros();
            ::kerust::__private::model::Model::logits(
                self,
                #slices,
                &mut #arena.memory(),
                #tensors::view_mut(&mut #result),
            );
            #activate
            #result
        }
    }
}

/// The multiply-adds of all uses.
fn all_macs(expansion: &Expansion<'_>, layer: &Layer) -> TokenStream {
    if expansion.node(layer.node).role == Role::Custom {
        let (macs, uses) = (&layer.macs, Literal::usize_unsuffixed(layer.uses));
        return match layer.uses {
            1 => macs.clone(),
            _ => quote! {
                match #macs {
                    ::core::option::Option::Some(macs) => ::core::option::Option::Some(#uses * macs),
                    none => none,
                }
            },
        };
    }
    let macs = &layer.macs;
    let uses = Literal::usize_unsuffixed(layer.uses);
    match (layer.uses, macs.to_string().as_str()) {
        (1, _) | (_, "0") => quote!(::core::option::Option::Some(#macs)),
        _ => quote!(::core::option::Option::Some(#uses * (#macs))),
    }
}

/// The number of weights of a type.
fn params(expansion: &Expansion<'_>, weights: &TokenStream) -> TokenStream {
    let layout = quote!(<#weights as ::kerust::__private::layer::LayerData>::LAYOUT);
    match expansion.plan.is_twin {
        true => quote!(::kerust::__private::quantize::params(&#layout)),
        false => quote!(#layout.len()),
    }
}

fn information(expansion: &Expansion<'_>, layer: &Layer) -> TokenStream {
    let name = layer.name.to_string();
    let (kind, declared) = (&layer.kind, &layer.declared);
    let (input, output) = (layer.input.shape(), layer.output.shape());
    let (macs, training_only) = (all_macs(expansion, layer), layer.training_only);
    let params = match (layer.params, &layer.weights) {
        (None, Some(weights)) => params(expansion, weights),
        (params, _) => {
            let params = Literal::usize_unsuffixed(params.unwrap_or_default());
            quote!(#params)
        }
    };
    let weight_bytes = match &layer.weights {
        Some(weights) => quote!(::core::mem::size_of::<#weights>()),
        None => quote!(0),
    };
    let inference = &expansion.inference;
    let arena = in_use(inference, inference.steps[layer.node]);
    let sources = layer.sources.iter().map(|source| match source {
        Edge::Input(number) => {
            let number = Literal::usize_unsuffixed(*number);
            quote!(::kerust::__private::model::Source::Input(#number))
        }
        Edge::Node(node) => {
            let number = Literal::usize_unsuffixed(expansion.node(*node).layer);
            quote!(::kerust::__private::model::Source::Layer(#number))
        }
    });
    quote! {
        ::kerust::__private::model::LayerInfo {
            name: #name,
            kind: #kind,
            declared: #declared,
            input: #input,
            output: #output,
            sources: &[#(#sources),*],
            params: #params,
            weight_bytes: #weight_bytes,
            macs: #macs,
            arena_bytes: #arena,
            training_only: #training_only,
        }
    }
}

/// Items that rustc would not check otherwise: checked shapes, and the names of layers without a computation,
/// which an editor can show.
fn looked_at(expansion: &Expansion<'_>) -> TokenStream {
    if expansion.is_generic() {
        return TokenStream::new();
    }
    let name = &expansion.model.header.name;
    let judged = expansion
        .plan
        .constants
        .iter()
        .filter(|constant| constant.judged);
    let judged = judged.map(|constant| {
        let constant = &constant.name;
        quote!(const _: ::kerust::__private::shape::Shape = #name::#constant;)
    });
    let views = expansion
        .plan
        .nodes
        .iter()
        .filter(|node| node.role == Role::Alias);
    let views = views.map(|node| {
        let (path, value) = &node.operation;
        quote!(const _: #path = #value;)
    });
    quote!(#(#judged)* #(#views)*)
}
