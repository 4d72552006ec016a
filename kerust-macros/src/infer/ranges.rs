//! Checks the numbers of a layer: here if they are known, otherwise in a constant of the expansion.

use super::Infer;
use crate::arguments::Arguments;
use crate::catalog::Rule;
use crate::plan::ValueType;
use crate::value::Term;
use kerust_core::shape::{self, Bounds, Shape};
use proc_macro2::Ident;
use quote::{format_ident, quote};

impl Infer<'_> {
    /// Reports the numbers that are invalid for the layer with this name.
    pub(super) fn ranges(&mut self, name: &Ident, arguments: &Arguments<'_>, declared: &str) {
        for (number, bounded) in arguments.numbers().into_iter().enumerate() {
            let (argument, value, bounds) = (bounded.argument, bounded.number, bounded.bounds);
            let shape = ValueType::known(Shape::new(&[1])).shape();
            let (tokens, path) = (value.tokens(), path(bounds));
            let rule = Rule {
                known: value
                    .known()
                    .map(|value| shape::within(Shape::new(&[1]), argument, value, bounds)),
                tokens: quote!(::kerust::__private::shape::within(#shape, #argument, #tokens, #path)),
            };
            let constant = match number {
                0 => format_ident!("{name}_{argument}", span = name.span()),
                _ => format_ident!("{name}_{argument}_{number}", span = name.span()),
            };
            // The error is already reported.
            let _ = self.judge_at(&constant, rule, &|_| bounded.tokens.clone(), declared, "");
        }
    }
}

fn path(bounds: Bounds) -> proc_macro2::TokenStream {
    match bounds {
        Bounds::Finite => quote!(::kerust::__private::shape::Bounds::Finite),
        Bounds::NotNegative => quote!(::kerust::__private::shape::Bounds::NotNegative),
        Bounds::Positive => quote!(::kerust::__private::shape::Bounds::Positive),
        Bounds::Share => quote!(::kerust::__private::shape::Bounds::Share),
        Bounds::ShareBelow1 => quote!(::kerust::__private::shape::Bounds::ShareBelow1),
        Bounds::Turn => quote!(::kerust::__private::shape::Bounds::Turn),
    }
}
