//! The callback that stops a training with an invalid loss.

use super::{Callback, Training};
use crate::Result;

/// Stops the training when the loss is NaN or infinite: Keras's `TerminateOnNaN`.
///
/// `fit` then returns the history, in which the loss of the last epoch is not finite. Without this callback,
/// `fit` returns an error. A step with such a loss does not change the model, so the weights stay finite.
#[derive(Clone, Copy, Default, Debug)]
pub struct TerminateOnNaN;

impl TerminateOnNaN {
    /// Creates the callback.
    pub fn new() -> Self {
        Self
    }
}

impl Callback for TerminateOnNaN {
    fn name(&self) -> &'static str {
        "TerminateOnNaN"
    }

    fn on_train_batch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        let loss = training.logs().value("loss");
        if loss.is_some_and(|loss| !loss.is_finite()) {
            let batch = training.batch();
            training.say(&format!(
                "Batch {batch}: Invalid loss, terminating training"
            ));
            training.stop();
        }
        Ok(())
    }
}
