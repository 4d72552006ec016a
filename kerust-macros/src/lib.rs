//! The `model!` language and `#[derive(LayerData)]`; documented where `kerust` exports them.
//!
//! Tokens → `ast` → `plan` → expansion. Everything after these entry points takes
//! `proc_macro2` streams, so that tests run it without a compiler.

mod arguments;
mod ast;
mod catalog;
mod diagnostics;
mod expand;
mod fold;
mod functions;
mod habits;
mod infer;
mod int8;
mod keras;
#[cfg(test)]
mod keras_table;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod pages;
mod parse;
mod plan;
#[cfg(test)]
mod random_graphs;
mod schedule;
mod value;
mod words;

use proc_macro::TokenStream;

/// Declares a model.
#[proc_macro]
pub fn model(tokens: TokenStream) -> TokenStream {
    expand::model(tokens.into()).into()
}

/// Implements `LayerData` for a `#[repr(C)]` struct whose fields are `LayerData`.
#[proc_macro_derive(LayerData, attributes(state))]
pub fn layer_data(tokens: TokenStream) -> TokenStream {
    expand::layer_data(tokens.into()).into()
}
