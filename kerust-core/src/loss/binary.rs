//! Binary crossentropy.
//!
//! `-t ln p - (1 - t) ln(1 - p)` with `p = sigmoid(x)`, computed from the logit as
//! `max(x, 0) - x t + ln(1 + exp(-|x|))`, as TensorFlow's `sigmoid_cross_entropy_with_logits`; its
//! derivative with respect to `x` is `p - t`, exactly.

use super::crossentropy::{FromLogits, LabelSmoothing};
use super::weight::weighable;
use super::{Batch, Loss};
use crate::activation::{HeadActivation, Linear, Sigmoid};
use crate::data::{Binary, Data};
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};

/// Crossentropy for two classes. Keras: `BinaryCrossentropy`.
///
/// It fits one sigmoid with labels `Binary`. For several sigmoids with a label each, use
/// `BinaryCrossentropy.multi_label()`. For a head without activation, use
/// `BinaryCrossentropy::from_logits()`.
///
/// ```
/// use kerust::loss::BinaryCrossentropy;
///
/// let loss = BinaryCrossentropy;
/// let smoothed = BinaryCrossentropy.label_smoothing(0.1);
/// let of_logits = BinaryCrossentropy::from_logits();
/// let of_several_labels = BinaryCrossentropy.multi_label();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryCrossentropy;

/// [`BinaryCrossentropy`] for several labels per sample: a tensor of zeros and ones with the head's shape.
/// The loss of a sample is the mean over its labels.
///
/// ```
/// use kerust::loss::BinaryCrossentropy;
///
/// let loss = BinaryCrossentropy.multi_label();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MultiLabel<L>(pub(super) L);

impl BinaryCrossentropy {
    /// The loss for a head without activation (Keras's `from_logits = True`).
    pub const fn from_logits() -> FromLogits<Self> {
        FromLogits(Self)
    }

    /// Smooths labels `t` to `t (1 - amount) + amount / 2` (Keras's `label_smoothing`).
    ///
    /// # Panics
    /// Panics unless `0 <= amount <= 1`.
    pub fn label_smoothing(self, amount: f32) -> LabelSmoothing<Self> {
        LabelSmoothing::new(amount)
    }
}

impl FromLogits<BinaryCrossentropy> {
    /// Smooths labels `t` to `t (1 - amount) + amount / 2` (Keras's `label_smoothing`).
    ///
    /// # Panics
    /// Panics unless `0 <= amount <= 1`.
    pub fn label_smoothing(self, amount: f32) -> FromLogits<LabelSmoothing<BinaryCrossentropy>> {
        FromLogits(LabelSmoothing::new(amount))
    }
}

macro_rules! binary {
    ($($name:ty, $activation:ident, |$self:ident| $smoothing:expr;)+) => {$(
        impl $name {
            /// The loss for a head with several values, with labels of the head's shape.
            pub const fn multi_label(self) -> MultiLabel<Self> {
                MultiLabel(self)
            }
        }

        impl Smoothing for $name {
            fn smoothing(&$self) -> f32 {
                $smoothing
            }
        }

        impl Loss<Head<$activation, Rank1<1>>> for $name {
            type Label = Binary;

            fn is_crossentropy(&self) -> bool {
                self.smoothing() == 0.0
            }

            fn measure(
                &self,
                batch: Batch<'_, Head<$activation, Rank1<1>>, Binary>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                crossentropy(batch, batch.labels, self.smoothing(), gradient)
            }
        }

        /// One label for each step.
        impl<const STEPS: usize> Loss<Head<$activation, Rank2<STEPS, 1>>> for $name {
            type Label = [Binary; STEPS];

            fn is_crossentropy(&self) -> bool {
                self.smoothing() == 0.0
            }

            fn measure(
                &self,
                batch: Batch<'_, Head<$activation, Rank2<STEPS, 1>>, [Binary; STEPS]>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                crossentropy(batch.by_steps(), batch.labels, self.smoothing(), gradient)
            }
        }

        impl<S: StaticShape> Loss<Head<$activation, S>> for MultiLabel<$name> {
            type Label = S;

            fn measure(
                &self,
                batch: Batch<'_, Head<$activation, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                crossentropy(batch, batch.labels, self.0.smoothing(), gradient)
            }
        }
    )+};
}
binary! {
    BinaryCrossentropy, Sigmoid, |self| 0.0;
    LabelSmoothing<BinaryCrossentropy>, Sigmoid, |self| self.amount;
    FromLogits<BinaryCrossentropy>, Linear, |self| 0.0;
    FromLogits<LabelSmoothing<BinaryCrossentropy>>, Linear, |self| self.0.amount;
}

weighable! {
    BinaryCrossentropy;
    {L} MultiLabel<L>;
}

trait Smoothing {
    fn smoothing(&self) -> f32;
}

fn crossentropy<A: HeadActivation, S: StaticShape, Y: Data>(
    batch: Batch<'_, Head<A, S>, Y>,
    labels: &[f32],
    smoothing: f32,
    gradient: Option<&mut [f32]>,
) -> f64 {
    assert_eq!(labels.len(), batch.outputs.len());
    let smooth = |label: f32| label * (1.0 - smoothing) + 0.5 * smoothing;
    batch.mean_by_logits(gradient, |unit, scores, gradient| {
        let len = scores.outputs.len();
        let labels = &labels[unit * len..(unit + 1) * len];
        let answer = |place: usize| {
            Answer::new(
                f64::from(scores.logits[place]),
                f64::from(smooth(labels[place])),
            )
        };
        let total: f64 = match gradient {
            None => (0..len).map(|place| answer(place).loss()).sum(),
            Some(gradient) => {
                let slots = gradient.iter_mut().enumerate();
                slots
                    .map(|(place, slot)| {
                        let answer = answer(place);
                        *slot = answer.slope() as f32 / len as f32;
                        answer.loss()
                    })
                    .sum()
            }
        };
        total / len as f64
    })
}

struct Answer {
    logit: f64,
    label: f64,
    /// `exp(-|x|)`, which does not overflow for either sign of `x`.
    tail: f64,
}

impl Answer {
    fn new(logit: f64, label: f64) -> Self {
        Self {
            logit,
            label,
            tail: libm::exp(-logit.abs()),
        }
    }

    fn loss(&self) -> f64 {
        self.logit.max(0.0) - self.logit * self.label + libm::log1p(self.tail)
    }

    /// `sigmoid(x) - t`
    fn slope(&self) -> f64 {
        let above = if self.logit < 0.0 { self.tail } else { 1.0 };
        above / (1.0 + self.tail) - self.label
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;
    use crate::tensor::Rank2;

    #[test]
    fn a_guess_costs_the_logarithm_of_two() {
        let loss = BinaryCrossentropy;
        let (value, gradient) =
            measure::<Sigmoid, Rank1<1>, _, _>(&loss, &[0.0, 0.0], &[0.0, 1.0], None);
        assert_close(value, 2f64.ln(), 1e-12);
        assert_eq!(gradient, [0.25, -0.25]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let (x, labels) = (logits(3), [1.0, 0.0, 1.0]);
        check_gradient::<Sigmoid, Rank1<1>, _, _>(&BinaryCrossentropy, &x, &labels);
        let loss = BinaryCrossentropy::from_logits().label_smoothing(0.2);
        check_gradient::<Linear, Rank1<1>, _, _>(&loss, &x, &labels);
        let (x, labels) = (
            logits(12),
            [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
        );
        let loss = BinaryCrossentropy.label_smoothing(0.2).multi_label();
        check_gradient::<Sigmoid, Rank2<2, 3>, _, _>(&loss, &x, &labels);
    }

    #[test]
    fn logits_of_any_size_are_not_clipped() {
        let loss = BinaryCrossentropy;
        let (value, gradient) =
            measure::<Sigmoid, Rank1<1>, _, _>(&loss, &[200.0, -300.0], &[0.0, 1.0], None);
        assert_close(value, 250.0, 1e-9);
        assert_eq!(gradient, [0.5, -0.5]);
    }
}
