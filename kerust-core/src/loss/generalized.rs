//! Generalized crossentropy, for data with some wrong labels.
//!
//! `(1 - p^q) / q` for the probability `p` of the labeled class: Zhang & Sabuncu (2018), equation 6. It
//! goes from crossentropy (`q` near 0) to the mean absolute error (`q` near 1).

use super::logits::softmax;
use super::weight::weighable;
use super::{Batch, Loss};
use crate::activation::Softmax;
use crate::data::{Class, Data};
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};
use crate::value::value;

/// Generalized crossentropy, `(1 - p^q) / q` for the probability `p` of the labeled class. Keras:
/// `CategoricalGeneralizedCrossEntropy`.
///
/// It fits a softmax over N classes with labels `Class<N>`. `q` is 0.5 by default.
///
/// ```
/// use kerust::loss::CategoricalGeneralizedCrossEntropy;
///
/// let loss = CategoricalGeneralizedCrossEntropy.q(0.7);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CategoricalGeneralizedCrossEntropy {
    q: f32,
}

value! {
    CategoricalGeneralizedCrossEntropy { q: 0.5 }
}

impl CategoricalGeneralizedCrossEntropy {
    /// Sets the robustness against wrong labels (Keras's `q`).
    ///
    /// # Panics
    /// Panics unless `0 < q < 1`.
    pub fn q(self, q: f32) -> Self {
        assert!(
            q > 0.0 && q < 1.0,
            "`q` is {q}, expected a number between 0 and 1"
        );
        Self { q }
    }
}

weighable! {
    CategoricalGeneralizedCrossEntropy;
}

impl<const N: usize> Loss<Head<Softmax, Rank1<N>>> for CategoricalGeneralizedCrossEntropy {
    type Label = Class<N>;

    fn measure(
        &self,
        batch: Batch<'_, Head<Softmax, Rank1<N>>, Class<N>>,
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        self.mean(batch, batch.labels, gradient)
    }
}

/// One label for each step.
impl<const STEPS: usize, const N: usize> Loss<Head<Softmax, Rank2<STEPS, N>>>
    for CategoricalGeneralizedCrossEntropy
{
    type Label = [Class<N>; STEPS];

    fn measure(
        &self,
        batch: Batch<'_, Head<Softmax, Rank2<STEPS, N>>, [Class<N>; STEPS]>,
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        self.mean(batch.by_steps(), batch.labels, gradient)
    }
}

impl CategoricalGeneralizedCrossEntropy {
    fn mean<S: StaticShape, Y: Data>(
        &self,
        batch: Batch<'_, Head<Softmax, S>, Y>,
        labels: &[u32],
        gradient: Option<&mut [f32]>,
    ) -> f64 {
        let q = f64::from(self.q);
        batch.mean_by_logits(gradient, |unit, scores, gradient| {
            let label = labels[unit] as usize;
            let logits = softmax::Softmax(scores);
            let exponent = -q * logits.surprise(label);
            if let Some(gradient) = gradient {
                logits.write_probabilities(gradient);
                gradient[label] -= 1.0;
                let power = libm::exp(exponent) as f32;
                gradient.iter_mut().for_each(|slot| *slot *= power);
            }
            -libm::expm1(exponent) / q
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;
    use crate::loss::SparseCategoricalCrossentropy;

    #[test]
    fn gradients_match_finite_differences() {
        let labels: &[u32] = &[4, 0, 2];
        let loss = CategoricalGeneralizedCrossEntropy;
        check_gradient::<Softmax, Rank1<5>, _, _>(&loss, &logits(15), labels);
        check_gradient::<Softmax, Rank1<5>, _, _>(&loss.q(0.9), &logits(15), labels);
    }

    #[test]
    fn with_a_small_q_it_is_crossentropy() {
        let (x, labels): (_, &[u32]) = (logits(15), &[4, 0, 2]);
        let loss = CategoricalGeneralizedCrossEntropy.q(1e-6);
        let (found, _) = measure::<Softmax, Rank1<5>, _, _>(&loss, &x, labels, None);
        let plain = SparseCategoricalCrossentropy;
        let (expected, _) = measure::<Softmax, Rank1<5>, _, _>(&plain, &x, labels, None);
        assert_close(found, expected, 1e-5);
    }
}
