//! Checks the numbers of a layer: here if they are known, otherwise in a constant of the expansion.

use super::Infer;
use crate::arguments::Arguments;
use crate::catalog::Rule;
use crate::plan::{ValueType, constant};
use crate::value::{Term, text};
use kerust_core::shape::{self, Bounds, Shape};
use proc_macro2::Ident;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{BinOp, Expr, parse2};

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

    /// Checks the width of a head that is a quotient with a name in it: heads that do not divide the features would
    /// leave some of them out. A quotient of literals is reported by the row.
    pub(super) fn widths(&mut self, name: &Ident, arguments: &Arguments<'_>) {
        for argument in ["key_dim", "value_dim"] {
            if !arguments.has(argument) {
                continue;
            }
            let tokens = arguments.tokens(argument);
            let Ok(Expr::Binary(quotient)) = parse2(tokens.clone()) else {
                continue;
            };
            let is_open = crate::fold::integer(&tokens).is_none();
            let (BinOp::Div(_), true) = (quotient.op, is_open) else {
                continue;
            };
            let (features, heads) = (&quotient.left, &quotient.right);
            let message = format!(
                "`{argument}` is `{}`, which leaves a remainder: choose a number of heads that divides the features",
                text(&tokens)
            );
            let value = quote_spanned!(tokens.span()=> {
                ::core::assert!((#features) % (#heads) == 0, #message);
                ::kerust::__private::shape::Shape::new(&[1])
            });
            let at = format_ident!("{name}_{argument}", span = name.span());
            self.constant(constant(&at, "_DIVIDES"), value, true);
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
