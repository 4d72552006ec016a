//! The expansion of `#[weights(..)]` and `#[budget(..)]`. rustc checks both, because it knows the sizes of
//! all layers.

use super::Expansion;
use crate::ast::{Budget, Limit};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

/// `trained()`, and the budgets.
pub fn attributes(expansion: &Expansion<'_>) -> TokenStream {
    let header = &expansion.model.header;
    let trained = header
        .weights
        .as_ref()
        .map(|path| trained(&header.name, path));
    let budgets = header.budgets.iter().map(|limit| budget(expansion, limit));
    quote!(#trained #(#budgets)*)
}

/// The weights from a file.
fn trained(name: &Ident, path: &LitStr) -> TokenStream {
    // With the spans of the path, so that rustc reports a missing or different file there.
    let weights = quote_spanned! {path.span()=>
        ::kerust::__private::weights::embedded(#path, ::core::include_bytes!(#path))
    };
    let doc = format!(
        " The weights of `{}`, which are part of the program: nothing is copied or initialized.",
        path.value()
    );
    quote! {
        #[automatically_derived]
        impl #name {
            #[doc = #doc]
            pub const fn trained() -> &'static Self {
                #[allow(long_running_const_eval)]
                static TRAINED: #name = #weights;
                &TRAINED
            }

            /// Compares the embedded weights in memory with their CRC-32, which the compiler computed.
            ///
            /// # Errors
            /// If a byte has changed.
            #[inline]
            pub fn verify_flash() -> ::core::result::Result<(), ::kerust::__private::weights::CorruptWeights> {
                ::kerust::__private::weights::verify_embedded::<Self>()
            }
        }

        #[automatically_derived]
        impl ::kerust::__private::weights::Embedded for #name {
            const TRAINED: &'static Self = Self::trained();
            #[allow(long_running_const_eval)]
            const CHECKSUM: u32 = ::kerust::__private::weights::checksum(Self::trained());
        }
    }
}

/// A limit. The layer that exceeds it gives a compile error.
fn budget(expansion: &Expansion<'_>, budget: &Budget) -> TokenStream {
    let name = &expansion.model.header.name;
    let (limit, needed) = match budget.limit {
        Limit::Flash => ("Flash", "WEIGHT_BYTES"),
        Limit::Ram => ("Ram", "RAM_BYTES"),
        Limit::Macs => ("Macs", "MACS"),
    };
    let [limit, needed] = [limit, needed].map(|name| Ident::new(name, Span::call_site()));
    let amount = Literal::usize_unsuffixed(budget.amount);
    let written = &budget.written;
    let layers = expansion.plan.layers.iter().enumerate();
    let layers = layers.map(|(number, layer)| {
        let number = Literal::usize_unsuffixed(number);
        let refuse = over(quote!(BUDGET.refuse), quote!(#number), &layer.tokens);
        quote!(::core::option::Option::Some(#number) => #refuse,)
    });
    quote! {
        const _: () = {
            const BUDGET: ::kerust::__private::model::budget::Budget =
                ::kerust::__private::model::budget::Budget::new::<#name>(
                    ::kerust::__private::model::budget::Limit::#limit,
                    #amount,
                    #written,
                    #name::#needed,
                );
            match BUDGET.exceeded_at() {
                #(#layers)*
                _ => {}
            }
        };
    }
}

/// `function(arguments)` with spans such that rustc reports errors over the whole of `place`.
fn over(function: TokenStream, arguments: TokenStream, place: &TokenStream) -> TokenStream {
    let spans = || place.clone().into_iter().map(|token| token.span());
    let first = spans().next().unwrap_or_else(Span::call_site);
    let last = spans().last().unwrap_or_else(Span::call_site);
    let function = function.into_iter().map(|mut token| {
        token.set_span(first);
        token
    });
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(last);
    function.chain([arguments.into()]).collect()
}
