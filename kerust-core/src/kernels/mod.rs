//! Slices in, slices out: the arithmetic of the layers.
//!
//! Kernels take whole batches and sizes as arguments: one compiled kernel serves every layer of a
//! class. They hold most of the crate's `unsafe` code, choose instructions at run time ([`Isa`]) and
//! divide work over threads.
//!
//! # Panics
//! Every kernel checks its lengths once, and panics when a slice does not have the length that the
//! sizes ask for. A layer's types leave no way to get there.

mod conv2d;
mod depthwise;
mod elementwise;
mod isa;
mod matmul;
mod normalize;
mod parallel;
mod pool;
mod reduce;
#[cfg(feature = "std")]
mod scratch;
mod separable;

pub use conv2d::Convolution;
pub use depthwise::Depthwise;
pub use elementwise::{activate, activation_gradient, add_bias};
pub(crate) use elementwise::{activated, activated_gradient, combine, map, map_in_place};
pub use isa::Isa;
pub(crate) use isa::vectorized;
pub use matmul::{dense, dense_input_gradient, dense_weight_gradient};
pub use normalize::{BatchNorm, layer_norm, layer_norm_gradient, layer_norm_in_place, moments};
#[cfg(feature = "std")]
pub(crate) use parallel::alone;
pub use pool::Pooling;
pub use reduce::{column_sums, sum_into};
pub use separable::{Kernels, Separable};
