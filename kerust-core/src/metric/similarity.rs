//! Metrics that compare vectors along the last axis, averaged over the other axes and the samples.

use super::{Mean, Metrics, Single, single};
use crate::activation::HeadActivation;
use crate::loss::{Batch, CosineSimilarity};
use crate::model::Head;
use crate::tensor::StaticShape;

/// Pearson's correlation between outputs and labels along the last axis, from -1 to 1. Keras:
/// `PearsonCorrelation`; reported as `pearson_correlation`.
///
/// It fits every head. The label is a tensor of the head's shape. As in Keras, the correlation is undefined
/// for a vector of equal values, and the result is then NaN.
///
/// ```
/// use kerust::metric::PearsonCorrelation;
///
/// let metric = PearsonCorrelation;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PearsonCorrelation;

/// Lin's concordance correlation between outputs and labels along the last axis, in Keras's form, from -1 to
/// 1. Keras: `ConcordanceCorrelation`; reported as `concordance_correlation`.
///
/// It fits every head; the label is a tensor of the head's shape.
///
/// ```
/// use kerust::metric::ConcordanceCorrelation;
///
/// let metric = ConcordanceCorrelation;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ConcordanceCorrelation;

/// How often an output equals its label exactly. Keras: the class `Accuracy`, which is not the metric that
/// the string `"accuracy"` selects; reported as `accuracy`.
///
/// It fits every head; the label is a tensor of the head's shape.
///
/// ```
/// use kerust::metric::EqualityAccuracy;
///
/// let metric = EqualityAccuracy;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct EqualityAccuracy;

macro_rules! metrics {
    ($($name:ident $text:literal $of:expr;)+) => {$(
        impl Single for $name {
            type State = Mean;
            const HIGHER_IS_BETTER: bool = true;

            fn name(&self) -> String {
                $text.into()
            }

            fn merge(&self, state: &mut Mean, other: &Mean) {
                state.merge(other);
            }

            fn result(&self, state: &Mean) -> f64 {
                state.value()
            }
        }

        impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for $name {
            single!(Mean);

            fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, S>, S>) {
                let labels: &[f32] = batch.labels;
                for unit in batch.units() {
                    let len = unit.outputs.len();
                    let labels = &labels[unit.number * len..(unit.number + 1) * len];
                    let mean = mean_of_vectors(unit.outputs, labels, S::SHAPE.last(), $of);
                    state.add(mean, unit.weight.into());
                }
            }
        }
    )+};
}
metrics! {
    PearsonCorrelation "pearson_correlation" pearson;
    ConcordanceCorrelation "concordance_correlation" concordance;
    EqualityAccuracy "accuracy" equality;
}

/// The cosine of the angle between output and label: the loss with the opposite sign. Reported as
/// `cosine_similarity`.
impl Single for CosineSimilarity {
    type State = Mean;
    const HIGHER_IS_BETTER: bool = true;

    fn name(&self) -> String {
        "cosine_similarity".into()
    }

    fn merge(&self, state: &mut Mean, other: &Mean) {
        state.merge(other);
    }

    fn result(&self, state: &Mean) -> f64 {
        -state.value()
    }
}

impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for CosineSimilarity {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, S>, S>) {
        super::of_loss::add(state, batch, self);
    }
}

fn mean_of_vectors(
    outputs: &[f32],
    labels: &[f32],
    features: usize,
    of: fn(&[f32], &[f32]) -> f64,
) -> f64 {
    let pairs = outputs
        .chunks_exact(features)
        .zip(labels.chunks_exact(features));
    let sum: f64 = pairs.map(|(outputs, labels)| of(outputs, labels)).sum();
    sum / (outputs.len() / features) as f64
}

/// The mean and the variance.
fn moments(values: &[f32]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let squares = values
        .iter()
        .map(|v| (f64::from(*v) - mean) * (f64::from(*v) - mean));
    (mean, squares.sum::<f64>() / count)
}

fn pearson(outputs: &[f32], labels: &[f32]) -> f64 {
    let ((y, y_variance), (t, t_variance)) = (moments(outputs), moments(labels));
    let pairs = outputs.iter().zip(labels);
    let products = pairs.map(|(a, b)| (f64::from(*a) - y) * (f64::from(*b) - t));
    let covariance = products.sum::<f64>() / outputs.len() as f64;
    covariance / (libm::sqrt(y_variance) * libm::sqrt(t_variance))
}

fn concordance(outputs: &[f32], labels: &[f32]) -> f64 {
    /// Keras adds this to a denominator.
    const EPSILON: f64 = 1e-7;
    let ((y, y_variance), (t, t_variance)) = (moments(outputs), moments(labels));
    let norm = y_variance + t_variance + (t - y) * (t - y);
    let pairs = outputs.iter().zip(labels);
    let products = pairs.map(|(a, b)| (f64::from(*a) - y) * (f64::from(*b) - y));
    2.0 * products.sum::<f64>() / outputs.len() as f64 / (norm + EPSILON)
}

fn equality(outputs: &[f32], labels: &[f32]) -> f64 {
    let equal = outputs
        .iter()
        .zip(labels)
        .filter(|(output, label)| output == label);
    equal.count() as f64 / outputs.len() as f64
}
