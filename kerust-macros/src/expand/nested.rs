//! `Component`: the model as a layer of another one.

use super::Expansion;
use super::local;
use proc_macro2::TokenStream;
use quote::quote;

/// `impl Build` and `impl Component`; nothing for a model of several inputs or outputs.
pub fn nested(expansion: &Expansion<'_>) -> TokenStream {
    if !expansion.plan.is_layer() {
        return TokenStream::new();
    }
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let input = expansion.input();
    let output = expansion.plan.heads[0].data.path();
    let [rng, x, y, scratch, saved, random, pass, gradient] = [
        "rng", "x", "y", "scratch", "saved", "random", "pass", "gradient",
    ]
    .map(local);
    quote! {
        #[automatically_derived]
        impl #generics ::kerust::layer::Build<#input> for #name #arguments #bounds {
            type Layer = Self;
        }

        #[automatically_derived]
        impl #generics ::kerust::layer::Component for #name #arguments #bounds {
            type Input = #input;
            type Output = #output;

            const ARENA_LEN: usize = <Self as ::kerust::model::Model>::ARENA_LEN;
            const TRAINING_LEN: usize = <Self as ::kerust::model::Model>::TRAINING_LEN;
            const MACS: usize = Self::MACS;
            const GRAPH: ::core::option::Option<&'static ::kerust::model::Graph> =
                <Self as ::kerust::model::Model>::GRAPH;

            fn init(&mut self, #rng: &mut ::kerust::rng::Rng) {
                ::kerust::model::Model::init(self, #rng);
            }
            fn forward(&self, #x: &[f32], #y: &mut [f32], #scratch: &mut [f32]) {
                ::kerust::model::nested::forward(self, #x, #y, #scratch);
            }
            fn forward_training(
                &self,
                #x: &[f32],
                #y: &mut [f32],
                #saved: &mut [f32],
                #random: ::kerust::rng::Random,
            ) {
                ::kerust::model::nested::forward_training(self, #x, #y, #saved, #random);
            }
            fn backward(
                &self,
                #pass: ::kerust::layer::ComponentPass<'_>,
                #gradient: &mut Self,
            ) {
                ::kerust::model::nested::backward(self, #pass, #gradient, Self::backward_through);
            }
            fn absorb(&mut self, #gradient: &Self) {
                ::kerust::model::Model::absorb(self, #gradient);
            }
        }
    }
}
