//! Mean of several inputs.
//!
//! `y = (x₀ + x₁ + .. ) / n`

use crate::activation::Activation;
use crate::kernels;
use crate::layer::Merge;

/// Averages inputs of equal shape, value by value: `Average`.
///
/// # Shapes
/// inputs and output alike
///
/// # Cost
/// an addition for each value of each input; no weights.
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

impl Merge for Average {
    fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        kernels::sum(x, y, Activation::Linear);
        let count = x.len() as f32;
        y.iter_mut().for_each(|y| *y /= count);
    }

    fn backward(&self, x: &[&[f32]], _y: &[f32], dy: &mut [f32], dx: &mut [Option<&mut [f32]>]) {
        let count = x.len() as f32;
        dy.iter_mut().for_each(|dy| *dy /= count);
        for dx in dx.iter_mut().flatten() {
            dx.copy_from_slice(dy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Average::new(), &[7, 7], 7).unwrap();
        check_merge(&Average::new(), &[5, 5, 5], 5).unwrap();
    }
}
