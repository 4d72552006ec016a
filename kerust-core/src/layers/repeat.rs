//! Repeated layers.

/// Writes a chain of layers several times, each time with weights of its own.
///
/// Keras has no such layer; there one writes a loop. A layer's `name` gets `_1`, `_2` and so on.
///
/// # Arguments
/// - `n`: how often.
/// - `chain`: the layers.
///
/// # Shapes
/// as of the layers one behind the other
///
/// # Cost
/// `n` times that of the chain
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(16) => Repeat(3, Dense(16, relu) => Dropout(0.2)) => Dense(2) }
/// assert_eq!(Net::PARAMS, 3 * 17 * 16 + 17 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Repeat;
