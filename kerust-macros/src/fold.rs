//! Evaluates the constant expressions that consist of literals.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::iter::Peekable;
use syn::Lit;

/// The value of an expression of integer literals; `None` where a name or a fraction takes part,
/// or where rustc would refuse it.
pub fn integer(tokens: &TokenStream) -> Option<i128> {
    evaluate(tokens, &|literal| match literal {
        Lit::Int(literal) if literal.suffix().is_empty() => literal.base10_parse().ok(),
        _ => None,
    })
}

/// The value of an expression of literals, as a fraction.
pub fn float(tokens: &TokenStream) -> Option<f64> {
    evaluate(tokens, &|literal| match literal {
        Lit::Int(literal) if literal.suffix().is_empty() => literal.base10_parse().ok(),
        Lit::Float(literal) => literal.base10_parse().ok(),
        _ => None,
    })
}

/// Arithmetic that gives up where it leaves the numbers.
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
    match tokens.next()? {
        TokenTree::Punct(punct) if punct.as_char() == '-' => atom(tokens, literal)?.negate(),
        TokenTree::Group(group) if group.delimiter() != Delimiter::Bracket => {
            evaluate(&group.stream(), literal)
        }
        TokenTree::Literal(token) => literal(Lit::new(token)),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn folds_with_precedence() {
        assert_eq!(integer(&quote!({ 2 * (3 + 4) - 10 / 2 })), Some(9));
        assert_eq!(float(&quote!(1 / 4)), Some(0.25));
        assert_eq!(integer(&quote!(-3)), Some(-3));
    }

    #[test]
    fn leaves_names_to_rustc() {
        assert_eq!(integer(&quote!(2 * UNITS)), None);
        assert_eq!(integer(&quote!(1 / 0)), None);
    }
}
