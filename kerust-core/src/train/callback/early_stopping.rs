//! The callback that stops a training that no longer improves.

use super::monitor::{Monitor, monitored};
use super::{Callback, CallbackState, TrainingContext};
use crate::Result;

/// Stops the training when a monitored metric no longer improves: Keras's `EarlyStopping`.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// let stop = EarlyStopping::monitor("val_loss").patience(3).restore_best_weights();
/// model.fit(&data, Fit::epochs(20).validation_split(0.25).callback(stop).quiet())?;
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct EarlyStopping {
    monitor: Monitor,
    patience: usize,
    baseline: Option<f64>,
    start_from_epoch: usize,
    restore_best_weights: bool,
    verbose: bool,
    wait: usize,
    stopped_epoch: usize,
    best_epoch: usize,
    best_weights: Option<Vec<f32>>,
    /// The weights at the end of a training, before the best weights replaced them.
    last_weights: Option<Vec<f32>>,
}

impl EarlyStopping {
    /// Monitors a metric: `loss`, `val_loss` (Keras's default), `val_accuracy`.
    pub fn monitor(name: impl Into<String>) -> Self {
        Self {
            monitor: Monitor::new("EarlyStopping", name, 0.0),
            patience: 0,
            baseline: None,
            start_from_epoch: 0,
            restore_best_weights: false,
            verbose: false,
            wait: 0,
            stopped_epoch: 0,
            best_epoch: 0,
            best_weights: None,
            last_weights: None,
        }
    }

    /// Sets the number of epochs without improvement after which the training stops; 0 by default.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Sets the minimum change that counts as an improvement; 0 by default.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitor.set_min_delta(min_delta);
        self
    }

    /// Sets a value that the metric must improve on to reset the patience.
    pub fn baseline(mut self, baseline: f64) -> Self {
        self.baseline = Some(baseline);
        self
    }

    /// Sets the first epoch, from 0, that is monitored.
    pub fn start_from_epoch(mut self, epoch: usize) -> Self {
        self.start_from_epoch = epoch;
        self
    }

    /// Restores the weights of the best epoch at the end, even if the training was not stopped early.
    ///
    /// If a state is saved after that and resumed, the training continues with the weights of its last epoch,
    /// as if it had not been interrupted.
    ///
    /// # Memory
    /// Two copies of the weights.
    pub fn restore_best_weights(mut self) -> Self {
        self.restore_best_weights = true;
        self
    }

    /// The epoch, from 0, after which the training was stopped. It is 0 if it was not stopped, as in Keras.
    pub fn stopped_epoch(&self) -> usize {
        self.stopped_epoch
    }

    /// The best epoch, from 0.
    pub fn best_epoch(&self) -> usize {
        self.best_epoch
    }

    fn keep(&mut self, weights: &[f32]) {
        match &mut self.best_weights {
            Some(best) => best.copy_from_slice(weights),
            None => self.best_weights = Some(weights.to_vec()),
        }
    }
}

monitored!(EarlyStopping);

impl Callback for EarlyStopping {
    fn name(&self) -> &'static str {
        "EarlyStopping"
    }

    fn state(&self, state: &mut CallbackState) {
        self.monitor.save(state);
        state.insert("wait", self.wait);
        state.insert("stopped_epoch", self.stopped_epoch);
        state.insert("best_epoch", self.best_epoch);
        if let Some(weights) = &self.best_weights {
            state.insert_weights("best_weights", weights);
        }
        if let Some(weights) = &self.last_weights {
            state.insert_weights("last_weights", weights);
        }
    }

    fn restore(&mut self, state: &CallbackState, training: &mut TrainingContext<'_>) -> Result<()> {
        if !self.monitor.restore(state)? {
            return Ok(());
        }
        self.wait = state.get("wait")?.unwrap_or_default();
        self.stopped_epoch = state.get("stopped_epoch")?.unwrap_or_default();
        self.best_epoch = state.get("best_epoch")?.unwrap_or_default();
        self.best_weights = state.weights("best_weights").map(<[f32]>::to_vec);
        if let Some(weights) = state.weights("last_weights") {
            training.weights_mut().copy_from_slice(weights);
        }
        Ok(())
    }

    fn on_train_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        self.monitor.check(training)?;
        self.monitor.check_number("baseline", self.baseline)?;
        self.monitor.set_best(None);
        (self.wait, self.stopped_epoch, self.best_epoch) = (0, 0, 0);
        (self.best_weights, self.last_weights) = (None, None);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let epoch = training.epoch();
        let Some(current) = self.monitor.current(training)? else {
            return Ok(());
        };
        if epoch < self.start_from_epoch {
            return Ok(());
        }
        if self.restore_best_weights && self.best_weights.is_none() {
            self.keep(training.weights());
            self.best_epoch = epoch;
        }
        self.wait += 1;
        if self.monitor.improves(current) {
            self.best_epoch = epoch;
            if self.restore_best_weights {
                self.keep(training.weights());
            }
            let baseline = self.baseline;
            if baseline.is_none_or(|baseline| self.monitor.is_better(current, baseline)) {
                self.wait = 0;
            }
        } else if self.wait >= self.patience && epoch > 0 {
            self.stopped_epoch = epoch;
            training.stop();
        }
        Ok(())
    }

    fn on_train_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        if self.stopped_epoch > 0 && self.verbose {
            training.say(&format!("Epoch {}: early stopping", self.stopped_epoch + 1));
        }
        if let Some(best) = &self.best_weights {
            if self.verbose {
                training.say(&format!(
                    "Restoring model weights from the end of the best epoch: {}.",
                    self.best_epoch + 1
                ));
            }
            self.last_weights = Some(training.weights().to_vec());
            training.weights_mut().copy_from_slice(best);
        }
        Ok(())
    }
}
