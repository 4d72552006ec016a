//! How values are read, before it is known what they should be.

use super::{short, text};
use crate::ast::{Value, ValueKind};
use crate::fold;
use crate::report::Report;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Lit;

/// Reads the tokens of one value.
pub fn read(tokens: TokenStream, report: &mut Report) -> Value {
    let kind = kind(&tokens, report);
    Value { tokens, kind }
}

/// What stands between the commas; what follows the last one is there only if it is something.
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

fn kind(tokens: &TokenStream, report: &mut Report) -> ValueKind {
    let parts: Vec<TokenTree> = tokens.clone().into_iter().collect();
    match parts.as_slice() {
        [TokenTree::Ident(word)] if word == "true" => ValueKind::Flag(true),
        [TokenTree::Ident(word)] if word == "false" => ValueKind::Flag(false),
        [TokenTree::Ident(word)] => ValueKind::Word(word.clone()),
        [TokenTree::Literal(literal)] => match Lit::new(literal.clone()) {
            Lit::Int(number) => integer(&number.to_string(), tokens, report),
            Lit::Float(_) => folded(tokens),
            Lit::Str(written) => ValueKind::Text(written.value()),
            _ => ValueKind::Text(literal.to_string()),
        },
        [TokenTree::Punct(quote), TokenTree::Ident(word)] if quote.as_char() == '\'' => {
            ValueKind::Text(word.to_string())
        }
        [TokenTree::Group(group)] => in_a_group(group, tokens, report),
        [
            TokenTree::Literal(_),
            TokenTree::Ident(x),
            TokenTree::Literal(_),
            ..,
        ] if x == "x" => ValueKind::Spelled(text(tokens).replace(' ', "")),
        _ if is_understood(&parts, report) => folded(tokens),
        _ => ValueKind::Faulty,
    }
}

fn in_a_group(group: &Group, tokens: &TokenStream, report: &mut Report) -> ValueKind {
    let inner = group.stream();
    match group.delimiter() {
        // What a `macro_rules!` passed on.
        Delimiter::None => kind(&inner, report),
        Delimiter::Parenthesis if inner.is_empty() || has_comma(&inner) => ValueKind::Tuple(
            commas(inner)
                .into_iter()
                .map(|part| element(part, group, report))
                .collect(),
        ),
        Delimiter::Bracket => {
            let parts: Vec<String> = commas(inner).iter().map(text).collect();
            let number = |part: &String| part.bytes().all(|c| c.is_ascii_digit());
            ValueKind::Spelled(if parts.iter().all(number) {
                parts.join("x")
            } else {
                format!("({})", parts.join(", "))
            })
        }
        _ if inner.is_empty() => {
            report
                .fault(group, "`{}` holds nothing, expected a value")
                .help("write the value in it, or without the braces");
            ValueKind::Faulty
        }
        _ => folded(tokens),
    }
}

fn element(tokens: TokenStream, group: &Group, report: &mut Report) -> Value {
    if tokens.is_empty() {
        report
            .fault(group, "found a comma without a size before it")
            .help("remove the comma");
        return Value {
            tokens: group.to_token_stream(),
            kind: ValueKind::Faulty,
        };
    }
    read(tokens, report)
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
fn integer(written: &str, tokens: &TokenStream, report: &mut Report) -> ValueKind {
    if let Some(digits) = written.strip_prefix("0x") {
        let fault = report.fault(
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
            report
                .fault(tokens, format!("`{value:e}` does not fit `usize`"))
                .help("write a smaller size");
        }
        Some(value) => {
            if let Some(number) = written.strip_suffix("usize") {
                return integer(number.trim_end_matches('_'), tokens, report);
            }
            return ValueKind::Float(value);
        }
        None => {
            let small = written.replace(['X', '*', '_'], "x");
            let fault = report.fault(tokens, format!("`{written}` is no size"));
            match small.bytes().all(|c| c.is_ascii_digit() || c == b'x') && small != written {
                true => fault.help(format!("write `{small}`")),
                false => fault.help("write a number, or sizes as `3x3`"),
            };
        }
    }
    ValueKind::Faulty
}

/// What stood before a token of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// Something that has a value.
    Operand,
    /// Something that takes what follows it.
    Operator,
}

/// Whether the tokens may be an expression of Rust; what cannot is reported. The rest is for rustc.
fn is_understood(parts: &[TokenTree], report: &mut Report) -> bool {
    const KEYWORDS: [&str; 9] = [
        "if", "match", "unsafe", "const", "loop", "while", "for", "move", "async",
    ];
    let mut before = Before::Nothing;
    let mut number = 0;
    while let Some(part) = parts.get(number) {
        let previous = number.checked_sub(1).map(|previous| &parts[previous]);
        number += 1;
        match part {
            TokenTree::Ident(word) if KEYWORDS.iter().any(|keyword| word == keyword) => {
                return true;
            }
            TokenTree::Ident(word) if word == "lambda" && before == Before::Nothing => {
                return function(parts, report);
            }
            TokenTree::Ident(word) if word == "as" && before == Before::Operand => {
                before = Before::Operator;
            }
            TokenTree::Group(group) if before == Before::Operand && follows(group, previous) => {}
            TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Group(_) => {
                if before == Before::Operand {
                    let left: TokenStream = parts[..number - 1].iter().cloned().collect();
                    let right: TokenStream = parts[number - 1..].iter().cloned().collect();
                    return comma_missing(&left, part, &right, report);
                }
                before = Before::Operand;
            }
            TokenTree::Punct(_) => {
                let run = run(&parts[number - 1..]);
                let joint: String = run.iter().map(|punct| punct.as_char()).collect();
                let next = &parts[number..];
                match judge(&joint, before, previous, next) {
                    Judged::Operator => before = Before::Operator,
                    Judged::Operand => {}
                    Judged::Path => {
                        number += 1;
                        before = Before::Operator;
                        if let Some(TokenTree::Punct(next)) = parts.get(number)
                            && next.as_char() == '<'
                        {
                            return true;
                        }
                    }
                    Judged::Rust => return true,
                    Judged::Lifetime => {}
                    Judged::Wrong(message, help) => {
                        let tokens: TokenStream = run.into_iter().map(TokenTree::Punct).collect();
                        let found = text(&tokens);
                        let fault = report.fault(tokens, message.replace("{}", &found));
                        fault.help(help);
                        return false;
                    }
                }
            }
        }
    }
    if before == Before::Operator
        && let Some(last) = parts.last()
    {
        let found = text(&last.to_token_stream());
        report
            .fault(last, format!("nothing follows this `{found}`"))
            .help("remove it, or write what follows");
        return false;
    }
    true
}

/// What a sign of punctuation is in a value.
enum Judged {
    Operator,
    /// It leaves a value.
    Operand,
    /// `::`
    Path,
    /// The beginning of what rustc judges.
    Rust,
    Lifetime,
    /// The message, and the help.
    Wrong(&'static str, &'static str),
}

fn judge(
    joint: &str,
    before: Before,
    previous: Option<&TokenTree>,
    behind: &[TokenTree],
) -> Judged {
    let operand = before == Before::Operand;
    let next = behind.first();
    match joint {
        _ if joint.starts_with("..") => Judged::Wrong(
            "found `{}`, expected a value",
            "a range stands for no value: write the number that is meant",
        ),
        _ if joint.starts_with("->") || joint.starts_with("=>") => Judged::Wrong(
            "found `{}` among the arguments of a layer, expected `,`",
            "close the parentheses before the next layer: `Dense(64, relu) => Dense(10)`",
        ),
        _ if joint.starts_with("==") => {
            Judged::Wrong("found `{}`, expected `=`", "an argument is given by `=`")
        }
        _ if joint.starts_with("**") => match operand {
            true => Judged::Wrong(
                "found `{}`, which is no operator of Rust",
                "write the power as a product: `2 * 2 * 2`",
            ),
            false => Judged::Wrong(
                "found `{}`, expected an argument",
                "write each argument: `Dense(64, activation = relu)`",
            ),
        },
        _ if joint.starts_with("::") => Judged::Path,
        _ => match joint.chars().next().unwrap_or(' ') {
            '.' if !operand && matches!(next, Some(TokenTree::Literal(_))) => Judged::Wrong(
                "found `{}` before a number, expected a digit before it",
                "write the 0: `0.5`",
            ),
            '.' if !operand => Judged::Wrong("found `{}`, expected a value", "remove it"),
            '.' if matches!(
                (previous, behind),
                (Some(TokenTree::Literal(_)), [TokenTree::Ident(_)])
            ) =>
            {
                Judged::Wrong(
                    "found `{}` between two arguments, expected `,`",
                    "write the comma",
                )
            }
            '.' | '*' | '/' | '%' if operand => Judged::Operator,
            '+' | '-' if operand => Judged::Operator,
            '-' => Judged::Operator,
            '+' => Judged::Wrong(
                "found `{}` before a value, which is no sign in Rust",
                "remove it",
            ),
            '*' | '&' | '!' | '|' | '^' | '<' | '>' => match (joint, previous, next) {
                (_, None, None) => Judged::Wrong("found `{}`, expected a value", "remove it"),
                ("!", Some(TokenTree::Ident(_)), Some(TokenTree::Group(_))) => Judged::Rust,
                _ if next.is_none() => Judged::Operator,
                _ => Judged::Rust,
            },
            '/' | '%' => Judged::Wrong(
                "found `{}`, expected a value before it",
                "write both numbers: `1 / 255`",
            ),
            '\'' if !operand => Judged::Lifetime,
            ';' | ':' => Judged::Wrong("found `{}`, expected `,`", "arguments are joined by `,`"),
            '=' => Judged::Wrong(
                "found `{}`, expected the name of an argument before it",
                "write `name = value`",
            ),
            '?' if operand => Judged::Operand,
            _ => Judged::Wrong("found `{}`, expected a value", "remove it"),
        },
    }
}

/// The signs that stand together without a space.
fn run(parts: &[TokenTree]) -> Vec<proc_macro2::Punct> {
    let mut run = Vec::new();
    for part in parts {
        let TokenTree::Punct(punct) = part else { break };
        run.push(punct.clone());
        if punct.spacing() == Spacing::Alone {
            break;
        }
    }
    run
}

/// Whether a group belongs to what stands before it: a call, an index, a struct.
fn follows(group: &Group, previous: Option<&TokenTree>) -> bool {
    match previous {
        Some(TokenTree::Ident(_)) => true,
        Some(TokenTree::Group(_)) => group.delimiter() != Delimiter::Brace,
        Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), '>' | '?'),
        _ => false,
    }
}

fn comma_missing(
    left: &TokenStream,
    part: &TokenTree,
    right: &TokenStream,
    report: &mut Report,
) -> bool {
    let is_name = matches!(left.clone().into_iter().next(), Some(TokenTree::Ident(_)));
    let [left, right] = [left, right].map(short);
    let found = short(&part.to_token_stream());
    let fault = report.fault(
        part,
        format!("found `{found}` behind `{left}`, expected `,`"),
    );
    match is_name && !right.contains('=') {
        true => fault.help(format!("write `{left}, {right}`, or `{left} = {right}`")),
        false => fault.help(format!("write `{left}, {right}`")),
    };
    false
}

fn function(parts: &[TokenTree], report: &mut Report) -> bool {
    let tokens: TokenStream = parts.iter().cloned().collect();
    let found = short(&tokens);
    report
        .fault(
            &tokens,
            format!("found the function `{found}`, expected a value"),
        )
        .help("write a word, as `relu`; what has no word is a layer of your own");
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn sizes_are_one_literal() {
        let mut report = Report::default();
        let value = read(quote!(28x28x3), &mut report);
        assert!(matches!(value.kind, ValueKind::Sizes(sizes) if sizes == [28, 28, 3]));
        read(quote!(0x3), &mut report);
        assert!(!report.is_empty());
    }

    #[test]
    fn expressions_of_rust_are_left_to_rustc() {
        for written in [
            "2 * UNITS",
            "{ let n = 3; n * n }",
            "N as f32 / 2.0",
            "sizes::<{ 3 }>(1, 2)[0].len()",
            "if A { 1 } else { 2 }",
            "env!(\"UNITS\").len()",
            "-N",
            "<Net as Sized>::N",
            "!0 >> 60",
            "a::b::C",
            "*UNITS",
            "SIZES[0].0",
        ] {
            let mut report = Report::default();
            let value = read(written.parse().unwrap(), &mut report);
            assert!(report.is_empty(), "{written}");
            assert!(matches!(value.kind, ValueKind::Expression), "{written}");
        }
    }
}
