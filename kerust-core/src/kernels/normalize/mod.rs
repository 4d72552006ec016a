//! Normalization: by the moments of each column (a batch's channels) or of each row (a sample's
//! features).
//!
//! Moments take two passes, the mean and then the mean square around it, as Keras's; the difference
//! of two large sums would lose what a small variance is made of. Columns are summed side by side in
//! lanes, in fixed chunks of rows (`reduce.rs`), so threads do not change a bit.

mod axes;
mod axes_softmax;
mod batch_norm;
mod block;
mod layer_norm;

pub use axes::{AxesNorm, Groups, Norm};
pub use batch_norm::{BatchNorm, moments};
pub use layer_norm::{layer_norm, layer_norm_gradient, layer_norm_in_place};

use core::ops::Range;

/// Multiply-adds that take as long as one value of a pass: it is bound by memory.
const VALUE_MACS: usize = 4;

/// Some rows of a matrix.
fn block_of(values: &[f32], rows: Range<usize>, columns: usize) -> &[f32] {
    &values[rows.start * columns..rows.end * columns]
}
