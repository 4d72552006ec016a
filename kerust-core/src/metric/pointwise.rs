//! Custom metrics that compare one value at a time.

use super::{Metrics, Names};
use crate::activation::HeadActivation;
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::StaticShape;

/// A custom metric that compares one predicted value with its label at a time.
///
/// It fits every head with labels of the head's shape. A metric that needs whole samples, or other labels,
/// implements [`Metrics`] directly.
///
/// ```
/// use kerust::metric::PointwiseMetric;
///
/// /// The largest error so far.
/// struct MaxError;
///
/// impl PointwiseMetric for MaxError {
///     type State = f64;
///     const NAME: &'static str = "max_error";
///     const HIGHER_IS_BETTER: bool = false;
///
///     fn update(&self, state: &mut f64, y: f32, p: f32, _weight: f32) {
///         *state = state.max(f64::from((y - p).abs()));
///     }
///
///     fn merge(&self, state: &mut f64, other: &f64) {
///         *state = state.max(*other);
///     }
///
///     fn result(&self, state: &f64) -> f64 {
///         *state
///     }
/// }
/// ```
pub trait PointwiseMetric: Send + 'static {
    /// The running state. Each epoch starts with the default value. For a mean, use [`Mean`](super::Mean).
    type State: Default + Send;

    /// The name in reports and histories.
    const NAME: &'static str;

    /// Whether a higher result is better. Callbacks such as `EarlyStopping` use it.
    const HIGHER_IS_BETTER: bool;

    /// Adds one value: its label `y`, the prediction `p`, and the weight of its sample. The weight is 1
    /// unless the metric is [weighted](super::WeightedMetric).
    fn update(&self, state: &mut Self::State, y: f32, p: f32, weight: f32);

    /// Adds another state to this one, for example that of another machine.
    fn merge(&self, state: &mut Self::State, other: &Self::State);

    /// The result over all values so far.
    fn result(&self, state: &Self::State) -> f64;
}

// Without this bound, rustc would tell the user of a mismatched built-in metric to implement this trait.
#[diagnostic::do_not_recommend]
impl<A: HeadActivation, S: StaticShape, M: PointwiseMetric> Metrics<Head<A, S>, S> for M {
    type State = M::State;

    fn names(&self, names: &mut Names) {
        names.push(M::NAME, Some(M::HIGHER_IS_BETTER));
    }

    fn update(&self, state: &mut M::State, batch: Batch<'_, Head<A, S>, S>) {
        let labels: &[f32] = batch.labels;
        for (place, (p, y)) in batch.outputs.iter().zip(labels).enumerate() {
            PointwiseMetric::update(self, state, *y, *p, batch.weight_at(place));
        }
    }

    fn merge(&self, state: &mut M::State, other: &M::State) {
        PointwiseMetric::merge(self, state, other);
    }

    fn results(&self, state: &M::State, results: &mut Vec<f64>) {
        results.push(self.result(state));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::weighted_result;
    use super::super::{Mean, WeightedMetric};
    use super::*;
    use crate::activation::Linear;
    use crate::tensor::Rank1;

    struct MeanError;

    impl PointwiseMetric for MeanError {
        type State = Mean;
        const NAME: &'static str = "mean_error";
        const HIGHER_IS_BETTER: bool = false;

        fn update(&self, state: &mut Mean, y: f32, p: f32, weight: f32) {
            state.add(f64::from(p - y), f64::from(weight));
        }

        fn merge(&self, state: &mut Mean, other: &Mean) {
            state.merge(other);
        }

        fn result(&self, state: &Mean) -> f64 {
            state.value()
        }
    }

    #[test]
    fn each_value_counts_with_the_weight_of_its_sample() {
        type Pair = Head<Linear, Rank1<2>>;
        let (outputs, labels) = ([1.0, 2.0, 5.0, 5.0], [0.0, 0.0, 1.0, 2.0]);
        let found = weighted_result::<Pair, Rank1<2>, _>(
            &WeightedMetric::new(MeanError),
            &outputs,
            &labels,
            Some(&[3.0, 1.0]),
        );
        assert_eq!(found, (3.0 * 3.0 + 7.0) / 8.0);
    }
}
