//! Reshape layer.

/// Gives the values of a sample another shape.
///
/// A sample lies in memory row-major, so every shape of as many values is the same bytes.
///
/// # Arguments
/// - `target_shape`: the sizes, without the batch; one of them may be -1, and follows from the others.
///
/// # Shapes
/// input and output of as many values
///
/// # Cost
/// none: the output is the input's memory
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(12) => Reshape(3, -1) => LSTM(8) => Dense(1) }
/// assert_eq!(Net::PARAMS, (4 + 8 + 1) * 32 + 9);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reshape;
