//! The graph form: `{ let a = ..; let b = ..; (a, b) }`.

use super::chain::chain;
use crate::ast::{Graph, Let, Outputs};
use crate::diagnostics::Diagnostics;
use crate::value;
use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The braces of a graph.
pub fn group(body: &TokenStream) -> Option<Group> {
    match body.clone().into_iter().next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    }
}

/// Parses the graph in `group`. Nothing should follow it in `body`.
pub fn graph(group: &Group, body: TokenStream, diagnostics: &mut Diagnostics) -> Graph {
    let behind: TokenStream = body.into_iter().skip(1).collect();
    if !behind.is_empty() {
        diagnostics
            .fault(
                &behind,
                format!("found `{}` after the graph", value::short(&behind)),
            )
            .help("remove it");
    }
    let mut lets = Vec::new();
    let mut written = TokenStream::new();
    for token in group.stream() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                lets.extend(statement(
                    std::mem::take(&mut written),
                    punct.span(),
                    diagnostics,
                ));
                continue;
            }
            TokenTree::Ident(word) if word == "let" && !written.is_empty() => {
                diagnostics
                    .fault(word, "nothing ends the statement before this `let`")
                    .help("end it with `;`");
                let end = word.span();
                lets.extend(statement(std::mem::take(&mut written), end, diagnostics));
            }
            _ => {}
        }
        written.extend([token]);
    }
    let close = group.span_close();
    let is_let = |tokens: &TokenStream| {
        let first = tokens.clone().into_iter().next();
        matches!(first, Some(TokenTree::Ident(word)) if word == "let")
    };
    let unfinished = is_let(&written);
    if unfinished {
        lets.extend(statement(std::mem::take(&mut written), close, diagnostics));
    }
    let outputs = if written.is_empty() {
        let name = lets.last().map_or("y".to_owned(), |it| it.name.to_string());
        let end = if unfinished { ";" } else { "" };
        diagnostics
            .fault(
                Ident::new("end", close),
                "the graph ends without an output, expected one after the last `;`",
            )
            .help(format!("name the outputs of the model: `{end} {name}`").replace("` ", "`"));
        Outputs::Missing
    } else {
        outputs(written, close, diagnostics)
    };
    Graph { lets, outputs }
}

fn statement(tokens: TokenStream, end: Span, diagnostics: &mut Diagnostics) -> Option<Let> {
    let mut rest = tokens.clone().into_iter();
    let word = match rest.next() {
        None => {
            diagnostics
                .fault(Ident::new("end", end), "found a second `;`, expected `let`")
                .help("remove one of the two");
            return None;
        }
        Some(word) => word,
    };
    if !matches!(&word, TokenTree::Ident(it) if it == "let") {
        let is_named = matches!(rest.next(), Some(TokenTree::Punct(next))
            if next.as_char() == '=' && next.spacing() == Spacing::Alone)
            && syn::parse2::<Ident>(word.to_token_stream()).is_ok();
        diagnostics
            .fault(
                &tokens,
                format!("found `{}`, expected `let`", value::short(&tokens)),
            )
            .help(match is_named {
                true => format!("write `let {};`", value::short(&tokens)),
                false => format!("name the value: `let x = {};`", value::short(&tokens)),
            });
        let value: TokenStream = rest.collect();
        return match word {
            // Bound as it was meant, so that reading the value is not a second mistake.
            TokenTree::Ident(name) if is_named && !value.is_empty() => Some(Let {
                chain: chain(value, end, &mut Diagnostics::default()),
                name,
                others: Vec::new(),
                is_reported: true,
            }),
            _ => None,
        };
    }
    let (name, others) = match rest.next() {
        Some(TokenTree::Ident(name)) if name != "mut" => (name, Vec::new()),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            let mut names = names(&group, "a value", diagnostics).into_iter();
            (names.next()?, names.collect())
        }
        found => {
            let at = found.map_or(word.to_token_stream(), TokenTree::into_token_stream);
            diagnostics
                .fault(
                    &at,
                    format!("found `{}`, expected the name of a value", value::text(&at)),
                )
                .help("write `let features = ..;`");
            return None;
        }
    };
    let is_dropped = name == "_" && !others.is_empty();
    if !is_dropped && syn::parse2::<Ident>(name.to_token_stream()).is_err() {
        diagnostics
            .fault(
                &name,
                format!("`{name}` is a keyword of Rust, expected the name of a value"),
            )
            .help(format!("write `let {name}_ = ..;`"));
        return None;
    }
    match rest.next() {
        Some(TokenTree::Punct(punct))
            if punct.as_char() == '=' && punct.spacing() == Spacing::Alone => {}
        found => {
            let at = found.map_or(name.to_token_stream(), TokenTree::into_token_stream);
            diagnostics
                .fault(&at, format!("expected `=` after `let {name}`"))
                .help(format!("write `let {name} = ..;`"));
            return None;
        }
    }
    let value: TokenStream = rest.collect();
    if value.is_empty() {
        diagnostics
            .fault(&name, format!("`{name}` has no value"))
            .help(format!("write `let {name} = Input(4);`"));
        return None;
    }
    Some(Let {
        chain: chain(value, end, diagnostics),
        name,
        others,
        is_reported: false,
    })
}

/// The names in `(a, b)`.
fn names(group: &Group, what: &str, diagnostics: &mut Diagnostics) -> Vec<Ident> {
    let mut names = Vec::new();
    let mut written = TokenStream::new();
    let mut name = |tokens: TokenStream, diagnostics: &mut Diagnostics| {
        let word = tokens.to_string();
        if let Ok(name) = syn::parse2::<Ident>(tokens.clone()) {
            names.push(name);
        } else if word == "_" && what == "a value" {
            names.push(Ident::new("_", Span::call_site()));
        } else if !tokens.is_empty() {
            diagnostics
                .fault(
                    &tokens,
                    format!(
                        "found `{}`, expected the name of {what}",
                        value::short(&tokens)
                    ),
                )
                .help("outputs are named: `let class = ..;`, and `(class, offset)` at the end");
        }
    };
    for token in group.stream() {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                name(std::mem::take(&mut written), diagnostics);
            }
            _ => written.extend([token]),
        }
    }
    name(written, diagnostics);
    names
}

fn outputs(tokens: TokenStream, end: Span, diagnostics: &mut Diagnostics) -> Outputs {
    let mut parts = tokens.clone().into_iter();
    let (Some(TokenTree::Group(group)), None) = (parts.next(), parts.next()) else {
        return Outputs::Chain(chain(tokens, end, diagnostics));
    };
    if group.delimiter() == Delimiter::Bracket {
        diagnostics
            .fault(
                &group,
                format!(
                    "found `{}`, expected outputs in parentheses",
                    value::short(&tokens)
                ),
            )
            .help(format!("write `({})`", value::short(&group.stream())));
    } else if group.delimiter() != Delimiter::Parenthesis {
        return Outputs::Chain(chain(tokens, end, diagnostics));
    }
    let names = names(&group, "an output", diagnostics);
    if group.stream().is_empty() {
        diagnostics
            .fault(&group, "the graph has no output")
            .help("name the outputs of the model: `(class, offset)`");
    }
    if names.is_empty() {
        return Outputs::Missing;
    }
    Outputs::Names(names)
}
