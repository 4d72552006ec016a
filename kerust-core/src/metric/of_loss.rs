//! Losses as metrics.
//!
//! A loss as a metric is its weighted mean over all samples: `Σ w l / Σ w`.

use super::{Mean, Metrics, Single, single};
use crate::activation::{HeadActivation, Linear, Sigmoid, Softmax};
use crate::data::{Binary, Class};
use crate::loss::{
    Batch, BinaryCrossentropy, CategoricalCrossentropy, CategoricalHinge, FromLogits, Hinge,
    KLDivergence, LogCosh, Loss, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, MultiLabel, Poisson, SparseCategoricalCrossentropy, SquaredHinge,
};
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};

/// The square root of the mean squared error of all samples so far. Keras: `RootMeanSquaredError`;
/// reported as `root_mean_squared_error`.
///
/// It fits every head; the label is a tensor of the head's shape.
///
/// ```
/// use kerust::metric::RootMeanSquaredError;
///
/// let metric = RootMeanSquaredError;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RootMeanSquaredError;

impl Single for RootMeanSquaredError {
    type State = Mean;
    const HIGHER_IS_BETTER: bool = false;

    fn name(&self) -> String {
        "root_mean_squared_error".into()
    }

    fn merge(&self, state: &mut Mean, other: &Mean) {
        state.merge(other);
    }

    fn result(&self, state: &Mean) -> f64 {
        libm::sqrt(state.value())
    }
}

impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for RootMeanSquaredError {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, S>, S>) {
        add(state, batch, &MeanSquaredError);
    }
}

macro_rules! metrics {
    ($($name:ty, $text:literal, <$($parameter:ident),*> <$(const $size:ident),*>
        Head<$activation:ident, $shape:ty>, $label:ty;)+) => {$(
        impl Single for $name {
            type State = Mean;
            const HIGHER_IS_BETTER: bool = false;

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

        metrics!(@measure $name, [$($parameter)*] [$($size)*] $activation, $shape, $label);
    )+};
    (@measure $name:ty, [A S] [] $activation:ident, $shape:ty, $label:ty) => {
        impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for $name {
            single!(Mean);

            fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, S>, S>) {
                add(state, batch, self);
            }
        }
    };
    (@measure $name:ty, [S] [] $activation:ident, $shape:ty, $label:ty) => {
        impl<S: StaticShape> Metrics<Head<$activation, S>, S> for $name {
            single!(Mean);

            fn update(&self, state: &mut Mean, batch: Batch<'_, Head<$activation, S>, S>) {
                add(state, batch, self);
            }
        }
    };
    (@measure $name:ty, [] [$($size:ident)*] $activation:ident, $shape:ty, $label:ty) => {
        impl<$(const $size: usize),*> Metrics<Head<$activation, $shape>, $label> for $name {
            single!(Mean);

            fn update(&self, state: &mut Mean, batch: Batch<'_, Head<$activation, $shape>, $label>) {
                add(state, batch, self);
            }
        }
    };
}
metrics! {
    MeanSquaredError, "mean_squared_error", <A, S> <> Head<A, S>, S;
    MeanAbsoluteError, "mean_absolute_error", <A, S> <> Head<A, S>, S;
    MeanAbsolutePercentageError, "mean_absolute_percentage_error", <A, S> <> Head<A, S>, S;
    MeanSquaredLogarithmicError, "mean_squared_logarithmic_error", <A, S> <> Head<A, S>, S;
    LogCosh, "logcosh", <A, S> <> Head<A, S>, S;
    Poisson, "poisson", <A, S> <> Head<A, S>, S;
    CategoricalHinge, "categorical_hinge", <A, S> <> Head<A, S>, S;
    Hinge, "hinge", <A, S> <> Head<A, S>, S;
    SquaredHinge, "squared_hinge", <A, S> <> Head<A, S>, S;
    KLDivergence, "kl_divergence", <A, S> <> Head<A, S>, S;
    BinaryCrossentropy, "binary_crossentropy", <> <> Head<Sigmoid, Rank1<1>>, Binary;
    FromLogits<BinaryCrossentropy>, "binary_crossentropy", <> <> Head<Linear, Rank1<1>>, Binary;
    MultiLabel<BinaryCrossentropy>, "binary_crossentropy", <S> <> Head<Sigmoid, S>, S;
    CategoricalCrossentropy, "categorical_crossentropy", <S> <> Head<Softmax, S>, S;
    FromLogits<CategoricalCrossentropy>, "categorical_crossentropy", <S> <> Head<Linear, S>, S;
    SparseCategoricalCrossentropy, "sparse_categorical_crossentropy",
        <> <const N> Head<Softmax, Rank1<N>>, Class<N>;
    FromLogits<SparseCategoricalCrossentropy>, "sparse_categorical_crossentropy",
        <> <const N> Head<Linear, Rank1<N>>, Class<N>;
}

/// Metrics of losses that take one label for each step.
macro_rules! of_steps {
    ($($name:ty, [$($size:ident)*] Head<$activation:ident, $shape:ty>, $label:ty;)+) => {$(
        metrics!(@measure $name, [] [$($size)*] $activation, $shape, $label);
    )+};
}
of_steps! {
    BinaryCrossentropy, [STEPS] Head<Sigmoid, Rank2<STEPS, 1>>, [Binary; STEPS];
    FromLogits<BinaryCrossentropy>, [STEPS] Head<Linear, Rank2<STEPS, 1>>, [Binary; STEPS];
    SparseCategoricalCrossentropy, [STEPS N] Head<Softmax, Rank2<STEPS, N>>, [Class<N>; STEPS];
    FromLogits<SparseCategoricalCrossentropy>,
        [STEPS N] Head<Linear, Rank2<STEPS, N>>, [Class<N>; STEPS];
}

pub(super) fn add<A: HeadActivation, S: StaticShape, L: Loss<Head<A, S>>>(
    state: &mut Mean,
    batch: Batch<'_, Head<A, S>, L::Label>,
    loss: &L,
) {
    // The loss divides by the number of samples or steps, the metric by the sum of their weights.
    let total = loss.measure(batch, None) * (batch.divisor() * batch.units_in_sample()) as f64;
    let weight = batch.weight_sum();
    state.add_total(total, weight);
}
