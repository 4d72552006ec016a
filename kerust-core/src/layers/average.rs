//! Mean of several inputs.

use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, Operation, Pass};

/// Takes the average of inputs of the same shape, value by value.
///
/// `y = (x₀ + x₁ + ..) / n`
///
/// # Shapes
/// inputs and output alike
///
/// # Cost
/// an addition for each value of each input; no weights.
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
///         Average(a, b) => Dense(3)
///     }
/// }
/// assert_eq!(Net::PARAMS, 2 * 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Average;

impl Average {
    /// The layer; it has no configuration.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }
}

impl<const N: usize> Forward<(), [f32; N]> for Average {
    fn forward(&self, (): &(), x: [&[f32]; N], y: &mut [f32], (): ()) {
        kernels::sum(&x, y, Activation::Linear);
        let count = N as f32;
        y.iter_mut().for_each(|y| *y /= count);
    }
}

impl<const N: usize> Operation<(), [f32; N]> for Average {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; N]>, _: Gradient<'_>) {
        let count = N as f32;
        pass.dy.iter_mut().for_each(|dy| *dy /= count);
        for dx in pass.dx.into_iter().flatten() {
            dx.copy_from_slice(pass.dy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Average::new(), [7, 7], 7).unwrap();
        check_merge(&Average::new(), [5, 5, 5], 5).unwrap();
    }
}
