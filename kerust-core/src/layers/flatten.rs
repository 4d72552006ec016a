//! Flatten layer.

/// Makes a vector of all values of a sample, row by row.
///
/// A sample lies in memory row-major, so its flat form is the same bytes.
///
/// # Shapes
/// input `[A]..[Z]`, output `[A * .. * Z]`
///
/// # Cost
/// none: the output is the input's memory
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, (28 * 28 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Flatten;
