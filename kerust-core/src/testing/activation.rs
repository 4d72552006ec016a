//! Checks of custom activations.

use crate::activation::PointwiseActivation;

/// A derivative of an activation that differs from finite differences.
#[derive(Clone, PartialEq, Debug)]
pub struct ActivationGap {
    /// Where the derivative was taken.
    pub x: f32,
    /// The derivative that the activation returns.
    pub found: f32,
    /// The result of finite differences.
    pub expected: f32,
}

impl core::fmt::Display for ActivationGap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { x, found, expected } = self;
        write!(
            f,
            "the derivative of the activation at {x} is {found}, finite differences give {expected}"
        )
    }
}

impl core::error::Error for ActivationGap {}

/// The step sizes of the differences. A kink within the first step is usually outside of the others.
const STEPS: [f32; 2] = [1e-2, 1e-3];
/// The relative difference that rounding and curvature may cause.
const TOLERANCE: f32 = 2e-2;

/// Checks the derivative of a custom activation at 100 places from -4 to 4.
///
/// ```
/// use kerust::activation::PointwiseActivation;
/// use kerust::testing::check_activation;
///
/// struct Square;
///
/// impl PointwiseActivation for Square {
///     fn value(&self, x: f32) -> f32 {
///         x * x
///     }
///
///     fn derivative(&self, x: f32) -> f32 {
///         2.0 * x
///     }
/// }
///
/// assert!(check_activation(&Square).is_ok());
/// ```
///
/// # Errors
/// Returns the first place at which the derivative and finite differences disagree.
pub fn check_activation(activation: &impl PointwiseActivation) -> Result<(), ActivationGap> {
    for place in 0..100u16 {
        // None of them is a round number, where kinks usually are.
        let x = (f32::from(place) - 49.61) / 12.3;
        let found = activation.derivative(x);
        let slopes = STEPS.map(|step| {
            let (above, below) = (x + step, x - step);
            let difference =
                f64::from(activation.value(above)) - f64::from(activation.value(below));
            (difference / (f64::from(above) - f64::from(below))) as f32
        });
        // This form reports NaN as a difference.
        let fits = |expected: &f32| (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs());
        if !slopes.iter().any(fits) {
            let expected = slopes[0];
            return Err(ActivationGap { x, found, expected });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The derivative is wrong above 2.
    struct Late;

    impl PointwiseActivation for Late {
        fn value(&self, x: f32) -> f32 {
            x.abs()
        }

        fn derivative(&self, x: f32) -> f32 {
            if x > 2.0 { 0.9 } else { x.signum() }
        }
    }

    #[test]
    fn a_derivative_that_is_wrong_somewhere_is_found() {
        let gap = check_activation(&Late).unwrap_err();
        assert!(gap.x > 2.0 && gap.x < 2.1, "{gap}");
        assert_eq!(gap.found, 0.9);
    }
}
