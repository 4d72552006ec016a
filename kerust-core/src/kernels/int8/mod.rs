//! Integer inference: 8-bit activations and weights, 32-bit sums, no floating point on the way.
//!
//! The arithmetic is that of TensorFlow Lite Micro's reference kernels, bit for bit: activations are
//! `scale · (q − zero_point)` with one scale for each tensor, weights are symmetric with one scale for
//! each output channel (or one for all), and a sum becomes an output by a [`Multiplier`] that rounds
//! twice. Sums wrap on overflow, as they do on the device.
//!
//! A convolution or a pool computes one output row from the [`Rows`] of its input. A whole image, an
//! image of which only the last rows are kept, and an endless stream are three schedules of the same
//! kernel. Every parameter struct is plain data with `const fn` constructors, so that a model's
//! parameters are computed while it compiles.
//!
//! The input's zero point is folded into the bias beforehand, see [`Filters`].

mod add;
mod concatenate;
mod convolution;
mod dense;
mod depthwise;
// The plain loops, or what stands in their place on a Cortex-M with the DSP extension; `kernels::machine` says
// the same of `f32`.
#[cfg_attr(
    all(
        target_arch = "arm",
        target_os = "none",
        target_abi = "eabihf",
        not(target_has_atomic = "64")
    ),
    path = "dot_cortex_m.rs"
)]
mod dot;
mod filters;
mod fixed_point;
mod leaky_relu;
mod logistic;
mod mean;
mod multiplier;
mod output;
mod pad;
mod patch;
mod pooling;
mod quantization;
mod rescale;
mod rows;
mod softmax;
mod table;
mod tanh;
// Kernels that choose instructions at run time, or none of them.
#[cfg_attr(
    not(all(feature = "std", any(target_arch = "x86_64", target_arch = "aarch64"))),
    path = "wide_none.rs"
)]
mod wide;

pub use add::Add;
pub use concatenate::Part;
pub use convolution::{Convolution, conv_scratch_len};
pub use dense::Dense;
pub use depthwise::{Depthwise, depthwise_scratch_len};
pub use filters::{Filters, fold_depthwise_zero_point, fold_zero_point};
pub use leaky_relu::LeakyRelu;
pub use logistic::Logistic;
pub use mean::Mean;
pub use multiplier::Multiplier;
pub use output::{Fused, Output};
pub use pad::Pad;
pub use pooling::Pooling;
pub use quantization::{Quantization, dequantize, quantize};
pub use rescale::Rescale;
pub use rows::Rows;
pub use softmax::Softmax;
pub use table::Table;
pub use tanh::Tanh;

/// The values from `place` on; none beyond the end.
#[inline(always)]
fn from<T>(values: &[T], place: usize) -> &[T] {
    values.get(place..).unwrap_or_default()
}
