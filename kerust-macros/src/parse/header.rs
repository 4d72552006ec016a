//! What stands before the chain or the graph.

use super::attributes;
use crate::ast::Header;
use crate::report::Report;
use crate::value;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Attribute, Generics, Token};

pub fn header(input: ParseStream<'_>, report: &mut Report) -> syn::Result<Header> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    if input.peek(Token![struct]) {
        let keyword: Token![struct] = input.parse()?;
        report
            .fault(keyword, "found `struct`, expected the model's name")
            .help("write the name alone: `pub Name: Input(4) => ..`");
    }
    let name: Ident = input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            "expected the model's name\n\n\
             = help: write `pub Name: Input(4) => ..`, or begin with `Input(..)`",
        )
    })?;
    let generics: Generics = input.parse()?;
    for parameter in &generics.params {
        if !matches!(parameter, syn::GenericParam::Const(_)) {
            report
                .fault(
                    parameter,
                    format!(
                        "a model takes const parameters only, found `{}`",
                        value::text(&parameter.to_token_stream())
                    ),
                )
                .help("write `<const CLASSES: usize>`");
        }
    }
    if input.peek(Token![:]) {
        input.parse::<Token![:]>()?;
    } else if !input.peek(syn::token::Brace) {
        let next: TokenStream = input.fork().parse()?;
        let next = next.into_iter().next().map(TokenTree::into_token_stream);
        let found = next.as_ref().map_or("nothing".to_owned(), |token| {
            format!("`{}`", value::text(token))
        });
        let place = next.unwrap_or_else(|| name.to_token_stream());
        report
            .fault(
                place,
                format!("found {found} behind the model's name, expected `:`"),
            )
            .help(format!("write `{name}: Input(4) => Dense(3, softmax)`"));
    }
    let own = attributes::own(&mut attributes, &generics, report);
    Ok(Header {
        attributes,
        visibility,
        name,
        generics,
        weights: own.weights,
        budgets: own.budgets,
    })
}
