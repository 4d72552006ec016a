//! Loss functions.
//!
//! Pass a loss to `compile`: `model.compile(Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy)`. Each
//! loss accepts certain heads of a model ([`Loss`]) and certain labels. A combination of loss, labels and
//! head that does not match is a compile error:
//!
//! | head | labels | loss |
//! |---|---|---|
//! | `Dense(N, softmax)` | `Class<N>` | [`SparseCategoricalCrossentropy`] |
//! | `Dense(N, softmax)` on steps | `[Class<N>; STEPS]` | [`SparseCategoricalCrossentropy`] |
//! | `Dense(N, softmax)` | one-hot, `Rank1<N>` | [`CategoricalCrossentropy`] |
//! | `Dense(1, sigmoid)` | `Binary` | [`BinaryCrossentropy`] |
//! | `Dense(1, sigmoid)` on steps | `[Binary; STEPS]` | [`BinaryCrossentropy`] |
//! | `Dense(N, sigmoid)` | zeros and ones, `Rank1<N>` | `BinaryCrossentropy.multi_label()` |
//! | `Dense(N)`, an embedding | `Class<M>` | [`Circle`]`::<M>` |
//! | `Conv2D(N, 1x1, softmax)`, a map | one-hot along the last axis | [`CategoricalCrossentropy`], [`Dice`](struct@Dice), [`Tversky`](struct@Tversky) |
//! | any | the shape of the head | [`MeanSquaredError`], [`MeanAbsoluteError`], [`Huber`](struct@Huber), .. |
//!
//! The loss of a batch is the mean over its samples, each multiplied by its sample weight (Keras's
//! `sum_over_batch_size`). The loss of a model with several heads is the sum of the losses of its heads, each
//! multiplied by its `.weight(..)`.
//!
//! # Custom losses
//!
//! A loss that compares single values implements [`PointwiseLoss`]. Any other loss implements [`Loss`] for
//! the heads that it fits:
//!
//! ```
//! use kerust::activation::HeadActivation;
//! use kerust::loss::{Batch, Loss};
//! use kerust::model::Head;
//! use kerust::tensor::StaticShape;
//!
//! /// Mean of the fourth power of the error, for any head.
//! struct FourthPower;
//!
//! impl<A: HeadActivation, S: StaticShape> Loss<Head<A, S>> for FourthPower {
//!     type Label = S;
//!
//!     fn measure(&self, batch: Batch<'_, Head<A, S>, S>, gradient: Option<&mut [f32]>) -> f64 {
//!         batch.mean_of_values(gradient, |output, label| {
//!             let error = output - label;
//!             (f64::from(error.powi(4)), 4.0 * error.powi(3))
//!         })
//!     }
//! }
//! ```

mod batch;
mod binary;
mod circle;
mod crossentropy;
mod divergence;
mod focal;
mod generalized;
mod hinge;
mod logits;
mod objective;
mod overlap;
mod pointwise;
mod regression;
#[cfg(test)]
mod testing;
mod weight;
mod weights;

pub use batch::Batch;
pub use binary::{BinaryCrossentropy, MultiLabel};
pub use circle::Circle;
pub use crossentropy::{
    CategoricalCrossentropy, FromLogits, IgnoreClass, LabelSmoothing, SparseCategoricalCrossentropy,
};
pub use divergence::{CategoricalHinge, CosineSimilarity, KLDivergence};
pub use focal::{BinaryFocalCrossentropy, CategoricalFocalCrossentropy};
pub use generalized::CategoricalGeneralizedCrossEntropy;
pub use hinge::{Hinge, OfBinary, SquaredHinge};
pub use objective::{Objective, objective};
pub use overlap::{Dice, Tversky};
pub use pointwise::PointwiseLoss;
pub use regression::{
    Huber, LogCosh, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson,
};
pub use weight::{Reduced, Reduction, WeightedLoss};
pub use weights::BatchWeights;
pub(crate) use weights::Weighting;

use crate::data::Data;
use crate::habit::no_new;
use crate::model::Heads;

no_new! {
    HasNew: BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy,
    CategoricalFocalCrossentropy, CategoricalGeneralizedCrossEntropy, CategoricalHinge,
    CosineSimilarity, Dice, Hinge, Huber, KLDivergence, LogCosh, MeanAbsoluteError,
    MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson,
    SparseCategoricalCrossentropy, SquaredHinge, Tversky,
}

/// A loss that fits the head `H`; a tuple of losses fits a tuple of heads.
#[diagnostic::on_unimplemented(
    message = "the loss `{Self}` does not fit the head `{H}`",
    label = "this loss does not fit",
    note = "softmax over N classes: `SparseCategoricalCrossentropy` with labels `Class<N>`, `CategoricalCrossentropy` with one-hot labels `Rank1<N>`",
    note = "one sigmoid: `BinaryCrossentropy` with labels `Binary`; several: `BinaryCrossentropy.multi_label()`",
    note = "no activation: `MeanSquaredError`, `MeanAbsoluteError`, which fit every head, or a crossentropy `::from_logits()`",
    note = "several heads take a tuple with one loss for each",
    note = "a loss is a value without quotes: `MeanSquaredError`, not `\"mse\"`"
)]
pub trait Loss<H: Heads>: Send + 'static {
    /// The labels that the loss takes.
    type Label: Data;

    /// The mean loss of a batch. If a gradient is passed, it is filled with the derivative of that mean with
    /// respect to each logit.
    ///
    /// The mean must divide by [`Batch::divisor`]. The methods of [`Batch`] do.
    fn measure(&self, batch: Batch<'_, H, Self::Label>, gradient: Option<H::SlicesMut<'_>>) -> f64;

    /// Whether this is a crossentropy of classes. Its value for a constant prediction is then the entropy of
    /// the labels.
    #[doc(hidden)]
    fn is_crossentropy(&self) -> bool {
        false
    }

    /// Like [`measure`](Self::measure). It also appends the loss of each head, before its weight.
    #[doc(hidden)]
    fn measure_each(
        &self,
        batch: Batch<'_, H, Self::Label>,
        gradient: Option<H::SlicesMut<'_>>,
        each: &mut Vec<f64>,
    ) -> f64 {
        let loss = self.measure(batch, gradient);
        each.push(loss);
        loss
    }
}

macro_rules! tuples {
    ($(($($loss:ident $head:ident $gradient:ident $place:tt),+))+) => {$(
        impl<$($head: Heads, $loss: Loss<$head>),+> Loss<($($head,)+)> for ($($loss,)+) {
            type Label = ($($loss::Label,)+);

            fn measure(
                &self,
                batch: Batch<'_, ($($head,)+), Self::Label>,
                gradient: Option<($($head::SlicesMut<'_>,)+)>,
            ) -> f64 {
                let ($($gradient,)+) = match gradient {
                    Some(parts) => ($(Some(parts.$place),)+),
                    None => ($(None::<$head::SlicesMut<'_>>,)+),
                };
                let mut loss = 0.0;
                $(loss += self.$place.measure(
                    batch.head($place, batch.logits.$place, batch.outputs.$place, batch.labels.$place),
                    $gradient,
                );)+
                loss
            }

            fn measure_each(
                &self,
                batch: Batch<'_, ($($head,)+), Self::Label>,
                gradient: Option<($($head::SlicesMut<'_>,)+)>,
                each: &mut Vec<f64>,
            ) -> f64 {
                let ($($gradient,)+) = match gradient {
                    Some(parts) => ($(Some(parts.$place),)+),
                    None => ($(None::<$head::SlicesMut<'_>>,)+),
                };
                let mut loss = 0.0;
                $(loss += self.$place.measure_each(
                    batch.head($place, batch.logits.$place, batch.outputs.$place, batch.labels.$place),
                    $gradient,
                    each,
                );)+
                loss
            }
        }
    )+};
}
tuples! {
    (L0 H0 g0 0, L1 H1 g1 1)
    (L0 H0 g0 0, L1 H1 g1 1, L2 H2 g2 2)
    (L0 H0 g0 0, L1 H1 g1 1, L2 H2 g2 2, L3 H3 g3 3)
}
