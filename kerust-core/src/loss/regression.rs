//! Losses for regression.

use super::weight::weighable;
use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::model::Head;
use crate::tensor::StaticShape;
use crate::value::value;

/// Mean squared error, `mean((y - t)²)`. Keras: `MeanSquaredError`.
///
/// It fits every head; the label is a tensor of the head's shape. As a metric: `mean_squared_error`.
///
/// ```
/// use kerust::loss::MeanSquaredError;
///
/// let loss = MeanSquaredError;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError;

/// Mean absolute error, `mean(|y - t|)`. Its derivative is 0 where `y = t`. Keras: `MeanAbsoluteError`.
///
/// It fits every head; the label is a tensor of the head's shape. As a metric: `mean_absolute_error`.
///
/// ```
/// use kerust::loss::MeanAbsoluteError;
///
/// let loss = MeanAbsoluteError;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError;

/// Mean absolute percentage error, `100 mean(|y - t| / max(|t|, 1e-7))`. Keras:
/// `MeanAbsolutePercentageError`. The name as a metric is `mean_absolute_percentage_error`.
///
/// ```
/// use kerust::loss::MeanAbsolutePercentageError;
///
/// let loss = MeanAbsolutePercentageError;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsolutePercentageError;

/// Mean squared logarithmic error, `mean((ln(1 + y) - ln(1 + t))²)`. Values below 1e-7 are replaced by 1e-7.
/// Keras: `MeanSquaredLogarithmicError`. The name as a metric is `mean_squared_logarithmic_error`.
///
/// ```
/// use kerust::loss::MeanSquaredLogarithmicError;
///
/// let loss = MeanSquaredLogarithmicError;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredLogarithmicError;

/// Mean of `ln cosh(y - t)`, which is near `e² / 2` for small errors `e` and near `|e|` for large errors.
/// Keras: `LogCosh`. The name as a metric is `logcosh`.
///
/// ```
/// use kerust::loss::LogCosh;
///
/// let loss = LogCosh;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LogCosh;

/// Mean of `y - t ln(y + 1e-7)`, for counts. Keras: `Poisson`. The name as a metric is `poisson`.
///
/// ```
/// use kerust::loss::Poisson;
///
/// let loss = Poisson;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Poisson;

/// Huber loss (1964): the mean of `e² / 2` for errors `e` up to `delta`, and of `delta (|e| - delta / 2)` for
/// larger errors. Keras: `Huber`.
///
/// `delta` is 1 by default. It fits every head; the label is a tensor of the head's shape.
///
/// ```
/// use kerust::loss::Huber;
///
/// let loss = Huber;
/// let wider = Huber.delta(2.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    delta: f32,
}

value! {
    Huber { delta: 1.0 }
}

impl Huber {
    /// Sets the error above which the loss is linear (Keras's `delta`).
    ///
    /// # Panics
    /// Panics unless `delta > 0`.
    pub fn delta(self, delta: f32) -> Self {
        assert!(delta > 0.0, "`delta` is {delta}, expected a number above 0");
        Self { delta }
    }
}

weighable! {
    MeanSquaredError;
    MeanAbsoluteError;
    MeanAbsolutePercentageError;
    MeanSquaredLogarithmicError;
    LogCosh;
    Poisson;
    Huber;
}

/// Keras's `epsilon`.
const EPSILON: f32 = 1e-7;

macro_rules! of_values {
    ($($name:ident |$self:ident, $output:ident, $label:ident| $loss:expr;)+) => {$(
        impl<A: HeadActivation, S: StaticShape> Loss<Head<A, S>> for $name {
            type Label = S;

            fn measure(
                &$self,
                batch: Batch<'_, Head<A, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                batch.mean_of_values(gradient, |$output, $label| $loss)
            }
        }
    )+};
}
of_values! {
    MeanSquaredError |self, output, label| {
        let error = output - label;
        (f64::from(error) * f64::from(error), 2.0 * error)
    };
    MeanAbsoluteError |self, output, label| {
        let error = output - label;
        (f64::from(error.abs()), sign(error))
    };
    MeanAbsolutePercentageError |self, output, label| {
        let (error, scale) = (output - label, 100.0 / label.abs().max(EPSILON));
        (f64::from(error.abs()) * f64::from(scale), sign(error) * scale)
    };
    MeanSquaredLogarithmicError |self, output, label| {
        let logarithm = |value: f32| libm::log1p(f64::from(value.max(EPSILON)));
        let error = logarithm(output) - logarithm(label);
        let slope = if output < EPSILON { 0.0 } else { 2.0 * error / (1.0 + f64::from(output)) };
        (error * error, slope as f32)
    };
    LogCosh |self, output, label| {
        let size = f64::from((output - label).abs());
        let value = size + libm::log1p(libm::exp(-2.0 * size)) - core::f64::consts::LN_2;
        (value, libm::tanhf(output - label))
    };
    Poisson |self, output, label| {
        let (y, t) = (f64::from(output) + f64::from(EPSILON), f64::from(label));
        (f64::from(output) - t * libm::log(y), (1.0 - t / y) as f32)
    };
    Huber |self, output, label| {
        let (error, delta) = (output - label, self.delta);
        let (size, limit) = (f64::from(error.abs()), f64::from(delta));
        let value = if size <= limit { size * size / 2.0 } else { limit * (size - limit / 2.0) };
        (value, error.clamp(-delta, delta))
    };
}

/// -1, 0 or 1. Unlike `f32::signum`, it returns 0 for 0.
fn sign(value: f32) -> f32 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;
    use crate::activation::{Linear, Relu, Sigmoid, Softmax, Tanh};
    use crate::tensor::{Rank1, Rank3};

    #[test]
    fn values_and_gradients_are_those_computed_by_hand() {
        let (x, labels) = ([1.0, -2.0, 0.5, 4.0], [0.0, 0.0, 0.5, 1.0]);
        let (squared, gradient) =
            measure::<Linear, Rank1<2>, _, _>(&MeanSquaredError, &x, &labels, None);
        assert_eq!(squared, (1.0 + 4.0 + 0.0 + 9.0) / 4.0);
        assert_eq!(gradient, [0.5, -1.0, 0.0, 1.5]);
        let (absolute, gradient) =
            measure::<Linear, Rank1<2>, _, _>(&MeanAbsoluteError, &x, &labels, None);
        assert_eq!(absolute, 6.0 / 4.0);
        assert_eq!(gradient, [0.25, -0.25, 0.0, 0.25]);
    }

    #[test]
    fn a_sample_counts_by_its_weight_and_the_mean_is_over_all() {
        let (x, labels) = ([1.0, 3.0], [0.0, 0.0]);
        let (value, gradient) =
            measure::<Linear, Rank1<1>, _, _>(&MeanSquaredError, &x, &labels, Some(&[2.0, 0.5]));
        assert_eq!(value, (2.0 + 4.5) / 2.0);
        assert_eq!(gradient, [2.0, 1.5]);
    }

    #[test]
    fn the_gradient_goes_through_the_activation_of_the_head() {
        let x = logits(6);
        let labels = [0.3, -0.4, 0.9, 0.1, 0.2, -0.7];
        check_gradient::<Linear, Rank1<3>, _, _>(&MeanSquaredError, &x, &labels);
        check_gradient::<Tanh, Rank1<3>, _, _>(&MeanSquaredError, &x, &labels);
        check_gradient::<Sigmoid, Rank1<3>, _, _>(&MeanSquaredError, &x, &labels);
        check_gradient::<Softmax, Rank1<3>, _, _>(&MeanSquaredError, &x, &labels);
        check_gradient::<Relu, Rank3<1, 3, 1>, _, _>(&MeanSquaredError, &x, &labels);
        check_gradient::<Tanh, Rank1<3>, _, _>(&MeanAbsoluteError, &x, &labels);
        check_gradient::<Tanh, Rank1<3>, _, _>(&MeanSquaredError.weight(0.5), &x, &labels);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let (x, labels) = (logits(6), [0.3, -0.4, 0.9, 2.6, 0.2, -3.7]);
        check_gradient::<Linear, Rank1<3>, _, _>(&MeanAbsolutePercentageError, &x, &labels);
        check_gradient::<Sigmoid, Rank1<3>, _, _>(&MeanSquaredLogarithmicError, &x, &labels);
        check_gradient::<Linear, Rank1<3>, _, _>(&LogCosh, &x, &labels);
        check_gradient::<Sigmoid, Rank1<3>, _, _>(&Poisson, &x, &labels);
        check_gradient::<Linear, Rank1<3>, _, _>(&Huber, &x, &labels);
        check_gradient::<Linear, Rank1<3>, _, _>(&Huber.delta(2.0), &x, &labels);
    }

    #[test]
    fn losses_without_an_error_are_zero() {
        let x = [0.5, 2.0];
        let zero = |found: (f64, Vec<f32>)| {
            assert_close(found.0, 0.0, 1e-12);
            assert_eq!(found.1, [0.0, 0.0]);
        };
        zero(measure::<Linear, Rank1<2>, _, _>(&Huber, &x, &x, None));
        zero(measure::<Linear, Rank1<2>, _, _>(&LogCosh, &x, &x, None));
        zero(measure::<Linear, Rank1<2>, _, _>(
            &MeanAbsolutePercentageError,
            &x,
            &x,
            None,
        ));
        zero(measure::<Linear, Rank1<2>, _, _>(
            &MeanSquaredLogarithmicError,
            &x,
            &x,
            None,
        ));
    }

    #[test]
    fn a_weight_scales_loss_and_gradient() {
        let loss = MeanSquaredError.weight(0.5);
        let (value, gradient) = measure::<Linear, Rank1<1>, _, _>(&loss, &[3.0], &[1.0], None);
        assert_close(value, 2.0, 0.0);
        assert_eq!(gradient, [2.0]);
    }
}
