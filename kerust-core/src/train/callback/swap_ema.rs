//! The callback that evaluates a model with the averages of its weights.

use super::{Callback, TrainingContext};
use crate::Result;

/// Swaps the weights and their moving averages for each validation, and swaps them back: Keras's
/// `SwapEMAWeights`.
///
/// The optimizer must keep the averages: `Adam::new(0.001).use_ema(true)`.
///
/// ```
/// use kerust::train::SwapEMAWeights;
///
/// let callback = SwapEMAWeights::new().swap_on_epoch();
/// ```
#[derive(Clone, Copy, Default, Debug)]
pub struct SwapEMAWeights {
    swap_on_epoch: bool,
}

impl SwapEMAWeights {
    /// Creates the callback.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also swaps at the end of each epoch, so that later callbacks, such as `ModelCheckpoint`, see the
    /// averages. The next epoch starts with the weights.
    pub fn swap_on_epoch(mut self) -> Self {
        self.swap_on_epoch = true;
        self
    }
}

/// Puts the averages, or the weights, into the model, unless they are there already.
fn put(training: &mut TrainingContext<'_>, averages: bool) -> Result<()> {
    match training.has_ema_weights() == averages {
        true => Ok(()),
        false => training.swap_ema_weights(),
    }
}

impl Callback for SwapEMAWeights {
    fn name(&self) -> &'static str {
        "SwapEMAWeights"
    }

    fn on_train_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        training.check_ema()
    }

    fn on_epoch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        put(training, false)
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        match self.swap_on_epoch {
            true => put(training, true),
            false => Ok(()),
        }
    }

    fn on_test_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        put(training, true)
    }

    fn on_test_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        put(training, false)
    }
}
