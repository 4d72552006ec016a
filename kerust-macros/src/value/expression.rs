//! Checks whether tokens can be a Rust expression.

use super::{short, text};
use crate::diagnostics::Diagnostics;
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The kind of the token before another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// Something that has a value.
    Operand,
    /// Something that takes what follows it.
    Operator,
}

/// Whether the tokens can be a Rust expression. Obvious errors are reported; the rest is left to rustc.
pub fn is_understood(parts: &[TokenTree], diagnostics: &mut Diagnostics) -> bool {
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
                return function(parts, diagnostics);
            }
            TokenTree::Ident(word) if word == "as" && before == Before::Operand => {
                before = Before::Operator;
            }
            TokenTree::Group(group) if before == Before::Operand && follows(group, previous) => {}
            TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Group(_) => {
                if before == Before::Operand {
                    let left: TokenStream = parts[..number - 1].iter().cloned().collect();
                    let right: TokenStream = parts[number - 1..].iter().cloned().collect();
                    return comma_missing(&left, part, &right, diagnostics);
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
                        let fault = diagnostics.fault(tokens, message.replace("{}", &found));
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
        diagnostics
            .fault(last, format!("nothing follows this `{found}`"))
            .help("remove it, or write what follows");
        return false;
    }
    true
}

/// The meaning of a punctuation character in a value.
enum Judged {
    Operator,
    /// A value precedes the next token.
    Operand,
    /// `::`
    Path,
    /// The start of code that rustc checks.
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
            "a range is not a value: write the number that is meant",
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
                "found `{}`, which is not an operator of Rust",
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
                "found `{}` before a value, which is not an operator in Rust",
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

/// The punctuation characters that follow each other without a space.
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

/// Whether a group belongs to the token before it: a call, an index, a struct.
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
    diagnostics: &mut Diagnostics,
) -> bool {
    let is_name = matches!(left.clone().into_iter().next(), Some(TokenTree::Ident(_)));
    let [left, right] = [left, right].map(short);
    let found = short(&part.to_token_stream());
    let fault = diagnostics.fault(
        part,
        format!("found `{found}` after `{left}`, expected `,`"),
    );
    match is_name && !right.contains('=') {
        true => fault.help(format!("write `{left}, {right}`, or `{left} = {right}`")),
        false => fault.help(format!("write `{left}, {right}`")),
    };
    false
}

fn function(parts: &[TokenTree], diagnostics: &mut Diagnostics) -> bool {
    let tokens: TokenStream = parts.iter().cloned().collect();
    let found = short(&tokens);
    diagnostics
        .fault(
            &tokens,
            format!("found the function `{found}`, expected a value"),
        )
        .help("write a word, as `relu`; anything else is a custom layer");
    false
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::ast::ValueKind;

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
            let mut diagnostics = Diagnostics::default();
            let value = read(written.parse().unwrap(), &mut diagnostics);
            assert!(diagnostics.is_empty(), "{written}");
            assert!(matches!(value.kind, ValueKind::Expression), "{written}");
        }
    }
}
