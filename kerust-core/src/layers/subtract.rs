//! Difference of two inputs.

use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};

/// Subtracts the second of two inputs from the first, value by value.
///
/// `y = x₀ − x₁`
///
/// # Shapes
/// two inputs and the output alike
///
/// # Cost
/// a subtraction for each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net {
///         let x = Input(8);
///         let a = x => Dense(16, relu);
///         let b = x => Dense(16, tanh);
///         Subtract(a, b) => Dense(3)
///     }
/// }
/// assert_eq!(Net::PARAMS, 2 * 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Subtract;

impl Subtract {
    /// The layer; it has no configuration.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }
}

impl Forward<(), [f32; 2]> for Subtract {
    fn forward(&self, (): &(), x: [&[f32]; 2], y: &mut [f32], (): ()) {
        let [first, second] = x;
        let values = y.iter_mut().zip(first).zip(second);
        values.for_each(|((y, first), second)| *y = first - second);
    }
}

impl Operation<(), [f32; 2]> for Subtract {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; 2]>, _: Gradient<'_>) {
        let [first, second] = pass.dx;
        if let Some(dx) = first {
            dx.copy_from_slice(pass.dy);
        }
        if let Some(dx) = second {
            let pairs = dx.iter_mut().zip(pass.dy);
            pairs.for_each(|(dx, dy)| *dx = -*dy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Subtract::new(), [7, 7], 7).unwrap();
    }
}
