//! What the user wrote, every token kept.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Generics, LitStr, Visibility};

/// One `model!`.
pub struct Model {
    pub header: Header,
    /// Whether it is an expression, without a name of its own.
    pub anonymous: bool,
    pub body: Body,
}

/// What stands behind the name.
pub enum Body {
    /// `: Input(..) => layer => layer`
    Chain(Chain),
    /// `{ let a = ..; (a, b) }`
    Graph(Graph),
}

/// `let`s, and what they lead to.
pub struct Graph {
    pub lets: Vec<Let>,
    pub tail: Tail,
}

/// `let name = chain;` or `let (name, other) = chain;`
pub struct Let {
    pub name: Ident,
    /// The names of the further outputs.
    pub others: Vec<Ident>,
    pub chain: Chain,
    /// Whether the `let` itself is missing, which is reported.
    pub is_reported: bool,
}

/// The outputs.
pub enum Tail {
    /// One, by an expression.
    Chain(Chain),
    /// Several, by name.
    Names(Vec<Ident>),
    /// None; it is reported.
    Missing,
}

/// What stands before the chain.
pub struct Header {
    /// Those that land on the struct.
    pub attributes: Vec<Attribute>,
    pub visibility: Visibility,
    pub name: Ident,
    pub generics: Generics,
    /// The file of `#[weights(..)]`.
    pub weights: Option<LitStr>,
    /// What `#[budget(..)]` limits.
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

/// What a budget limits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Flash,
    Ram,
    Macs,
}

/// `Input(..) => layer => layer`; what stands first, an input, a name or a merge, is a layer here,
/// for it is written as one.
pub struct Chain {
    pub layers: Vec<Layer>,
    /// Where the chain ends, for what is missing there.
    pub end: Span,
}

/// `Conv2D(10, 3x3, same)`
pub struct Layer {
    pub tokens: TokenStream,
    pub name: Name,
    /// `None` without parentheses.
    pub arguments: Option<Vec<Argument>>,
    /// Whether some of them could not be read, which is reported.
    pub faulty_arguments: bool,
    /// The chains in the parentheses of a layer that is made of layers.
    pub block: Option<Block>,
    /// What the layer is applied to, where that stands behind it: `LSTM(16)(x, initial_state = (h, c))`.
    pub applied: Option<Vec<Argument>>,
}

/// What a layer that is made of layers holds.
pub enum Block {
    /// `Residual(chain, shortcut = chain)`
    Residual {
        main: Chain,
        shortcut: Option<Chain>,
    },
    /// `Repeat(n, chain)`
    Repeat { count: Value, chain: Chain },
    /// `Bidirectional(layer, ..)`: a layer around another, whose own arguments are the layer's.
    Wrapper { inner: Chain },
}

/// What a layer is called.
pub enum Name {
    /// `Dense`
    Bare(Ident),
    /// `my::Layer::<32>`, and its last name.
    Path(TokenStream, Ident),
    /// Nothing that could be understood; it is reported.
    Faulty(Ident),
}

/// `value` or `name = value`
pub struct Argument {
    pub keyword: Option<Ident>,
    pub value: Value,
    /// Whether something is wrong with how it is given, which is reported.
    pub is_reported: bool,
}

/// What stands for a value.
pub struct Value {
    pub tokens: TokenStream,
    pub kind: ValueKind,
}

/// What a value looks like before it is known what it should be.
pub enum ValueKind {
    /// `3`, `-1`, `{ 2 * 32 }`: folded, as Rust does it. Where a fraction is meant, the tokens say which.
    Integer(i128),
    /// `0.2`, `1.0 / 255`: folded.
    Float(f64),
    /// `3x3`
    Sizes(Vec<usize>),
    /// `(3, 3)`
    Tuple(Vec<Value>),
    /// `[3, 3]` or `3 x 3`, and how to write it.
    Spelled(String),
    /// `"relu"`, and what stands in it.
    Text(String),
    /// `true`
    Flag(bool),
    /// `same`
    Word(Ident),
    /// A constant expression that rustc evaluates.
    Expression,
    /// Nothing that could be understood; it is reported.
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
    /// The name's own tokens, for a fault of the layer.
    pub fn ident(&self) -> &Ident {
        match &self.name {
            Name::Bare(ident) | Name::Path(_, ident) | Name::Faulty(ident) => ident,
        }
    }

    /// The arguments; none without parentheses.
    pub fn arguments(&self) -> &[Argument] {
        self.arguments.as_deref().unwrap_or_default()
    }
}

impl ToTokens for Layer {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}
