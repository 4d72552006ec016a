//! The callback that saves the weights after each epoch.

use super::file_name::FileName;
use super::monitor::{Monitor, monitored};
use super::{Callback, CallbackState, TrainingContext};
use crate::weights::{self, file_system};
use crate::{Error, Result};
use std::path::Path;

/// Saves the weights after each epoch, or only after the best epochs: Keras's `ModelCheckpoint`.
///
/// Files are written atomically, and missing folders are created. The format is safetensors, or with the
/// feature `keras` that of a name that ends in `.weights.h5`. A name with the extension of a format that
/// kerust cannot write is an error before the first epoch. A resumed training knows the best value so far, so
/// that a worse epoch does not replace a better one.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// # let folder = std::env::temp_dir().join(format!("checkpoints-{}", std::process::id()));
/// let path = folder.join("best-{epoch:02d}.safetensors");
/// let best = ModelCheckpoint::new(path).monitor("loss").save_best_only();
/// model.fit(&data, Fit::epochs(3).callback(best).quiet())?;
/// # std::fs::remove_dir_all(folder).unwrap();
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct ModelCheckpoint {
    file: FileName,
    monitor: Monitor,
    save_best_only: bool,
    initial_value_threshold: Option<f64>,
    verbose: bool,
    /// The number of batches between two saves. `None` saves after each epoch.
    save_freq: Option<usize>,
    batches_since_saving: usize,
}

impl ModelCheckpoint {
    /// Saves to `path`, which can contain placeholders: `{epoch}` (from 1), `{epoch:02d}`, `{val_loss:.2f}`.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            file: FileName::new(path.as_ref()),
            monitor: Monitor::new("ModelCheckpoint", "val_loss", 0.0),
            save_best_only: false,
            initial_value_threshold: None,
            verbose: false,
            save_freq: None,
            batches_since_saving: 0,
        }
    }

    /// Sets the metric to monitor for [`save_best_only`](Self::save_best_only); `val_loss` by default.
    pub fn monitor(mut self, name: impl Into<String>) -> Self {
        self.monitor.rename(name.into());
        self
    }

    /// Saves only epochs that are better than all earlier ones.
    pub fn save_best_only(mut self) -> Self {
        self.save_best_only = true;
        self
    }

    /// Sets the value that an epoch must improve on to be saved.
    pub fn initial_value_threshold(mut self, threshold: f64) -> Self {
        self.initial_value_threshold = Some(threshold);
        self
    }

    /// Saves after this number of batches instead of after each epoch. The path can then contain `{batch}`
    /// (from 1), and only metrics of the training can be monitored.
    ///
    /// # Panics
    /// Panics if it is 0.
    #[track_caller]
    pub fn save_freq(mut self, batches: usize) -> Self {
        assert!(batches > 0, "`save_freq` is 0, expected at least 1");
        self.save_freq = Some(batches);
        self
    }

    fn save(&mut self, training: &TrainingContext<'_>) -> Result<()> {
        let path = self.file.fill(training, self.save_freq.is_some())?;
        if !self.is_wanted(training, &path)? {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            file_system::create_folder(folder).map_err(Error::io("create", folder))?;
        }
        training.save(path)
    }

    fn is_wanted(&mut self, training: &TrainingContext<'_>, path: &Path) -> Result<bool> {
        let (epoch, path) = (training.epoch() + 1, path.display());
        if !self.save_best_only {
            if self.verbose {
                training.say(&format!("Epoch {epoch}: saving model to {path}"));
            }
            return Ok(true);
        }
        let Some(current) = self.monitor.current(training)? else {
            return Ok(false);
        };
        let before = self.monitor.best();
        let best = before.map_or("None".into(), |best| format!("{best:.5}"));
        let improves = self.monitor.improves(current);
        if self.verbose {
            let name = self.monitor.name();
            training.say(&if improves {
                format!(
                    "Epoch {epoch}: {name} improved from {best} to {current:.5}, \
                     saving model to {path}"
                )
            } else {
                format!("Epoch {epoch}: {name} did not improve from {best}")
            });
        }
        Ok(improves)
    }
}

monitored!(ModelCheckpoint);

impl Callback for ModelCheckpoint {
    fn name(&self) -> &'static str {
        "ModelCheckpoint"
    }

    fn state(&self, state: &mut CallbackState) {
        self.monitor.save(state);
        state.insert("batches_since_saving", self.batches_since_saving);
    }

    fn restore(
        &mut self,
        state: &CallbackState,
        _training: &mut TrainingContext<'_>,
    ) -> Result<()> {
        self.monitor.restore(state)?;
        self.batches_since_saving = state.get("batches_since_saving")?.unwrap_or_default();
        Ok(())
    }

    fn on_train_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        if self.save_best_only {
            self.monitor.check(training)?;
            if self.save_freq.is_some() && training.logs().value(self.monitor.name()).is_none() {
                // The metrics of the validation are not known within an epoch.
                let known = training.logs().names().map(String::from);
                return Err(self.monitor.unknown(known.collect()));
            }
            self.monitor
                .check_number("initial_value_threshold", self.initial_value_threshold)?;
            // Kept from one `fit` to the next, as in Keras.
            let best = self.monitor.best().or(self.initial_value_threshold);
            self.monitor.set_best(best);
        }
        weights::check_save(&self.file.check(training, self.save_freq.is_some())?)
    }

    fn on_train_batch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let Some(save_freq) = self.save_freq else {
            return Ok(());
        };
        self.batches_since_saving += 1;
        if self.batches_since_saving < save_freq {
            return Ok(());
        }
        self.batches_since_saving = 0;
        self.save(training)
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        match self.save_freq {
            Some(_) => Ok(()),
            None => self.save(training),
        }
    }
}
