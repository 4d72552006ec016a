//! Circle loss, for embeddings: it brings samples of the same class closer together.
//!
//! Sun et al. (2020), equation 6, over the cosine distances `d = max(0, 1 - e·e')` of all pairs of a batch:
//!
//! ```text
//! p = ln Σ exp(γ (d² - m²))                   over the pairs with equal labels
//! n = ln Σ exp(γ (1 + m - d)(1 - m - d))      over the pairs with different labels
//! loss = ln(1 + exp(p + n))
//! ```

use super::{Batch, Loss, WeightedLoss};
use crate::activation::HeadActivation;
use crate::data::Class;
use crate::model::Head;
use crate::tensor::Rank1;

/// Circle loss for embeddings of `CLASSES` classes. Keras: `Circle`.
///
/// It fits a head with any number of values, an embedding of length 1, with labels `Class<CLASSES>`. Keras's
/// defaults are `gamma` 80, `margin` 0.4 and `remove_diagonal`, so that a sample does not form a pair with
/// itself. As in Keras, the mean is over the samples whose loss is above 0. A sample has no loss if no other
/// sample of the batch has its label, or if none has another label.
///
/// ```
/// use kerust::loss::Circle;
///
/// let loss = Circle::<10>::new().gamma(64.0);
/// ```
///
/// # Cost
/// The time grows with the square of the batch size.
#[derive(Clone, Copy, Debug)]
pub struct Circle<const CLASSES: usize> {
    gamma: f32,
    margin: f32,
    remove_diagonal: bool,
}

impl<const CLASSES: usize> Circle<CLASSES> {
    /// Creates the loss with Keras's defaults.
    pub const fn new() -> Self {
        Self {
            gamma: 80.0,
            margin: 0.4,
            remove_diagonal: true,
        }
    }

    /// Sets the scale of the distances (Keras's `gamma`).
    pub const fn gamma(mut self, gamma: f32) -> Self {
        self.gamma = gamma;
        self
    }

    /// Sets the distance at which a pair is near or far enough (Keras's `margin`).
    pub const fn margin(mut self, margin: f32) -> Self {
        self.margin = margin;
        self
    }

    /// Sets whether pairs of a sample with itself are left out (Keras's `remove_diagonal`).
    pub const fn remove_diagonal(mut self, remove_diagonal: bool) -> Self {
        self.remove_diagonal = remove_diagonal;
        self
    }

    /// Multiplies this loss by `weight` in the sum over the heads (Keras's `loss_weights`).
    ///
    /// # Panics
    /// Panics unless `weight` is finite.
    pub fn weight(self, weight: f32) -> WeightedLoss<Self> {
        WeightedLoss::new(self, weight)
    }

    /// The exponent of a pair at a distance, and its derivative.
    fn exponent(&self, is_same: bool, distance: f64) -> (f64, f64) {
        let (gamma, margin) = (f64::from(self.gamma), f64::from(self.margin));
        let (near, far) = (margin + distance, 1.0 + margin - distance);
        if is_same {
            // Keras clips the weight of a pair at 0.
            let weight = near.max(0.0);
            let slope = if near < 0.0 { 0.0 } else { 2.0 * distance };
            (gamma * weight * (distance - margin), gamma * slope)
        } else {
            let weight = far.max(0.0);
            let slope = if far < 0.0 { 0.0 } else { 2.0 * distance - 2.0 };
            (gamma * weight * (1.0 - margin - distance), gamma * slope)
        }
    }
}

impl<const CLASSES: usize> Default for Circle<CLASSES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: HeadActivation, const N: usize, const CLASSES: usize> Loss<Head<A, Rank1<N>>>
    for Circle<CLASSES>
{
    type Label = Class<CLASSES>;

    fn measure(
        &self,
        batch: Batch<'_, Head<A, Rank1<N>>, Class<CLASSES>>,
        mut gradient: Option<&mut [f32]>,
    ) -> f64 {
        let (outputs, labels): (&[f32], &[u32]) = (batch.outputs, batch.labels);
        let samples = batch.len();
        let embedding = |sample: usize| &outputs[sample * N..(sample + 1) * N];
        let distance = |a: usize, b: usize| {
            let pairs = embedding(a).iter().zip(embedding(b));
            let dot: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            1.0 - dot
        };
        if let Some(gradient) = gradient.as_deref_mut() {
            gradient.fill(0.0);
        }
        let (mut total, mut valid) = (0.0, 0usize);
        let mut pairs = Vec::with_capacity(samples);
        for sample in 0..samples {
            // ln Σ exp over the pairs with equal labels, and over the other pairs.
            let mut sums = [f64::NEG_INFINITY; 2];
            pairs.clear();
            for other in 0..samples {
                let is_same = labels[sample] == labels[other];
                if is_same && self.remove_diagonal && sample == other {
                    continue;
                }
                let apart = distance(sample, other);
                let (exponent, slope) = self.exponent(is_same, apart.max(0.0));
                let slope = if apart < 0.0 { 0.0 } else { slope };
                let sum = &mut sums[usize::from(!is_same)];
                let peak = sum.max(exponent);
                *sum = peak + libm::log(libm::exp(*sum - peak) + libm::exp(exponent - peak));
                pairs.push((other, is_same, exponent, slope));
            }
            let x = sums[0] + sums[1];
            let loss = if x == f64::NEG_INFINITY {
                0.0
            } else {
                x.max(0.0) + libm::log1p(libm::exp(-x.abs()))
            };
            let weight = f64::from(batch.weight(sample));
            total += weight * loss;
            // This form counts NaN too.
            if loss == 0.0 {
                continue;
            }
            valid += 1;
            let Some(gradient) = gradient.as_deref_mut() else {
                continue;
            };
            let by_x = weight / (1.0 + libm::exp(-x));
            for (other, is_same, exponent, slope) in &pairs {
                let share = libm::exp(exponent - sums[usize::from(!is_same)]);
                let by_distance = by_x * share * slope;
                for place in 0..N {
                    let (a, b) = (embedding(sample)[place], embedding(*other)[place]);
                    gradient[sample * N + place] -= (by_distance * f64::from(b)) as f32;
                    gradient[other * N + place] -= (by_distance * f64::from(a)) as f32;
                }
            }
        }
        // A part of a larger batch is weighted by its share of the samples.
        let share = samples as f64 / batch.divisor().max(1) as f64;
        let factor = share / valid.max(1) as f64;
        if let Some(gradient) = gradient {
            gradient.iter_mut().for_each(|slot| *slot *= factor as f32);
            batch.through_activation(gradient);
        }
        total * factor
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check_gradient, measure};
    use super::*;
    use crate::activation::Linear;

    /// Embeddings of length 1.
    fn embeddings() -> Vec<f32> {
        // No distance is near a kink of the loss.
        let angles = [0.1f32, 0.9, 2.0, -1.3, 2.8, 0.4, -2.2];
        angles
            .iter()
            .flat_map(|angle| [angle.cos(), angle.sin()])
            .collect()
    }

    #[test]
    fn gradients_match_finite_differences() {
        let labels: &[u32] = &[0, 1, 0, 2, 1, 1, 2];
        // With a small gamma the loss is smooth over the step of a difference.
        let loss = Circle::<3>::new().gamma(2.0);
        check_gradient::<Linear, Rank1<2>, _, _>(&loss, &embeddings(), labels);
        let loss = loss.margin(0.25).weight(0.5);
        check_gradient::<Linear, Rank1<2>, _, _>(&loss, &embeddings(), labels);
    }

    #[test]
    fn a_sample_without_a_pair_says_nothing() {
        let loss = Circle::<3>::new();
        let (value, gradient) =
            measure::<Linear, Rank1<2>, _, _>(&loss, &embeddings()[..6], &[0u32, 1, 2], None);
        assert_eq!((value, gradient), (0.0, vec![0.0; 6]));
    }
}
