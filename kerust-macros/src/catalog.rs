//! The layers: one row each. To add one is to write its file in `kerust-core/src/layers` and its
//! row here.

use crate::arguments::{Arguments, Kind, Parameter};
use crate::plan::{Data, Role};
use crate::report::Report;
use crate::value::{Number, Pair, Size, Sliding, Term, padding};
use crate::words::{ACTIVATIONS, FILL_MODES, FLIPS, INITIALIZERS, INTERPOLATIONS, PADDINGS};
use kerust_core::shape::{Fault, Padding, Shape};
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
    /// The activation behind it: its name and where it was written.
    pub activation: Option<(&'static str, Span)>,
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

/// The numbers of a layer: a type of `kerust::layers` and its sizes, the outputs last.
pub struct Weights {
    pub name: &'static str,
    pub sizes: Vec<Size>,
    pub use_bias: bool,
}

/// Multiply-adds.
pub enum Macs {
    None,
    Dense,
    Conv2D(Box<Sliding>, Size),
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
        infer: dense,
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
        infer: conv2d,
    },
    Row {
        name: "MaxPooling2D",
        parameters: POOL,
        infer: pooling2d,
    },
    Row {
        name: "AveragePooling2D",
        parameters: POOL,
        infer: pooling2d,
    },
    Row {
        name: "GlobalAveragePooling2D",
        parameters: &[],
        infer: global_pooling2d,
    },
    Row {
        name: "Flatten",
        parameters: &[],
        infer: flatten,
    },
    Row {
        name: "Reshape",
        parameters: &[required("target_shape", Kind::Sizes { open: true })],
        infer: reshape,
    },
    Row {
        name: "Dropout",
        parameters: &[required("rate", Kind::Number)],
        infer: dropout,
    },
    Row {
        name: "Activation",
        parameters: &[required("activation", Kind::Word(&ACTIVATIONS))],
        infer: activation,
    },
    Row {
        name: "ReLU",
        parameters: &[
            optional("max_value", Kind::Number),
            optional("negative_slope", Kind::Number),
            optional("threshold", Kind::Number),
        ],
        infer: relu,
    },
    Row {
        name: "Softmax",
        parameters: &[],
        infer: activation,
    },
    Row {
        name: "Rescaling",
        parameters: &[
            required("scale", Kind::Number),
            optional("offset", Kind::Number),
        ],
        infer: rescaling,
    },
    Row {
        name: "Resizing",
        parameters: &[
            required("height", Kind::Count),
            required("width", Kind::Count),
            INTERPOLATION,
        ],
        infer: resizing,
    },
    Row {
        name: "RandomRotation",
        parameters: &[
            required("lower", Kind::Number),
            optional("upper", Kind::Number),
            optional("fill_mode", Kind::Word(&FILL_MODES)),
            INTERPOLATION,
        ],
        infer: random_rotation,
    },
    Row {
        name: "RandomFlip",
        parameters: &[optional("mode", Kind::Word(&FLIPS))],
        infer: random_flip,
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
            activation: None,
        }
    }
}

fn dense(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let units = arguments.count("units");
    let initializers = initializers(arguments);
    Spec {
        rule: rule!(dense(before.data, units)),
        after: After::Sizes(vec![Some(units.clone())]),
        config: quote!(::new() #initializers),
        weights: Some(Weights {
            name: "DenseWeights",
            sizes: vec![before.data.dim(0, before.nameable), units],
            use_bias: arguments.flag("use_bias", true),
        }),
        macs: Macs::Dense,
        activation: arguments.word("activation"),
        ..Spec::default()
    }
}

fn conv2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let filters = arguments.count("filters");
    let kernel = arguments.pair("kernel_size").unwrap_or(Pair::square(1));
    let window = sliding(arguments, kernel.clone(), Pair::square(1));
    let groups = arguments.optional_count("groups").unwrap_or(Size::known(1));
    let rule = rule!(conv2d(before.data, filters, window, groups));

    let input = image(before);
    let size = window.size.tokens();
    let mut config = quote!(::new(#input, #filters, #size));
    config.extend(window_settings(arguments, &window));
    if !window.dilation.is(1) {
        let dilation = window.dilation.tokens();
        config.extend(quote!(.dilation(#dilation)));
    }
    if groups.known != Some(1) {
        config.extend(quote!(.groups(#groups)));
    }
    config.extend(initializers(arguments));
    let channels = before.data.dim(2, before.nameable);
    let channels = match (channels.known, groups.known) {
        (_, Some(1)) => channels,
        (Some(channels), Some(groups)) => Size::known(channels / groups.max(1)),
        _ => Size::expression(quote!((#channels) / (#groups)), before.nameable),
    };
    let Pair(rows, columns) = kernel;
    Spec {
        rule,
        after: After::Sizes(vec![None, None, Some(filters.clone())]),
        config,
        weights: Some(Weights {
            name: "Conv2DWeights",
            sizes: vec![rows, columns, channels, filters],
            use_bias: arguments.flag("use_bias", true),
        }),
        macs: Macs::Conv2D(Box::new(window), groups),
        activation: arguments.word("activation"),
        ..Spec::default()
    }
}

fn pooling2d(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let pool = arguments.pair("pool_size").unwrap_or(Pair::square(2));
    let window = sliding(arguments, pool.clone(), pool);
    let (input, size) = (image(before), window.size.tokens());
    let mut config = quote!(::new(#input, #size));
    config.extend(window_settings(arguments, &window));
    Spec {
        rule: rule!(pooling2d(before.data, window)),
        after: After::Sizes(vec![None, None, Some(before.data.dim(2, before.nameable))]),
        config,
        ..Spec::default()
    }
}

fn global_pooling2d(_: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let input = image(before);
    Spec {
        rule: rule!(global_pooling2d(before.data)),
        after: After::Sizes(vec![Some(before.data.dim(2, before.nameable))]),
        config: quote!(::new(#input)),
        ..Spec::default()
    }
}

fn flatten(_: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    Spec {
        rule: rule!(flatten(before.data)),
        after: After::Sizes(vec![None]),
        role: Role::Alias,
        config: TokenStream::new(),
        ..Spec::default()
    }
}

fn reshape(arguments: &Arguments<'_>, before: &Before<'_>, report: &mut Report) -> Spec {
    let mut target = arguments.sizes("target_shape");
    if target.iter().filter(|size| size.is_none()).count() > 1 {
        report
            .fault(
                arguments.tokens("target_shape"),
                "two sizes are -1, expected at most one",
            )
            .help("write all sizes but one: the last one follows from them");
        target.clear();
    } else if target.len() > kerust_core::shape::MAX_RANK {
        report
            .fault(
                arguments.tokens("target_shape"),
                format!("`Reshape` to {} sizes, expected at most 4", target.len()),
            )
            .help("a sample has 1 to 4 dimensions");
        target.clear();
    }
    let known = || -> Option<Result<Shape, Fault>> {
        let shape = before.data.known()?;
        let sizes: Option<Vec<isize>> = target
            .iter()
            .map(|size| match size {
                None => Some(-1),
                Some(size) => isize::try_from(size.known?).ok(),
            })
            .collect();
        Some(kerust_core::shape::reshape(shape, &sizes?))
    };
    let (known, shape) = (known(), before.data.shape());
    let sizes = target.iter().map(|size| match size {
        None => quote!(-1),
        Some(size) if size.known.is_some() => quote!(#size),
        Some(size) => quote!((#size) as isize),
    });
    let tokens = quote!(::kerust::shape::reshape(#shape, &[#(#sizes),*]));
    Spec {
        rule: (!target.is_empty()).then_some(Rule { known, tokens }),
        after: After::Sizes(target),
        role: Role::Alias,
        config: TokenStream::new(),
        ..Spec::default()
    }
}

fn dropout(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let rate = arguments.number("rate").unwrap_or(Number::known(0.5));
    let tokens = rate.tokens();
    Spec {
        rule: rule!(dropout(before.data, rate)),
        role: Role::TrainingOnly,
        config: quote!(::new(#tokens)),
        saved: Some(before.data.len()),
        ..Spec::default()
    }
}

/// `Activation(word)` and `Softmax`: the node is the activation behind nothing.
fn activation(arguments: &Arguments<'_>, _: &Before<'_>, _: &mut Report) -> Spec {
    let softmax = ("Softmax", arguments.span());
    Spec {
        role: Role::Alias,
        operation: Some("Activation"),
        activation: match arguments.has("activation") {
            true => arguments.word("activation"),
            false => Some(softmax),
        },
        ..Spec::default()
    }
}

fn relu(arguments: &Arguments<'_>, _: &Before<'_>, _: &mut Report) -> Spec {
    let mut config = quote!(::new());
    let mut plain = true;
    if let Some(value) = arguments.number("max_value") {
        let value = value.tokens();
        config.extend(quote!(.max_value(#value)));
        plain = false;
    }
    if let Some(value) = arguments.number("negative_slope") {
        let value = value.tokens();
        config.extend(quote!(.negative_slope(#value)));
        plain = false;
    }
    if let Some(value) = arguments.number("threshold") {
        let value = value.tokens();
        config.extend(quote!(.threshold(#value)));
        plain = false;
    }
    if plain {
        return Spec {
            role: Role::Alias,
            operation: Some("Activation"),
            activation: Some(("Relu", arguments.span())),
            ..Spec::default()
        };
    }
    Spec {
        config,
        ..Spec::default()
    }
}

fn rescaling(arguments: &Arguments<'_>, _: &Before<'_>, _: &mut Report) -> Spec {
    let scale = arguments
        .number("scale")
        .unwrap_or(Number::known(1.0))
        .tokens();
    let offset = arguments
        .number("offset")
        .unwrap_or(Number::known(0.0))
        .tokens();
    Spec {
        config: quote!(::new(#scale, #offset)),
        ..Spec::default()
    }
}

fn resizing(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let (height, width) = (arguments.count("height"), arguments.count("width"));
    let interpolation = setting(arguments, "interpolation");
    let input = image(before);
    let same = match (before.data.known_shape(), height.known, width.known) {
        (Some(shape), Some(height), Some(width)) => {
            shape.rank() == 3 && shape.dim(0) == height && shape.dim(1) == width
        }
        _ => false,
    };
    let channels = before.data.dim(2, before.nameable);
    Spec {
        rule: rule!(resizing(before.data, height, width)),
        role: if same { Role::Alias } else { Role::Compute },
        config: quote!(::new(#input, [#height, #width]) #interpolation),
        after: After::Sizes(vec![Some(height), Some(width), Some(channels)]),
        ..Spec::default()
    }
}

fn random_rotation(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let factor = arguments.number("lower").unwrap_or(Number::known(0.0));
    // Keras: one factor is a range to both sides.
    let (lower, upper) = match (arguments.number("upper"), factor.known) {
        (Some(upper), _) => (factor, upper),
        (None, Some(known)) => (Number::known(f64::from(-known)), factor),
        (None, None) => {
            let tokens = factor.tokens();
            let lower = Number {
                known: None,
                tokens: quote!(-(#tokens)),
            };
            (lower, factor)
        }
    };
    let (input, from, to) = (image(before), lower.tokens(), upper.tokens());
    let fill_mode = setting(arguments, "fill_mode");
    let interpolation = setting(arguments, "interpolation");
    Spec {
        rule: rule!(rotation(before.data, lower, upper)),
        role: Role::TrainingOnly,
        config: quote!(::new(#input, #from, #to) #fill_mode #interpolation),
        saved: Some(quote!(1)),
        ..Spec::default()
    }
}

fn random_flip(arguments: &Arguments<'_>, before: &Before<'_>, _: &mut Report) -> Spec {
    let both = FLIPS.tokens("HorizontalAndVertical", Span::call_site());
    let mode = arguments.word_tokens("mode").unwrap_or(both);
    let input = image(before);
    Spec {
        rule: rule!(image(before.data)),
        role: Role::TrainingOnly,
        config: quote!(::new(#input, #mode)),
        saved: Some(quote!(1)),
        ..Spec::default()
    }
}

/// `[height, width, channels]`
fn image(before: &Before<'_>) -> TokenStream {
    let [height, width, channels] = [0, 1, 2].map(|axis| before.data.dim(axis, true));
    quote!([#height, #width, #channels])
}

fn sliding(arguments: &Arguments<'_>, size: Pair, strides: Pair) -> Sliding {
    let dilation = match arguments.has("dilation_rate") {
        true => arguments.pair("dilation_rate"),
        false => None,
    };
    Sliding {
        size,
        strides: arguments.pair("strides").unwrap_or(strides),
        padding: match arguments.word("padding") {
            Some(("Same", _)) => Padding::Same,
            _ => Padding::Valid,
        },
        dilation: dilation.unwrap_or(Pair::square(1)),
    }
}

/// What differs from the layer's own defaults.
fn window_settings(arguments: &Arguments<'_>, window: &Sliding) -> TokenStream {
    let mut settings = TokenStream::new();
    if let Some(strides) = arguments.pair("strides") {
        let strides = strides.tokens();
        settings.extend(quote!(.strides(#strides)));
    }
    if window.padding == Padding::Same {
        let padding = padding(window.padding);
        settings.extend(quote!(.padding(#padding)));
    }
    settings
}

fn initializers(arguments: &Arguments<'_>) -> TokenStream {
    let kernel = setting(arguments, "kernel_initializer");
    let bias = setting(arguments, "bias_initializer");
    quote!(#kernel #bias)
}

/// `.fill_mode(::kerust::layers::FillMode::Wrap)` where it is given.
fn setting(arguments: &Arguments<'_>, name: &str) -> TokenStream {
    let method = proc_macro2::Ident::new(name, Span::call_site());
    match arguments.word_tokens(name) {
        Some(word) => quote!(.#method(#word)),
        None => TokenStream::new(),
    }
}
