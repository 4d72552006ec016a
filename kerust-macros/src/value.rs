//! Parsing of values, and their types.

mod call;
mod expression;
mod read;

pub use call::Call;
use kerust_core::shape::Padding;
use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use quote::{ToTokens, quote};
pub use read::read;

/// A size: known to the macro, or an expression that rustc evaluates.
#[derive(Clone)]
pub struct Size {
    /// The number, if it is known here.
    pub known: Option<usize>,
    tokens: TokenStream,
    /// Whether stable Rust can use it in a type of a generic model.
    pub nameable: bool,
}

impl Size {
    /// A number.
    pub fn known(size: usize) -> Self {
        Self {
            known: Some(size),
            tokens: Literal::usize_unsuffixed(size).into_token_stream(),
            nameable: true,
        }
    }

    /// Creates a size from an expression. Its braces are added only where a type needs them.
    pub fn expression(tokens: TokenStream, nameable: bool) -> Self {
        let mut parts = tokens.clone().into_iter();
        let tokens = match (parts.next(), parts.next()) {
            (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Brace => {
                group.stream()
            }
            _ => tokens,
        };
        Self {
            known: None,
            tokens,
            nameable,
        }
    }

    /// The size as a generic argument.
    pub fn argument(&self) -> TokenStream {
        let parts: Vec<TokenTree> = self.tokens.clone().into_iter().collect();
        let tokens = &self.tokens;
        match parts.as_slice() {
            [TokenTree::Literal(_) | TokenTree::Ident(_)] => tokens.clone(),
            _ => quote!({ #tokens }),
        }
    }
}

impl ToTokens for Size {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

/// An argument of a shape rule: its value if it is known here, and its tokens otherwise.
pub trait Term {
    /// The type that the rule takes.
    type Known;
    /// The value, if it is known here.
    fn known(&self) -> Option<Self::Known>;
    /// The value as an expression.
    fn tokens(&self) -> TokenStream;
}

impl Term for Size {
    type Known = usize;

    fn known(&self) -> Option<usize> {
        self.known
    }

    fn tokens(&self) -> TokenStream {
        self.tokens.clone()
    }
}

impl Term for bool {
    type Known = Self;

    fn known(&self) -> Option<Self> {
        Some(*self)
    }

    fn tokens(&self) -> TokenStream {
        quote!(#self)
    }
}

/// Rows and columns.
#[derive(Clone)]
pub struct Pair(pub Size, pub Size);

impl Pair {
    /// The same for rows and columns.
    pub fn square(size: usize) -> Self {
        Self(Size::known(size), Size::known(size))
    }

    /// Whether both are the given number.
    pub fn is(&self, size: usize) -> bool {
        self.0.known == Some(size) && self.1.known == Some(size)
    }
}

impl Term for Pair {
    type Known = [usize; 2];

    fn known(&self) -> Option<[usize; 2]> {
        Some([self.0.known?, self.1.known?])
    }

    fn tokens(&self) -> TokenStream {
        let Self(rows, columns) = self;
        quote!([#rows, #columns])
    }
}

/// What stands on the four sides of an image: above and below, left and right.
pub struct Borders(pub Pair, pub Pair);

impl Borders {
    /// The same on all sides.
    pub fn even(size: usize) -> Self {
        Self(Pair::square(size), Pair::square(size))
    }
}

impl Term for Borders {
    type Known = [[usize; 2]; 2];

    fn known(&self) -> Option<[[usize; 2]; 2]> {
        Some([self.0.known()?, self.1.known()?])
    }

    fn tokens(&self) -> TokenStream {
        let (rows, columns) = (self.0.tokens(), self.1.tokens());
        quote!([#rows, #columns])
    }
}

/// A number that can have a fraction.
#[derive(Clone)]
pub struct Number {
    /// The number, if it is known here.
    pub known: Option<f32>,
    /// The number as an `f32` expression.
    pub tokens: TokenStream,
}

impl Number {
    /// A number that is known.
    pub fn known(number: f64) -> Self {
        Self {
            known: Some(number as f32),
            tokens: real(number),
        }
    }

    /// An `f32` that rustc evaluates.
    pub fn open(tokens: TokenStream) -> Self {
        Self {
            known: None,
            tokens,
        }
    }
}

impl Term for Number {
    type Known = f32;

    fn known(&self) -> Option<f32> {
        self.known
    }

    fn tokens(&self) -> TokenStream {
        self.tokens.clone()
    }
}

/// A literal with a separate sign, as in rustc's syntax.
fn real(number: f64) -> TokenStream {
    // In `f32`, whose shortest digits rustc and clippy read without loss. A value that is not a number is
    // reported where its range is checked.
    let magnitude = (number.abs() as f32).min(f32::MAX);
    let literal = Literal::f32_unsuffixed(magnitude);
    if number < 0.0 {
        quote!(-#literal)
    } else {
        quote!(#literal)
    }
}

/// A window over an image.
pub struct Sliding {
    pub size: Pair,
    pub strides: Pair,
    pub padding: Padding,
    pub dilation: Pair,
}

impl Term for Sliding {
    type Known = kerust_core::shape::Window;

    fn known(&self) -> Option<Self::Known> {
        Some(kerust_core::shape::Window {
            size: self.size.known()?,
            strides: self.strides.known()?,
            padding: self.padding,
            dilation: self.dilation.known()?,
        })
    }

    fn tokens(&self) -> TokenStream {
        let [size, strides, dilation] =
            [&self.size, &self.strides, &self.dilation].map(|pair| pair.tokens());
        let padding = padding(self.padding);
        quote!(::kerust::__private::shape::Window {
            size: #size,
            strides: #strides,
            padding: #padding,
            dilation: #dilation,
        })
    }
}

/// `::kerust::__private::shape::Padding::Same`
pub fn padding(padding: Padding) -> TokenStream {
    match padding {
        Padding::Valid => quote!(::kerust::__private::shape::Padding::Valid),
        Padding::Same => quote!(::kerust::__private::shape::Padding::Same),
        Padding::Causal => quote!(::kerust::__private::shape::Padding::Causal),
    }
}

/// Formats tokens as a person writes them: `Dense(2 * UNITS, relu)`.
pub fn text(tokens: &TokenStream) -> String {
    let mut text = String::new();
    let mut glued = true;
    for token in tokens.clone() {
        let (piece, before, after) = match &token {
            TokenTree::Group(group) => {
                let inner = self::text(&group.stream());
                match group.delimiter() {
                    Delimiter::Parenthesis => (
                        format!("({inner})"),
                        text.ends_with(['=', '*', '/', '%', '+', '|', '&']),
                        true,
                    ),
                    Delimiter::Bracket => (format!("[{inner}]"), false, true),
                    Delimiter::Brace => (format!("{{ {inner} }}"), true, true),
                    Delimiter::None => (inner, true, true),
                }
            }
            TokenTree::Punct(punct) => {
                let joint = punct.spacing() == proc_macro2::Spacing::Joint;
                match punct.as_char() {
                    ',' | ';' | '?' => (punct.to_string(), false, true),
                    '.' | '!' => (punct.to_string(), is_operator(&text), false),
                    '&' => (punct.to_string(), true, false),
                    ':' => (punct.to_string(), false, !joint && !text.ends_with(':')),
                    '<' => (punct.to_string(), false, false),
                    '>' => (
                        punct.to_string(),
                        text.ends_with(['|', '>']) && !glued,
                        !joint,
                    ),
                    // A sign: `minval = -0.05`.
                    '-' if text.ends_with('=') => {
                        let space = if glued { " " } else { "" };
                        (format!("{space}-"), true, false)
                    }
                    '-' => (punct.to_string(), true, !joint && !text.is_empty()),
                    other => (other.to_string(), true, !joint),
                }
            }
            TokenTree::Ident(ident) => (ident.to_string(), true, true),
            TokenTree::Literal(literal) => (literal.to_string(), true, true),
        };
        if before && !glued {
            text.push(' ');
        }
        text += &piece;
        glued = !after;
    }
    text
}

/// Whether a sign after it is a unary operator.
fn is_operator(text: &str) -> bool {
    text.ends_with(['=', '*', '/', '%', '+', '-', '&', ','])
}

/// Formats tokens for a message, and truncates them if they are long.
pub fn short(tokens: &TokenStream) -> String {
    const LONGEST: usize = 48;
    let text = text(tokens);
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => format!("{}..", text[..end].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_as_written() {
        for written in [
            "Conv2D(10, 3x3, same)",
            "Dense({ 2 * UNITS }, relu)",
            "Rescaling(1.0 / 255.0)",
            "RandomRotation(-0.2, 0.2)",
            "my::Layer::<32>",
            "->",
            "keras.layers.Dense",
            "format!(\"relu\")",
            "Input(shape = (4,))",
            "Dense { units: 64 }",
            "2 * (3 + 4)",
            ".add(Dense(3))",
        ] {
            assert_eq!(text(&written.parse().unwrap()), written);
        }
    }
}
