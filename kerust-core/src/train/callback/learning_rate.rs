//! The callback that sets the learning rate for each epoch.

use super::{Callback, TrainingContext};
use crate::Result;

/// Sets the learning rate before each epoch: Keras's `LearningRateScheduler`.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// let halved = LearningRateScheduler::new(|epoch, rate| if epoch < 5 { rate } else { rate / 2.0 });
/// model.fit(&data, Fit::epochs(10).callback(halved).quiet())?;
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct LearningRateScheduler<F> {
    schedule: F,
    verbose: bool,
}

impl<F: FnMut(usize, f32) -> f32 + Send> LearningRateScheduler<F> {
    /// Creates the callback from a function of the epoch (from 0) and the current learning rate.
    pub fn new(schedule: F) -> Self {
        Self {
            schedule,
            verbose: false,
        }
    }

    /// Prints a message when it sets the learning rate.
    pub fn verbose(mut self) -> Self {
        self.verbose = true;
        self
    }
}

impl<F: FnMut(usize, f32) -> f32 + Send> Callback for LearningRateScheduler<F> {
    fn name(&self) -> &'static str {
        "LearningRateScheduler"
    }

    fn on_epoch_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
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

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let rate = f64::from(training.learning_rate());
        training.logs_mut().insert("learning_rate", rate);
        Ok(())
    }
}
