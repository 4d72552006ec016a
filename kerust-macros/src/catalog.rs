//! The layers: one row each. To add one is to write its file in `kerust-core/src/layers` and its
//! row here.

mod convolutions;
mod images;
mod values;

use crate::arguments::{Arguments, Kind, Parameter};
use crate::plan::{Activation, Data, Fusion, Role};
use crate::report::Report;
use crate::value::{Size, Sliding};
use crate::words::{ACTIVATIONS, FILL_MODES, FLIPS, INITIALIZERS, INTERPOLATIONS, PADDINGS};
use kerust_core::shape::{Fault, Shape};
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// A layer of the catalogue.
pub struct Row {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    /// What the layer is behind a given shape.
    pub infer: fn(&Arguments<'_>, &Before<'_>, &mut Report) -> Spec,
}

/// What stands before a layer.
pub struct Before<'a> {
    pub data: &'a Data,
    /// Whether a computed size may stand in a type.
    pub nameable: bool,
}

/// What a layer is, once its arguments and the shape before it are known.
pub struct Spec {
    /// The shape rule, called here where all is known.
    pub rule: Option<Rule>,
    pub after: After,
    pub role: Role,
    /// The name in `kerust::layers`, where it is not the row's.
    pub operation: Option<&'static str>,
    /// What follows that name: `::new()` and settings.
    pub config: TokenStream,
    pub weights: Option<Weights>,
    pub macs: Macs,
    pub saved: Option<TokenStream>,
    /// Whether the numbers hold state that no gradient moves.
    pub state: bool,
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
pub struct Weights {
    pub name: &'static str,
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

const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        required: true,
        training_only: false,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        required: false,
        training_only: false,
    }
}

const fn initializer(name: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Word(&INITIALIZERS),
        required: false,
        training_only: true,
    }
}

const ACTIVATION: Parameter = optional("activation", Kind::Word(&ACTIVATIONS));
const PADDING: Parameter = optional("padding", Kind::Word(&PADDINGS));
const INTERPOLATION: Parameter = optional("interpolation", Kind::Word(&INTERPOLATIONS));
const POOL: &[Parameter] = &[
    optional("pool_size", Kind::Pair),
    optional("strides", Kind::Pair),
    PADDING,
];

/// Every layer.
pub static ROWS: &[Row] = &[
    Row {
        name: "Dense",
        parameters: &[
            required("units", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
        ],
        infer: values::dense,
    },
    Row {
        name: "Conv2D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            optional("dilation_rate", Kind::Pair),
            optional("groups", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
        ],
        infer: convolutions::conv2d,
    },
    Row {
        name: "DepthwiseConv2D",
        parameters: &[
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            optional("depth_multiplier", Kind::Count),
            optional("dilation_rate", Kind::Pair),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("bias_initializer"),
        ],
        infer: convolutions::depthwise_conv2d,
    },
    Row {
        name: "SeparableConv2D",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            optional("dilation_rate", Kind::Pair),
            optional("depth_multiplier", Kind::Count),
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("depthwise_initializer"),
            initializer("pointwise_initializer"),
            initializer("bias_initializer"),
        ],
        infer: convolutions::separable_conv2d,
    },
    Row {
        name: "Conv2DTranspose",
        parameters: &[
            required("filters", Kind::Count),
            required("kernel_size", Kind::Pair),
            optional("strides", Kind::Pair),
            PADDING,
            ACTIVATION,
            optional("use_bias", Kind::Flag),
            initializer("kernel_initializer"),
            initializer("bias_initializer"),
        ],
        infer: convolutions::conv2d_transpose,
    },
    Row {
        name: "BatchNormalization",
        parameters: &[
            optional("axis", Kind::Number),
            optional("momentum", Kind::Number),
            optional("epsilon", Kind::Number),
            optional("center", Kind::Flag),
            optional("scale", Kind::Flag),
        ],
        infer: values::batch_normalization,
    },
    Row {
        name: "LayerNormalization",
        parameters: &[optional("epsilon", Kind::Number)],
        infer: values::layer_normalization,
    },
    Row {
        name: "ZeroPadding2D",
        parameters: &[optional("padding", Kind::Pair)],
        infer: images::zero_padding2d,
    },
    Row {
        name: "UpSampling2D",
        parameters: &[optional("size", Kind::Pair), INTERPOLATION],
        infer: images::up_sampling2d,
    },
    Row {
        name: "GlobalMaxPooling2D",
        parameters: &[],
        infer: images::global_pooling2d,
    },
    Row {
        name: "MaxPooling2D",
        parameters: POOL,
        infer: images::pooling2d,
    },
    Row {
        name: "AveragePooling2D",
        parameters: POOL,
        infer: images::pooling2d,
    },
    Row {
        name: "GlobalAveragePooling2D",
        parameters: &[],
        infer: images::global_pooling2d,
    },
    Row {
        name: "Flatten",
        parameters: &[],
        infer: values::flatten,
    },
    Row {
        name: "Reshape",
        parameters: &[required("target_shape", Kind::Sizes { open: true })],
        infer: values::reshape,
    },
    Row {
        name: "Dropout",
        parameters: &[required("rate", Kind::Number)],
        infer: values::dropout,
    },
    Row {
        name: "GaussianNoise",
        parameters: &[required("stddev", Kind::Number)],
        infer: values::gaussian_noise,
    },
    Row {
        name: "Activation",
        parameters: &[required("activation", Kind::Word(&ACTIVATIONS))],
        infer: values::activation,
    },
    Row {
        name: "ReLU",
        parameters: &[
            optional("max_value", Kind::Number),
            optional("negative_slope", Kind::Number),
            optional("threshold", Kind::Number),
        ],
        infer: values::relu,
    },
    Row {
        name: "Softmax",
        parameters: &[],
        infer: values::activation,
    },
    Row {
        name: "Rescaling",
        parameters: &[
            required("scale", Kind::Number),
            optional("offset", Kind::Number),
        ],
        infer: values::rescaling,
    },
    Row {
        name: "Resizing",
        parameters: &[
            required("height", Kind::Count),
            required("width", Kind::Count),
            INTERPOLATION,
        ],
        infer: images::resizing,
    },
    Row {
        name: "RandomRotation",
        parameters: &[
            required("lower", Kind::Number),
            optional("upper", Kind::Number),
            optional("fill_mode", Kind::Word(&FILL_MODES)),
            INTERPOLATION,
        ],
        infer: images::random_rotation,
    },
    Row {
        name: "RandomFlip",
        parameters: &[optional("mode", Kind::Word(&FLIPS))],
        infer: images::random_flip,
    },
];

/// A shape to judge a layer behind that stands behind nothing known.
pub fn stand_in() -> Data {
    Data::known(Shape::new(&[4096, 4096, 1]))
}

/// What `Input` takes; it stands before every row.
pub const INPUT: &[Parameter] = &[required("shape", Kind::Sizes { open: false })];

impl Default for Spec {
    fn default() -> Self {
        Self {
            rule: None,
            after: After::Same,
            role: Role::Compute,
            operation: None,
            config: quote!(::new()),
            weights: None,
            macs: Macs::None,
            saved: None,
            state: false,
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
        "bias_initializer",
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
