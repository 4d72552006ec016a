//! Losses for vectors: sums over the last axis, averaged over the other axes.

use super::weight::weighable;
use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::model::Head;
use crate::tensor::StaticShape;

/// Kullback-Leibler divergence, `Σ t ln(t / y)`, with both values clipped to the range from 1e-7 to 1. Keras:
/// `KLDivergence`. The name as a metric is `kl_divergence`.
///
/// ```
/// use kerust::loss::KLDivergence;
///
/// let loss = KLDivergence;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct KLDivergence;

/// The negative cosine of the angle between output and label: -1 if they point in the same direction. Keras:
/// `CosineSimilarity`, which scales vectors by `1 / max(|v|, 1e-7)`.
///
/// ```
/// use kerust::loss::CosineSimilarity;
///
/// let loss = CosineSimilarity;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CosineSimilarity;

/// Mean of `max(0, 1 + max((1 - t) y) - Σ t y)`, with one-hot labels. Keras: `CategoricalHinge`. The name as
/// a metric is `categorical_hinge`.
///
/// It fits every head; the label is a tensor of the head's shape.
///
/// ```
/// use kerust::loss::CategoricalHinge;
///
/// let loss = CategoricalHinge;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalHinge;

weighable! {
    CategoricalHinge;
    KLDivergence;
    CosineSimilarity;
}

macro_rules! of_vectors {
    ($($name:ident $loss:ident;)+) => {$(
        impl<A: HeadActivation, S: StaticShape> Loss<Head<A, S>> for $name {
            type Label = S;

            fn measure(
                &self,
                batch: Batch<'_, Head<A, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                mean_of_vectors(batch, gradient, $loss)
            }
        }
    )+};
}
of_vectors! {
    CategoricalHinge categorical_hinge;
    KLDivergence kl_divergence;
    CosineSimilarity cosine;
}

/// The mean loss, for a loss that is a function of the outputs along the last axis.
fn mean_of_vectors<A: HeadActivation, S: StaticShape>(
    batch: Batch<'_, Head<A, S>, S>,
    mut gradient: Option<&mut [f32]>,
    loss: impl Fn(&[f32], &[f32], Option<&mut [f32]>) -> f64,
) -> f64 {
    let mean = batch.mean_of_vectors(gradient.as_deref_mut(), |scores, labels, slots| {
        loss(scores.outputs, labels, slots)
    });
    if let Some(gradient) = gradient {
        batch.through_activation(gradient);
    }
    mean
}

fn kl_divergence(outputs: &[f32], labels: &[f32], gradient: Option<&mut [f32]>) -> f64 {
    const EPSILON: f32 = 1e-7;
    if let Some(gradient) = gradient {
        for ((slot, output), label) in gradient.iter_mut().zip(outputs).zip(labels) {
            *slot = if (EPSILON..=1.0).contains(output) || output.is_nan() {
                -label.clamp(EPSILON, 1.0) / output
            } else {
                0.0
            };
        }
    }
    let pairs = outputs.iter().zip(labels);
    let terms = pairs.map(|(output, label)| {
        let y = f64::from(output.clamp(EPSILON, 1.0));
        let t = f64::from(label.clamp(EPSILON, 1.0));
        t * libm::log(t / y)
    });
    terms.sum()
}

fn categorical_hinge(outputs: &[f32], labels: &[f32], gradient: Option<&mut [f32]>) -> f64 {
    let pairs = || outputs.iter().zip(labels);
    let others = || pairs().map(|(output, label)| (1.0 - label) * output);
    let right: f64 = pairs()
        .map(|(output, label)| f64::from(label * output))
        .sum();
    let peak = others().fold(f32::NEG_INFINITY, f32::max);
    let margin = f64::from(peak) - right + 1.0;
    if let Some(gradient) = gradient {
        // As in TensorFlow, outputs that tie for the largest share its derivative, and at a margin of 0 the
        // derivative is that of the margin.
        let share = 1.0 / others().filter(|other| *other == peak).count().max(1) as f32;
        for ((slot, other), label) in gradient.iter_mut().zip(others()).zip(labels) {
            let of_peak = if other == peak { share } else { 0.0 };
            // This form keeps NaN.
            *slot = if margin < 0.0 {
                0.0
            } else {
                (1.0 - label) * of_peak - label
            };
        }
    }
    // This form keeps NaN.
    if margin < 0.0 { 0.0 } else { margin }
}

fn cosine(outputs: &[f32], labels: &[f32], gradient: Option<&mut [f32]>) -> f64 {
    // Keras clips the squared norm at 1e-14.
    const FLOOR: f64 = 1e-14;
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        let pairs = a.iter().zip(b);
        pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    let square = dot(outputs, outputs);
    let scale = 1.0 / libm::sqrt(square.max(FLOOR) * dot(labels, labels).max(FLOOR));
    let cosine = dot(outputs, labels) * scale;
    if let Some(gradient) = gradient {
        // Below the limit the norm is constant.
        let along = if square < FLOOR { 0.0 } else { cosine / square };
        for ((slot, output), label) in gradient.iter_mut().zip(outputs).zip(labels) {
            *slot = (along * f64::from(*output) - scale * f64::from(*label)) as f32;
        }
    }
    -cosine
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;
    use crate::activation::{Linear, Sigmoid, Softmax};
    use crate::tensor::{Rank1, Rank2};

    #[test]
    fn gradients_match_finite_differences() {
        let x = logits(12);
        let labels = [0.2, 0.5, 0.3, 0.0, 0.9, 0.1, 0.6, 0.2, 0.2, 0.1, 0.1, 0.8];
        check_gradient::<Softmax, Rank1<3>, _, _>(&KLDivergence, &x, &labels);
        check_gradient::<Sigmoid, Rank2<2, 3>, _, _>(&KLDivergence, &x, &labels);
        check_gradient::<Linear, Rank2<2, 3>, _, _>(&CosineSimilarity, &x, &labels);
        let labels = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        // No margin is 0 here.
        let x: Vec<f32> = x.iter().map(|x| 1.37 * x).collect();
        check_gradient::<Linear, Rank1<3>, _, _>(&CategoricalHinge, &x, &labels);
        check_gradient::<Softmax, Rank2<2, 3>, _, _>(&CategoricalHinge, &x, &labels);
    }

    #[test]
    fn equal_vectors_are_nearest() {
        let x = [0.25, 0.75];
        let (divergence, _) = measure::<Linear, Rank1<2>, _, _>(&KLDivergence, &x, &x, None);
        assert_close(divergence, 0.0, 1e-12);
        let (cosine, _) = measure::<Linear, Rank1<2>, _, _>(&CosineSimilarity, &x, &x, None);
        assert_close(cosine, -1.0, 1e-12);
    }
}
