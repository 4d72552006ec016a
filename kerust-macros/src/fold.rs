//! Evaluates constant expressions of literals.

use proc_macro2::{Delimiter, Literal, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use std::iter::Peekable;
use syn::Lit;

/// The value of an expression of integer literals; `None` if it contains a name or a fraction, or if rustc
/// would reject it.
pub fn integer(tokens: &TokenStream) -> Option<i128> {
    evaluate(tokens, &|literal| match literal {
        Lit::Int(literal) if is_usize(literal.suffix()) => literal.base10_parse().ok(),
        _ => None,
    })
}

/// The value of an expression of literals, as a fraction: `1 / 4` is 0.25, as in Python.
pub fn float(tokens: &TokenStream) -> Option<f64> {
    evaluate(tokens, &|literal| match literal {
        Lit::Int(literal) if is_number(literal.suffix()) => literal.base10_parse().ok(),
        Lit::Float(literal) => literal.base10_parse().ok(),
        _ => None,
    })
}

fn is_usize(suffix: &str) -> bool {
    matches!(suffix, "" | "usize")
}

/// Whether it is a suffix of Rust: `3x3` is not a number.
fn is_number(suffix: &str) -> bool {
    let size = suffix.trim_start_matches(['i', 'u', 'f']);
    suffix.is_empty() || matches!(size, "8" | "16" | "32" | "64" | "128" | "size")
}

/// Arithmetic that returns `None` on overflow.
trait Number: Copy {
    fn apply(self, operator: char, right: Self) -> Option<Self>;
    fn negate(self) -> Option<Self>;
}

impl Number for i128 {
    fn apply(self, operator: char, right: Self) -> Option<Self> {
        match operator {
            '+' => self.checked_add(right),
            '-' => self.checked_sub(right),
            '*' => self.checked_mul(right),
            '/' => self.checked_div(right),
            _ => self.checked_rem(right),
        }
    }

    fn negate(self) -> Option<Self> {
        self.checked_neg()
    }
}

impl Number for f64 {
    fn apply(self, operator: char, right: Self) -> Option<Self> {
        Some(match operator {
            '+' => self + right,
            '-' => self - right,
            '*' => self * right,
            '/' => self / right,
            _ => self % right,
        })
    }

    fn negate(self) -> Option<Self> {
        Some(-self)
    }
}

type Tokens = Peekable<proc_macro2::token_stream::IntoIter>;

fn evaluate<N: Number>(tokens: &TokenStream, literal: &dyn Fn(Lit) -> Option<N>) -> Option<N> {
    let mut tokens = tokens.clone().into_iter().peekable();
    let value = sum(&mut tokens, literal)?;
    tokens.next().is_none().then_some(value)
}

fn sum<N: Number>(tokens: &mut Tokens, literal: &dyn Fn(Lit) -> Option<N>) -> Option<N> {
    let mut value = product(tokens, literal)?;
    while let Some(operator) = operator(tokens, &['+', '-']) {
        value = value.apply(operator, product(tokens, literal)?)?;
    }
    Some(value)
}

fn product<N: Number>(tokens: &mut Tokens, literal: &dyn Fn(Lit) -> Option<N>) -> Option<N> {
    let mut value = atom(tokens, literal)?;
    while let Some(operator) = operator(tokens, &['*', '/', '%']) {
        value = value.apply(operator, atom(tokens, literal)?)?;
    }
    Some(value)
}

fn atom<N: Number>(tokens: &mut Tokens, literal: &dyn Fn(Lit) -> Option<N>) -> Option<N> {
    let mut negative = false;
    while operator(tokens, &['-']).is_some() {
        negative = !negative;
    }
    let value = match tokens.next()? {
        TokenTree::Group(group) if group.delimiter() != Delimiter::Bracket => {
            evaluate(&group.stream(), literal)?
        }
        TokenTree::Literal(token) => literal(Lit::new(token))?,
        _ => return None,
    };
    if negative {
        value.negate()
    } else {
        Some(value)
    }
}

fn operator(tokens: &mut Tokens, operators: &[char]) -> Option<char> {
    match tokens.peek() {
        Some(TokenTree::Punct(punct)) if operators.contains(&punct.as_char()) => {
            let operator = punct.as_char();
            tokens.next();
            Some(operator)
        }
        _ => None,
    }
}

/// An expression that rustc evaluates to an `f32`. Each operand is converted to `f64`, so that a quotient of
/// integers is a fraction here too: `1 / SIDE` is not 0.
pub fn as_f32(tokens: &TokenStream) -> TokenStream {
    let span = span(tokens);
    match operands(tokens) {
        Some(sum) => quote_spanned!(span=> ((#sum) as f32)),
        None => quote_spanned!(span=> ((#tokens) as f32)),
    }
}

/// The expression with each operand as `f64`; `None` if there is no operator, or if it is not only
/// arithmetic.
fn operands(tokens: &TokenStream) -> Option<TokenStream> {
    let mut sum = TokenStream::new();
    let mut operand = TokenStream::new();
    let mut found = false;
    let mut in_path = 0usize;
    for token in tokens.clone() {
        let TokenTree::Punct(punct) = &token else {
            operand.extend([token]);
            continue;
        };
        match punct.as_char() {
            '<' if ends_with(&operand, ':') || in_path > 0 => in_path += 1,
            '>' if in_path > 0 => in_path -= 1,
            '.' | ':' => {}
            _ if in_path > 0 => {}
            '!' if !operand.is_empty() => {}
            '-' if operand.is_empty() => {
                found = true;
                sum.extend([token]);
                continue;
            }
            '+' | '-' | '*' | '/' | '%' if !operand.is_empty() => {
                found = true;
                sum.extend(as_f64(&std::mem::take(&mut operand))?);
                sum.extend([token]);
                continue;
            }
            _ => return None,
        }
        operand.extend([token]);
    }
    if operand.is_empty() {
        return None;
    }
    let only_group = sum.is_empty() && is_group(&operand);
    sum.extend(as_f64(&operand)?);
    (found || only_group).then_some(sum)
}

fn as_f64(operand: &TokenStream) -> Option<TokenStream> {
    const KEYWORDS: [&str; 9] = [
        "if", "match", "unsafe", "const", "loop", "while", "for", "let", "return",
    ];
    let mut parts = operand.clone().into_iter();
    match (parts.next()?, parts.next()) {
        (TokenTree::Ident(first), Some(_)) if KEYWORDS.iter().any(|word| first == word) => None,
        (TokenTree::Group(group), None) if group.delimiter() != Delimiter::Bracket => {
            match operands(&group.stream()) {
                Some(inner) => Some(quote!((#inner))),
                None => cast(operand),
            }
        }
        (TokenTree::Literal(literal), None) => match Lit::new(literal) {
            Lit::Int(number) if is_number(number.suffix()) => {
                let number: f64 = number.base10_parse().ok()?;
                let literal = Literal::f64_suffixed(number);
                Some(quote!(#literal))
            }
            _ => cast(operand),
        },
        _ => cast(operand),
    }
}

fn cast(operand: &TokenStream) -> Option<TokenStream> {
    let span = span(operand);
    Some(quote_spanned!(span=> ((#operand) as f64)))
}

/// The position of the tokens with the macro's hygiene, so that the user's lints do not apply.
fn span(tokens: &TokenStream) -> Span {
    let first = tokens.clone().into_iter().next();
    first.map_or_else(Span::call_site, |token| {
        Span::call_site().located_at(token.span())
    })
}

fn is_group(tokens: &TokenStream) -> bool {
    let mut parts = tokens.clone().into_iter();
    matches!(parts.next(), Some(TokenTree::Group(_))) && parts.next().is_none()
}

fn ends_with(tokens: &TokenStream, character: char) -> bool {
    let last = tokens.clone().into_iter().last();
    matches!(last, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_with_precedence() {
        assert_eq!(integer(&quote!({ 2 * (3 + 4) - 10 / 2 })), Some(9));
        assert_eq!(float(&quote!(1 / 4)), Some(0.25));
        assert_eq!(integer(&quote!(-3)), Some(-3));
        assert_eq!(integer(&quote!(7 / 2)), Some(3));
    }

    #[test]
    fn quotients_of_whole_numbers_are_fractions() {
        for (written, value) in [
            ("1 / 255", 1.0 / 255.0),
            ("1./255", 1.0 / 255.0),
            ("1/255.", 1.0 / 255.0),
            ("-1/255", -1.0 / 255.0),
            ("1 - 1/4", 0.75),
            ("(1/2) * 3", 1.5),
            ("{ 9/10 }", 0.9),
            ("1u8 / 4i64", 0.25),
        ] {
            let tokens = written.parse().unwrap();
            assert_eq!(float(&tokens), Some(value), "{written}");
        }
    }

    #[test]
    fn leaves_names_to_rustc() {
        assert_eq!(integer(&quote!(2 * UNITS)), None);
        assert_eq!(integer(&quote!(1 / 0)), None);
        assert_eq!(float(&quote!(3x3)), None);
    }

    #[test]
    fn each_operand_becomes_a_fraction_by_itself() {
        for (written, expected) in [
            ("RATE", "((RATE) as f32)"),
            ("1 / SIDE", "((1f64 / ((SIDE) as f64)) as f32)"),
            (
                "(1 / SIDE) * 2",
                "(((1f64 / ((SIDE) as f64)) * 2f64) as f32)",
            ),
            ("{ 1 / SIDE }", "(((1f64 / ((SIDE) as f64))) as f32)"),
            ("-RATE", "((- ((RATE) as f64)) as f32)"),
            (
                "SIDE as f32 / 2.0",
                "((((SIDE as f32) as f64) / ((2.0) as f64)) as f32)",
            ),
            (
                "rate::<{ 3 }>() / 2",
                "((((rate::<{ 3 }>()) as f64) / 2f64) as f32)",
            ),
            (
                "if A { 1.0 } else { 0.5 }",
                "((if A { 1.0 } else { 0.5 }) as f32)",
            ),
        ] {
            let found = as_f32(&written.parse().unwrap()).to_string();
            let expected: TokenStream = expected.parse().unwrap();
            assert_eq!(found, expected.to_string(), "{written}");
        }
    }

    #[test]
    fn many_signs_take_no_stack() {
        let tokens = "- ".repeat(100_000) + "3";
        assert_eq!(integer(&tokens.parse().unwrap()), Some(3));
    }
}
