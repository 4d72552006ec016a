//! Weights of losses.

use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::model::Head;
use crate::tensor::Shape;

/// A loss times a weight, for a model with several heads: Keras's `loss_weights`.
///
/// As in Keras, the loss reported for the head itself (`offset_loss`) is without the weight.
///
/// ```
/// # extern crate kerust_core as kerust;
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
    /// `loss` times `weight`; for a loss of one's own, which has no method `weight`.
    ///
    /// # Panics
    /// Unless `weight` is finite.
    pub fn new(loss: L, weight: f32) -> Self {
        assert!(
            weight.is_finite(),
            "the weight of a loss is {weight}, expected a finite number"
        );
        Self { loss, weight }
    }

    fn scaled(&self, loss: f64, gradient: Option<&mut [f32]>) -> f64 {
        if let Some(gradient) = gradient {
            gradient.iter_mut().for_each(|slot| *slot *= self.weight);
        }
        f64::from(self.weight) * loss
    }
}

impl<A: HeadActivation, S: Shape, L: Loss<Head<A, S>>> Loss<Head<A, S>> for WeightedLoss<L> {
    type Label = L::Label;

    fn measure(
        &self,
        batch: Batch<'_, Head<A, S>, L::Label>,
        mut gradient: Option<&mut [f32]>,
    ) -> f64 {
        let loss = self.loss.measure(batch, gradient.as_deref_mut());
        self.scaled(loss, gradient)
    }

    fn measure_each(
        &self,
        batch: Batch<'_, Head<A, S>, L::Label>,
        mut gradient: Option<&mut [f32]>,
        each: &mut Vec<f64>,
    ) -> f64 {
        let loss = self.loss.measure_each(batch, gradient.as_deref_mut(), each);
        self.scaled(loss, gradient)
    }
}

/// Gives losses their `.weight(..)`.
macro_rules! weighable {
    ($($({$parameter:ident})? $name:ty;)+) => {$(
        impl$(<$parameter>)? $name {
            /// This loss times `weight` in the sum over the heads (Keras's `loss_weights`).
            ///
            /// # Panics
            /// Unless `weight` is finite.
            pub fn weight(self, weight: f32) -> $crate::loss::WeightedLoss<Self> {
                $crate::loss::WeightedLoss::new(self, weight)
            }
        }
    )+};
}
pub(crate) use weighable;
