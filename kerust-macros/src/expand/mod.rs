//! Generates code from a plan, with one file for each generated item.

mod attributes;
mod constants;
mod derive;
mod graph;
mod inference;
mod int8;
mod model;
mod nested;
mod steps;
mod structure;
mod stub;
mod training;

use crate::ast;
use crate::diagnostics::Diagnostics;
use crate::int8::twin;
use crate::plan::{Node, Plan};
use crate::schedule::{self, Inference, Location, Slot, Training};
use crate::{infer, parse};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote};
use std::collections::HashMap;
use syn::ext::IdentExt;

pub use derive::layer_data;

/// Expands one `model!`.
pub fn model(tokens: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let Some(model) = parse::model(tokens, &mut diagnostics) else {
        return error(diagnostics);
    };
    let plan = infer::plan(&model, &mut diagnostics);
    let twin = match diagnostics.is_empty() {
        true => twin(&model, &plan, &mut diagnostics),
        false => None,
    };
    if !diagnostics.is_empty() {
        let faults = error(diagnostics);
        let stub = stub::stub(&model, &plan);
        return wrap(&model, quote!(#faults #stub));
    }
    let expansion = Expansion {
        inference: schedule::inference(&plan),
        training: schedule::training(&plan),
        model: &model,
        plan: &plan,
    };
    let items = items(&expansion);
    let int8 = twin.map(|twin| int8::int8(&model, &twin));
    wrap(&model, quote!(#items #int8))
}

/// The items of a model.
fn items(expansion: &Expansion<'_>) -> TokenStream {
    let structure = structure::structure(expansion);
    let constants = constants::constants(expansion);
    let implementation = model::implementation(expansion);
    let nested = nested::nested(expansion);
    let steps = steps::steps(expansion);
    let attributes = attributes::attributes(expansion);
    quote!(#structure #constants #implementation #nested #steps #attributes)
}

/// The data from which the items are generated.
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

    /// The range of a node's weights in the gradient of the model: `Self::GRADIENT[2]..Self::GRADIENT[3]`.
    fn gradient_range(&self, node: &Node) -> Option<TokenStream> {
        let (start, end) = self.gradient_ends(node)?;
        Some(quote!(#start..#end))
    }

    /// The start and the end of a node's weights in the gradient of the model.
    fn gradient_ends(&self, node: &Node) -> Option<(TokenStream, TokenStream)> {
        let field = self.fields().position(|(name, ..)| name == node.field())?;
        let [start, end] = [field, field + 1].map(Literal::usize_unsuffixed);
        Some((quote!(Self::GRADIENT[#start]), quote!(Self::GRADIENT[#end])))
    }

    fn node(&self, number: usize) -> &Node {
        &self.plan.nodes[number]
    }

    /// The nodes with weights, each of which becomes a field.
    fn fields(&self) -> impl Iterator<Item = (&Ident, &TokenStream, &Node)> {
        let nodes = self.plan.nodes.iter();
        nodes
            .filter(|node| node.of.is_none())
            .filter_map(|node| Some((&node.name, node.weights.as_ref()?, node)))
    }

    /// The type of the input.
    fn input(&self) -> TokenStream {
        tuple(self.plan.inputs.iter().map(|input| input.data.path()))
    }

    /// The type of the heads.
    fn heads(&self) -> TokenStream {
        tuple(self.plan.heads.iter().map(|head| {
            let (activation, data) = (&head.activation, head.data.path());
            quote!(::kerust::__private::model::Head<::kerust::__private::activation::#activation, #data>)
        }))
    }

    /// The type of a batch of inputs.
    fn input_slices(&self) -> TokenStream {
        tuple(self.plan.inputs.iter().map(|input| {
            let values = input.data.slice();
            quote!(&#values)
        }))
    }

    /// The type of the buffers for the gradients of the inputs.
    fn gradient_places(&self) -> TokenStream {
        let place = quote!(::core::option::Option<&mut [f32]>);
        tuple(self.plan.inputs.iter().map(|_| place.clone()))
    }

    /// The type of a mutable batch of outputs.
    fn output_slices(&self) -> TokenStream {
        let tensors =
            quote!(<Self::Heads as ::kerust::__private::element::Elements>::SlicesMut<'_>);
        let known = self.plan.heads.iter().map(|head| head.data.known_dtype());
        if known.clone().any(|dtype| dtype.is_none()) {
            return tensors;
        }
        tuple(self.plan.heads.iter().map(|head| {
            let values = head.data.slice();
            quote!(&mut #values)
        }))
    }

    /// The name of each input in the expansion, and the code that unpacks them.
    fn inputs(&self) -> (Vec<Ident>, TokenStream) {
        ends("input", self.plan.inputs.iter().map(|input| &input.name))
    }

    /// The name of each output in the expansion, and the code that unpacks them.
    fn outputs(&self) -> (Vec<Ident>, TokenStream) {
        ends("output", self.plan.heads.iter().map(|head| &head.name))
    }
}

fn error(diagnostics: Diagnostics) -> TokenStream {
    diagnostics
        .into_error()
        .map_or_else(TokenStream::new, syn::Error::into_compile_error)
}

/// An anonymous model is an expression: it is declared and created in a block.
fn wrap(model: &ast::Model, items: TokenStream) -> TokenStream {
    if !model.anonymous {
        return items;
    }
    let name = &model.header.name;
    quote!({
        #items
        <#name as ::kerust::__private::train::Workflow>::new(::kerust::__private::rng::Seed(0))
    })
}

/// A name in the expansion that cannot collide with a layer's name.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `let [a, b] = memory.get(const { Self::PLAN.places([0, 1]) });`, or nothing if no buffer is used. If not
/// all are `f32`, each is borrowed with the type of its use.
fn take(plan: &str, buffers: &[Taken]) -> TokenStream {
    if buffers.is_empty() {
        return TokenStream::new();
    }
    let (memory, plan) = (local("memory"), Ident::new(plan, Span::call_site()));
    let names = buffers.iter().map(|taken| &taken.name);
    let numbers = buffers
        .iter()
        .map(|taken| Literal::usize_unsuffixed(taken.buffer));
    let places = quote!(const { Self::#plan.places([#(#numbers),*]) });
    if buffers.iter().all(|taken| taken.is_float) {
        return quote!(let [#(#names),*] = #memory.get(#places););
    }
    let each = names.clone();
    quote! {
        let [#(#names),*] = #memory.get_mixed(#places);
        #(let #each = #each.of();)*
    }
}

/// A buffer that a call uses: its name in the call, and its index.
struct Taken {
    name: Ident,
    buffer: usize,
    /// Whether it is known to hold `f32`.
    is_float: bool,
}

/// The layout of a struct with these parts.
fn layout(parts: &[TokenStream]) -> TokenStream {
    quote! {
        const LAYOUT: ::kerust::__private::layer::Layout =
            ::kerust::__private::layer::Layout::Parts(&[#(#parts),*]);
    }
}

/// The weights of a node, or `()` if it has none.
fn weights(node: &Node, owner: &Ident, mutable: bool) -> TokenStream {
    let name = node.field();
    match (&node.weights, mutable) {
        (Some(_), false) => quote!(&#owner.#name),
        (Some(_), true) => quote!(&mut #owner.#name),
        (None, false) => quote!(&()),
        (None, true) => quote!(&mut ()),
    }
}

/// A single item as it is, several as a tuple.
fn tuple(parts: impl Iterator<Item = TokenStream>) -> TokenStream {
    let parts: Vec<_> = parts.collect();
    match parts.as_slice() {
        [part] => part.clone(),
        parts => quote!((#(#parts),*)),
    }
}

/// The names of the expansion's own variables.
const LOCALS: [&str; 20] = [
    "input",
    "output",
    "memory",
    "arena",
    "step",
    "scratch",
    "line",
    "epilogue",
    "saved",
    "logits",
    "gradient",
    "pass",
    "dy",
    "dx",
    "sum",
    "part",
    "through",
    "accumulate",
    "look",
    "fault",
];

/// `let (image, meta) = input;`, or nothing if there is only one.
fn ends<'a>(whole: &str, names: impl Iterator<Item = &'a Ident>) -> (Vec<Ident>, TokenStream) {
    let names = names.map(|name| match name.unraw().to_string() {
        name if LOCALS.contains(&name.as_str()) => local(&format!("{name}_values")),
        name => local(&name),
    });
    let names: Vec<Ident> = names.collect();
    let whole = local(whole);
    if names.len() == 1 {
        return (vec![whole], TokenStream::new());
    }
    let unpack = quote!(let (#(#names),*) = #whole;);
    (names, unpack)
}

/// The buffers that a call uses, with their names.
struct Buffers<'a> {
    plan: &'static str,
    inputs: &'a [Ident],
    outputs: &'a [Ident],
    /// Whether each slot, and then each output, is known to hold `f32`.
    floats: Vec<bool>,
    /// The number of slots. The plan numbers the outputs after them.
    slots: usize,
    /// The name of each slot that has been written.
    names: HashMap<usize, Ident>,
    taken: Vec<Taken>,
    /// Whether any buffer was taken.
    used: bool,
}

impl<'a> Buffers<'a> {
    fn new(
        plan: &'static str,
        inputs: &'a [Ident],
        slots: &[Slot],
        written: (&'a [Ident], &[Slot]),
    ) -> Self {
        let (outputs, written) = written;
        let floats = slots.iter().chain(written);
        Self {
            plan,
            inputs,
            outputs,
            floats: floats.map(|slot| slot.element.is_float()).collect(),
            slots: slots.len(),
            names: HashMap::new(),
            taken: Vec::new(),
            used: false,
        }
    }

    /// Names a slot after the value that is written to it first.
    fn name(&mut self, place: Location, name: &Ident) {
        if let Location::Slot(slot) = place {
            self.names.entry(slot).or_insert_with(|| name.clone());
        }
    }

    /// Renames a slot after the value that overwrites it.
    fn rename(&mut self, place: Location, name: &Ident) {
        if let Location::Slot(slot) = place {
            self.names.insert(slot, name.clone());
        }
    }

    /// An operand of a call.
    fn operand(&mut self, place: Location) -> TokenStream {
        match place {
            Location::Input(number) => self.inputs[number].to_token_stream(),
            Location::Output(number) => {
                let name = self.outputs[number].clone();
                self.slot(self.slots + number, name)
            }
            Location::Slot(slot) => {
                let name = self.names[&slot].clone();
                self.slot(slot, name)
            }
        }
    }

    /// A slot with a name that is local to this call.
    fn slot(&mut self, slot: usize, name: Ident) -> TokenStream {
        if !self.taken.iter().any(|taken| taken.buffer == slot) {
            self.taken.push(Taken {
                name: name.clone(),
                buffer: slot,
                is_float: self.floats[slot],
            });
        }
        name.into_token_stream()
    }

    /// The statement that borrows them.
    fn take(&mut self) -> TokenStream {
        self.used |= !self.taken.is_empty();
        take(self.plan, &std::mem::take(&mut self.taken))
    }
}

/// The traits of `kerust::__private::layer` whose methods are called.
fn imports(names: &[(&str, bool)]) -> TokenStream {
    let called = names.iter().filter(|(_, called)| *called);
    let called = called.map(|(name, _)| Ident::new(name, Span::call_site()));
    quote!(#(use ::kerust::__private::layer::#called as _;)*)
}

#[cfg(test)]
mod tests;
