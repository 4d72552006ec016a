//! 8-bit quantization: a model's 8-bit twin, from a trained `f32` model and a few samples.
//!
//! A model that is declared with `#[int8]` has a twin, `NetInt8`: the same layers with 8-bit weights and values.
//! [`Quantize::quantize`] computes the twin's numbers, and a [`QuantizationReport`] that says what it costs and
//! which layer costs it.
//!
//! ```
//! use kerust::prelude::*;
//!
//! model! { #[int8] pub Net: Input(4) => Dense(8, relu) => Dense(3, softmax) }
//!
//! # fn main() -> kerust::Result<()> {
//! let net = Net::new(Seed(1));
//! let samples = Dataset::<Rank1<4>, Class<3>>::generate(100, |i| {
//!     let x = [0, 1, 2, 3].map(|k| ((i * 7 + k * 3) % 11) as f32);
//!     (x.into(), Class::new(i % 3))
//! });
//! let (int8, report) = net.quantize(&samples)?;
//! println!("{report}");
//! assert_eq!(int8.predict(&samples.input(0)).as_slice().len(), 3);
//! assert!(NetInt8::WEIGHT_BYTES < Net::WEIGHT_BYTES);
//! # Ok(())
//! # }
//! ```
//!
//! # Arithmetic
//!
//! That of TensorFlow Lite Micro's reference kernels, bit for bit. A value is `scale · (q − zero_point)` with `q`
//! from −128 to 127 and one scale and zero point for each tensor (asymmetric). Weights are `scale · q` with `q` from
//! −127 to 127 and one scale for each output channel (symmetric). Products of 8-bit numbers are summed in 32 bits; a
//! fixed-point multiplier of 31 bits and a shift turn the sum into an output. Before that, a `BatchNormalization`
//! after a convolution or a dense layer is folded into its weights, ReLU and ReLU6 become the range of the
//! output, and other activations become tables of 256 entries. No `f32` arithmetic remains between the input and
//! the output.

#[cfg(feature = "std")]
mod aware;
#[cfg(feature = "std")]
mod backward;
#[cfg(feature = "std")]
mod calibrate;
#[cfg(feature = "std")]
mod float;
#[cfg(feature = "std")]
mod integer;
#[cfg(feature = "std")]
mod ladder;
mod network;
mod operation;
#[cfg(feature = "std")]
mod ranges;
#[cfg(feature = "std")]
mod report;
#[cfg(feature = "std")]
mod store;
#[cfg(feature = "std")]
mod tensors;

#[cfg(feature = "std")]
pub use aware::QuantizationAware;
#[cfg(feature = "tflite")]
pub(crate) use float::LinearShape;
#[cfg(feature = "tflite")]
pub(crate) use integer::{Products, Step};
pub use network::{Int8Input, Int8Output, Int8Step, Network, params};
pub use operation::{Int8Layer, Int8Operation};
#[cfg(feature = "std")]
pub use report::{LadderStep, LayerCost, QuantizationReport};
#[cfg(feature = "tflite")]
pub(crate) use store::Tensors;

use crate::layer::LayerData;
use crate::model::Model;

/// A method that may bring an 8-bit twin closer to its model. It is kept only where it does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Ranges of values whose squared error is least: what is far out is cut off, for finer steps elsewhere.
    LeastSquares,
    /// The mean error of each output channel, which is taken from its bias.
    BiasCorrection,
}

impl Method {
    /// All methods, in the order in which [`quantize`](Quantize::quantize) tries them.
    pub const ALL: [Self; 2] = [Self::LeastSquares, Self::BiasCorrection];

    /// What a report calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeastSquares => "least squared error",
            Self::BiasCorrection => "bias correction",
        }
    }
}

/// A model that has an 8-bit twin. Implemented by `model!` for a model with `#[int8]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no 8-bit twin",
    label = "expected a model that is declared with `#[int8]`"
)]
pub trait Quantize: Model {
    /// The twin.
    type Int8: Model;

    /// The smallest and the largest value of each input and of each step: `[[f32; 2]; N]`.
    #[doc(hidden)]
    type Ranges: LayerData;

    /// What the twin computes.
    #[doc(hidden)]
    const NETWORK: Network;

    /// The 8-bit twin of this model, and what it costs. The inputs of `calibration` show which values the layers
    /// take; a few hundred training samples are enough. Labels are not used.
    ///
    /// Three methods are tried one after the other, each is kept only where the outputs come closer to those of the
    /// `f32` model: ranges from the smallest to the largest value; ranges of least squared error; and a correction
    /// of each bias by the mean error of its channel (Nagel et al. (2021), sections 3.1 and 3.4).
    ///
    /// # Errors
    /// When there is no sample, a sample cannot be read, or a value, a weight or a sum of a layer is not finite or
    /// too large for 8-bit arithmetic. The error names the layer.
    ///
    /// # Cost
    /// Some ten inferences for each sample, and for the report as many as the model has layers for 32 of them.
    #[cfg(feature = "std")]
    fn quantize<Y: crate::data::Data>(
        &self,
        calibration: &impl crate::data::Samples<Self::Input, Y>,
    ) -> crate::Result<(Box<Self::Int8>, QuantizationReport)>
    where
        Self: Sized,
    {
        self.quantize_by(calibration, &Method::ALL)
    }

    /// [`quantize`](Self::quantize) by these methods alone: without one, ranges are those from the smallest to the
    /// largest value.
    ///
    /// # Errors
    /// As for [`quantize`](Self::quantize).
    #[cfg(feature = "std")]
    fn quantize_by<Y: crate::data::Data>(
        &self,
        calibration: &impl crate::data::Samples<Self::Input, Y>,
        methods: &[Method],
    ) -> crate::Result<(Box<Self::Int8>, QuantizationReport)>
    where
        Self: Sized,
    {
        ladder::quantize(self, calibration, methods)
    }

    /// Compiles a copy of this trained model for quantization-aware training: the forward pass is the arithmetic of
    /// the 8-bit twin, and the metrics of the validation are those of the device, to the last bit. The inputs of
    /// `calibration` show which values the layers take. See [`QuantizationAware`].
    ///
    /// Train it for about a tenth of the model's epochs, with a tenth of its learning rate. Then `model().int8()` is
    /// the twin.
    ///
    /// # Errors
    /// As for [`quantize`](Self::quantize).
    #[cfg(feature = "std")]
    fn compile_int8<X: crate::data::Data, Y: crate::data::Data>(
        &self,
        calibration: &impl crate::data::Samples<Self::Input, X>,
        optimizer: impl crate::optimizer::Optimizer + 'static,
        loss: impl crate::loss::Loss<Self::Heads, Label = Y>,
        metrics: impl crate::metric::Metrics<Self::Heads, Y>,
    ) -> crate::Result<crate::train::Compiled<QuantizationAware<Self>, Y>>
    where
        Self: crate::model::Train,
    {
        use crate::train::Workflow;
        Ok(QuantizationAware::of(self, calibration)?.compile(optimizer, loss, metrics))
    }
}
