//! Checks of custom regularizers.

use crate::regularizer::Regularize;
use crate::rng::Seed;
use rand::RngExt;

/// A derivative of a regularizer that differs from finite differences.
#[derive(Clone, PartialEq, Debug)]
pub struct RegularizerGap {
    /// The index of the value.
    pub index: usize,
    /// The derivative that the regularizer returns.
    pub found: f32,
    /// The result of finite differences.
    pub expected: f32,
}

impl core::fmt::Display for RegularizerGap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self {
            index,
            found,
            expected,
        } = self;
        write!(
            f,
            "the derivative of the penalty with respect to value {index} is {found}, finite differences give {expected}"
        )
    }
}

impl core::error::Error for RegularizerGap {}

/// The step sizes of the differences. A kink within the first step is usually outside of the others.
const STEPS: [f32; 2] = [1e-2, 1e-3];
/// The relative difference that rounding and curvature may cause.
const TOLERANCE: f32 = 2e-2;

/// Checks the derivative of a custom regularizer for values of this shape, drawn from -2 to 2.
///
/// ```
/// use kerust::regularizer::Regularize;
/// use kerust::testing::check_regularizer;
///
/// struct Squares;
///
/// impl Regularize for Squares {
///     fn penalty(&self, values: &[f32], _sizes: &[usize]) -> f64 {
///         values.iter().map(|value| f64::from(value * value)).sum()
///     }
///
///     fn add_derivative(&self, values: &[f32], _sizes: &[usize], gradient: &mut [f32]) {
///         for (g, value) in gradient.iter_mut().zip(values) {
///             *g += 2.0 * value;
///         }
///     }
/// }
///
/// assert!(check_regularizer(&Squares, &[3, 5]).is_ok());
/// ```
///
/// # Errors
/// Returns the first value for which the derivative and finite differences disagree, or which is not added to what the
/// gradient holds.
pub fn check_regularizer(
    regularizer: &impl Regularize,
    sizes: &[usize],
) -> Result<(), RegularizerGap> {
    let mut rng = Seed(1).rng();
    let mut values: Vec<f32> = (0..sizes.iter().product::<usize>())
        .map(|_| rng.random_range(-2.0..2.0))
        .collect();
    // The derivative is to be added to these.
    let before: Vec<f32> = (0..values.len()).map(|place| place as f32).collect();
    let mut gradient = before.clone();
    regularizer.add_derivative(&values, sizes, &mut gradient);
    for index in 0..values.len() {
        let found = gradient[index] - before[index];
        let mut gap = None;
        let fits = STEPS.iter().any(|step| {
            let value = values[index];
            let mut at = |value: f32| {
                values[index] = value;
                regularizer.penalty(&values, sizes)
            };
            let (above, below) = (value + step, value - step);
            let difference = at(above) - at(below);
            values[index] = value;
            let expected = (difference / (f64::from(above) - f64::from(below))) as f32;
            gap.get_or_insert(RegularizerGap {
                index,
                found,
                expected,
            });
            // This form reports NaN as a difference.
            (found - expected).abs() <= TOLERANCE * (1.0 + expected.abs())
        });
        if let (false, Some(gap)) = (fits, gap) {
            return Err(gap);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Squares, whose derivative is multiplied by a factor.
    struct Squares(f32);

    impl Regularize for Squares {
        fn penalty(&self, values: &[f32], _sizes: &[usize]) -> f64 {
            values.iter().map(|value| f64::from(value * value)).sum()
        }

        fn add_derivative(&self, values: &[f32], _sizes: &[usize], gradient: &mut [f32]) {
            for (g, value) in gradient.iter_mut().zip(values) {
                *g += 2.0 * self.0 * value;
            }
        }
    }

    #[test]
    fn a_wrong_derivative_is_named_with_its_place() {
        assert_eq!(check_regularizer(&Squares(1.0), &[3, 17]), Ok(()));
        let message = check_regularizer(&Squares(-1.0), &[3])
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("the derivative of the penalty with respect to value 0 is "),
            "{message}"
        );
    }
}
