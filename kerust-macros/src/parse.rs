//! Parses tokens to a syntax tree. After a layer that cannot be parsed, it continues at the next `=>`.

mod arguments;
mod attributes;
mod behind;
mod block;
mod chain;
mod graph;
mod header;
mod layer;
mod size;

use crate::ast::{Body, Chain, Header, Model};
use crate::diagnostics::Diagnostics;
use crate::value;
use chain::chain;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::parse::{ParseStream, Parser};
use syn::{Generics, Visibility};

/// Parses a `model!`. Returns `None` if not even the model's name could be parsed.
pub fn model(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Option<Model> {
    if tokens.is_empty() {
        diagnostics
            .fault(tokens, "`model!` is empty, expected a model")
            .help("write `model! { pub Name: Input(4) => Dense(3, softmax) }`");
        return None;
    }
    if let Some(deep) = size::too_deep(&tokens) {
        diagnostics
            .fault(deep, format!("nested more than {} deep", size::MAX_DEPTH))
            .help("name the inner part in a `let`, or in a separate model");
        return None;
    }
    let end = tokens
        .clone()
        .into_iter()
        .last()
        .map_or_else(Span::call_site, |token| token.span());
    let mut model = read(tokens, end, diagnostics)?;
    size::limit(&mut model, diagnostics);
    Some(model)
}

fn read(tokens: TokenStream, end: Span, diagnostics: &mut Diagnostics) -> Option<Model> {
    if is_anonymous(&tokens) {
        return Some(Model {
            header: Header {
                attributes: Vec::new(),
                visibility: Visibility::Inherited,
                name: format_ident!("Anonymous"),
                generics: Generics::default(),
                weights: None,
                budgets: Vec::new(),
                int8: None,
            },
            anonymous: true,
            body: Body::Chain(
                grouped(&tokens, end, diagnostics)
                    .unwrap_or_else(|| chain(tokens, end, diagnostics)),
            ),
        });
    }
    let faults = diagnostics.len();
    let parsed = Parser::parse2(
        |input: ParseStream<'_>| {
            header::header(input, diagnostics).map(|header| (header, rest(input)))
        },
        tokens,
    );
    match parsed {
        Ok((header, body)) => Some(Model {
            body: match graph::group(&body) {
                Some(group) => Body::Graph(graph::graph(&group, body, diagnostics)),
                None => {
                    let mut quiet = Diagnostics::default();
                    // The wrong token in place of the colon is already reported, and later errors may follow
                    // from it.
                    let is_faulty = diagnostics.len() > faults;
                    let diagnostics = if is_faulty {
                        &mut quiet
                    } else {
                        &mut *diagnostics
                    };
                    let mut chain = grouped(&body, end, diagnostics)
                        .unwrap_or_else(|| chain(body, end, diagnostics));
                    if is_faulty && chain.layers.is_empty() {
                        chain
                            .layers
                            .push(layer::faulty(&header.name.to_token_stream()));
                    }
                    Body::Chain(chain)
                }
            },
            header,
            anonymous: false,
        }),
        Err(error) => {
            diagnostics.syntax(&error, end);
            None
        }
    }
}

/// `Input(20) => ..`: a name with arguments, after a module path or before an arrow, starts a chain.
fn is_anonymous(tokens: &TokenStream) -> bool {
    let parts: Vec<TokenTree> = tokens.clone().into_iter().take(3).collect();
    let is = |number: usize, sign: char| matches!(parts.get(number), Some(TokenTree::Punct(punct)) if punct.as_char() == sign);
    match parts.first() {
        Some(TokenTree::Ident(ident)) => match parts.get(1) {
            Some(TokenTree::Group(group)) => {
                group.delimiter() == Delimiter::Parenthesis && ident != "pub"
            }
            None => ident == "Input",
            _ => {
                (is(1, '=') && is(2, '>')) || is(1, '-') || is(1, '.') || (is(1, ':') && is(2, ':'))
            }
        },
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::None,
        _ => is(0, '=') || is(0, ':'),
    }
}

/// The chain in parentheses or brackets around the whole model. They are reported, and errors inside may
/// follow from them.
fn grouped(body: &TokenStream, end: Span, diagnostics: &mut Diagnostics) -> Option<Chain> {
    let mut parts = body.clone().into_iter();
    let (Some(TokenTree::Group(group)), None) = (parts.next(), parts.next()) else {
        return None;
    };
    if !matches!(
        group.delimiter(),
        Delimiter::Parenthesis | Delimiter::Bracket
    ) {
        return None;
    }
    diagnostics
        .fault(
            body,
            format!("found `{}`, expected layers", value::short(body)),
        )
        .help("layers are joined by `=>`, without anything around them: `Input(4) => Dense(3)`");
    Some(chain(group.stream(), end, &mut Diagnostics::default()))
}

fn rest(input: ParseStream<'_>) -> TokenStream {
    input.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn read(tokens: TokenStream) -> (Vec<String>, String) {
        let mut diagnostics = Diagnostics::default();
        let model = model(tokens, &mut diagnostics).expect("a model");
        let Body::Chain(chain) = &model.body else {
            panic!("a chain");
        };
        let names = chain.layers.iter();
        (
            names.map(|layer| layer.ident().to_string()).collect(),
            diagnostics.into_error().map_or(String::new(), |error| {
                error
                    .into_iter()
                    .map(|error| error.to_string() + "; ")
                    .collect()
            }),
        )
    }

    #[test]
    fn a_named_and_an_anonymous_chain_read_alike() {
        let named = read(quote!(pub Net: Input(4) => Dense(3) => my::Layer::<2>));
        let anonymous = read(quote!(Input(4) => Dense(3) => my::Layer::<2>));
        assert_eq!(named, anonymous);
        assert_eq!(named.0, ["Input", "Dense", "Layer"]);
        assert_eq!(named.1, "");
    }

    #[test]
    fn reading_goes_on_at_the_next_arrow() {
        let (layers, faults) = read(quote!(Net: Input(4) => 7 => Dense[3] => Dense(3)));
        assert_eq!(layers, ["Input", "layer", "Dense", "Dense"]);
        assert!(faults.contains("found `7`"), "{faults}");
        assert!(faults.contains("found `[3]`"), "{faults}");
    }

    #[test]
    fn another_joint_is_one_fault() {
        let (layers, faults) = read(quote!(Net: Input(4) -> Dense(3) => Dense(2)));
        assert_eq!(layers, ["Input", "Dense", "Dense"]);
        assert!(
            faults.starts_with("found `->` between two layers"),
            "{faults}"
        );
    }
}
