//! Metrics: what is reported, and not trained for.
//!
//! A model with one head takes a metric, a tuple of them, or `()`; a model with several heads takes
//! a tuple with one entry for each head, which is again a metric, a tuple or `()`. As in Keras's
//! `compile(metrics = ..)`, sample weights do not count in a metric, unless it is
//! [`.weighted()`](Metric::weighted).
//!
//! # A metric of one's own
//!
//! [`Metric`] gives it a name and a running state, [`Measure`] says what heads and labels it fits:
//!
//! ```
//! use kerust_core::activation::HeadActivation;
//! use kerust_core::loss::Batch;
//! use kerust_core::metric::{Measure, Metric};
//! use kerust_core::model::Head;
//! use kerust_core::tensor::Shape;
//!
//! /// The largest error so far.
//! struct MaxError;
//!
//! impl Metric for MaxError {
//!     type State = f32;
//!
//!     fn name(&self) -> String {
//!         "max_error".into()
//!     }
//!
//!     fn result(&self, state: &f32) -> f64 {
//!         f64::from(*state)
//!     }
//! }
//!
//! impl<A: HeadActivation, S: Shape> Measure<Head<A, S>, S> for MaxError {
//!     fn update(&self, state: &mut f32, batch: Batch<'_, Head<A, S>, S>) {
//!         for (output, label) in batch.outputs.iter().zip(batch.labels) {
//!             *state = state.max((output - label).abs());
//!         }
//!     }
//! }
//! ```

mod accuracy;
mod auc;
mod confusion;
mod mean;
mod names;
mod of_loss;
mod top_k;

pub use accuracy::{
    Accuracy, BinaryAccuracy, BinaryAccuracyAt, CategoricalAccuracy, SparseCategoricalAccuracy,
};
pub use auc::{Auc, Curve};
pub use confusion::{Precision, Recall};
pub use mean::Mean;
pub use names::Names;
pub use of_loss::RootMeanSquaredError;
pub use top_k::TopK;

use crate::data::Data;
use crate::loss::Batch;
use crate::model::{Head, Heads};

/// A metric: its name, its running state, and the result.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no metric",
    label = "no metric",
    note = "metrics are a metric, a tuple of them or `()`; several heads take a tuple with one entry for each",
    note = "a metric of one's own implements `Metric` and `Measure`"
)]
pub trait Metric: Sized + Send + 'static {
    /// What runs from batch to batch; its default is where an epoch begins.
    type State: Default + Send + 'static;

    /// The name in reports: Keras's.
    fn name(&self) -> String;

    /// The result of all batches so far.
    fn result(&self, state: &Self::State) -> f64;

    /// Forgets all batches.
    fn reset(&self, state: &mut Self::State) {
        *state = Self::State::default();
    }

    /// This metric, in which sample weights count (Keras's `weighted_metrics`).
    fn weighted(self) -> WeightedMetric<Self> {
        WeightedMetric(self)
    }
}

/// A metric that fits the head `H` with labels `Y`.
#[diagnostic::on_unimplemented(
    message = "the metric `{Self}` does not fit the head `{H}` with labels `{Y}`",
    label = "this metric does not fit",
    note = "softmax over N classes: `Accuracy`, `TopK::<K>`; with labels `Class<N>` `SparseCategoricalAccuracy`, with one-hot labels `CategoricalAccuracy`",
    note = "one sigmoid with labels `Binary`: `Accuracy`, `BinaryAccuracy`, `Precision`, `Recall`, `Auc`; any head with labels of its own shape: `MeanSquaredError`, `MeanAbsoluteError`, `RootMeanSquaredError`"
)]
pub trait Measure<H: Heads, Y: Data>: Metric {
    /// Adds a batch.
    fn update(&self, state: &mut Self::State, batch: Batch<'_, H, Y>);
}

/// The metrics of a model: see the [module](self).
#[diagnostic::on_unimplemented(
    message = "the metrics `{Self}` do not fit the heads `{H}` with labels `{Y}`",
    label = "these metrics do not fit",
    note = "one head takes a metric, a tuple of up to 6 or `()`; several heads take a tuple with one entry for each"
)]
pub trait Metrics<H: Heads, Y: Data>: Send + 'static {
    /// What runs from batch to batch.
    type State: Default + Send;

    /// Says the names of the results, in order; `heads` are the names of the heads, none for a
    /// single one.
    fn names(&self, heads: &[&str], names: &mut Names);
    /// Adds a batch.
    fn update(&self, state: &mut Self::State, batch: Batch<'_, H, Y>);
    /// Appends the results, in the order of the names.
    fn values(&self, state: &Self::State, into: &mut Vec<f64>);
    /// Forgets all batches.
    fn reset(&self, state: &mut Self::State);
}

impl<H: Heads, Y: Data, M: Measure<H, Y>> Metrics<H, Y> for M {
    type State = M::State;

    fn names(&self, heads: &[&str], names: &mut Names) {
        names.push(heads.first().copied(), &self.name(), false);
    }

    fn update(&self, state: &mut M::State, batch: Batch<'_, H, Y>) {
        Measure::update(self, state, batch.unweighted());
    }

    fn values(&self, state: &M::State, into: &mut Vec<f64>) {
        into.push(self.result(state));
    }

    fn reset(&self, state: &mut M::State) {
        Metric::reset(self, state);
    }
}

/// A metric in which sample weights count: `Accuracy.weighted()`.
///
/// As in Keras it keeps its name, and is `weighted_accuracy` only beside an `accuracy`.
#[derive(Clone, Copy, Debug)]
pub struct WeightedMetric<M>(M);

impl<H: Heads, Y: Data, M: Measure<H, Y>> Metrics<H, Y> for WeightedMetric<M> {
    type State = M::State;

    fn names(&self, heads: &[&str], names: &mut Names) {
        names.push(heads.first().copied(), &self.0.name(), true);
    }

    fn update(&self, state: &mut M::State, batch: Batch<'_, H, Y>) {
        Measure::update(&self.0, state, batch);
    }

    fn values(&self, state: &M::State, into: &mut Vec<f64>) {
        into.push(self.0.result(state));
    }

    fn reset(&self, state: &mut M::State) {
        self.0.reset(state);
    }
}

impl<H: Heads, Y: Data> Metrics<H, Y> for () {
    type State = ();

    fn names(&self, _heads: &[&str], _names: &mut Names) {}
    fn update(&self, _state: &mut (), _batch: Batch<'_, H, Y>) {}
    fn values(&self, _state: &(), _into: &mut Vec<f64>) {}
    fn reset(&self, _state: &mut ()) {}
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

            fn names(&self, heads: &[&str], names: &mut Names) {
                $(self.$place.names(heads, names);)+
            }

            fn update(&self, state: &mut Self::State, batch: Batch<'_, Head<A, S>, Y>) {
                $(self.$place.update(&mut state.$place, batch);)+
            }

            fn values(&self, state: &Self::State, into: &mut Vec<f64>) {
                $(self.$place.values(&state.$place, into);)+
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

            fn names(&self, heads: &[&str], names: &mut Names) {
                $(self.$place.names(&heads[$place..=$place], names);)+
            }

            fn update(
                &self,
                state: &mut Self::State,
                batch: Batch<'_, ($($head,)+), ($($label,)+)>,
            ) {
                $(self.$place.update(&mut state.$place, Batch {
                    logits: batch.logits.$place,
                    outputs: batch.outputs.$place,
                    labels: batch.labels.$place,
                    weights: batch.weights,
                });)+
            }

            fn values(&self, state: &Self::State, into: &mut Vec<f64>) {
                $(self.$place.values(&state.$place, into);)+
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
