//! Evaluates a model with the averages of its weights.

use super::{Callback, Training};
use crate::Result;

/// Exchanges the weights with their moving averages for each validation, and back: Keras's
/// `SwapEMAWeights`.
///
/// The optimizer keeps the averages: `Adam::new(0.001).use_ema(true)`.
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
    /// The callback.
    pub fn new() -> Self {
        Self::default()
    }

    /// Exchanges them at the end of each epoch too, so that callbacks behind this one, such as
    /// `ModelCheckpoint`, see the averages; the next epoch begins with the weights.
    pub fn swap_on_epoch(mut self) -> Self {
        self.swap_on_epoch = true;
        self
    }
}

/// Puts the averages into the model, or the weights, unless they are there.
fn put(training: &mut Training<'_>, averages: bool) -> Result<()> {
    match training.has_ema_weights() == averages {
        true => Ok(()),
        false => training.swap_ema_weights(),
    }
}

impl Callback for SwapEMAWeights {
    fn name(&self) -> &'static str {
        "SwapEMAWeights"
    }

    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        training.check_ema()
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        put(training, false)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        match self.swap_on_epoch {
            true => put(training, true),
            false => Ok(()),
        }
    }

    fn on_test_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        put(training, true)
    }

    fn on_test_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        put(training, false)
    }
}
