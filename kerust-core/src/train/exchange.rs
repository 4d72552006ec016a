//! The seam between the gradient of a step and its use.

use crate::Result;
use std::ops::Range;

/// What machines that train one model together do in each step: see [`Fit::exchange`](super::Fit::exchange).
///
/// All machines have the same weights and draw the same batches. Each computes the gradient of its share
/// of a batch, where the loss is a mean over the whole batch: so the sum of the machines' gradients is the
/// gradient of the batch, and after the step the machines have the same weights again.
///
/// The numbers that a machine reports, `loss` and the metrics, are those of its own shares.
pub trait Exchange: Send {
    /// The part of a batch of `samples` samples that this machine computes. It may be empty.
    fn share(&self, samples: usize) -> Range<usize>;

    /// Adds the gradients and the losses of the other machines' shares, so that all machines have the same
    /// sums. It is called for each step, also where a loss is not finite.
    ///
    /// # Errors
    /// What ends the training, before the step moves anything.
    fn sum(&mut self, gradient: &mut [f32], loss: &mut f64) -> Result<()>;
}

/// One machine, which computes whole batches.
pub(super) struct Alone;

impl Exchange for Alone {
    fn share(&self, samples: usize) -> Range<usize> {
        0..samples
    }

    fn sum(&mut self, _gradient: &mut [f32], _loss: &mut f64) -> Result<()> {
        Ok(())
    }
}
