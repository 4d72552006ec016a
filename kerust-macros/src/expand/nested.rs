//! `Component`: the model as a layer of another one.

use super::Expansion;
use proc_macro2::TokenStream;
use quote::quote;

/// `impl Build` and `impl Component`. Empty for a model with several inputs or outputs.
pub fn nested(expansion: &Expansion<'_>) -> TokenStream {
    if !expansion.plan.is_layer() {
        return TokenStream::new();
    }
    let header = &expansion.model.header;
    let name = &header.name;
    let (generics, arguments, bounds) = header.generics.split_for_impl();
    let input = expansion.input();
    let model = quote!(<Self as ::kerust::__private::model::Model>);
    let train = quote!(<Self as ::kerust::__private::model::Train>);
    let keeps_state = expansion.plan.stateful.then(|| {
        let message = format!(
            "a model that contains `{name}` would lose its state: leave out `stateful = true`, or write the layers of \
             `{name}` in the other model"
        );
        quote!(::core::panic!(#message))
    });
    let operation = match expansion.plan.heads.iter().any(|head| head.mask.is_some()) {
        false => quote!(::kerust::__private::model::Nested),
        true => {
            let message = format!(
                "a model that contains `{name}` would lose the mask of its output: end `{name}` in a layer that \
                 uses the mask, such as `GlobalAveragePooling1D` or `LSTM(16)`, or write its layers in the other model"
            );
            quote!(::core::panic!(#message))
        }
    };
    let operation = keeps_state.unwrap_or(operation);
    quote! {
        #[automatically_derived]
        impl #generics ::kerust::__private::layer::Build<#input> for #name #arguments #bounds {
            type Layer = Self;
        }

        #[automatically_derived]
        impl #generics ::kerust::__private::layer::Component for #name #arguments #bounds {
            type Input = #input;
            type Output = #model::Heads;
            type Operation = ::kerust::__private::model::Nested;
            const OPERATION: ::kerust::__private::model::Nested = #operation;
            const SCRATCH_LEN: usize = #model::ARENA_LEN;
            const SAVED_LEN: usize = #train::TRAINING_LEN;
            const GRADIENT_LEN: usize = #train::GRADIENT_LEN;
            const GRAPH: ::core::option::Option<&'static ::kerust::__private::model::Graph> = #model::GRAPH;
            const SETTINGS: &'static [::kerust::__private::model::Setting] = #train::SETTINGS;
            const MACS: ::core::option::Option<usize> = ::kerust::__private::model::known_macs(Self::LAYERS);
        }
    }
}
