//! The catalogue of layers: the type of a row (`catalog/rows.rs`), and the properties of a layer that it
//! computes from its arguments.

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
use crate::diagnostics::Diagnostics;
use crate::plan::{Activation, Fusion, Int8Scratch, Role, ValueType};
use crate::value::{Size, Sliding};
use kerust_core::element::Dtype;
use kerust_core::shape::{Fault, Shape};
use proc_macro2::{Span, TokenStream};
use quote::quote;
pub use rows::INPUT;
pub use wrappers::{BIDIRECTIONAL, TIME_DISTRIBUTED, bidirectional, gates};

/// All layers.
pub fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    let rows = rows::ROWS.iter().chain(sequences::ROWS);
    let rows = rows.chain(activations::ROWS).chain(dropouts::ROWS);
    let rows = rows.chain(moments::ROWS).chain(augmentation::ROWS);
    rows.chain(tokens::ROWS)
}

/// A built-in layer.
pub struct Row {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    /// The properties of the layer for a given input shape.
    pub infer: fn(&Arguments<'_>, &Before<'_>, &mut Diagnostics) -> Spec,
}

/// The minimum and maximum number of values that a built-in layer can be applied to by name:
/// `MultiHeadAttention(query, value, num_heads = 4, key_dim = 8)`.
pub fn values(layer: &str) -> Option<[usize; 2]> {
    let mut several = sequences::OF_SEVERAL.iter();
    several
        .find(|(name, ..)| *name == layer)
        .map(|(_, counts, _)| *counts)
}

/// Whether a built-in layer can be applied to a single value in a chain.
pub fn is_of_one(layer: &str) -> bool {
    let mut several = sequences::OF_SEVERAL.iter();
    !several.any(|(name, _, is_of_one)| *name == layer && !is_of_one)
}

/// The inputs of a layer.
pub struct Before<'a> {
    pub data: &'a ValueType,
    /// Further values, for a layer that is applied to several.
    pub others: &'a [&'a ValueType],
    /// Whether each value has a mask.
    pub masked: &'a [bool],
    /// Whether a computed size can be used in a type.
    pub nameable: bool,
}

/// How a layer treats a mask.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Masking {
    /// It does not support masks, so the mask would be lost.
    Refuses,
    /// It computes each step separately, and its output has the same mask.
    Keeps,
    /// It uses the mask, and its output has none.
    Uses,
    /// It uses the mask, and its output has the same mask.
    UsesAndKeeps,
    /// It creates a mask, as its second output.
    Makes,
}

/// The properties of a layer, computed from its arguments and its input shape.
pub struct Spec {
    /// The element type of its input.
    pub takes: Dtype,
    /// How it treats a mask.
    pub masking: Masking,
    /// The type arguments of its configuration: `<2>`.
    pub arguments: TokenStream,
    /// The number of values that are initial states. They are one argument of the call, after the first one.
    pub states: usize,
    /// Its further outputs, without a mask that it creates.
    pub outputs: Vec<ValueType>,
    /// The shape rule, which is called here if all its arguments are known.
    pub rule: Option<Rule>,
    pub after: After,
    pub role: Role,
    /// The name in `kerust::layers`, if it differs from that of the row.
    pub operation: Option<&'static str>,
    /// The code after that name: `::new()` and settings.
    pub config: TokenStream,
    pub weights: Option<Weights>,
    /// The type in `kerust::layers` that contains these weights.
    pub weights_in: Option<&'static str>,
    pub macs: Macs,
    pub saved: Option<TokenStream>,
    /// The number of scratch values for each sample in inference.
    pub scratch: Option<TokenStream>,
    /// The scratch of its 8-bit kernel.
    pub int8_scratch: Option<Int8Scratch>,
    /// Whether the weights contain state, which has no gradient.
    pub state: bool,
    /// Whether the weights are only state, so that there is no gradient.
    pub untrained: bool,
    /// Whether it has `forward_in_place`, so that inference can overwrite its input with its output.
    pub in_place: bool,
    /// The number of scratch values for each sample that this needs.
    pub in_place_scratch: Option<usize>,
    /// Whether its backward pass needs its output only for the activation.
    pub forgets_output: bool,
    /// Whether its configuration can contain an activation.
    pub takes_activation: bool,
    /// Its role in the fusion of a product with the layers after it.
    pub fusion: Fusion,
    /// The activation after it.
    pub activation: Option<Activation>,
}

/// A call of a shape rule of `kerust_core::shape`.
pub struct Rule {
    pub known: Option<Result<Shape, Fault>>,
    pub tokens: TokenStream,
}

/// The output shape of a layer, as far as it is known without the rule.
pub enum After {
    /// The input shape.
    Same,
    /// These sizes, where known.
    Sizes(Vec<Option<Size>>),
}

/// The weights of a layer: a type in `kerust::layers`, its sizes, and the number of weights.
#[derive(Default)]
pub struct Weights {
    pub name: &'static str,
    /// The sizes of each array that the type has a parameter for.
    pub arrays: Vec<Vec<Size>>,
    pub sizes: Vec<Size>,
    pub params: Option<usize>,
}

impl Weights {
    /// A kernel with these sizes, and a bias for each of `outputs`. The type infers the size of the bias from
    /// its last size unless it is `stated`.
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
    /// One for each output, by the default of the type.
    OfEach(Size),
    /// One for each output, which the type cannot infer.
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
    /// For this number of units and gates.
    Recurrent(Size, Size),
    /// A number if it is known, and an expression.
    Stated(Option<usize>, TokenStream),
}

/// Calls a rule with terms: gives the value if all are known, and the call for other cases.
macro_rules! rule {
    ($rule:ident($($term:expr),+)) => {
        Some(Rule {
            known: (|| Some(kerust_core::shape::$rule($($term.known()?),+)))(),
            tokens: {
                let terms = [$($term.tokens()),+];
                quote!(::kerust::__private::shape::$rule(#(#terms),*))
            },
        })
    };
}

use rule;

/// A shape for checking a layer whose input shape is unknown.
pub fn stand_in() -> ValueType {
    ValueType::known(Shape::new(&[4096, 4096, 1]))
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
            int8_scratch: None,
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

/// The initializers of the layer that are given.
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

/// `.fill_mode(::kerust::__private::layers::FillMode::Wrap)`, if it is given.
fn setting(arguments: &Arguments<'_>, name: &str) -> TokenStream {
    let method = proc_macro2::Ident::new(name, Span::call_site());
    match arguments.word_tokens(name) {
        Some(word) => quote!(.#method(#word)),
        None => TokenStream::new(),
    }
}
