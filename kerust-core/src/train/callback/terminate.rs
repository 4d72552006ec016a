//! The callback that stops a training with an invalid loss.

use super::{Callback, TrainingContext};
use crate::Result;

/// Stops the training when the loss is NaN or infinite: Keras's `TerminateOnNaN`.
///
/// `fit` then returns the history, in which the loss of the last epoch is not finite. Without this callback,
/// `fit` returns an error. A step with such a loss does not change the model, so the weights stay finite.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// let history = model.fit(&data, Fit::epochs(3).callback(TerminateOnNaN::new()).quiet())?;
/// assert_eq!(history.len(), 3);
/// # Ok::<(), kerust::Error>(())
/// ```
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

    fn on_train_batch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
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
