//! ELU layer.
//!
//! `y = x` where `x > 0`, else `alpha * (exp(x) - 1)`: Clevert et al. (2016), eq. 15.

use super::elementwise::elementwise;
use crate::activation;

/// Exponential linear unit: `ELU(alpha)`.
///
/// # Arguments
/// - `alpha = 1`: the negative of the limit on the left, at least 0.
///
/// # Shapes
/// output as input
///
/// # Cost
/// one exponential for each value; no weights
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(4) => Dense(8) => ELU(alpha = 0.5) => Dense(2) }
///
/// assert_eq!(Net::PARAMS, 4 * 8 + 8 + 8 * 2 + 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ELU {
    alpha: f32,
}

impl ELU {
    /// A layer with Keras's default: alpha 1.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self { alpha: 1.0 }
    }

    /// Sets the negative of the limit on the left.
    ///
    /// # Panics
    /// When it is negative.
    pub const fn alpha(mut self, alpha: f32) -> Self {
        assert!(alpha >= 0.0, "`alpha` is negative");
        self.alpha = alpha;
        self
    }

    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        let y = activation::elu(x);
        if x > 0.0 { y } else { self.alpha * y }
    }

    #[inline(always)]
    fn slope(self, x: f32) -> f32 {
        if x > 0.0 {
            1.0
        } else {
            self.alpha * activation::exp(x)
        }
    }
}

elementwise! { ELU }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Forward;
    use crate::testing::{check_in_place, check_operation};

    #[test]
    fn the_input_may_be_overwritten() {
        check_in_place(&ELU::new().alpha(0.3), &(), 3);
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_operation::<(), _>(&ELU::new(), 17, 17, 0).unwrap();
    }

    #[test]
    fn nan_passes_through() {
        let mut y = [0.0; 3];
        ELU::new().forward(&(), &[f32::NAN, -200.0, 5.0], &mut y, ());
        assert!(y[0].is_nan());
        assert_eq!(y[1..], [-1.0, 5.0]);
    }
}
