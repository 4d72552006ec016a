//! Normalization kernels: with the moments of each column (the channels of a batch) or of each row (the
//! features of a sample).
//!
//! Moments are computed in two passes as in Keras: the mean, and then the mean squared difference from it.
//! The difference of two large sums would lose the digits of a small variance. Columns are summed in lanes
//! and in fixed chunks of rows (`reduce.rs`), so the result does not depend on the threads.

mod axes;
mod axes_softmax;
mod batch_norm;
mod block;
mod layer_norm;

pub use axes::{AxesNorm, Groups, Norm};
pub use batch_norm::{BatchNorm, masked_moments, moments};
pub use layer_norm::{layer_norm, layer_norm_gradient, layer_norm_in_place};

use core::ops::Range;

/// The number of multiply-adds that take as long as one value of a pass, which is limited by memory.
const VALUE_MACS: usize = 4;

/// Some rows of a matrix.
fn block_of(values: &[f32], rows: Range<usize>, columns: usize) -> &[f32] {
    &values[rows.start * columns..rows.end * columns]
}
