//! Slices in, slices out: the arithmetic of the layers.

mod matmul;

pub use matmul::{column_sums, dense, dense_input_gradient, dense_weight_gradient};
