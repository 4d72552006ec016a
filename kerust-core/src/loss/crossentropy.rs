//! Crossentropy for several classes.
//!
//! `-Σ t_j ln p_j` with `p = softmax(x)`. As Keras on TensorFlow does behind a softmax, it is
//! computed from the logits, `Σ t_j (ln Σ exp x_k - x_j)`, so that no probability is clipped and
//! the derivative `p - t` is exact.

use super::batch::Scores;
use super::weight::weighable;
use super::{Batch, Loss};
use crate::activation::{Linear, Softmax};
use crate::data::Class;
use crate::model::Head;
use crate::tensor::Rank1;
use core::marker::PhantomData;

/// Crossentropy for several classes, with the number of the class as the label. Keras:
/// `SparseCategoricalCrossentropy`.
///
/// It fits a softmax over N classes with labels `Class<N>`; for a head without activation it is
/// `SparseCategoricalCrossentropy::from_logits()`.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::loss::SparseCategoricalCrossentropy;
///
/// let loss = SparseCategoricalCrossentropy;
/// let of_logits = SparseCategoricalCrossentropy::from_logits();
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SparseCategoricalCrossentropy;

/// Crossentropy for several classes, with one-hot labels or other distributions. Keras:
/// `CategoricalCrossentropy`.
///
/// It fits a softmax over N classes with labels `Rank1<N>`; for a head without activation it is
/// `CategoricalCrossentropy::from_logits()`.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::loss::CategoricalCrossentropy;
///
/// let loss = CategoricalCrossentropy;
/// let smoothed = CategoricalCrossentropy.label_smoothing(0.1);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalCrossentropy;

/// A crossentropy for a head without activation, whose outputs are logits: Keras's
/// `from_logits = True`.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::loss::CategoricalCrossentropy;
///
/// let loss = CategoricalCrossentropy::from_logits();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FromLogits<L>(pub(super) L);

/// A crossentropy with smoothed labels: Keras's `label_smoothing`.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::loss::BinaryCrossentropy;
///
/// let loss = BinaryCrossentropy.label_smoothing(0.1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LabelSmoothing<L> {
    pub(super) amount: f32,
    loss: PhantomData<L>,
}

impl<L> LabelSmoothing<L> {
    pub(super) fn new(amount: f32) -> Self {
        assert!(
            (0.0..=1.0).contains(&amount),
            "`label_smoothing` is {amount}, expected a number from 0 to 1"
        );
        Self {
            amount,
            loss: PhantomData,
        }
    }
}

impl SparseCategoricalCrossentropy {
    /// The loss behind a head without activation (Keras's `from_logits = True`).
    pub const fn from_logits() -> FromLogits<Self> {
        FromLogits(Self)
    }
}

impl CategoricalCrossentropy {
    /// The loss behind a head without activation (Keras's `from_logits = True`).
    pub const fn from_logits() -> FromLogits<Self> {
        FromLogits(Self)
    }

    /// Smooths labels `t` to `t (1 - amount) + amount / N` (Keras's `label_smoothing`).
    ///
    /// # Panics
    /// Unless `0 <= amount <= 1`.
    pub fn label_smoothing(self, amount: f32) -> LabelSmoothing<Self> {
        LabelSmoothing::new(amount)
    }
}

impl FromLogits<CategoricalCrossentropy> {
    /// Smooths labels `t` to `t (1 - amount) + amount / N` (Keras's `label_smoothing`).
    ///
    /// # Panics
    /// Unless `0 <= amount <= 1`.
    pub fn label_smoothing(
        self,
        amount: f32,
    ) -> FromLogits<LabelSmoothing<CategoricalCrossentropy>> {
        FromLogits(LabelSmoothing::new(amount))
    }
}

weighable! {
    SparseCategoricalCrossentropy;
    CategoricalCrossentropy;
    {L} FromLogits<L>;
    {L} LabelSmoothing<L>;
}

macro_rules! sparse {
    ($($name:ty, $activation:ident;)+) => {$(
        impl<const N: usize> Loss<Head<$activation, Rank1<N>>> for $name {
            type Label = Class<N>;

            fn is_crossentropy(&self) -> bool {
                true
            }

            fn measure(
                &self,
                batch: Batch<'_, Head<$activation, Rank1<N>>, Class<N>>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                let labels: &[u32] = batch.labels;
                batch.mean_by_logits(gradient, |sample, scores, gradient| {
                    let label = labels[sample] as usize;
                    debug_assert!(label < N, "class {label} of {N}");
                    softmax::$activation(scores).sparse(label, gradient)
                })
            }
        }
    )+};
}
sparse! {
    SparseCategoricalCrossentropy, Softmax;
    FromLogits<SparseCategoricalCrossentropy>, Linear;
}

macro_rules! categorical {
    ($($name:ty, $activation:ident, |$self:ident| $smoothing:expr;)+) => {$(
        impl<const N: usize> Loss<Head<$activation, Rank1<N>>> for $name {
            type Label = Rank1<N>;

            fn measure(
                &$self,
                batch: Batch<'_, Head<$activation, Rank1<N>>, Rank1<N>>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                let labels: &[f32] = batch.labels;
                let smoothing = $smoothing;
                batch.mean_by_logits(gradient, |sample, scores, gradient| {
                    let target = &labels[sample * N..(sample + 1) * N];
                    softmax::$activation(scores).dense(target, smoothing, gradient)
                })
            }
        }
    )+};
}
categorical! {
    CategoricalCrossentropy, Softmax, |self| 0.0;
    LabelSmoothing<CategoricalCrossentropy>, Softmax, |self| self.amount;
    FromLogits<CategoricalCrossentropy>, Linear, |self| 0.0;
    FromLogits<LabelSmoothing<CategoricalCrossentropy>>, Linear, |self| self.0.amount;
}

/// One sample's logits, ready to be compared.
struct Logits<'a> {
    values: &'a [f32],
    /// The softmax of the logits, where the head has computed it.
    probabilities: Option<&'a [f32]>,
    /// The largest logit.
    peak: f32,
    /// `ln Σ exp(x_j - peak)`.
    excess: f64,
}

/// How a head's scores become [`Logits`], by the name of its activation.
#[allow(non_snake_case, reason = "named as the activations are")]
mod softmax {
    use super::{Logits, Scores};

    pub(super) fn Softmax(scores: Scores<'_>) -> Logits<'_> {
        let (place, peak) = super::peak(scores.logits);
        // exp(x_j - peak) / Σ is known already: no second exp. What is near 1 has lost its digits,
        // so there the others are summed.
        let likeliest = f64::from(scores.outputs[place]);
        let excess = if likeliest > 0.5 {
            let others = scores.outputs.iter().enumerate();
            let others = others.filter(|(other, _)| *other != place);
            -libm::log1p(-others.map(|(_, p)| f64::from(*p)).sum::<f64>())
        } else {
            -libm::log(likeliest)
        };
        Logits {
            values: scores.logits,
            probabilities: Some(scores.outputs),
            peak,
            excess,
        }
    }

    pub(super) fn Linear(scores: Scores<'_>) -> Logits<'_> {
        let (place, peak) = super::peak(scores.logits);
        let others = scores.logits.iter().enumerate();
        let others = others.filter(|(other, _)| *other != place);
        let sum: f64 = others
            .map(|(_, x)| libm::exp(f64::from(*x) - f64::from(peak)))
            .sum();
        Logits {
            values: scores.logits,
            probabilities: None,
            peak,
            excess: libm::log1p(sum),
        }
    }
}

/// The place of the largest value, and the value.
fn peak(values: &[f32]) -> (usize, f32) {
    let mut best = (0, values[0]);
    for (place, value) in values.iter().enumerate() {
        if *value > best.1 {
            best = (place, *value);
        }
    }
    best
}

impl Logits<'_> {
    /// `-ln p_j`
    fn surprise(&self, place: usize) -> f64 {
        f64::from(self.peak) - f64::from(self.values[place]) + self.excess
    }

    fn write_probabilities(&self, to: &mut [f32]) {
        match self.probabilities {
            Some(probabilities) => to.copy_from_slice(probabilities),
            None => {
                for (place, slot) in to.iter_mut().enumerate() {
                    *slot = libm::exp(-self.surprise(place)) as f32;
                }
            }
        }
    }

    fn sparse(&self, label: usize, gradient: Option<&mut [f32]>) -> f64 {
        if let Some(gradient) = gradient {
            self.write_probabilities(gradient);
            gradient[label] -= 1.0;
        }
        self.surprise(label)
    }

    fn dense(&self, labels: &[f32], smoothing: f32, gradient: Option<&mut [f32]>) -> f64 {
        let floor = smoothing / labels.len() as f32;
        let smooth = |label: f32| label * (1.0 - smoothing) + floor;
        if let Some(gradient) = gradient {
            self.write_probabilities(gradient);
            // 1 for a distribution, and then the derivative is p - t.
            let total: f32 = labels.iter().map(|label| smooth(*label)).sum();
            for (slot, label) in gradient.iter_mut().zip(labels) {
                *slot = *slot * total - smooth(*label);
            }
        }
        let terms = labels.iter().enumerate();
        terms
            .map(|(place, label)| match smooth(*label) {
                // 0 · ∞ is 0 here: a class of weight 0 says nothing.
                0.0 => 0.0,
                target => f64::from(target) * self.surprise(place),
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;

    #[test]
    fn the_loss_of_even_chances_is_the_logarithm_of_their_number() {
        let (sparse, _) = measure::<Softmax, Rank1<17>, _, _>(
            &SparseCategoricalCrossentropy,
            &[3.5; 34],
            &[0, 16],
            None,
        );
        assert_close(sparse, 17f64.ln(), 1e-6);
        let labels = [0.0, 1.0, 0.0];
        let (dense, gradient) =
            measure::<Softmax, Rank1<3>, _, _>(&CategoricalCrossentropy, &[0.0; 3], &labels, None);
        assert_close(dense, 3f64.ln(), 1e-6);
        assert_close(f64::from(gradient[1]), -2.0 / 3.0, 1e-6);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let labels: &[u32] = &[4, 0, 2];
        let x = logits(15);
        check_gradient::<Softmax, Rank1<5>, _, _>(&SparseCategoricalCrossentropy, &x, labels);
        let loss = SparseCategoricalCrossentropy::from_logits();
        check_gradient::<Linear, Rank1<5>, _, _>(&loss, &x, labels);
        // A distribution, one-hot, and weights that are none.
        let labels = [
            0.2, 0.3, 0.0, 0.1, 0.4, 0.0, 1.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.0, 1.0,
        ];
        check_gradient::<Softmax, Rank1<5>, _, _>(&CategoricalCrossentropy, &x, &labels);
        let loss = CategoricalCrossentropy.label_smoothing(0.3);
        check_gradient::<Softmax, Rank1<5>, _, _>(&loss, &x, &labels);
        let loss = CategoricalCrossentropy::from_logits().label_smoothing(0.3);
        check_gradient::<Linear, Rank1<5>, _, _>(&loss, &x, &labels);
    }

    #[test]
    fn logits_of_any_size_are_not_clipped() {
        let x = [200.0, 0.0, -30.0];
        let loss = SparseCategoricalCrossentropy;
        let (value, gradient) = measure::<Softmax, Rank1<3>, _, _>(&loss, &x, &[2], None);
        assert_close(value, 230.0, 1e-9);
        assert_eq!(gradient, [1.0, 0.0, -1.0]);
    }

    #[test]
    fn a_loss_near_zero_keeps_its_digits() {
        let loss = SparseCategoricalCrossentropy;
        let (value, _) = measure::<Softmax, Rank1<3>, _, _>(&loss, &[30.0, 0.0, 0.0], &[0], None);
        let expected = 2.0 * (-30f64).exp();
        assert_close(value, expected, 1e-5 * expected);
        let loss = SparseCategoricalCrossentropy::from_logits();
        let (value, _) = measure::<Linear, Rank1<3>, _, _>(&loss, &[30.0, 0.0, 0.0], &[0], None);
        assert_close(value, expected, 1e-9 * expected);
    }

    #[test]
    fn a_nan_stays_a_nan() {
        let loss = SparseCategoricalCrossentropy;
        let x = [0.0, f32::NAN, 1.0];
        let mut gradient = [0.0; 3];
        let batch = Batch::<Head<Softmax, Rank1<3>>, Class<3>>::new(&x, &[f32::NAN; 3], &[0], None);
        assert!(loss.measure(batch, Some(&mut gradient)).is_nan());
        assert!(gradient[0].is_nan());
    }

    #[test]
    fn smoothing_spreads_its_amount_over_all_classes() {
        let x = logits(4);
        let smoothed = CategoricalCrossentropy.label_smoothing(0.1);
        let hard = [0.0, 0.0, 1.0, 0.0];
        let soft = [0.025, 0.025, 0.925, 0.025];
        let (found, _) = measure::<Softmax, Rank1<4>, _, _>(&smoothed, &x, &hard, None);
        let plain = CategoricalCrossentropy;
        let (expected, _) = measure::<Softmax, Rank1<4>, _, _>(&plain, &x, &soft, None);
        assert_close(found, expected, 1e-6);
    }
}
