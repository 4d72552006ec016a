//! Slices in, slices out: the arithmetic of the layers.
//!
//! Kernels take whole batches and sizes as arguments: one compiled kernel serves every layer of a
//! class. They hold most of the crate's `unsafe` code, choose instructions at run time ([`Isa`]) and
//! divide work over threads.
//!
//! # Panics
//! Every kernel checks its lengths once. When a slice does not have the length that the sizes ask
//! for, it panics; without `std` it returns and leaves its output as it was, so that firmware carries no
//! panic. A layer's types leave no way to get there.

/// Ends the kernel where a condition on its lengths does not hold.
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
mod golden;
pub mod int8;
mod isa;
// The plain loops, or, on a Cortex-M with an FPU of single precision, what stands in their place. Cortex-R
// with the same ABI has atomics of 64 bits, and may lack the fused multiply-add.
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
    moments,
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
