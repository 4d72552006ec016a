//! The callback that reduces the learning rate when a training no longer improves.

use super::monitor::{Monitor, monitored};
use super::{Callback, CallbackState, TrainingContext};
use crate::Result;

/// Reduces the learning rate when a monitored metric no longer improves: Keras's `ReduceLROnPlateau`.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// let reduce = ReduceLROnPlateau::monitor("loss").factor(0.5).patience(2);
/// model.fit(&data, Fit::epochs(10).callback(reduce).quiet())?;
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct ReduceLROnPlateau {
    monitor: Monitor,
    factor: f64,
    patience: usize,
    cooldown: usize,
    min_lr: f64,
    verbose: bool,
    wait: usize,
    cooling: usize,
}

impl ReduceLROnPlateau {
    /// Monitors a metric. Keras's default is `val_loss`.
    pub fn monitor(name: impl Into<String>) -> Self {
        Self {
            monitor: Monitor::new("ReduceLROnPlateau", name, 1e-4),
            factor: 0.1,
            patience: 10,
            cooldown: 0,
            min_lr: 0.0,
            verbose: false,
            wait: 0,
            cooling: 0,
        }
    }

    /// Sets the factor by which the learning rate is multiplied; 0.1 by default.
    ///
    /// # Panics
    /// Panics unless it is at least 0 and less than 1.
    #[track_caller]
    pub fn factor(mut self, factor: f64) -> Self {
        assert!(
            (0.0..1.0).contains(&factor),
            "`factor` is {factor}, expected at least 0 and less than 1"
        );
        self.factor = factor;
        self
    }

    /// Sets the number of epochs without improvement after which the rate is reduced; 10 by default.
    pub fn patience(mut self, epochs: usize) -> Self {
        self.patience = epochs;
        self
    }

    /// Sets the minimum change that counts as an improvement; 0.0001 by default.
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        self.monitor.set_min_delta(min_delta);
        self
    }

    /// Sets the number of epochs after a reduction during which epochs are not counted; 0 by default.
    pub fn cooldown(mut self, epochs: usize) -> Self {
        self.cooldown = epochs;
        self
    }

    /// Sets the minimum learning rate; 0 by default.
    pub fn min_lr(mut self, min_lr: f64) -> Self {
        self.min_lr = min_lr;
        self
    }

    fn reduce(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let old = training.learning_rate();
        if old <= self.min_lr as f32 {
            return Ok(());
        }
        let new = (f64::from(old) * self.factor).max(self.min_lr);
        training.set_learning_rate(new as f32)?;
        if self.verbose {
            let epoch = training.epoch() + 1;
            training.say(&format!(
                "Epoch {epoch}: ReduceLROnPlateau reducing learning rate to {new}."
            ));
        }
        (self.cooling, self.wait) = (self.cooldown, 0);
        Ok(())
    }
}

monitored!(ReduceLROnPlateau);

impl Callback for ReduceLROnPlateau {
    fn name(&self) -> &'static str {
        "ReduceLROnPlateau"
    }

    fn state(&self, state: &mut CallbackState) {
        self.monitor.save(state);
        state.insert("wait", self.wait);
        state.insert("cooling", self.cooling);
    }

    fn restore(
        &mut self,
        state: &CallbackState,
        _training: &mut TrainingContext<'_>,
    ) -> Result<()> {
        if self.monitor.restore(state)? {
            self.wait = state.get("wait")?.unwrap_or_default();
            self.cooling = state.get("cooling")?.unwrap_or_default();
        }
        Ok(())
    }

    fn on_train_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        self.monitor.check(training)?;
        self.monitor.check_number("min_lr", Some(self.min_lr))?;
        self.monitor.set_best(None);
        (self.cooling, self.wait) = (0, 0);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let rate = f64::from(training.learning_rate());
        training.logs_mut().insert("learning_rate", rate);
        let Some(current) = self.monitor.current(training)? else {
            return Ok(());
        };
        if self.cooling > 0 {
            self.cooling -= 1;
            self.wait = 0;
        }
        if self.monitor.improves(current) {
            self.wait = 0;
        } else if self.cooling == 0 {
            self.wait += 1;
            if self.wait >= self.patience {
                self.reduce(training)?;
            }
        }
        Ok(())
    }
}
