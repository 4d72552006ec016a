//! Sum of several inputs.
//!
//! `y = x₀ + x₁ + ..`

use crate::kernels;
use crate::layer::Merge;

/// Adds inputs of equal shape, value by value: `Add`.
///
/// # Shapes
/// inputs and output alike
///
/// # Cost
/// an addition for each value of each input after the first; no weights.
#[derive(Clone, Copy, Debug)]
pub struct Add;

impl Add {
    /// The layer; it has no configuration.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }

    /// Inference in the place of an input: `y += x`.
    #[inline(never)]
    pub fn forward_in_place(&self, y: &mut [f32], x: &[f32]) {
        kernels::sum_into(y, x);
    }
}

impl Merge for Add {
    fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        sum(x, y);
    }

    fn backward(&self, _x: &[&[f32]], _y: &[f32], dy: &mut [f32], dx: &mut [Option<&mut [f32]>]) {
        for dx in dx.iter_mut().flatten() {
            kernels::map(dy, dx, |dy| dy);
        }
    }
}

/// `y = x₀ + x₁ + ..`, in this order.
pub(super) fn sum(x: &[&[f32]], y: &mut [f32]) {
    let Some((first, rest)) = x.split_first() else {
        return y.fill(0.0);
    };
    let Some((second, rest)) = rest.split_first() else {
        return kernels::copy(first, y);
    };
    kernels::combine(first, second, y, |a, b| a + b);
    rest.iter().for_each(|x| kernels::sum_into(y, x));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Add::new(), &[7, 7], 7).unwrap();
        check_merge(&Add::new(), &[5, 5, 5], 5).unwrap();
    }
}
