//! Checks of custom losses.

use crate::loss::PointwiseLoss;
use crate::rng::Seed;
use rand::RngExt;

/// A derivative of a loss that differs from finite differences.
#[derive(Clone, PartialEq, Debug)]
pub struct LossGap {
    /// The label.
    pub y: f32,
    /// The prediction.
    pub p: f32,
    /// The derivative that the loss returns.
    pub found: f32,
    /// The result of finite differences.
    pub expected: f32,
}

impl core::fmt::Display for LossGap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self {
            y,
            p,
            found,
            expected,
        } = self;
        write!(
            f,
            "the derivative of the loss for the label {y} and the prediction {p} is {found}, \
             finite differences give {expected}"
        )
    }
}

impl core::error::Error for LossGap {}

/// The number of pairs of a label and a prediction that are tried for each range.
const PAIRS: usize = 200;
/// The ranges of labels and predictions: numbers of both signs, and probabilities.
const RANGES: [(f32, f32); 2] = [(-3.0, 3.0), (0.05, 0.95)];
/// The step sizes of the differences. A kink within the first step is usually outside of the others.
const STEPS: [f32; 3] = [1e-2, 1e-3, 1e-4];
/// The relative difference that rounding and curvature may cause.
const TOLERANCE: f32 = 2e-2;

/// Checks the derivative of a custom loss.
///
/// Labels and predictions are drawn from -3 to 3 and from 0.05 to 0.95. 0 and 1 are also used as labels.
/// Pairs whose loss is not finite, such as the logarithm of a negative prediction, are skipped.
///
/// ```
/// use kerust::loss::PointwiseLoss;
/// use kerust::testing::check_loss;
///
/// struct FourthPower;
///
/// impl PointwiseLoss for FourthPower {
///     fn value(&self, y: f32, p: f32) -> f32 {
///         (p - y).powi(4)
///     }
///
///     fn derivative(&self, y: f32, p: f32) -> f32 {
///         4.0 * (p - y).powi(3)
///     }
/// }
///
/// assert!(check_loss(&FourthPower).is_ok());
/// ```
///
/// # Errors
/// Returns the first pair for which the derivative and finite differences disagree. If the loss is not finite
/// for any pair, such a pair is returned.
pub fn check_loss(loss: &impl PointwiseLoss) -> Result<(), LossGap> {
    let mut rng = Seed(1).rng();
    let (mut checked, mut gap) = (0, None);
    for (low, high) in RANGES {
        for pair in 0..PAIRS {
            let p = rng.random_range(low..high);
            let y = match pair % 4 {
                0 => 0.0,
                1 => 1.0,
                _ => rng.random_range(low..high),
            };
            if loss.value(y, p).is_finite() {
                check(loss, y, p)?;
                checked += 1;
            } else {
                let (found, expected) = (loss.derivative(y, p), f32::NAN);
                gap.get_or_insert(LossGap {
                    y,
                    p,
                    found,
                    expected,
                });
            }
        }
    }
    match gap {
        Some(gap) if checked == 0 => Err(gap),
        _ => Ok(()),
    }
}

fn check(loss: &impl PointwiseLoss, y: f32, p: f32) -> Result<(), LossGap> {
    let found = loss.derivative(y, p);
    let mut gap = None;
    for step in STEPS {
        let (above, below) = (p + step, p - step);
        let difference = f64::from(loss.value(y, above)) - f64::from(loss.value(y, below));
        let expected = (difference / (f64::from(above) - f64::from(below))) as f32;
        // This form reports NaN as a difference.
        if (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs()) {
            return Ok(());
        }
        gap.get_or_insert(LossGap {
            y,
            p,
            found,
            expected,
        });
    }
    match gap {
        Some(gap) => Err(gap),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Of<V, D>(V, D);

    impl<V, D> PointwiseLoss for Of<V, D>
    where
        V: Fn(f32, f32) -> f32 + Send + 'static,
        D: Fn(f32, f32) -> f32 + Send + 'static,
    {
        fn value(&self, y: f32, p: f32) -> f32 {
            self.0(y, p)
        }

        fn derivative(&self, y: f32, p: f32) -> f32 {
            self.1(y, p)
        }
    }

    #[test]
    fn losses_with_kinks_and_logarithms_pass() {
        let absolute = Of(
            |y: f32, p: f32| (p - y).abs(),
            |y: f32, p: f32| (p - y).signum(),
        );
        assert_eq!(check_loss(&absolute), Ok(()));
        let poisson = Of(
            |y: f32, p: f32| p - y * p.ln(),
            |y: f32, p: f32| 1.0 - y / p,
        );
        assert_eq!(check_loss(&poisson), Ok(()));
    }

    #[test]
    fn a_wrong_derivative_is_named_with_its_place() {
        let wrong_sign = Of(|y: f32, p: f32| (p - y) * (p - y), |y, p| 2.0 * (y - p));
        let message = check_loss(&wrong_sign).unwrap_err().to_string();
        assert!(
            message.starts_with("the derivative of the loss for the label 0 and the prediction "),
            "{message}"
        );
        let only_for_large_errors = Of(
            |y: f32, p: f32| (p - y).powi(2) / 2.0,
            |y: f32, p: f32| if (p - y).abs() > 4.0 { 0.0 } else { p - y },
        );
        assert!(check_loss(&only_for_large_errors).is_err());
    }

    #[test]
    fn a_derivative_or_a_loss_that_is_never_finite_fails() {
        let derivative = Of(|_: f32, p: f32| p, |_: f32, _: f32| f32::NAN);
        assert!(check_loss(&derivative).is_err());
        let loss = Of(|_: f32, _: f32| f32::NAN, |_: f32, _: f32| 0.0);
        assert!(check_loss(&loss).is_err());
    }
}
