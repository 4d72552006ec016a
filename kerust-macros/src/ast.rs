//! The syntax tree of a model, with all tokens.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Generics, LitStr, Visibility};

/// One `model!`.
pub struct Model {
    pub header: Header,
    /// Whether it is an expression without a name.
    pub anonymous: bool,
    pub body: Body,
}

/// The part after the name.
pub enum Body {
    /// `: Input(..) => layer => layer`
    Chain(Chain),
    /// `{ let a = ..; (a, b) }`
    Graph(Graph),
}

/// A list of `let`s, and the outputs.
pub struct Graph {
    pub lets: Vec<Let>,
    pub outputs: Outputs,
}

/// `let name = chain;` or `let (name, other) = chain;`
pub struct Let {
    pub name: Ident,
    /// The names of the further outputs.
    pub others: Vec<Ident>,
    pub chain: Chain,
    /// Whether the missing `let` has been reported.
    pub is_reported: bool,
}

/// The outputs.
pub enum Outputs {
    /// A single output, given by an expression.
    Chain(Chain),
    /// Several outputs, by name.
    Names(Vec<Ident>),
    /// No output, which has been reported.
    Missing,
}

/// The part before the chain.
pub struct Header {
    /// The attributes of the struct.
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub generics: Generics,
    /// The file of `#[weights(..)]`.
    pub weights: Option<LitStr>,
    /// The limits of `#[budget(..)]`.
    pub budgets: Vec<Budget>,
    /// What `#[int8]` says of the 8-bit twin.
    pub int8: Option<Int8>,
}

/// `#[int8(input = int8, output = int8, weights("net.safetensors"), budget(flash = 40 KiB))]`
#[derive(Default)]
pub struct Int8 {
    /// Whether the twin takes 8-bit inputs.
    pub input: bool,
    /// Whether it gives 8-bit outputs.
    pub output: bool,
    /// The file of its weights.
    pub weights: Option<LitStr>,
    /// What limits it.
    pub budgets: Vec<Budget>,
}

/// `ram = 48 KiB`
#[derive(Clone)]
pub struct Budget {
    pub key: Ident,
    pub limit: Limit,
    /// Bytes, or multiply-adds.
    pub amount: usize,
    /// `48 KiB`
    pub written: String,
}

/// The quantity that a budget limits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Flash,
    Ram,
    Macs,
}

/// `Input(..) => layer => layer`. The first element (an input, a name or a merge) is stored as a layer too,
/// because it has the same syntax.
pub struct Chain {
    pub layers: Vec<Layer>,
    /// The end of the chain, for errors about missing parts.
    pub end: Span,
}

/// `Conv2D(10, 3x3, same)`
pub struct Layer {
    pub tokens: TokenStream,
    pub name: Name,
    /// `None` without parentheses.
    pub arguments: Option<Vec<Argument>>,
    /// Whether some arguments could not be read, which has been reported.
    pub faulty_arguments: bool,
    /// The chains in the parentheses of a layer that contains layers.
    pub block: Option<Block>,
    /// The values that the layer is applied to, if they follow it: `LSTM(16)(x, initial_state = (h, c))`.
    pub applied: Option<Vec<Argument>>,
}

/// The contents of a layer that contains layers.
pub enum Block {
    /// `Residual(chain, shortcut = chain)`
    Residual {
        main: Chain,
        shortcut: Option<Chain>,
    },
    /// `Repeat(n, chain)`
    Repeat { count: Value, chain: Chain },
    /// `Bidirectional(layer, ..)`: a wrapper of another layer, whose own arguments are those of `Layer`.
    Wrapper { inner: Chain },
}

/// The name of a layer.
pub enum Name {
    /// `Dense`
    Bare(Ident),
    /// `my::Layer::<32>`, and its last name.
    Path(TokenStream, Ident),
    /// An invalid name, which has been reported.
    Faulty(Ident),
}

/// `value` or `name = value`
pub struct Argument {
    pub keyword: Option<Ident>,
    pub value: Value,
    /// Whether an error in its syntax has been reported.
    pub is_reported: bool,
}

/// The tokens of a value and their syntax.
pub struct Value {
    pub tokens: TokenStream,
    pub kind: ValueKind,
}

/// The syntax of a value, before its type is known.
pub enum ValueKind {
    /// `3`, `-1`, `{ 2 * 32 }`: evaluated as Rust does. If a fraction is expected, the tokens are evaluated
    /// again.
    Integer(i128),
    /// `0.2`, `1.0 / 255`: evaluated.
    Float(f64),
    /// `3x3`
    Sizes(Vec<usize>),
    /// `(3, 3)`
    Tuple(Vec<Value>),
    /// `[3, 3]` or `3 x 3`, with the correct spelling.
    Spelled(String),
    /// `"relu"`, with the content of the string.
    Text(String),
    /// `true`
    Flag(bool),
    /// `same`
    Word(Ident),
    /// A constant expression that rustc evaluates.
    Expression,
    /// An invalid value, which has been reported.
    Faulty,
}

impl Model {
    /// The const parameters.
    pub fn generic_names(&self) -> Vec<String> {
        self.header
            .generics
            .const_params()
            .map(|parameter| parameter.ident.to_string())
            .collect()
    }
}

impl Layer {
    /// The tokens of the name, for errors about the layer.
    pub fn ident(&self) -> &Ident {
        match &self.name {
            Name::Bare(ident) | Name::Path(_, ident) | Name::Faulty(ident) => ident,
        }
    }

    /// The arguments; empty without parentheses.
    pub fn arguments(&self) -> &[Argument] {
        self.arguments.as_deref().unwrap_or_default()
    }
}

impl ToTokens for Layer {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}
