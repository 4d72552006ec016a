//! Reshape layer.
//!
//! A sample lies in memory row-major, so every shape of as many values is the same bytes.

/// The values of a sample in another shape, row-major: `Reshape(sizes..)`.
///
/// # Shapes
/// input and output of as many values
///
/// # Cost
/// none: the output is the input's memory
#[derive(Clone, Copy, Debug)]
pub struct Reshape;
