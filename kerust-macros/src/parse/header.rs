//! Parses the part before the chain or the graph.

use super::attributes;
use crate::ast::Header;
use crate::diagnostics::Diagnostics;
use crate::value;
use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Generics, Token};

pub fn header(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Header> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    let visibility = input.parse()?;
    let is_another = keyword(input, diagnostics)?;
    let at_the_end = if input.is_empty() {
        "unexpected end of input, "
    } else {
        ""
    };
    let name: Ident = input.parse().map_err(|error| {
        syn::Error::new(
            error.span(),
            format!(
                "{at_the_end}expected the model's name\n\n\
                 = help: write `pub Name: Input(4) => ..`, or begin with `Input(..)`"
            ),
        )
    })?;
    let generics: Generics = input.parse()?;
    for parameter in &generics.params {
        if !matches!(parameter, syn::GenericParam::Const(_)) {
            diagnostics
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
        let quiet = &mut Diagnostics::default();
        // A declaration of something else is one mistake; errors that follow from it are suppressed.
        colon_missing(input, &name, if is_another { quiet } else { diagnostics })?;
    }
    let own = attributes::own(&mut attributes, &generics, diagnostics);
    Ok(Header {
        attributes,
        visibility,
        name,
        generics,
        weights: own.weights,
        budgets: own.budgets,
        int8: own.int8,
    })
}

/// Removes a keyword of another declaration.
fn keyword(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<bool> {
    const WORDS: [&str; 13] = [
        "struct", "class", "let", "const", "static", "fn", "type", "enum", "mod", "def", "model",
        "impl", "var",
    ];
    let ahead = input.fork();
    let (Ok(word), true) = (ahead.call(Ident::parse_any), ahead.peek(Ident::peek_any)) else {
        return Ok(false);
    };
    let is_another = WORDS.iter().any(|it| word == it);
    if is_another {
        input.call(Ident::parse_any)?;
        diagnostics
            .fault(&word, format!("found `{word}`, expected the model's name"))
            .help("write the name alone: `pub Name: Input(4) => ..`");
    }
    Ok(is_another)
}

/// Reports and removes a wrong token in place of the colon.
fn colon_missing(
    input: ParseStream<'_>,
    name: &Ident,
    diagnostics: &mut Diagnostics,
) -> syn::Result<()> {
    let next: TokenStream = input.fork().parse()?;
    let next: Vec<TokenTree> = next.into_iter().collect();
    let mut signs = TokenStream::new();
    for token in &next {
        match token {
            TokenTree::Punct(punct) if punct.as_char() != '#' => {
                input.parse::<TokenTree>()?;
                signs.extend([token.clone()]);
            }
            _ => break,
        }
    }
    let place = match (signs.is_empty(), next.first()) {
        (false, _) => Some(signs),
        (true, first) => first.map(ToTokens::to_token_stream),
    };
    let found = place.as_ref().map_or("nothing".to_owned(), |token| {
        format!("`{}`", value::short(token))
    });
    diagnostics
        .fault(
            place.unwrap_or_else(|| name.to_token_stream()),
            format!("found {found} after the model's name, expected `:`"),
        )
        .help(format!("write `{name}: Input(4) => Dense(3, softmax)`"));
    Ok(())
}
