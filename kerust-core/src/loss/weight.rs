//! Weights and reductions of losses.

use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::model::Head;
use crate::tensor::StaticShape;

/// Adds the methods `.weight(..)` and `.reduction(..)` to losses.
macro_rules! weighable {
    ($($({$parameter:ident})? $name:ty;)+) => {$(
        impl$(<$parameter>)? $name {
            /// Multiplies this loss by `weight` in the sum over the heads (Keras's `loss_weights`).
            ///
            /// # Panics
            /// Panics unless `weight` is finite.
            pub fn weight(self, weight: f32) -> $crate::loss::WeightedLoss<Self> {
                $crate::loss::WeightedLoss::new(self, weight)
            }

            /// This loss with another reduction of a batch (Keras's `reduction`).
            pub fn reduction(self, reduction: $crate::loss::Reduction) -> $crate::loss::Reduced<Self> {
                $crate::loss::Reduced::new(self, reduction)
            }
        }
    )+};
}
pub(crate) use weighable;

/// A loss multiplied by a weight, for a model with several heads: Keras's `loss_weights`.
///
/// As in Keras, the loss that is reported for the head itself (`offset_loss`) does not include the weight.
///
/// ```
/// use kerust::loss::{MeanSquaredError, SparseCategoricalCrossentropy};
///
/// let losses = (SparseCategoricalCrossentropy, MeanSquaredError.weight(0.5));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct WeightedLoss<L> {
    loss: L,
    weight: f32,
}

impl<L> WeightedLoss<L> {
    /// Multiplies `loss` by `weight`. Use it for a custom loss, which has no method `weight`.
    ///
    /// # Panics
    /// Panics unless `weight` is finite.
    pub fn new(loss: L, weight: f32) -> Self {
        assert!(
            weight.is_finite(),
            "the weight of a loss is {weight}, expected a finite number"
        );
        Self { loss, weight }
    }
}

/// Multiplies a loss and its gradient by `factor`.
pub(super) fn scaled(loss: f64, gradient: Option<&mut [f32]>, factor: f64) -> f64 {
    if let Some(gradient) = gradient {
        gradient.iter_mut().for_each(|slot| *slot *= factor as f32);
    }
    factor * loss
}

impl<A: HeadActivation, S: StaticShape, L: Loss<Head<A, S>>> Loss<Head<A, S>> for WeightedLoss<L> {
    type Label = L::Label;

    fn measure(
        &self,
        batch: Batch<'_, Head<A, S>, L::Label>,
        mut gradient: Option<&mut [f32]>,
    ) -> f64 {
        let loss = self.loss.measure(batch, gradient.as_deref_mut());
        scaled(loss, gradient, self.weight.into())
    }

    fn measure_each(
        &self,
        batch: Batch<'_, Head<A, S>, L::Label>,
        mut gradient: Option<&mut [f32]>,
        each: &mut Vec<f64>,
    ) -> f64 {
        let loss = self.loss.measure_each(batch, gradient.as_deref_mut(), each);
        scaled(loss, gradient, self.weight.into())
    }
}

/// How the losses of a batch are reduced to one number: Keras's `reduction`.
///
/// ```
/// use kerust::loss::{MeanSquaredError, Reduction};
///
/// let loss = MeanSquaredError.reduction(Reduction::Sum);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reduction {
    /// The sum of the losses, each multiplied by its sample weight, divided by their number. This is the
    /// default.
    #[default]
    SumOverBatchSize,
    /// The sum of the losses, each multiplied by its sample weight.
    Sum,
    /// That sum, divided by the sum of the sample weights.
    MeanWithSampleWeight,
}

/// A loss with another [`Reduction`], created by `.reduction(..)`.
///
/// ```
/// use kerust::loss::{Huber, Reduced, Reduction};
///
/// let loss: Reduced<Huber> = Huber.reduction(Reduction::Sum);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reduced<L> {
    loss: L,
    reduction: Reduction,
}

impl<L> Reduced<L> {
    /// Sets the reduction of `loss`. Use it for a custom loss, which has no method `reduction`.
    pub fn new(loss: L, reduction: Reduction) -> Self {
        Self { loss, reduction }
    }
}

impl<A: HeadActivation, S: StaticShape, L: Loss<Head<A, S>>> Loss<Head<A, S>> for Reduced<L> {
    type Label = L::Label;

    fn measure(
        &self,
        batch: Batch<'_, Head<A, S>, L::Label>,
        mut gradient: Option<&mut [f32]>,
    ) -> f64 {
        let mean = self.loss.measure(batch, gradient.as_deref_mut());
        // A loss has a value for each position of a map.
        let places = (S::LEN / S::SHAPE.last().max(1)) as f64;
        let factor = match (self.reduction, batch.weights()) {
            (Reduction::Sum, _) => match batch.mask_factor() {
                0.0 => 0.0,
                factor => batch.divisor() as f64 * places / factor,
            },
            (Reduction::MeanWithSampleWeight, Some(weights)) => {
                let sum: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
                match sum == 0.0 {
                    true => 0.0,
                    // In a part of a larger batch, the mean is weighted by the part's share of the samples.
                    false => batch.len() as f64 * places / sum,
                }
            }
            _ => return mean,
        };
        scaled(mean, gradient, factor)
    }
}

weighable! {
    {L} Reduced<L>;
}
