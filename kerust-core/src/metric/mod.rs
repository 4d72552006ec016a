//! Metrics.
//!
//! A model with one head takes a metric, a tuple of metrics, or `()`: `model.compile(Adam::new(0.001),
//! BinaryCrossentropy, (BinaryAccuracy, AUC))`. A model with several heads takes a tuple with one entry for
//! each head, which is again a metric, a tuple or `()`. As in Keras's `compile(metrics = ..)`, metrics ignore
//! sample weights, unless they are `.weighted()` ([`WeightedMetric`]). Most losses can be used as metrics.
//!
//! # Custom metrics
//!
//! A metric that compares one value with its label at a time implements [`PointwiseMetric`]. Any other metric
//! implements [`Metrics`] for the heads and labels that it fits. It can report several results.
//!
//! ```
//! use kerust::activation::HeadActivation;
//! use kerust::loss::Batch;
//! use kerust::metric::{Metrics, Names};
//! use kerust::model::Head;
//! use kerust::tensor::StaticShape;
//!
//! /// The largest error so far.
//! struct MaxError;
//!
//! impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for MaxError {
//!     type State = f32;
//!
//!     fn names(&self, names: &mut Names) {
//!         names.push("max_error", Some(false));
//!     }
//!
//!     fn update(&self, state: &mut f32, batch: Batch<'_, Head<A, S>, S>) {
//!         for (output, label) in batch.outputs.iter().zip(batch.labels) {
//!             *state = state.max((output - label).abs());
//!         }
//!     }
//!
//!     fn merge(&self, state: &mut f32, other: &f32) {
//!         *state = state.max(*other);
//!     }
//!
//!     fn results(&self, state: &f32, results: &mut Vec<f64>) {
//!         results.push(f64::from(*state));
//!     }
//! }
//! ```

mod accuracy;
mod answers;
mod at;
mod auc;
mod confusion;
mod f_score;
mod iou;
mod mean;
mod names;
mod of_loss;
mod pointwise;
mod r2;
mod similarity;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod thresholds;
mod top_k;

pub use accuracy::{
    Accuracy, BinaryAccuracy, BinaryAccuracyAt, CategoricalAccuracy, SparseCategoricalAccuracy,
};
pub use at::{
    PrecisionAtRecall, RecallAtPrecision, SensitivityAtSpecificity, SpecificityAtSensitivity,
};
pub use auc::{AUC, Curve, SummationMethod};
pub use confusion::{
    FalseNegatives, FalsePositives, Precision, Recall, TrueNegatives, TruePositives,
};
pub use f_score::{Average, F1Score, F1ScoreAt, FBetaScore, FBetaScoreAt};
pub use iou::{BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU};
pub use mean::Mean;
pub use names::Names;
pub use of_loss::RootMeanSquaredError;
pub use pointwise::PointwiseMetric;
pub use r2::{ClassAggregation, R2Score};
pub use similarity::{ConcordanceCorrelation, EqualityAccuracy, PearsonCorrelation};
pub use thresholds::AtThresholds;
pub use top_k::TopKCategoricalAccuracy;
#[doc(no_inline)]
pub use top_k::{
    TopKCategoricalAccuracy as SparseTopKCategoricalAccuracy, TopKCategoricalAccuracy as TopK,
};

use crate::data::Data;
use crate::habit::no_new;
use crate::loss::{
    Batch, BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, CosineSimilarity, Hinge,
    KLDivergence, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge,
};
use crate::model::{Head, Heads};

no_new! {
    HasNew: AUC, Accuracy, BinaryAccuracy, BinaryIoU, CategoricalAccuracy, ConcordanceCorrelation,
    EqualityAccuracy, F1Score, FBetaScore, FalseNegatives, FalsePositives, IoU, MeanIoU, OneHotIoU,
    OneHotMeanIoU, PearsonCorrelation, Precision, R2Score, Recall, RootMeanSquaredError,
    SparseCategoricalAccuracy, TrueNegatives, TruePositives,
}

/// Metrics that fit the head `H` with labels `Y`: one, or a tuple; see the [module](self).
#[diagnostic::on_unimplemented(
    message = "the metric `{Self}` does not fit the head `{H}` with labels `{Y}`",
    label = "this metric does not fit",
    note = "softmax over N classes: `Accuracy`, `TopK::<K>`; with labels `Class<N>` `SparseCategoricalAccuracy`, with one-hot labels `CategoricalAccuracy`",
    note = "one sigmoid with labels `Binary`: `Accuracy`, `BinaryAccuracy`, `Precision`, `Recall`, `AUC`, `F1Score.threshold(0.5)`",
    note = "any head whose labels have the shape of its output: `MeanSquaredError`, `MeanAbsoluteError`, `RootMeanSquaredError`",
    note = "one head takes a metric, a tuple of up to 6 or `()`; several heads take a tuple with one entry for each",
    note = "a metric is a value without quotes: `(Accuracy, AUC)`, not `[\"accuracy\", \"auc\"]`"
)]
pub trait Metrics<H: Heads, Y: Data>: Send + 'static {
    /// The running state. Each epoch starts with the default value.
    type State: Default + Send;

    /// Names the results in order, and says for each whether higher is better.
    fn names(&self, names: &mut Names);

    /// Adds a batch to the state.
    fn update(&self, state: &mut Self::State, batch: Batch<'_, H, Y>);

    /// Adds another state to this one, for example that of another machine.
    fn merge(&self, state: &mut Self::State, other: &Self::State);

    /// Appends the results of all batches so far, in the order of the names.
    fn results(&self, state: &Self::State, results: &mut Vec<f64>);

    /// Resets the state.
    fn reset(&self, state: &mut Self::State) {
        *state = Self::State::default();
    }

    /// Like [`names`](Self::names), for heads with the given names. `heads` is empty for a single head.
    #[doc(hidden)]
    fn names_of(&self, heads: &[&str], names: &mut Names) {
        self.names(names.of_head(heads.first().copied()));
    }
}

/// A metric with one result, which is the same for every head.
pub(crate) trait Single {
    type State;
    const HIGHER_IS_BETTER: bool;
    fn name(&self) -> String;
    fn merge(&self, state: &mut Self::State, other: &Self::State);
    fn result(&self, state: &Self::State) -> f64;
}

/// The methods of [`Metrics`] other than `update`, for a [`Single`] metric.
macro_rules! single {
    ($state:ty) => {
        type State = $state;

        fn names(&self, names: &mut $crate::metric::Names) {
            let higher_is_better = <Self as $crate::metric::Single>::HIGHER_IS_BETTER;
            names.push(&$crate::metric::Single::name(self), Some(higher_is_better));
        }

        fn merge(&self, state: &mut $state, other: &$state) {
            $crate::metric::Single::merge(self, state, other);
        }

        fn results(&self, state: &$state, results: &mut Vec<f64>) {
            results.push($crate::metric::Single::result(self, state));
        }
    };
}
use single;

/// A metric that uses the sample weights: Keras's `weighted_metrics`.
///
/// As in Keras it keeps its name. It is reported as `weighted_accuracy` only if there is an unweighted
/// `accuracy` too.
///
/// ```
/// use kerust::metric::Accuracy;
///
/// let metrics = (Accuracy, Accuracy.weighted());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WeightedMetric<M>(M);

impl<M> WeightedMetric<M> {
    /// Makes `metric` use the sample weights. Use it for a custom metric, which has no method `weighted`.
    pub const fn new(metric: M) -> Self {
        Self(metric)
    }
}

impl<H: Heads, Y: Data, M: Metrics<H, Y>> Metrics<H, Y> for WeightedMetric<M> {
    type State = M::State;

    fn names(&self, names: &mut Names) {
        self.0.names(names.weighted(true));
        names.weighted(false);
    }

    fn update(&self, state: &mut M::State, batch: Batch<'_, H, Y>) {
        self.0.update(state, batch.with_weights());
    }

    fn merge(&self, state: &mut M::State, other: &M::State) {
        self.0.merge(state, other);
    }

    fn results(&self, state: &M::State, results: &mut Vec<f64>) {
        self.0.results(state, results);
    }

    fn reset(&self, state: &mut M::State) {
        self.0.reset(state);
    }
}

/// Adds the method `.weighted()` to metrics.
macro_rules! weightable {
    ($($name:ty),+ $(,)?) => {$(
        impl $name {
            /// Makes this metric use the sample weights (Keras's `weighted_metrics`).
            pub fn weighted(self) -> WeightedMetric<Self> {
                WeightedMetric(self)
            }
        }
    )+};
}
weightable! {
    Accuracy, SparseCategoricalAccuracy, CategoricalAccuracy, BinaryAccuracy, BinaryAccuracyAt,
    Precision, Recall, AUC, F1Score, F1ScoreAt, FBetaScore, FBetaScoreAt, IoU, MeanIoU, OneHotIoU,
    OneHotMeanIoU, BinaryIoU, SensitivityAtSpecificity, SpecificityAtSensitivity, PrecisionAtRecall,
    RecallAtPrecision, TruePositives, TrueNegatives, FalsePositives, FalseNegatives,
    PearsonCorrelation, ConcordanceCorrelation, EqualityAccuracy, CosineSimilarity, CategoricalHinge,
    RootMeanSquaredError, R2Score, MeanSquaredError, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredLogarithmicError, LogCosh, Poisson, Hinge, SquaredHinge,
    KLDivergence, BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy,
}

impl<M> AtThresholds<M> {
    /// Makes this metric use the sample weights (Keras's `weighted_metrics`).
    pub fn weighted(self) -> WeightedMetric<Self> {
        WeightedMetric(self)
    }
}

impl<const K: usize> TopKCategoricalAccuracy<K> {
    /// Makes this metric use the sample weights (Keras's `weighted_metrics`).
    pub fn weighted(self) -> WeightedMetric<Self> {
        WeightedMetric(self)
    }
}

impl<H: Heads, Y: Data> Metrics<H, Y> for () {
    type State = ();

    fn names(&self, _names: &mut Names) {}
    fn update(&self, _state: &mut (), _batch: Batch<'_, H, Y>) {}
    fn merge(&self, _state: &mut (), _other: &()) {}
    fn results(&self, _state: &(), _results: &mut Vec<f64>) {}
}

macro_rules! one_head {
    ($(($($metric:ident $place:tt),+))+) => {$(
        impl<A, S, Y, $($metric),+> Metrics<Head<A, S>, Y> for ($($metric,)+)
        where
            Head<A, S>: Heads,
            Y: Data,
            $($metric: Metrics<Head<A, S>, Y>,)+
        {
            type State = ($($metric::State,)+);

            fn names(&self, names: &mut Names) {
                $(self.$place.names(names);)+
            }

            fn update(&self, state: &mut Self::State, batch: Batch<'_, Head<A, S>, Y>) {
                $(self.$place.update(&mut state.$place, batch);)+
            }

            fn merge(&self, state: &mut Self::State, other: &Self::State) {
                $(self.$place.merge(&mut state.$place, &other.$place);)+
            }

            fn results(&self, state: &Self::State, results: &mut Vec<f64>) {
                $(self.$place.results(&state.$place, results);)+
            }

            fn reset(&self, state: &mut Self::State) {
                $(self.$place.reset(&mut state.$place);)+
            }
        }
    )+};
}
one_head! {
    (M0 0)
    (M0 0, M1 1)
    (M0 0, M1 1, M2 2)
    (M0 0, M1 1, M2 2, M3 3)
    (M0 0, M1 1, M2 2, M3 3, M4 4)
    (M0 0, M1 1, M2 2, M3 3, M4 4, M5 5)
}

macro_rules! several_heads {
    ($(($($metric:ident $head:ident $label:ident $place:tt),+))+) => {$(
        impl<$($head: Heads, $label: Data, $metric: Metrics<$head, $label>),+>
            Metrics<($($head,)+), ($($label,)+)> for ($($metric,)+)
        {
            type State = ($($metric::State,)+);

            fn names(&self, names: &mut Names) {
                $(self.$place.names(names);)+
            }

            fn names_of(&self, heads: &[&str], names: &mut Names) {
                $(self.$place.names(names.of_head(heads.get($place).copied()));)+
            }

            fn update(
                &self,
                state: &mut Self::State,
                batch: Batch<'_, ($($head,)+), ($($label,)+)>,
            ) {
                $(self.$place.update(
                    &mut state.$place,
                    batch.head($place, batch.logits.$place, batch.outputs.$place, batch.labels.$place),
                );)+
            }

            fn merge(&self, state: &mut Self::State, other: &Self::State) {
                $(self.$place.merge(&mut state.$place, &other.$place);)+
            }

            fn results(&self, state: &Self::State, results: &mut Vec<f64>) {
                $(self.$place.results(&state.$place, results);)+
            }

            fn reset(&self, state: &mut Self::State) {
                $(self.$place.reset(&mut state.$place);)+
            }
        }
    )+};
}
several_heads! {
    (M0 H0 Y0 0, M1 H1 Y1 1)
    (M0 H0 Y0 0, M1 H1 Y1 1, M2 H2 Y2 2)
    (M0 H0 Y0 0, M1 H1 Y1 1, M2 H2 Y2 2, M3 H3 Y3 3)
}
