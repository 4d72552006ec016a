//! Focal crossentropies, which give less weight to samples that are already predicted well.
//!
//! `(1 - p)^γ · -ln p` for the probability `p` of the correct class: Lin et al. (2017), equations 4 and 5.
//! Like the crossentropies, they are computed from the logits, so that no probability is clipped.

use super::crossentropy::FromLogits;
use super::logits::{Logits, softmax};
use super::weight::weighable;
use super::{Batch, Loss, MultiLabel};
use crate::activation::{HeadActivation, Linear, Sigmoid, Softmax};
use crate::data::{Binary, Data};
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};
use crate::value::value;

/// Binary crossentropy times `(1 - p)^γ` for the probability `p` of the label. Keras:
/// `BinaryFocalCrossentropy`.
///
/// It fits one sigmoid with labels `Binary`, and several with `.multi_label()`. For a head without
/// activation, use `BinaryFocalCrossentropy::from_logits()`. Keras's defaults: `gamma` is 2, and
/// `apply_class_balancing` is off. With `apply_class_balancing(true)`, the losses of label 1 are multiplied
/// by `alpha`, 0.25 by default, and those of label 0 by `1 - alpha`.
///
/// ```
/// use kerust::loss::BinaryFocalCrossentropy;
///
/// let loss = BinaryFocalCrossentropy;
/// let balanced = BinaryFocalCrossentropy.apply_class_balancing(true).alpha(0.75);
/// let of_several_logits = BinaryFocalCrossentropy::from_logits().gamma(3.0).multi_label();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BinaryFocalCrossentropy {
    apply_class_balancing: bool,
    alpha: f32,
    gamma: f32,
    label_smoothing: f32,
}

/// Crossentropy of several classes times `alpha (1 - p)^γ` for the probability `p` of the class. Keras:
/// `CategoricalFocalCrossentropy`.
///
/// It fits a softmax with one-hot labels of its shape. For a head without activation, use
/// `CategoricalFocalCrossentropy::from_logits()`. Keras's defaults: `alpha` is 0.25 and `gamma` is 2.
///
/// ```
/// use kerust::loss::CategoricalFocalCrossentropy;
///
/// let loss = CategoricalFocalCrossentropy.gamma(1.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CategoricalFocalCrossentropy {
    alpha: f32,
    gamma: f32,
    label_smoothing: f32,
}

value! {
    BinaryFocalCrossentropy {
        apply_class_balancing: false,
        alpha: 0.25,
        gamma: 2.0,
        label_smoothing: 0.0,
    }
}
value! {
    CategoricalFocalCrossentropy {
        alpha: 0.25,
        gamma: 2.0,
        label_smoothing: 0.0,
    }
}

/// The settings of a focal loss, also with `from_logits`.
macro_rules! settings {
    ($($name:ty, |$self:ident| $settings:expr;)+) => {$(
        impl $name {
            /// Sets how much well-predicted samples are reduced (Keras's `gamma`). With 0 they are not
            /// reduced.
            ///
            /// # Panics
            /// Panics unless `gamma >= 0`.
            pub fn gamma(mut $self, gamma: f32) -> Self {
                assert!(gamma >= 0.0, "`gamma` is {gamma}, expected a number of at least 0");
                $settings.gamma = gamma;
                $self
            }

            /// Sets the balance of the classes (Keras's `alpha`).
            pub fn alpha(mut $self, alpha: f32) -> Self {
                $settings.alpha = alpha;
                $self
            }

            /// Smooths the labels by this amount (Keras's `label_smoothing`).
            ///
            /// # Panics
            /// Panics unless `0 <= amount <= 1`.
            pub fn label_smoothing(mut $self, amount: f32) -> Self {
                assert!(
                    (0.0..=1.0).contains(&amount),
                    "`label_smoothing` is {amount}, expected a number from 0 to 1"
                );
                $settings.label_smoothing = amount;
                $self
            }
        }
    )+};
}
settings! {
    BinaryFocalCrossentropy, |self| self;
    FromLogits<BinaryFocalCrossentropy>, |self| self.0;
    CategoricalFocalCrossentropy, |self| self;
    FromLogits<CategoricalFocalCrossentropy>, |self| self.0;
}

macro_rules! binary {
    ($($name:ty, $activation:ident;)+) => {$(
        impl $name {
            /// The loss for a head with several values, with labels of the head's shape.
            pub const fn multi_label(self) -> MultiLabel<Self> {
                MultiLabel(self)
            }
        }

        impl Loss<Head<$activation, Rank1<1>>> for $name {
            type Label = Binary;

            fn measure(
                &self,
                batch: Batch<'_, Head<$activation, Rank1<1>>, Binary>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                self.binary().mean(batch, batch.labels, gradient)
            }
        }

        /// One label for each step.
        impl<const STEPS: usize> Loss<Head<$activation, Rank2<STEPS, 1>>> for $name {
            type Label = [Binary; STEPS];

            fn measure(
                &self,
                batch: Batch<'_, Head<$activation, Rank2<STEPS, 1>>, [Binary; STEPS]>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                self.binary().mean(batch.by_steps(), batch.labels, gradient)
            }
        }

        impl<S: StaticShape> Loss<Head<$activation, S>> for MultiLabel<$name> {
            type Label = S;

            fn measure(
                &self,
                batch: Batch<'_, Head<$activation, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                self.0.binary().mean(batch, batch.labels, gradient)
            }
        }
    )+};
}
binary! {
    BinaryFocalCrossentropy, Sigmoid;
    FromLogits<BinaryFocalCrossentropy>, Linear;
}

macro_rules! categorical {
    ($($name:ty, $activation:ident, |$self:ident| $settings:expr;)+) => {$(
        impl<S: StaticShape> Loss<Head<$activation, S>> for $name {
            type Label = S;

            fn measure(
                &$self,
                batch: Batch<'_, Head<$activation, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                let settings = $settings;
                batch.mean_of_vectors(gradient, |scores, labels, gradient| {
                    settings.focal(&softmax::$activation(scores), labels, gradient)
                })
            }
        }
    )+};
}
categorical! {
    CategoricalFocalCrossentropy, Softmax, |self| self;
    FromLogits<CategoricalFocalCrossentropy>, Linear, |self| self.0;
}

weighable! {
    BinaryFocalCrossentropy;
    CategoricalFocalCrossentropy;
}

impl BinaryFocalCrossentropy {
    /// The loss for a head without activation (Keras's `from_logits = True`).
    pub const fn from_logits() -> FromLogits<Self> {
        FromLogits(BinaryFocalCrossentropy)
    }

    /// Sets whether the classes are balanced by `alpha` (Keras's `apply_class_balancing`).
    pub const fn apply_class_balancing(mut self, apply_class_balancing: bool) -> Self {
        self.apply_class_balancing = apply_class_balancing;
        self
    }

    const fn binary(&self) -> &Self {
        self
    }

    fn mean<A: HeadActivation, S: StaticShape, Y: Data>(
        &self,
        batch: Batch<'_, Head<A, S>, Y>,
        labels: &[f32],
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        assert_eq!(labels.len(), batch.outputs.len());
        batch.mean_by_logits(gradient, |unit, scores, mut gradient| {
            let len = scores.outputs.len();
            let labels = &labels[unit * len..(unit + 1) * len];
            let mut total = 0.0;
            for (place, (logit, label)) in scores.logits.iter().zip(labels).enumerate() {
                let (loss, slope) = self.focal(f64::from(*logit), f64::from(*label));
                total += loss;
                if let Some(gradient) = &mut gradient {
                    gradient[place] = (slope / len as f64) as f32;
                }
            }
            total / len as f64
        })
    }

    /// The loss of a logit, and its derivative.
    fn focal(&self, x: f64, label: f64) -> (f64, f64) {
        let smoothing = f64::from(self.label_smoothing);
        let t = label * (1.0 - smoothing) + 0.5 * smoothing;
        let tail = libm::exp(-x.abs());
        let (near, far) = (1.0 / (1.0 + tail), tail / (1.0 + tail));
        // The probabilities of 1 and of 0, both with full precision.
        let (p, q) = if x < 0.0 { (far, near) } else { (near, far) };
        let crossentropy = x.max(0.0) - x * t + libm::log1p(tail);
        let wrong = t * q + (1.0 - t) * p;
        let (factor, slope) = power(wrong, self.gamma.into());
        let alpha = f64::from(self.alpha);
        let balance = match self.apply_class_balancing {
            true => t * alpha + (1.0 - t) * (1.0 - alpha),
            false => 1.0,
        };
        let wrong_slope = (1.0 - 2.0 * t) * p * q;
        (
            balance * factor * crossentropy,
            balance * (slope * wrong_slope * crossentropy + factor * (p - t)),
        )
    }
}

impl FromLogits<BinaryFocalCrossentropy> {
    /// Sets whether the classes are balanced by `alpha` (Keras's `apply_class_balancing`).
    pub const fn apply_class_balancing(mut self, apply_class_balancing: bool) -> Self {
        self.0.apply_class_balancing = apply_class_balancing;
        self
    }

    const fn binary(&self) -> &BinaryFocalCrossentropy {
        &self.0
    }
}

impl CategoricalFocalCrossentropy {
    /// The loss for a head without activation (Keras's `from_logits = True`).
    pub const fn from_logits() -> FromLogits<Self> {
        FromLogits(CategoricalFocalCrossentropy)
    }

    fn focal(&self, logits: &Logits<'_>, labels: &[f32], gradient: Option<&mut [f32]>) -> f64 {
        let (alpha, gamma) = (f64::from(self.alpha), f64::from(self.gamma));
        let smoothing = f64::from(self.label_smoothing);
        let floor = smoothing / labels.len() as f64;
        // A term, and its derivative with respect to the logarithm of its probability.
        let term = |place: usize| {
            let t = f64::from(labels[place]) * (1.0 - smoothing) + floor;
            if t == 0.0 {
                // 0 · ∞ counts as 0 here: a class of weight 0 does not contribute.
                return (0.0, 0.0);
            }
            let surprise = logits.surprise(place);
            let p = libm::exp(-surprise);
            let (factor, slope) = power(-libm::expm1(-surprise), gamma);
            let derivative = -slope * p * surprise - factor;
            (alpha * t * factor * surprise, alpha * t * derivative)
        };
        if let Some(gradient) = gradient {
            logits.write_probabilities(gradient);
            let sum: f64 = (0..labels.len()).map(|place| term(place).1).sum();
            for (place, slot) in gradient.iter_mut().enumerate() {
                *slot = (term(place).1 - f64::from(*slot) * sum) as f32;
            }
        }
        (0..labels.len()).map(|place| term(place).0).sum()
    }
}

/// `base^exponent` for a base from 0 to 1, and its derivative. At 0 the derivative is set to 0, because it is
/// multiplied by a factor that goes to 0 faster than it grows.
fn power(base: f64, exponent: f64) -> (f64, f64) {
    let value = libm::pow(base, exponent);
    match base > 0.0 {
        true => (value, exponent * value / base),
        false => (value, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;
    use crate::loss::{BinaryCrossentropy, CategoricalCrossentropy};
    use crate::tensor::Rank2;

    #[test]
    fn gradients_match_finite_differences() {
        let (x, labels) = (logits(3), [1.0, 0.0, 1.0]);
        check_gradient::<Sigmoid, Rank1<1>, _, _>(&BinaryFocalCrossentropy, &x, &labels);
        let loss = BinaryFocalCrossentropy::from_logits()
            .gamma(0.5)
            .label_smoothing(0.2)
            .apply_class_balancing(true);
        check_gradient::<Linear, Rank1<1>, _, _>(&loss, &x, &labels);
        let (x, labels) = (
            logits(12),
            [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        );
        let loss = BinaryFocalCrossentropy.gamma(3.0).multi_label();
        check_gradient::<Sigmoid, Rank2<2, 3>, _, _>(&loss, &x, &labels);
        let loss = CategoricalFocalCrossentropy;
        check_gradient::<Softmax, Rank2<2, 3>, _, _>(&loss, &x, &labels);
        let loss = CategoricalFocalCrossentropy::from_logits()
            .alpha(0.7)
            .gamma(0.5)
            .label_smoothing(0.3);
        check_gradient::<Linear, Rank1<3>, _, _>(&loss, &x, &labels);
    }

    #[test]
    fn without_focus_they_are_the_crossentropies() {
        let (x, labels) = (logits(6), [0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        let focal = BinaryFocalCrossentropy.gamma(0.0).multi_label();
        let (found, gradient) = measure::<Sigmoid, Rank1<3>, _, _>(&focal, &x, &labels, None);
        let plain = BinaryCrossentropy.multi_label();
        let (expected, slopes) = measure::<Sigmoid, Rank1<3>, _, _>(&plain, &x, &labels, None);
        assert_close(found, expected, 1e-12);
        let pairs = gradient.iter().zip(&slopes);
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
        let focal = CategoricalFocalCrossentropy.gamma(0.0).alpha(1.0);
        let (found, _) = measure::<Softmax, Rank1<3>, _, _>(&focal, &x, &labels, None);
        let plain = CategoricalCrossentropy;
        let (expected, _) = measure::<Softmax, Rank1<3>, _, _>(&plain, &x, &labels, None);
        assert_close(found, expected, 1e-12);
    }

    #[test]
    fn logits_of_any_size_give_numbers() {
        let loss = BinaryFocalCrossentropy.gamma(0.5);
        let (value, gradient) =
            measure::<Sigmoid, Rank1<1>, _, _>(&loss, &[900.0, -900.0], &[1.0, 1.0], None);
        assert_close(value, 450.0, 1e-9);
        assert_eq!(gradient, [0.0, -0.5]);
    }
}
