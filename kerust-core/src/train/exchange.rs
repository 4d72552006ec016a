//! The exchange of gradients between machines.

use crate::Result;
use std::ops::Range;

/// The exchange of gradients between machines that train one model together; see
/// [`Fit::exchange`](super::Fit::exchange).
///
/// All machines have the same weights and draw the same batches. Each computes the gradient of its share of a
/// batch, with a loss that is the mean over the whole batch. The sum of all gradients is therefore the
/// gradient of the batch, and all machines have the same weights after the step.
///
/// Each machine reports `loss` and metrics for its own shares.
pub trait Exchange: Send {
    /// The part of a batch with `samples` samples that this machine computes. It can be empty.
    fn share(&self, samples: usize) -> Range<usize>;

    /// Adds the gradients and losses of the other machines, so that all machines have the same sums. It is
    /// called in each step, even if a loss is not finite. If an output of the model has a mask, it is also called
    /// before the loss, four times with an empty gradient and a number of steps.
    ///
    /// # Errors
    /// An error ends the training before the step changes the model.
    fn sum(&mut self, gradient: &mut [f32], loss: &mut f64) -> Result<()>;
}

/// A single machine, which computes whole batches.
pub(super) struct Alone;

impl Exchange for Alone {
    fn share(&self, samples: usize) -> Range<usize> {
        0..samples
    }

    fn sum(&mut self, _gradient: &mut [f32], _loss: &mut f64) -> Result<()> {
        Ok(())
    }
}
