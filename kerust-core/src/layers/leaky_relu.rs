//! Leaky ReLU layer.

use super::elementwise::elementwise;
use crate::quantize::Int8Operation;

/// Leaky rectified linear unit.
///
/// `y = x` where `x > 0`, else `negative_slope * x`: Maas, Hannun & Ng (2013), section 2.
///
/// # Arguments
/// - `negative_slope = 0.3`: the slope where the input is negative, at least 0. The activation `leaky_relu` has
///   0.2, as in Keras.
///
/// # Shapes
/// output as input
///
/// # Cost
/// one comparison and one product for each value; no weights
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(4) => Dense(8) => LeakyReLU(0.1) => Dense(2) }
///
/// assert_eq!(Net::PARAMS, 4 * 8 + 8 + 8 * 2 + 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LeakyReLU {
    negative_slope: f32,
}

impl LeakyReLU {
    /// A layer with Keras's default: slope 0.3.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self {
            negative_slope: 0.3,
        }
    }

    /// Sets the slope where the input is negative.
    ///
    /// # Panics
    /// When it is negative.
    pub const fn negative_slope(mut self, negative_slope: f32) -> Self {
        assert!(negative_slope >= 0.0, "`negative_slope` is negative");
        self.negative_slope = negative_slope;
        self
    }

    /// The comparison is written so that NaN passes through.
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x <= 0.0 { self.negative_slope * x } else { x }
    }

    #[inline(always)]
    fn slope(self, x: f32) -> f32 {
        if x <= 0.0 { self.negative_slope } else { 1.0 }
    }
}

elementwise! {
    LeakyReLU, |this| Int8Operation::LeakyRelu { negative_slope: this.negative_slope }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Forward;
    use crate::testing::check_in_place;

    #[test]
    fn the_input_may_be_overwritten() {
        check_in_place(&LeakyReLU::new().negative_slope(0.1), &(), 3);
    }

    #[test]
    fn nan_passes_through() {
        let mut y = [0.0; 3];
        LeakyReLU::new().forward(&(), &[f32::NAN, -2.0, 5.0], &mut y, ());
        assert!(y[0].is_nan());
        assert_eq!(y[1..], [-0.6, 5.0]);
    }
}
