//! The layers: what a row of the catalogue (`catalog/rows.rs`) is, and what it makes of its arguments.

mod activations;
mod attention;
mod augmentation;
mod axes;
mod convolutions;
mod dropouts;
mod images;
mod moments;
mod normalization;
mod recurrent;
mod rows;
mod sequences;
mod steps;
mod tokens;
mod values;
mod wrappers;

use crate::arguments::{Arguments, Parameter};
use crate::plan::{Activation, Data, Fusion, Role};
use crate::report::Report;
use crate::value::{Size, Sliding};
use kerust_core::element::Dtype;
use kerust_core::shape::{Fault, Shape};
use proc_macro2::{Span, TokenStream};
use quote::quote;
pub use rows::INPUT;
pub use wrappers::{BIDIRECTIONAL, TIME_DISTRIBUTED, bidirectional, gates};

/// Every layer.
pub fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    let rows = rows::ROWS.iter().chain(sequences::ROWS);
    let rows = rows.chain(activations::ROWS).chain(dropouts::ROWS);
    let rows = rows.chain(moments::ROWS).chain(augmentation::ROWS);
    rows.chain(tokens::ROWS)
}

/// A layer of the catalogue.
pub struct Row {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    /// What the layer is behind a given shape.
    pub infer: fn(&Arguments<'_>, &Before<'_>, &mut Report) -> Spec,
}

/// How many values a layer of the catalogue may be applied to by their names, at least and at most:
/// `MultiHeadAttention(query, value, num_heads = 4, key_dim = 8)`.
pub fn values(layer: &str) -> Option<[usize; 2]> {
    let mut several = sequences::OF_SEVERAL.iter();
    several
        .find(|(name, ..)| *name == layer)
        .map(|(_, counts, _)| *counts)
}

/// Whether a layer of the catalogue stands behind one value: in a chain.
pub fn is_of_one(layer: &str) -> bool {
    let mut several = sequences::OF_SEVERAL.iter();
    !several.any(|(name, _, is_of_one)| *name == layer && !is_of_one)
}

/// What stands before a layer.
pub struct Before<'a> {
    pub data: &'a Data,
    /// Further values, of a layer that is applied to several.
    pub others: &'a [&'a Data],
    /// Whether each of the values has a mask.
    pub masked: &'a [bool],
    /// Whether a computed size may stand in a type.
    pub nameable: bool,
}

/// What a layer does with a mask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Masking {
    /// It knows no mask, so one would be lost.
    Refuses,
    /// It computes each step by itself: the mask goes on with its output.
    Keeps,
    /// It reads the mask, which ends there.
    Uses,
    /// It reads the mask, which goes on with its output.
    UsesAndKeeps,
    /// It makes one: its second output.
    Makes,
}

/// What a layer is, once its arguments and the shape before it are known.
pub struct Spec {
    /// The element type that it takes.
    pub takes: Dtype,
    /// What it does with a mask.
    pub masking: Masking,
    /// Type arguments of its configuration: `<2>`.
    pub arguments: TokenStream,
    /// The values that are states with which it begins: they stand together in the call, behind the first one.
    pub states: usize,
    /// Its further outputs, without a mask that it makes.
    pub outputs: Vec<Data>,
    /// The shape rule, called here where all is known.
    pub rule: Option<Rule>,
    pub after: After,
    pub role: Role,
    /// The name in `kerust::layers`, where it is not the row's.
    pub operation: Option<&'static str>,
    /// What follows that name: `::new()` and settings.
    pub config: TokenStream,
    pub weights: Option<Weights>,
    /// The type of `kerust::layers` that holds such weights.
    pub weights_in: Option<&'static str>,
    pub macs: Macs,
    pub saved: Option<TokenStream>,
    /// Values of scratch that inference takes for each sample.
    pub scratch: Option<TokenStream>,
    /// Whether the numbers hold state that no gradient moves.
    pub state: bool,
    /// Whether the numbers are state alone: no gradient is computed, and none has a place.
    pub untrained: bool,
    /// Whether it has `forward_in_place`: inference may put its output where its input stands.
    pub in_place: bool,
    /// Values of scratch that this takes for each sample.
    pub in_place_scratch: Option<usize>,
    /// Whether its backward pass needs its output for the activation alone.
    pub forgets_output: bool,
    /// Whether its configuration takes an activation.
    pub takes_activation: bool,
    /// What it is where a product ends in what follows.
    pub fusion: Fusion,
    /// The activation behind it.
    pub activation: Option<Activation>,
}

/// A shape rule of `kerust_core::shape`, applied.
pub struct Rule {
    pub known: Option<Result<Shape, Fault>>,
    pub tokens: TokenStream,
}

/// The shape after a layer, as far as it follows without the rule.
pub enum After {
    /// The shape before it.
    Same,
    /// These sizes, where they are known without the rule.
    Sizes(Vec<Option<Size>>),
}

/// The numbers of a layer: a type of `kerust::layers`, its sizes, and how many they are.
#[derive(Default)]
pub struct Weights {
    pub name: &'static str,
    /// The sizes of each array that the type has a parameter for.
    pub arrays: Vec<Vec<Size>>,
    pub sizes: Vec<Size>,
    pub params: Option<usize>,
}

impl Weights {
    /// A kernel of these sizes, and a bias for each of `outputs`; the type takes as many from its
    /// last size unless `stated`.
    fn kernel(name: &'static str, mut sizes: Vec<Size>, bias: Bias) -> Self {
        let kernel = product(&sizes);
        let (bias, argument) = match bias {
            Bias::OfEach(outputs) => (outputs.known, None),
            Bias::Stated(outputs) => (outputs.known, Some(outputs)),
            Bias::None => (Some(0), Some(Size::known(0))),
        };
        sizes.extend(argument);
        Self {
            name,
            sizes,
            params: sum(kernel, bias),
            ..Self::default()
        }
    }
}

/// The bias of a kernel.
enum Bias {
    /// One for each output, by the type's default.
    OfEach(Size),
    /// One for each output, which the type cannot know.
    Stated(Size),
    None,
}

fn product(sizes: &[Size]) -> Option<usize> {
    let mut sizes = sizes.iter();
    sizes.try_fold(1usize, |product, size| product.checked_mul(size.known?))
}

fn sum(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    a?.checked_add(b?)
}

/// Multiply-adds.
pub enum Macs {
    None,
    Dense,
    Conv2D(Box<Sliding>, Size),
    DepthwiseConv2D(Box<Sliding>),
    SeparableConv2D(Box<Sliding>, Size),
    Conv2DTranspose(Box<Sliding>),
    /// Of so many units and gates.
    Recurrent(Size, Size),
    /// As a number where it is known, and as an expression.
    Stated(Option<usize>, TokenStream),
}

/// Applies a rule to terms: the value where all are known, and the call for where they are not.
macro_rules! rule {
    ($rule:ident($($term:expr),+)) => {
        Some(Rule {
            known: (|| Some(kerust_core::shape::$rule($($term.known()?),+)))(),
            tokens: {
                let terms = [$($term.tokens()),+];
                quote!(::kerust::shape::$rule(#(#terms),*))
            },
        })
    };
}

use rule;

/// A shape to judge a layer behind that stands behind nothing known.
pub fn stand_in() -> Data {
    Data::known(Shape::new(&[4096, 4096, 1]))
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            takes: Dtype::F32,
            masking: Masking::Refuses,
            arguments: TokenStream::new(),
            states: 0,
            outputs: Vec::new(),
            rule: None,
            after: After::Same,
            role: Role::Compute,
            operation: None,
            config: quote!(::new()),
            weights: None,
            weights_in: None,
            macs: Macs::None,
            saved: None,
            scratch: None,
            state: false,
            untrained: false,
            in_place: false,
            in_place_scratch: None,
            forgets_output: false,
            takes_activation: false,
            fusion: Fusion::None,
            activation: None,
        }
    }
}

/// The initializers that the layer has, where they are given.
fn initializers(arguments: &Arguments<'_>) -> TokenStream {
    [
        "kernel_initializer",
        "depthwise_initializer",
        "pointwise_initializer",
        "recurrent_initializer",
        "bias_initializer",
        "alpha_initializer",
        "gamma_initializer",
        "beta_initializer",
        "moving_mean_initializer",
        "moving_variance_initializer",
    ]
    .iter()
    .filter(|name| arguments.has(name))
    .map(|name| setting(arguments, name))
    .collect()
}

/// `.fill_mode(::kerust::layers::FillMode::Wrap)` where it is given.
fn setting(arguments: &Arguments<'_>, name: &str) -> TokenStream {
    let method = proc_macro2::Ident::new(name, Span::call_site());
    match arguments.word_tokens(name) {
        Some(word) => quote!(.#method(#word)),
        None => TokenStream::new(),
    }
}
