//! Judges the numbers of a layer: here where they are known, by a constant in the expansion where rustc knows more.

use super::Infer;
use crate::arguments::Arguments;
use crate::catalog::Rule;
use crate::plan::Data;
use crate::value::Term;
use kerust_core::shape::{self, Bounds, Shape};
use proc_macro2::Ident;
use quote::{format_ident, quote};

impl Infer<'_> {
    /// Refuses the numbers that the layer of this name does not take.
    pub(super) fn ranges(&mut self, name: &Ident, arguments: &Arguments<'_>, declared: &str) {
        for (number, bounded) in arguments.numbers().into_iter().enumerate() {
            let (argument, value, bounds) = (bounded.argument, bounded.number, bounded.bounds);
            let shape = Data::known(Shape::new(&[1])).shape();
            let (tokens, path) = (value.tokens(), path(bounds));
            let rule = Rule {
                known: value
                    .known()
                    .map(|value| shape::within(Shape::new(&[1]), argument, value, bounds)),
                tokens: quote!(::kerust::shape::within(#shape, #argument, #tokens, #path)),
            };
            let constant = match number {
                0 => format_ident!("{name}_{argument}", span = name.span()),
                _ => format_ident!("{name}_{argument}_{number}", span = name.span()),
            };
            // What it reports is enough.
            let _ = self.judge_at(&constant, rule, &|_| bounded.tokens.clone(), declared, "");
        }
    }
}

fn path(bounds: Bounds) -> proc_macro2::TokenStream {
    match bounds {
        Bounds::Finite => quote!(::kerust::shape::Bounds::Finite),
        Bounds::NotNegative => quote!(::kerust::shape::Bounds::NotNegative),
        Bounds::Positive => quote!(::kerust::shape::Bounds::Positive),
        Bounds::Share => quote!(::kerust::shape::Bounds::Share),
        Bounds::ShareBelow1 => quote!(::kerust::shape::Bounds::ShareBelow1),
        Bounds::Turn => quote!(::kerust::shape::Bounds::Turn),
    }
}
