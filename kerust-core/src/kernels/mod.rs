//! Kernels: the arithmetic of the layers, on slices.
//!
//! A kernel gets a whole batch, and its sizes as arguments, so that one compiled kernel serves every layer of
//! a kind. Kernels contain most of the crate's `unsafe` code, choose instructions at run time ([`Isa`]), and
//! divide work over threads.
//!
//! # Panics
//! Every kernel checks the lengths of its slices once. It panics if a slice does not have the required
//! length. Without `std` it returns and leaves its output unchanged instead, so that firmware contains no
//! panic. The types of the layers guarantee the correct lengths.

/// Ends the kernel if a condition on its lengths is false.
macro_rules! check {
    ($holds:expr, $($message:tt)*) => {
        #[cfg(feature = "std")]
        assert!($holds, $($message)*);
        #[cfg(not(feature = "std"))]
        if !$holds {
            return;
        }
    };
}

mod attention;
mod conv2d;
mod depthwise;
mod elementwise;
mod embedding;
mod epilogue;
#[cfg(test)]
mod extremes;
#[cfg(test)]
mod golden;
pub mod int8;
mod isa;
// The plain loops, or their replacement for a Cortex-M with a single-precision FPU. Cortex-R cores with the
// same ABI have 64-bit atomics, and may lack the fused multiply-add.
#[cfg_attr(
    all(
        target_arch = "arm",
        target_os = "none",
        target_abi = "eabihf",
        not(target_has_atomic = "64")
    ),
    path = "cortex_m.rs"
)]
mod machine;
mod matmul;
mod normalize;
#[cfg(test)]
mod one_dimension;
pub(crate) mod parallel;
mod piece;
mod pool;
mod recurrent;
mod reduce;
pub(crate) mod scratch;
mod separable;
mod simd;
mod walk;

pub use attention::{
    AdditiveAttention, AdditiveGradients, Attention, AttentionGradients, AttentionMasks,
};
pub use conv2d::Convolution;
pub use depthwise::Depthwise;
pub use elementwise::{activate, activation_gradient, add_bias, copy};
pub(crate) use elementwise::{
    activated, activated_gradient, combine, map, map_in_place, sum, sum_in_place,
};
pub use embedding::{gather, scatter_add};
pub use epilogue::Epilogue;
pub use isa::Isa;
pub(crate) use isa::vectorized;
pub(crate) use machine::sqrt;
pub(crate) use matmul::product_of;
pub use matmul::{dense, dense_input_gradient, dense_weight_gradient};
pub use normalize::{
    AxesNorm, BatchNorm, Groups, Norm, layer_norm, layer_norm_gradient, layer_norm_in_place,
    masked_moments, moments,
};
#[cfg(feature = "std")]
pub(crate) use parallel::alone;
pub use pool::Pooling;
pub use recurrent::{
    Cell, Given, Gru, Lstm, Recurrent, RecurrentGradient, RecurrentGradients, RecurrentWeights,
    SimpleRnn, States,
};
pub(crate) use reduce::sum_in_chunks;
pub use reduce::{column_sums, sum_into};
pub use separable::{Kernels, Separable};
