//! Parses values, before their types are known.

use super::expression::is_understood;
use super::text;
use crate::ast::{Value, ValueKind};
use crate::diagnostics::Diagnostics;
use crate::fold;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Lit;

/// Parses the tokens of a value.
pub fn read(tokens: TokenStream, diagnostics: &mut Diagnostics) -> Value {
    let kind = kind(&tokens, diagnostics);
    Value { tokens, kind }
}

/// The parts between the commas. The part after the last comma is omitted if it is empty.
fn commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            _ => parts.last_mut().expect("never empty").extend([token]),
        }
    }
    if parts.last().is_some_and(TokenStream::is_empty) {
        parts.pop();
    }
    parts
}

fn kind(tokens: &TokenStream, diagnostics: &mut Diagnostics) -> ValueKind {
    let parts: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match parts.as_slice() {
        [TokenTree::Ident(word)] if word == "true" => ValueKind::Flag(true),
        [TokenTree::Ident(word)] if word == "false" => ValueKind::Flag(false),
        [TokenTree::Ident(word)] => ValueKind::Word(word.clone()),
        [TokenTree::Literal(literal)] => match Lit::new(literal.clone()) {
            Lit::Int(number) => integer(&number.to_string(), tokens, diagnostics),
            Lit::Float(_) => folded(tokens),
            Lit::Str(written) => ValueKind::Text(written.value()),
            _ => ValueKind::Text(literal.to_string()),
        },
        [TokenTree::Punct(quote), TokenTree::Ident(word)] if quote.as_char() == '\'' => {
            ValueKind::Text(word.to_string())
        }
        [TokenTree::Group(group)] => in_a_group(group, tokens, diagnostics),
        [
            TokenTree::Literal(_),
            TokenTree::Ident(x),
            TokenTree::Literal(_),
            ..,
        ] if x == "x" => ValueKind::Spelled(text(tokens).replace(' ', "")),
        _ if is_understood(&parts, diagnostics) => folded(tokens),
        _ => ValueKind::Faulty,
    }
}

fn in_a_group(group: &Group, tokens: &TokenStream, diagnostics: &mut Diagnostics) -> ValueKind {
    let inner = group.stream();
    match group.delimiter() {
        // A group from a `macro_rules!`.
        Delimiter::None => kind(&inner, diagnostics),
        Delimiter::Parenthesis if inner.is_empty() || has_comma(&inner) => ValueKind::Tuple(
            commas(inner)
                .into_iter()
                .map(|part| element(part, group, diagnostics))
                .collect(),
        ),
        Delimiter::Bracket => {
            let parts: Vec<String> = commas(inner).iter().map(text).collect();
            let number = |part: &String| part.bytes().all(|c| c.is_ascii_digit());
            ValueKind::Spelled(if parts.is_empty() {
                "3x3".to_owned()
            } else if parts.iter().all(number) {
                parts.join("x")
            } else {
                format!("({})", parts.join(", "))
            })
        }
        _ if inner.is_empty() => {
            diagnostics
                .fault(group, "`{}` holds nothing, expected a value")
                .help("write the value in it, or without the braces");
            ValueKind::Faulty
        }
        _ => folded(tokens),
    }
}

fn element(tokens: TokenStream, group: &Group, diagnostics: &mut Diagnostics) -> Value {
    if tokens.is_empty() {
        diagnostics
            .fault(group, "found a comma without a size before it")
            .help("remove the comma");
        return Value {
            tokens: group.to_token_stream(),
            kind: ValueKind::Faulty,
        };
    }
    read(tokens, diagnostics)
}

fn has_comma(tokens: &TokenStream) -> bool {
    let is_comma = |token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    tokens.clone().into_iter().any(is_comma)
}

fn folded(tokens: &TokenStream) -> ValueKind {
    if let Some(value) = fold::integer(tokens) {
        ValueKind::Integer(value)
    } else if let Some(value) = fold::float(tokens) {
        ValueKind::Float(value)
    } else {
        ValueKind::Expression
    }
}

/// A literal such as `3`, `3x3` or `28x28x3`.
fn integer(written: &str, tokens: &TokenStream, diagnostics: &mut Diagnostics) -> ValueKind {
    if let Some(digits) = written.strip_prefix("0x") {
        let fault = diagnostics.fault(
            tokens,
            format!("`{written}` is a hexadecimal number, expected a size"),
        );
        if digits.chars().all(|c| c.is_ascii_digit() || c == 'x') && !digits.is_empty() {
            fault
                .note("`0x` begins a hexadecimal number in Rust, and a size of 0 holds nothing")
                .help("write sizes of at least 1: `3x3`");
        } else {
            fault.help("write it in decimal");
        }
        return ValueKind::Faulty;
    }
    let parts: Result<Vec<usize>, _> = written
        .split('x')
        .map(|part| part.replace('_', "").parse())
        .collect();
    match parts {
        Ok(sizes) if sizes.len() == 1 => return ValueKind::Integer(sizes[0] as i128),
        Ok(sizes) => return ValueKind::Sizes(sizes),
        Err(_) => {}
    }
    match fold::float(tokens) {
        Some(value) if written.bytes().all(|c| c.is_ascii_digit() || c == b'_') => {
            diagnostics
                .fault(tokens, format!("`{value:e}` does not fit `usize`"))
                .help("write a smaller size");
        }
        Some(value) => {
            if let Some(number) = written.strip_suffix("usize") {
                return integer(number.trim_end_matches('_'), tokens, diagnostics);
            }
            return ValueKind::Float(value);
        }
        None => {
            let small = written.replace(['X', '*', '_'], "x");
            let fault = diagnostics.fault(tokens, format!("`{written}` is not a size"));
            match small.bytes().all(|c| c.is_ascii_digit() || c == b'x') && small != written {
                true => fault.help(format!("write `{small}`")),
                false => fault.help("write a number, or sizes as `3x3`"),
            };
        }
    }
    ValueKind::Faulty
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn sizes_are_one_literal() {
        let mut diagnostics = Diagnostics::default();
        let value = read(quote!(28x28x3), &mut diagnostics);
        assert!(matches!(value.kind, ValueKind::Sizes(sizes) if sizes == [28, 28, 3]));
        read(quote!(0x3), &mut diagnostics);
        assert!(!diagnostics.is_empty());
    }
}
