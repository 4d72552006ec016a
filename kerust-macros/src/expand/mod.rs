//! Plan to tokens: one generated item a file.

mod constants;
mod derive;
mod inference;
mod model;
mod structure;
mod stub;
mod training;

use crate::ast;
use crate::plan::{Node, Plan};
use crate::report::Report;
use crate::schedule::{self, Inference, Place, Training};
use crate::{infer, parse};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

pub use derive::layer_data;

/// Expands one `model!`.
pub fn model(tokens: TokenStream) -> TokenStream {
    let mut report = Report::default();
    let Some(model) = parse::model(tokens, &mut report) else {
        return error(report);
    };
    let plan = infer::plan(&model, &mut report);
    if !report.is_empty() {
        let faults = error(report);
        let stub = stub::stub(&model, &plan);
        return wrap(&model, quote!(#faults #stub));
    }
    let expansion = Expansion {
        inference: schedule::inference(&plan),
        training: schedule::training(&plan),
        model: &model,
        plan: &plan,
    };
    let structure = structure::structure(&expansion);
    let constants = constants::constants(&expansion);
    let implementation = model::implementation(&expansion);
    wrap(&model, quote!(#structure #constants #implementation))
}

/// Everything that the generated items are made from.
struct Expansion<'a> {
    model: &'a ast::Model,
    plan: &'a Plan,
    inference: Inference,
    training: Training,
}

impl Expansion<'_> {
    fn is_generic(&self) -> bool {
        !self.model.header.generics.params.is_empty()
    }

    fn node(&self, number: usize) -> &Node {
        &self.plan.nodes[number]
    }

    /// The nodes with weights, each of which is a field.
    fn fields(&self) -> impl Iterator<Item = (&Ident, &TokenStream, &Node)> {
        let nodes = self.plan.nodes.iter();
        nodes.filter_map(|node| Some((&node.name, node.weights.as_ref()?, node)))
    }
}

fn error(report: Report) -> TokenStream {
    report
        .into_error()
        .map_or_else(TokenStream::new, syn::Error::into_compile_error)
}

/// An anonymous model is an expression: it is declared in a block, and made there.
fn wrap(model: &ast::Model, items: TokenStream) -> TokenStream {
    if !model.anonymous {
        return items;
    }
    let name = &model.header.name;
    quote!({
        #items
        <#name as ::kerust::train::Workflow>::new(::kerust::rng::Seed(0))
    })
}

/// A name of the expansion's own, which meets no layer's name.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `let [a, b] = memory.get(&Self::PLAN, [0, 1]);`, nothing where no buffer is taken.
fn take(plan: &str, buffers: &[(Ident, usize)]) -> TokenStream {
    if buffers.is_empty() {
        return TokenStream::new();
    }
    let (memory, plan) = (local("memory"), Ident::new(plan, Span::call_site()));
    let names = buffers.iter().map(|(name, _)| name);
    let numbers = buffers
        .iter()
        .map(|(_, number)| proc_macro2::Literal::usize_unsuffixed(*number));
    quote!(let [#(#names),*] = #memory.get(&Self::#plan, [#(#numbers),*]);)
}

/// The weights of a node, `()` where it has none.
fn weights(node: &Node, owner: &Ident, mutable: bool) -> TokenStream {
    let name = &node.name;
    match (&node.weights, mutable) {
        (Some(_), false) => quote!(&#owner.#name),
        (Some(_), true) => quote!(&mut #owner.#name),
        (None, false) => quote!(&()),
        (None, true) => quote!(&mut ()),
    }
}

/// What a call reads or writes: a buffer that is taken, or what the caller gave.
fn operand(place: Place, name: &Ident, buffers: &mut Vec<(Ident, usize)>) -> TokenStream {
    match place {
        Place::Input => local("input").into_token_stream(),
        Place::Output => local("output").into_token_stream(),
        Place::Slot(slot) => {
            if !buffers.iter().any(|(_, taken)| *taken == slot) {
                buffers.push((name.clone(), slot));
            }
            name.to_token_stream()
        }
    }
}

#[cfg(test)]
mod tests;
