//! Difference of two inputs.
//!
//! `y = x₀ − x₁`

use crate::layer::Merge;

/// Subtracts the second input from the first, value by value: `Subtract`.
///
/// # Shapes
/// two inputs and the output alike
///
/// # Cost
/// a subtraction for each value; no weights.
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

impl Merge for Subtract {
    fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        let [first, second] = x else { return };
        let values = y.iter_mut().zip(*first).zip(*second);
        values.for_each(|((y, first), second)| *y = first - second);
    }

    fn backward(&self, _x: &[&[f32]], _y: &[f32], dy: &mut [f32], dx: &mut [Option<&mut [f32]>]) {
        if let Some(dx) = &mut dx[0] {
            dx.copy_from_slice(dy);
        }
        if let Some(dx) = &mut dx[1] {
            let pairs = dx.iter_mut().zip(dy);
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
        check_merge(&Subtract::new(), &[7, 7], 7).unwrap();
    }
}
