//! ReLU layer.

use super::elementwise::elementwise;

/// Rectified linear unit.
///
/// `y = min(x, max_value)` where `x > threshold`, else `negative_slope * (x - threshold)`: Nair &
/// Hinton (2010), with the parameters of Keras's layer. At `x = threshold` itself Keras computes 0,
/// though its page says `threshold`.
///
/// # Arguments
/// - `max_value` (optional): the largest output, at least 0; there is none if left out.
/// - `negative_slope = 0`: the slope below the threshold, at least 0.
/// - `threshold = 0`: what an input must exceed to pass, at least 0.
///
/// # Shapes
/// output as input
///
/// # Cost
/// one comparison or two for each value
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Conv2D(8, 3x3) => ReLU(max_value = 6.0) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, 10 * 8 + (26 * 26 * 8 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ReLU {
    max_value: f32,
    negative_slope: f32,
    threshold: f32,
}

impl ReLU {
    /// A layer with Keras's defaults: no maximum, slope 0 and threshold 0.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self {
            max_value: f32::INFINITY,
            negative_slope: 0.0,
            threshold: 0.0,
        }
    }

    /// Sets the largest output.
    ///
    /// # Panics
    /// When it is negative.
    pub const fn max_value(mut self, max_value: f32) -> Self {
        assert!(max_value >= 0.0, "`max_value` is negative");
        self.max_value = max_value;
        self
    }

    /// Sets the slope below the threshold.
    ///
    /// # Panics
    /// When it is negative.
    pub const fn negative_slope(mut self, negative_slope: f32) -> Self {
        assert!(negative_slope >= 0.0, "`negative_slope` is negative");
        self.negative_slope = negative_slope;
        self
    }

    /// Sets what an input must exceed to pass.
    ///
    /// # Panics
    /// When it is negative.
    pub const fn threshold(mut self, threshold: f32) -> Self {
        assert!(threshold >= 0.0, "`threshold` is negative");
        self.threshold = threshold;
        self
    }

    /// The comparisons are written so that NaN passes through.
    #[inline(always)]
    fn value(self, x: f32) -> f32 {
        if x <= self.threshold {
            // A slope of 0 is no product: 0 · -inf would be NaN.
            if self.negative_slope == 0.0 {
                0.0
            } else {
                self.negative_slope * (x - self.threshold)
            }
        } else if x > self.max_value {
            self.max_value
        } else {
            x
        }
    }

    #[inline(always)]
    fn slope(self, x: f32) -> f32 {
        if x <= self.threshold {
            self.negative_slope
        } else if x < self.max_value {
            1.0
        } else {
            0.0
        }
    }
}

elementwise! { ReLU }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::Gradient;
    use crate::layer::Forward;
    use crate::layer::{Operation, Pass};
    use crate::testing::check_in_place;

    #[test]
    fn the_input_may_be_overwritten() {
        let layer = ReLU::new().max_value(0.6).negative_slope(0.1);
        check_in_place(&layer.threshold(0.2), &(), 1);
    }

    fn forward_and_slopes<const N: usize>(layer: ReLU, x: [f32; N]) -> ([f32; N], [f32; N]) {
        let (mut y, mut dx) = ([f32::NAN; N], [f32::NAN; N]);
        layer.forward(&(), &x, &mut y, ());
        let pass = Pass {
            x: &x[..],
            y: &y[..],
            saved: (),
            dy: &mut [1.0; N][..],
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        layer.backward(&(), pass, Gradient::none());
        (y, dx)
    }

    #[test]
    fn by_default_what_is_negative_is_cut() {
        let (y, slopes) = forward_and_slopes(ReLU::new(), [-10.0, f32::NEG_INFINITY, 0.0, 5.0]);
        assert_eq!(y, [0.0, 0.0, 0.0, 5.0]);
        assert_eq!(slopes, [0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn the_parameters_bend_it_as_in_the_example_of_keras() {
        let layer = ReLU::new().max_value(10.0).negative_slope(0.5);
        let (y, slopes) = forward_and_slopes(layer, [-10.0, -5.0, 0.0, 5.0, 12.0]);
        assert_eq!(y, [-5.0, -2.5, 0.0, 5.0, 10.0]);
        assert_eq!(slopes, [0.5, 0.5, 0.5, 1.0, 0.0]);
    }

    #[test]
    fn below_the_threshold_the_slope_starts_from_0() {
        let layer = ReLU::new().negative_slope(0.5).threshold(2.0);
        let (y, slopes) = forward_and_slopes(layer, [-4.0, 1.0, 2.0, 2.5]);
        assert_eq!(y, [-3.0, -0.5, 0.0, 2.5]);
        assert_eq!(slopes, [0.5, 0.5, 0.5, 1.0]);
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        assert!(forward_and_slopes(ReLU::new(), [f32::NAN]).0[0].is_nan());
    }
}
