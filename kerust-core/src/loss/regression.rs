//! Losses of numbers against numbers.

use super::weight::weighable;
use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::model::Head;
use crate::tensor::Shape;

/// Mean squared error, `mean((y - t)²)`. Keras: `MeanSquaredError`.
///
/// Fits every head; the label is a tensor of the head's shape. As a metric: `mean_squared_error`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanSquaredError;

/// Mean absolute error, `mean(|y - t|)`; its derivative where `y = t` is 0. Keras:
/// `MeanAbsoluteError`.
///
/// Fits every head; the label is a tensor of the head's shape. As a metric: `mean_absolute_error`.
#[derive(Clone, Copy, Debug, Default)]
pub struct MeanAbsoluteError;

weighable! {
    MeanSquaredError;
    MeanAbsoluteError;
}

macro_rules! of_values {
    ($($name:ident |$self:ident, $output:ident, $label:ident| $loss:expr;)+) => {$(
        impl<A: HeadActivation, S: Shape> Loss<Head<A, S>> for $name {
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
}

/// -1, 0 or 1: unlike `f32::signum`, 0 of 0.
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
    fn a_weight_scales_loss_and_gradient() {
        let loss = MeanSquaredError.weight(0.5);
        let (value, gradient) = measure::<Linear, Rank1<1>, _, _>(&loss, &[3.0], &[1.0], None);
        assert_close(value, 2.0, 0.0);
        assert_eq!(gradient, [2.0]);
    }
}
