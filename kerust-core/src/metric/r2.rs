//! The coefficient of determination.

use super::{Metrics, Names};
use crate::activation::HeadActivation;
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::StaticShape;
use crate::value::value;

/// The coefficient of determination: the fraction of the labels' variance that the outputs explain, `1 - Σ (t
/// - y)² / Σ (t - mean t)²`, averaged over the values of a sample. Keras: `R2Score`; reported as `r2_score`.
///
/// 1 is perfect, 0 is as good as predicting the mean of the labels. As in Keras, an output whose labels are
/// all equal has a score of 0. It fits every head. The label is a tensor of the head's shape.
///
/// ```
/// use kerust::metric::{ClassAggregation, R2Score};
///
/// let metric = R2Score;
/// let by_variance = R2Score.class_aggregation(ClassAggregation::VarianceWeightedAverage);
/// let adjusted = R2Score.num_regressors(13);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct R2Score {
    class_aggregation: ClassAggregation,
    num_regressors: usize,
}

value! {
    R2Score {
        class_aggregation: ClassAggregation::UniformAverage,
        num_regressors: 0,
    }
}

/// How the scores of several outputs are combined: Keras's `class_aggregation`.
///
/// ```
/// use kerust::metric::{ClassAggregation, R2Score};
///
/// let metric = R2Score.class_aggregation(ClassAggregation::None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ClassAggregation {
    /// The mean of the scores.
    #[default]
    UniformAverage,
    /// The mean of the scores, weighted by the variance of the labels.
    VarianceWeightedAverage,
    /// Each output has its own score: `r2_score_0`, `r2_score_1`, ..
    None,
}

impl R2Score {
    /// Sets how the scores of several outputs are combined (Keras's `class_aggregation`).
    pub const fn class_aggregation(mut self, class_aggregation: ClassAggregation) -> Self {
        self.class_aggregation = class_aggregation;
        self
    }

    /// Adjusts the score for this number of independent regressors (Keras's `num_regressors`). No adjustment
    /// is made if it is 0, or if there are not more labels than regressors.
    pub const fn num_regressors(mut self, num_regressors: usize) -> Self {
        self.num_regressors = num_regressors;
        self
    }

    /// Applies the adjustment; `count` is the number of labels.
    fn adjusted(&self, score: f64, count: f64) -> f64 {
        let regressors = self.num_regressors as f64;
        if self.num_regressors == 0 || regressors >= count - 1.0 {
            return score;
        }
        1.0 - (1.0 - score) * (count - 1.0) / (count - regressors - 1.0)
    }
}

/// Sums over the samples for each output. It is the state of [`R2Score`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sums {
    values: Vec<Sum>,
    /// The total weight of the samples.
    count: f64,
    /// The number of label values in all samples.
    labels: f64,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Sum {
    labels: f64,
    squares: f64,
    residuals: f64,
}

impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for R2Score {
    type State = Sums;

    fn names(&self, names: &mut Names) {
        if self.class_aggregation != ClassAggregation::None || S::LEN == 1 {
            return names.push("r2_score", Some(true));
        }
        for value in 0..S::LEN {
            names.push(&format!("r2_score_{value}"), Some(true));
        }
    }

    fn merge(&self, state: &mut Sums, other: &Sums) {
        state
            .values
            .resize(state.values.len().max(other.values.len()), Sum::default());
        for (sum, other) in state.values.iter_mut().zip(&other.values) {
            sum.labels += other.labels;
            sum.squares += other.squares;
            sum.residuals += other.residuals;
        }
        state.count += other.count;
        state.labels += other.labels;
    }

    fn results(&self, state: &Sums, results: &mut Vec<f64>) {
        let total = |sum: &Sum| sum.squares - sum.labels * sum.labels / state.count;
        let score = |sum: &Sum| {
            let score = 1.0 - sum.residuals / total(sum);
            if score.is_infinite() { 0.0 } else { score }
        };
        let values = &state.values;
        let is_empty = state.count == 0.0;
        match self.class_aggregation {
            ClassAggregation::None if is_empty => results.extend([0.0].repeat(S::LEN)),
            _ if is_empty => results.push(0.0),
            ClassAggregation::None => {
                let scores = values
                    .iter()
                    .map(|sum| self.adjusted(score(sum), state.labels));
                results.extend(scores);
            }
            ClassAggregation::UniformAverage => {
                let mean = values.iter().map(score).sum::<f64>() / values.len() as f64;
                results.push(self.adjusted(mean, state.labels));
            }
            ClassAggregation::VarianceWeightedAverage => {
                let whole: f64 = values.iter().map(total).sum();
                let sum: f64 = values.iter().map(|sum| total(sum) * score(sum)).sum();
                results.push(self.adjusted(sum / whole, state.labels));
            }
        }
    }

    fn update(&self, state: &mut Sums, batch: Batch<'_, Head<A, S>, S>) {
        state.values.resize(S::LEN, Sum::default());
        let labels: &[f32] = batch.labels;
        for (place, (output, label)) in batch.outputs.iter().zip(labels).enumerate() {
            let weight = f64::from(batch.weight_at(place));
            let (output, label) = (f64::from(*output), f64::from(*label));
            let sum = &mut state.values[place % S::LEN];
            sum.labels += weight * label;
            sum.squares += weight * label * label;
            sum.residuals += weight * (label - output) * (label - output);
        }
        state.count += (0..batch.len())
            .map(|sample| f64::from(batch.weight(sample)))
            .sum::<f64>();
        state.labels += batch.outputs.len() as f64;
    }

    fn reset(&self, state: &mut Sums) {
        // `fill` keeps the allocated memory.
        state.values.fill(Sum::default());
        (state.count, state.labels) = (0.0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::result;
    use super::*;
    use crate::activation::Linear;
    use crate::tensor::Rank1;

    type Pair = Head<Linear, Rank1<2>>;

    #[test]
    fn the_mean_of_the_labels_scores_zero_and_the_labels_score_one() {
        let labels = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
        assert_eq!(result::<Pair, Rank1<2>, _>(&R2Score, &labels, &labels), 1.0);
        let means = [2.0, 20.0, 2.0, 20.0, 2.0, 20.0];
        assert_eq!(result::<Pair, Rank1<2>, _>(&R2Score, &means, &labels), 0.0);
    }

    #[test]
    fn labels_that_do_not_vary_count_zero() {
        let labels = [1.0, 5.0, 2.0, 5.0];
        let outputs = [1.0, 4.0, 2.0, 5.0];
        assert_eq!(
            result::<Pair, Rank1<2>, _>(&R2Score, &outputs, &labels),
            0.5
        );
    }
}
