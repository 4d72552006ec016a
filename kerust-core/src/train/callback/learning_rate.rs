//! Sets the learning rate epoch by epoch.

use super::{Callback, Training};
use crate::Result;

/// Sets the learning rate before each epoch: Keras's `LearningRateScheduler`.
pub struct LearningRateScheduler<F> {
    schedule: F,
    verbose: bool,
}

impl<F: FnMut(usize, f32) -> f32 + Send> LearningRateScheduler<F> {
    /// The learning rate of an epoch (from 0), from that of the one before.
    pub fn new(schedule: F) -> Self {
        Self {
            schedule,
            verbose: false,
        }
    }

    /// Says what it does.
    pub fn verbose(mut self) -> Self {
        self.verbose = true;
        self
    }
}

impl<F: FnMut(usize, f32) -> f32 + Send> Callback for LearningRateScheduler<F> {
    fn name(&self) -> &'static str {
        "LearningRateScheduler"
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        let epoch = training.epoch();
        let rate = (self.schedule)(epoch, training.learning_rate());
        training.set_learning_rate(rate)?;
        if self.verbose {
            let epoch = epoch + 1;
            training.say(&format!(
                "Epoch {epoch}: LearningRateScheduler setting learning rate to {rate}."
            ));
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        let rate = f64::from(training.learning_rate());
        training.logs_mut().insert("learning_rate", rate);
        Ok(())
    }
}
