//! Hinge losses.
//!
//! `max(0, 1 - t y)` with labels -1 and 1. As in Keras, if the labels of a batch are all 0 or 1, zeros are
//! replaced by -1.

use super::weight::weighable;
use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::data::{Binary, Data};
use crate::model::Head;
use crate::tensor::{Rank1, StaticShape};

/// Mean of `max(0, 1 - t y)`. Keras: `Hinge`. The name as a metric is `hinge`.
///
/// It fits every head with labels of the head's shape. Use it with a `tanh` or without activation. For labels
/// `Binary`, use `Hinge.binary()`.
///
/// ```
/// use kerust::loss::Hinge;
///
/// let loss = Hinge;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Hinge;

/// Mean of `max(0, 1 - t y)²`. Keras: `SquaredHinge`. The name as a metric is `squared_hinge`.
///
/// It fits every head with labels of the head's shape. Use it with a `tanh` or without activation. For labels
/// `Binary`, use `SquaredHinge.binary()`.
///
/// ```
/// use kerust::loss::SquaredHinge;
///
/// let loss = SquaredHinge;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SquaredHinge;

/// A hinge loss with labels `Binary`.
///
/// ```
/// use kerust::loss::Hinge;
///
/// let loss = Hinge.binary();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct OfBinary<L>(L);

macro_rules! hinges {
    ($($name:ident |$margin:ident| $loss:expr;)+) => {$(
        impl $name {
            /// The loss for a head with one value, with labels `Binary`.
            pub const fn binary(self) -> OfBinary<Self> {
                OfBinary(self)
            }

            /// The loss for a given `1 - t y`, and its derivative.
            fn of_margin($margin: f32) -> (f64, f32) {
                $loss
            }
        }

        impl<A: HeadActivation, S: StaticShape> Loss<Head<A, S>> for $name {
            type Label = S;

            fn measure(
                &self,
                batch: Batch<'_, Head<A, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                hinge(batch, batch.labels, Self::of_margin, gradient)
            }
        }

        impl<A: HeadActivation> Loss<Head<A, Rank1<1>>> for OfBinary<$name> {
            type Label = Binary;

            fn measure(
                &self,
                batch: Batch<'_, Head<A, Rank1<1>>, Binary>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                hinge(batch, batch.labels, $name::of_margin, gradient)
            }
        }
    )+};
}
hinges! {
    Hinge |margin| (f64::from(margin), 1.0);
    SquaredHinge |margin| (f64::from(margin) * f64::from(margin), 2.0 * margin);
}

weighable! {
    Hinge;
    SquaredHinge;
    {L} OfBinary<L>;
}

fn hinge<A: HeadActivation, S: StaticShape, Y: Data>(
    batch: Batch<'_, Head<A, S>, Y>,
    labels: &[f32],
    loss: fn(f32) -> (f64, f32),
    gradient: Option<&mut [f32]>,
) -> f64 {
    assert_eq!(labels.len(), batch.outputs.len());
    let yes_or_no = labels.iter().all(|label| *label == 0.0 || *label == 1.0);
    let side = |label: f32| if yes_or_no { 2.0 * label - 1.0 } else { label };
    batch.mean_of_samples(gradient, |unit, outputs, gradient| {
        let len = outputs.len();
        let labels = &labels[unit * len..(unit + 1) * len];
        let margin = |place: usize| 1.0 - side(labels[place]) * outputs[place];
        if let Some(gradient) = gradient {
            for (place, slot) in gradient.iter_mut().enumerate() {
                let margin = margin(place);
                // This form keeps NaN. At 0 the derivative is that of the margin, as in TensorFlow.
                *slot = if margin < 0.0 {
                    0.0
                } else {
                    -side(labels[place]) * loss(margin).1 / len as f32
                };
            }
        }
        let values = (0..len).map(|place| {
            let margin = margin(place);
            if margin < 0.0 { 0.0 } else { loss(margin).0 }
        });
        values.sum::<f64>() / len as f64
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_gradient, logits, measure};
    use super::*;
    use crate::activation::{Linear, Tanh};

    #[test]
    fn labels_of_zero_and_one_are_no_and_yes() {
        let x = [0.5, -2.0, 0.25];
        let (signs, gradient) =
            measure::<Linear, Rank1<1>, _, _>(&Hinge, &x, &[1.0, -1.0, -1.0], None);
        assert_eq!(signs, (0.5 + 0.0 + 1.25) / 3.0);
        assert_eq!(gradient, [-1.0 / 3.0, 0.0, 1.0 / 3.0]);
        let bits = measure::<Linear, Rank1<1>, _, _>(&Hinge, &x, &[1.0, 0.0, 0.0], None);
        assert_eq!(bits, (signs, gradient));
        let loss = Hinge.binary();
        assert_eq!(
            measure::<Linear, Rank1<1>, _, _>(&loss, &x, &[1.0, 0.0, 0.0], None),
            bits
        );
    }

    #[test]
    fn gradients_match_finite_differences() {
        let (x, labels) = (logits(6), [1.0, -1.0, -1.0, 1.0, -1.0, 1.0]);
        check_gradient::<Tanh, Rank1<3>, _, _>(&Hinge, &x, &labels);
        check_gradient::<Linear, Rank1<3>, _, _>(&SquaredHinge, &x, &labels);
    }
}
