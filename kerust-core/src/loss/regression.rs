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
