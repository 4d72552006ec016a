//! The placeholder for a model with errors: it has the same name and the known inputs and outputs, so that an
//! error in the model is not reported again wherever it is used.

use super::tuple;
use crate::ast;
use crate::plan::{Input, Plan, ValueType};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// A struct that implements `Model`.
pub fn stub(model: &ast::Model, plan: &Plan) -> TokenStream {
    let header = &model.header;
    let (visibility, name) = (&header.visibility, &header.name);
    let docs = header
        .attributes
        .iter()
        .filter(|it| it.path().is_ident("doc"));
    let mut generics = header.generics.clone();
    let parameters = std::mem::take(&mut generics.params).into_iter();
    generics.params = parameters
        .filter(|parameter| matches!(parameter, syn::GenericParam::Const(_)))
        .collect();
    let (parameters, arguments, bounds) = generics.split_for_impl();
    // A symbolic size refers to constants that the stub does not have.
    let end = |data: &ValueType| match data.known_shape() {
        Some(_) => data.path(),
        None => ValueType::unknown().path(),
    };
    let inputs: Vec<_> = plan.inputs.iter().map(|it| end(&it.data)).collect();
    let samples = plan.inputs.iter().map(|it| match it.data.known_shape() {
        Some(_) => it.data.tensor(),
        None => ValueType::unknown().tensor(),
    });
    let outputs: Vec<_> = plan.heads.iter().map(|it| end(&it.data)).collect();
    let activations = plan.heads.iter().map(|it| {
        // A softmax over one value is an error that is fixed with a sigmoid, so whatever fits a sigmoid must
        // not be an error.
        let one = it.data.known_shape().is_some_and(|shape| shape.len() == 1);
        match one && it.activation == "Softmax" {
            true => Ident::new("Sigmoid", it.activation.span()),
            false => it.activation.clone(),
        }
    });
    let input = tuple(inputs.iter().cloned());
    let output = tuple(
        outputs
            .iter()
            .map(|output| quote!(::kerust::__private::tensor::Tensor<#output>)),
    );
    let heads = tuple(outputs.iter().zip(activations).map(|(output, activation)| {
        quote!(::kerust::__private::model::Head<::kerust::__private::activation::#activation, #output>)
    }));
    let values = tuple(plan.inputs.iter().map(|input| {
        let values = input.data.slice();
        quote!(&#values)
    }));
    let logits = tuple(outputs.iter().map(|_| quote!(&mut [f32])));
    let places = tuple(
        inputs
            .iter()
            .map(|_| quote!(::core::option::Option<&mut [f32]>)),
    );
    let nested = nested(header, &plan.inputs, &outputs);
    let trained = header.weights.as_ref().map(|_| {
        quote! {
            /// Never runs.
            pub const fn trained() -> &'static Self {
                &Self {}
            }
        }
    });
    let text = name.to_string();
    quote! {
        #(#docs)*
        #[doc = "A model with faults"]
        #[repr(C)]
        #visibility struct #name #parameters #bounds {}

        // SAFETY: no values.
        #[automatically_derived]
        unsafe impl #parameters ::kerust::__private::layer::LayerData for #name #arguments #bounds {
            const LAYOUT: ::kerust::__private::layer::Layout = ::kerust::__private::layer::Layout::Parts(&[]);
        }

        #[automatically_derived]
        impl #parameters #name #arguments #bounds {
            /// Unknown.
            pub const PARAMS: usize = 0;
            /// Unknown.
            pub const WEIGHT_BYTES: usize = 0;
            /// Unknown.
            pub const MACS: usize = 0;
            /// Unknown.
            pub const ARENA_BYTES: usize = 0;
            /// Unknown.
            pub const RAM_BYTES: usize = 0;
            /// Unknown.
            pub const LAYERS: &'static [::kerust::__private::model::LayerInfo] = &[];

            /// Never runs.
            pub fn predict_in(
                &self,
                #(_: &#samples,)*
                _: &mut ::kerust::__private::model::Arena<Self>,
            ) -> #output {
                ::core::unreachable!()
            }
            #trained
        }

        #[automatically_derived]
        impl #parameters ::kerust::__private::model::Model for #name #arguments #bounds {
            type Input = #input;
            type Heads = #heads;
            type Storage = [u32; 0];

            const NAME: &'static str = #text;
            const HEADS: &'static [&'static str] = &[];
            const LAYERS: &'static [::kerust::__private::model::LayerInfo] = &[];
            const ARENA_LEN: usize = 0;

            fn logits(&self, _: #values, _: &mut ::kerust::__private::memory::Memory<'_>, _: #logits) {}
        }

        #[automatically_derived]
        impl #parameters ::kerust::__private::model::Train for #name #arguments #bounds {
            const TRAINING_LEN: usize = 0;
            const GRADIENT_LEN: usize = 0;
            const SETTINGS: &'static [::kerust::__private::model::Setting] = &[];

            fn init(&mut self, _: &mut ::kerust::__private::rng::Rng) {}
            fn forward_training(
                &self,
                _: #values,
                _: &mut ::kerust::__private::memory::Memory<'_>,
                _: ::kerust::__private::rng::Step<'_>,
            ) {}
            fn heads<'m>(
                _: &'m mut ::kerust::__private::memory::Memory<'_>,
            ) -> ::kerust::__private::model::HeadPass<'m, Self::Heads> {
                ::core::unreachable!()
            }
            fn backward(
                &self,
                _: #values,
                _: &mut ::kerust::__private::memory::Memory<'_>,
                _: ::kerust::__private::gradient::Gradient<'_>,
                _: #places,
                _: bool,
            ) {}
        }

        #nested
    }
}

/// As a layer, a model with errors accepts every shape, so that no further error is reported.
fn nested(header: &ast::Header, inputs: &[Input], outputs: &[TokenStream]) -> TokenStream {
    let ([_], [output], true) = (inputs, outputs, header.generics.params.is_empty()) else {
        return TokenStream::new();
    };
    let name = &header.name;
    quote! {
        #[automatically_derived]
        impl<Input: ::kerust::__private::tensor::Tensors> ::kerust::__private::layer::Build<Input> for #name {
            type Layer = ::kerust::__private::model::Faulty<Input, #output>;
        }
    }
}
