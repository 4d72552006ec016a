//! Layers that contain layers: `Residual(chain)` and `Repeat(n, chain)`.

use super::arguments::arguments;
use super::chain::chain;
use crate::ast::{Argument, Block, Chain};
use crate::diagnostics::Diagnostics;
use crate::value;
use proc_macro2::{Group, Ident, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Whether a layer with this name contains layers.
pub fn is_block(name: &Ident) -> bool {
    name == "Residual" || name == "Repeat" || is_wrapper(name)
}

/// Whether a layer with this name wraps another layer.
pub fn is_wrapper(name: &Ident) -> bool {
    name == "Bidirectional" || name == "TimeDistributed"
}

/// The help text for such a layer.
pub fn example(name: &Ident) -> &'static str {
    match name.to_string().as_str() {
        "Bidirectional" => "write the layer that goes both ways: `Bidirectional(LSTM(16))`",
        "TimeDistributed" => "write the layer of each step: `TimeDistributed(Conv2D(8, 3x3))`",
        "Repeat" => "write how often and what: `Repeat(3, Dense(64, relu))`",
        _ => "write the chain that goes around: `Residual(Conv2D(8, 3x3, same) => ReLU)`",
    }
}

/// Parses a wrapper layer and its own arguments, and reports errors.
pub fn wrapper(
    name: &Ident,
    group: &Group,
    diagnostics: &mut Diagnostics,
) -> Option<(Block, Vec<Argument>)> {
    let mut parts = parts(group.stream()).into_iter();
    let inner = parts.next().map(|(_, inner)| without_name(inner));
    let Some(inner) = inner.filter(|inner| !inner.is_empty()) else {
        diagnostics
            .fault(name, format!("`{name}` holds a layer, found none"))
            .help(example(name));
        return None;
    };
    let mut others = TokenStream::new();
    for (comma, part) in parts {
        if !others.is_empty() {
            others.extend(comma.to_token_stream());
        }
        others.extend(part);
    }
    let inner = chain(inner, group.span_close(), diagnostics);
    let arguments = arguments(others, diagnostics);
    Some((Block::Wrapper { inner }, arguments))
}

/// `LSTM(16)` of `layer = LSTM(16)`.
fn without_name(tokens: TokenStream) -> TokenStream {
    let mut rest = tokens.clone().into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Ident(word)), Some(TokenTree::Punct(punct)))
            if word == "layer" && punct.as_char() == '=' && punct.spacing() == Spacing::Alone =>
        {
            rest.collect()
        }
        _ => tokens,
    }
}

/// Parses the contents of the parentheses, and reports errors.
pub fn block(name: &Ident, group: &Group, diagnostics: &mut Diagnostics) -> Option<Block> {
    let mut parts = parts(group.stream());
    // A comma after the last argument is allowed.
    if parts.len() > 1 && parts.last().is_some_and(|(_, part)| part.is_empty()) {
        parts.pop();
    }
    let mut parts = parts.into_iter();
    let end = group.span_close();
    let (Some(first), second) = (parts.next(), parts.next()) else {
        diagnostics
            .fault(name, format!("`{name}` holds layers, found none"))
            .help(example(name));
        return None;
    };
    if let Some((comma, part)) = parts.next() {
        let at = if part.is_empty() {
            comma.to_token_stream()
        } else {
            part
        };
        diagnostics
            .fault(&at, format!("`{name}` takes no third argument"))
            .help("remove it");
        return None;
    }
    if first.1.is_empty() {
        diagnostics
            .fault(
                group,
                "found nothing before the comma, expected an argument",
            )
            .help(example(name));
        return None;
    }
    if name == "Repeat" {
        let Some((_, layers)) = second.filter(|(_, layers)| !layers.is_empty()) else {
            diagnostics
                .fault(
                    group,
                    "`Repeat` takes a count and a chain, found one of them",
                )
                .help(example(name));
            return None;
        };
        return Some(Block::Repeat {
            count: value::read(first.1, diagnostics),
            chain: chain(layers, end, diagnostics),
        });
    }
    let shortcut = match second {
        None => None,
        Some((comma, part)) => Some(shortcut(&comma, part, diagnostics)?),
    };
    Some(Block::Residual {
        main: chain(first.1, end, diagnostics),
        shortcut,
    })
}

fn shortcut(
    comma: &Option<Punct>,
    part: TokenStream,
    diagnostics: &mut Diagnostics,
) -> Option<Chain> {
    let mut rest = part.clone().into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Ident(word)), Some(TokenTree::Punct(punct)))
            if word == "shortcut"
                && punct.as_char() == '='
                && punct.spacing() == Spacing::Alone =>
        {
            let layers: TokenStream = rest.collect();
            if layers.is_empty() {
                diagnostics
                    .fault(&word, "`shortcut` has no value")
                    .help("write its layers: `shortcut = Conv2D(16, 1x1)`");
                return None;
            }
            Some(chain(layers, punct.span(), diagnostics))
        }
        (None, _) => {
            diagnostics
                .fault(comma, "nothing follows this comma")
                .help("remove it, or write `shortcut = Conv2D(16, 1x1)`");
            None
        }
        _ => {
            diagnostics
                .fault(
                    &part,
                    format!("found `{}`, expected `shortcut = ..`", value::text(&part)),
                )
                .help(
                    "layers are joined by `=>`; what goes past them is \
                     `shortcut = Conv2D(16, 1x1)`",
                );
            None
        }
    }
}

/// The parts between the commas, each with the comma before it.
fn parts(tokens: TokenStream) -> Vec<(Option<Punct>, TokenStream)> {
    let mut parts = Vec::new();
    let mut part = (None, TokenStream::new());
    let (mut depth, mut before) = (0usize, ' ');
    for token in tokens {
        if let TokenTree::Punct(punct) = &token {
            match punct.as_char() {
                '<' => depth += 1,
                // Not the `>` of an arrow.
                '>' if before != '=' && before != '-' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    let next = (Some(punct.clone()), TokenStream::new());
                    parts.push(std::mem::replace(&mut part, next));
                    continue;
                }
                _ => {}
            }
            before = punct.as_char();
        } else {
            before = ' ';
        }
        part.1.extend([token]);
    }
    if !part.1.is_empty() || part.0.is_some() {
        parts.push(part);
    }
    parts
}
