//! Parses the arguments in a layer's parentheses.

use crate::ast::Argument;
use crate::diagnostics::Diagnostics;
use crate::habits::is_layer;
use crate::value;
use proc_macro2::{Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt;

pub fn arguments(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Vec<Argument> {
    let mut arguments = Vec::new();
    let mut written = TokenStream::new();
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => {
                if written.is_empty() {
                    diagnostics
                        .fault(
                            punct,
                            "found nothing before this comma, expected an argument",
                        )
                        .help("remove the comma");
                }
                arguments.extend(argument(std::mem::take(&mut written), diagnostics));
            }
            _ => written.extend([token]),
        }
    }
    arguments.extend(argument(written, diagnostics));
    arguments
}

fn argument(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Option<Argument> {
    let parts: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let name = match parts.first()? {
        TokenTree::Ident(name) => name,
        _ => return Some(positional(tokens, diagnostics)),
    };
    let joint = joint(&parts[1..]);
    let signs = match joint.as_str() {
        "=" | ":" | "=>" | "==" | "->" | "<-" | ":=" | "=:" | "~" => joint.len(),
        // `axis=-1`
        _ if joint.starts_with('=') && !joint.starts_with("==") => 1,
        _ => return Some(positional(tokens, diagnostics)),
    };
    // The next layer, not a value.
    if joint == "=>" || joint == "->" {
        let next = parts.get(1 + signs);
        if matches!(next, Some(TokenTree::Ident(layer)) if is_layer(&layer.to_string())) {
            return Some(positional(tokens, diagnostics));
        }
    }
    let sign: TokenStream = parts[1..=signs].iter().cloned().collect();
    let given: TokenStream = parts[1 + signs..].iter().cloned().collect();
    if given.is_empty() {
        diagnostics
            .fault(&tokens, format!("`{name}` has no value"))
            .help(format!("write `{name} = ..`"));
        return None;
    }
    let is_reported = signs > 1 || joint == ":" || joint == "~";
    if is_reported {
        let found = value::text(&sign);
        diagnostics
            .fault(
                sign,
                format!("found `{found}` after an argument's name, expected `=`"),
            )
            .help(format!("write `{name} = {}`", value::short(&given)));
    }
    Some(Argument {
        keyword: Some(name.unraw()),
        value: match is_reported {
            true => value::read(given, &mut Diagnostics::default()),
            false => value::read(given, diagnostics),
        },
        is_reported,
    })
}

fn positional(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Argument {
    Argument {
        keyword: None,
        value: value::read(tokens, diagnostics),
        is_reported: false,
    }
}

/// The punctuation characters that follow each other without a space.
fn joint(parts: &[TokenTree]) -> String {
    let mut joint = String::new();
    for part in parts {
        let TokenTree::Punct(punct) = part else { break };
        joint.push(punct.as_char());
        if punct.spacing() == Spacing::Alone {
            break;
        }
    }
    joint
}
