//! A layer at each step.

/// Applies a layer to each step of a sequence, with the same weights.
///
/// `y[t] = f(x[t])`
///
/// # Arguments
/// - `layer`: the layer.
///
/// # Shapes
/// input `[T]..` and output `[T]..`, where the rest is what the layer takes and gives
///
/// # Cost
/// `T` times that of the layer, and its weights once
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(5, 8, 8, 1) => TimeDistributed(Conv2D(4, 3x3, relu)) => TimeDistributed(Flatten) => LSTM(8) }
/// assert_eq!(Net::PARAMS, (9 + 1) * 4 + (6 * 6 * 4 + 8 + 1) * 32);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TimeDistributed;
