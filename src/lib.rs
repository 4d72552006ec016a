//! Keras's workflow with shapes known to the compiler.
//!
//! A network is declared once, by [`model!`]. The macro infers every shape, reports every mistake
//! on the word that made it, and expands to a plain `#[repr(C)]` struct with one field for each
//! layer that has weights. The same declaration trains on a workstation, and runs without `std`,
//! heap or start-up work.
//!
//! ```no_run
//! use kerust::prelude::*;
//!
//! model! {
//!     /// Ten kinds of clothing from 28×28 grey pixels.
//!     pub Fashion:
//!         Input(28, 28, 1)
//!         => Rescaling(1.0 / 255.0)
//!         => Conv2D(10, 3x3, same)
//!         => Flatten
//!         => Dense(64, relu)
//!         => Dense(10, softmax)
//! }
//!
//! # fn main() -> kerust::Result<()> {
//! let (train, test) = datasets::fashion_mnist::load()?;
//! let mut model = Fashion::new(Seed(1)).compile(
//!     Adam::new(0.001),
//!     SparseCategoricalCrossentropy,
//!     Accuracy,
//! );
//! model.fit(&train, Fit::epochs(10).batch_size(64).validation_split(0.1))?;
//! println!("{}", model.evaluate(&test)?);
//! model.save("fashion.safetensors")?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where things are
//!
//! - The language: [`model!`], its layers in [`layers`], their words in [`mod@activation`] and [`init`].
//! - Training: [`Workflow`](train::Workflow) gives every model `new`, `compile`, `predict`, `load`,
//!   `save` and `summary`; [`Compiled`](train::Compiled) has `fit` and `evaluate`, and for a loop of one's own
//!   `train_step` and `compute_gradient`; [`loss`], [`metric`], [`optimizer`], and the callbacks of [`train`].
//! - Transfer learning: [`load_partial`](train::Workflow::load_partial),
//!   [`freeze`](train::Compiled::freeze) and `unfreeze`.
//! - Samples: [`data`], arrays by [`Dataset::from_arrays`](data::Dataset::from_arrays), tables by
//!   [`csv::Table`](data::csv::Table), [`datasets`](data::datasets), [`ImageFolder`](data::ImageFolder), NumPy's
//!   files in [`npy`](data::npy).
//! - A layer of one's own: [`layer::Layer`] and [`layer::Build`], its gradient checked by
//!   [`testing::check_gradients`]. An activation, an initializer, a regularizer or a constraint of one's own:
//!   [`PointwiseActivation`](activation::PointwiseActivation), [`Initialize`](init::Initialize),
//!   [`Regularize`](regularizer::Regularize), [`Constrain`](constraint::Constrain).
//! - Layers made of layers, and steps and training loops of one's own: [`custom_training`].
//! - Series and texts, tokens, masks and states: [`sequences`].
//! - 8-bit models: [`quantize`].
//! - Inference without `std`: [`Arena`] and the `predict_in` of every model, weights in flash by the
//!   attributes of [`model!`].
//! - Files of weights: [`weights`]. Errors: [`Error`]. Pictures of histories and predictions: [`picture`].
//! - How kerust is built, and why: [`design`].
#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "plots")]
pub use kerust_core::picture;
pub use kerust_core::{
    activation, constraint, data, element, init, layers, regularizer, rng, text, weights,
};
#[cfg(feature = "std")]
pub use kerust_core::{loss, metric, optimizer, testing, train};

/// The gradient of a model, as an [`Operation`](layer::Operation) meets it.
pub mod gradient {
    pub use kerust_core::gradient::Gradient;
}

/// What a layer is: plain data, and how it computes.
///
/// The numbers of a layer are a `#[repr(C)]` struct of arrays, which is [`LayerData`](layer::LayerData). For a
/// layer of your own, implement [`Layer`], which works on one sample, and
/// [`Build`], which names the layer in [`model!`]. Where `Layer` is not enough, implement
/// [`Component`](layer::Component): [`Forward`](layer::Forward) is inference over a batch, and
/// [`Operation`](layer::Operation) adds training.
pub mod layer {
    pub use kerust_core::layer::{
        Build, Component, Forward, Layer, LayerData, Layout, Operation, Part, Pass,
    };
}

/// What every model is: its types, its layers and its memory.
pub mod model {
    pub use kerust_core::model::{
        Arena, Call, Graph, Head, Heads, LayerInfo, Model, Source, State, Stateful, Train,
    };
}

/// 8-bit quantization.
pub mod quantize {
    pub use kerust_core::quantize::*;
}

/// Shapes as values.
pub mod shape {
    pub use kerust_core::shape::{Padding, Shape, Window};
}

/// Tensors whose shape is part of their type.
pub mod tensor {
    pub use kerust_core::tensor::{
        Floats, Rank1, Rank2, Rank3, Rank4, StaticShape, Tensor, Tensors, Tokens,
    };
}

#[cfg(doc)]
#[doc = include_str!("../docs/design.md")]
pub mod design {}

/// How to write layers, steps and training loops of your own.
#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/custom_training.md")]
pub mod custom_training {}

/// Shapes of sequences, tokens, masks and states.
#[cfg(any(doc, doctest))]
#[doc = include_str!("../docs/sequences.md")]
pub mod sequences {}

/// What the expansions of the macros name. It is not part of the API, and changes in any release.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "std")]
    pub use kerust_core::train;
    pub use kerust_core::{
        activation, constraint, data, element, gradient, init, kernels, layer, layers, memory,
        model, quantize, regularizer, rng, shape, tensor, weights,
    };
}

#[cfg(feature = "std")]
pub use kerust_core::error::{Error, Result};
pub use layer::{Build, Layer};
pub use model::{Arena, Model, Stateful, Train};
pub use rng::{Rng, Seed};
pub use tensor::{Rank1, Rank2, Rank3, Rank4, Tensor, Tokens};

/// Declares a model: `Input(..)`, and layers joined by `=>`; or a graph of such chains.
///
/// ```
/// use kerust::model;
///
/// model! {
///     /// Three kinds of flowers from four lengths.
///     pub Iris: Input(4) => Dense(16, relu) => Dense(3, softmax)
/// }
/// assert_eq!(Iris::PARAMS, (4 * 16 + 16) + (16 * 3 + 3));
/// ```
///
/// # The language
/// - Layers, arguments, their order and their defaults are Keras's: `Conv2D(10, 3x3, same)`,
///   `Dense(64, activation = relu)`. A word that can only be one thing needs no name.
/// - Sizes of a window are one token, `3x3`, or a pair, `(3, 3)`. A size may be a constant expression:
///   `Dense(CLASSES)`, `Dense({ 2 * UNITS })`.
/// - Where a fraction is meant, a quotient of whole numbers is one: `Rescaling(1 / 255)`, also with a
///   constant, `Dropout(1 / PARTS)`. Where a size is meant, `7 / 2` is 3, as in Rust. A range has two ends:
///   `RandomRotation((-0.2, 0.2))`.
/// - A model has up to 4096 layers, each repetition counted.
/// - `name = sign` on any layer names its field; without it fields are called as Keras calls
///   layers: `conv2d`, `dense`, `dense_1`.
/// - A name that is not in [`layers`] is a path to a type that implements
///   [`Build`]: `Affine`, `my::SimpleDense::<32>`; or to a model of one input and one
///   output: a model is a layer, the activation of its output included.
/// - `Residual(chain)` adds what goes in to what comes out; `Residual(chain, shortcut = chain)` takes
///   it through other layers first. `Repeat(3, chain)` writes the chain three times, each with
///   weights of its own; a `name` gets `_1`, `_2`.
/// - The lower-case name of a layer, without parentheses, applies that layer again, with the weights
///   it has; its gradient is that of all uses.
/// - `Name<const CLASSES: usize>: ..` is a model for many sizes. Its types take a parameter as it
///   stands, so `Dense(CLASSES)` is one and `Dense({ 2 * CLASSES })` is not; it has no arena.
/// - Without a name, `model!(Input(20) => Dense(1, sigmoid))` is an expression: a model with fresh
///   weights of seed 0.
///
/// # Graphs
/// Braces hold values by name, and the outputs behind the last `;`: a tuple of names, a name, or a
/// chain. `let (sequence, state) = ..;` names the outputs of a layer that has several, and `_` drops one. A merge
/// joins values of equal shapes (`Add`, `Subtract`, `Multiply`, `Average`, `Maximum`,
/// `Minimum`), or along an axis (`Concatenate(a, b, axis = -1)`). Every value must be read.
///
/// ```
/// use kerust::model;
///
/// model! {
///     /// Whether two drawings show the same sign, and which: one tower looks at both.
///     pub Siamese {
///         let left = Input(8, 8, 1);
///         let right = Input(8, 8, 1);
///         let a = left => Flatten => Dense(32, relu, name = tower);
///         let b = right => Flatten => tower;
///         let same = Concatenate(a, b) => Dense(1, sigmoid);
///         let sign = a => Residual(Dense(32, relu)) => Dense(10, softmax);
///         (same, sign)
///     }
/// }
/// assert_eq!(Siamese::PARAMS, (64 * 32 + 32) + (64 + 1) + (32 * 32 + 32) + (32 * 10 + 10));
/// ```
///
/// Such a model takes a tuple of tensors and gives one; a loss, a weight and metrics stand for each
/// output in a tuple of their own, and reports name them: `sign_accuracy`.
///
/// # Attributes
/// - `#[weights("net.safetensors")]` puts trained weights into the program: `Net::trained()`, usable
///   in a constant, is where they lie. Nothing is copied, nothing runs at start-up, and changing the
///   file rebuilds. The path begins at the folder of the source file; the file is one that
///   `model.save(..)` wrote, or any safetensors file with the same names and shapes. Whatever differs
///   is an error on the path: names, shapes, element types, the architecture.
/// - `#[budget(flash = 256 KiB, ram = 48 KiB, macs = 2_000_000)]` refuses a model that needs more: of
///   weights, of arena with input and output, of multiply-adds. The error stands on the layer that
///   exceeds it. Units are `B`, `KiB`, `MiB`, `kB` and `MB`.
/// - `#[int8]` gives the model an 8-bit twin, `NetInt8`, which [`quantize`](quantize::Quantize::quantize) computes from a
///   trained model. `#[int8(input = int8, output = int8)]` makes a twin whose inputs and outputs are 8-bit values;
///   `weights("net-int8.safetensors")` and `budget(flash = 64 KiB)` in the parentheses are the twin's. A layer without
///   8-bit arithmetic is an error on its name.
/// - Any other attribute lands on the struct.
///
/// ```
/// use kerust::model;
///
/// model! {
///     #[weights("../examples/fashion.safetensors")]
///     #[budget(flash = 2.5 MiB, ram = 40 KiB, macs = 700_000)]
///     pub Fashion:
///         Input(28, 28, 1)
///         => Rescaling(1.0 / 255.0)
///         => Conv2D(10, 3x3, same)
///         => Flatten
///         => Dense(64, relu)
///         => Dense(10, softmax)
/// }
/// static CLOTHES: &Fashion = Fashion::trained();
/// ```
///
/// Both attributes take a model of known sizes, not one that is generic over them. With
/// `flash = 1.5 MiB` the model above is refused:
///
/// ```text
/// error[E0080]: evaluation panicked: `Fashion` needs 2010296 bytes of flash, expected at most 1572864 (`flash = 1.5 MiB`)
///
///               = note: `Dense(64, relu)` exceeds it: bytes of flash layer by layer
///                 layer      weights   so far
///                 rescaling        0        0
///                 conv2d         400      400
///                 flatten          0      400
///                 dense      2007296  2007696 <- over 1572864
///                 dense_1       2600  2010296
///               = help: make the layers smaller, or write `flash = 2010296 B`
///   --> src/main.rs:10:12
///    |
/// 10 |         => Dense(64, relu)
///    |            ^^^^^^^^^^^^^^^ evaluation of `_` failed here
/// ```
///
/// # What it expands to
/// A `#[repr(C)]` struct with one field for each layer with weights, [`LayerData`](layer::LayerData)
/// and [`Model`] for it, the constants `PARAMS`, `WEIGHT_BYTES`, `MACS`,
/// `ARENA_BYTES`, `RAM_BYTES` and `LAYERS`, and `predict_in`, which allocates nothing.
///
/// # Errors
/// Every fault is reported while compiling, on the token that is wrong:
///
/// ```compile_fail
/// kerust::model! { pub Net: Input(28, 28, 1) => Dense(10, softmax) }
/// ```
///
/// ```text
/// error: `Dense` takes a rank-1 or rank-2 input, found (28, 28, 1)
///
///        = note: (28, 28, 1) is the output of `Input(28, 28, 1)`
///        = help: flatten it first: `=> Flatten => Dense(10, softmax)`
/// ```
pub use kerust_macros::model;

/// Implements [`LayerData`](layer::LayerData) for a `#[repr(C)]` struct whose fields are
/// `LayerData`: arrays of `f32`, and structs of them. Arrays of `i8` and `i32` are `LayerData` too, for
/// what only infers; a struct with gaps between its numbers does not compile.
///
/// A field marked `#[state]` is data of the layer that no optimizer moves: a moving average.
///
/// ```
/// use kerust::LayerData;
/// use kerust::layer::LayerData as _;
///
/// #[derive(LayerData)]
/// #[repr(C)]
/// struct Affine<const N: usize> {
///     scale: [f32; N],
///     shift: [f32; N],
/// }
/// assert_eq!(Affine::<8>::LAYOUT.len(), 16);
/// ```
pub use kerust_macros::LayerData;

/// Everything that a program which trains a model names.
#[cfg(feature = "std")]
pub mod prelude {
    pub use crate::data::{
        Binary, Class, Data, Dataset, PadSequences, Samples, datasets, pad_sequences, samples,
        to_categorical,
    };
    #[cfg(feature = "images")]
    pub use crate::data::{ImageFolder, Subset};
    pub use crate::init::{
        Constant, Distribution, Fan, Initializer, Ones, RandomNormal, RandomUniform,
        TruncatedNormal, Zeros,
    };
    pub use crate::loss::{
        Batch, BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy,
        CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy, CategoricalHinge, Circle,
        CosineSimilarity, Dice, FromLogits, Hinge, Huber, KLDivergence, LabelSmoothing, LogCosh,
        Loss, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
        MeanSquaredLogarithmicError, MultiLabel, PointwiseLoss, Poisson, Reduction,
        SparseCategoricalCrossentropy, SquaredHinge, Tversky, WeightedLoss,
    };
    pub use crate::metric::{
        AUC, Accuracy, Average, BinaryAccuracy, BinaryIoU, CategoricalAccuracy, ClassAggregation,
        ConcordanceCorrelation, Curve, EqualityAccuracy, F1Score, FBetaScore, FalseNegatives,
        FalsePositives, IoU, Mean, MeanIoU, Metrics, Names, OneHotIoU, OneHotMeanIoU,
        PearsonCorrelation, PointwiseMetric, Precision, PrecisionAtRecall, R2Score, Recall,
        RecallAtPrecision, RootMeanSquaredError, SensitivityAtSpecificity,
        SparseCategoricalAccuracy, SparseTopKCategoricalAccuracy, SpecificityAtSensitivity,
        SummationMethod, TopK, TopKCategoricalAccuracy, TrueNegatives, TruePositives,
        WeightedMetric,
    };
    pub use crate::optimizer::{
        Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Clip, CosineDecay, CosineDecayRestarts,
        ExponentialDecay, Ftrl, InverseTimeDecay, Lamb, LearningRate, Lion, Muon, Nadam, Optimizer,
        PiecewiseConstantDecay, PolynomialDecay, RMSprop, SGD, Schedule,
    };
    pub use crate::quantize::Quantize;
    pub use crate::text::{TextVectorization, Vocabulary};
    #[doc(hidden)]
    pub use crate::train::BeforeCompile;
    pub use crate::train::{
        BackupAndRestore, CSVLogger, Callback, CallbackState, Compiled, EarlyStopping, Exchange,
        Fit, History, LambdaCallback, LearningRateScheduler, Logs, Mode, ModelCheckpoint,
        ReduceLROnPlateau, SwapEMAWeights, TensorBoard, TerminateOnNaN, TrainingContext, Verbosity,
        Workflow,
    };
    pub use crate::{
        Arena, Build, Layer, LayerData, Model, Rank1, Rank2, Rank3, Rank4, Rng, Seed, Stateful,
        Tensor, Tokens, Train, model,
    };
    pub use rand::RngExt as _;
}

/// The programs of the README compile.
#[cfg(all(doctest, feature = "plots"))]
#[doc = include_str!("../README.md")]
struct Readme;
