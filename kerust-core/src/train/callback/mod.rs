//! What happens beside the training: Keras's callbacks, and one's own.

mod backup;
mod checkpoint;
mod csv;
mod early_stopping;
mod file_name;
mod habits;
mod lambda;
mod learning_rate;
mod monitor;
mod plateau;

pub use backup::BackupAndRestore;
pub use checkpoint::ModelCheckpoint;
pub use csv::CSVLogger;
pub use early_stopping::EarlyStopping;
pub use lambda::LambdaCallback;
pub use learning_rate::LearningRateScheduler;
pub use monitor::Mode;
pub use plateau::ReduceLROnPlateau;

use super::Result;
use super::progress::Progress;
use super::report::Report;
use super::trainee::Subject;
use crate::layer::Layout;
use std::path::Path;

/// Something that is called in the course of a training.
///
/// An error ends the training, and is what `fit` returns.
///
/// ```
/// use kerust_core::Result;
/// use kerust_core::train::{Callback, Training};
///
/// /// Stops at a loss that is good enough.
/// struct GoodEnough(f64);
///
/// impl Callback for GoodEnough {
///     fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
///         if training.logs()["loss"] < self.0 {
///             training.stop();
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Callback: Send {
    /// Before the first epoch.
    ///
    /// # Errors
    /// What ends the training.
    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After the last epoch, also when a callback stopped the training; not after an error.
    ///
    /// # Errors
    /// What `fit` is to return.
    fn on_train_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// Before each epoch.
    ///
    /// # Errors
    /// What ends the training.
    fn on_epoch_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After each epoch and its validation.
    ///
    /// # Errors
    /// What ends the training.
    fn on_epoch_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }

    /// After each step; the numbers are those of the epoch so far.
    ///
    /// # Errors
    /// What ends the training.
    fn on_batch_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        Ok(())
    }
}

/// A callback that is looked at after the training.
impl<C: Callback + ?Sized> Callback for &mut C {
    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_train_begin(training)
    }

    fn on_train_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_train_end(training)
    }

    fn on_epoch_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_epoch_begin(training)
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_epoch_end(training)
    }

    fn on_batch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        (**self).on_batch_end(training)
    }
}

/// A training, as a callback sees it: whatever its model.
pub struct Training<'a> {
    pub(super) subject: &'a mut dyn Subject,
    pub(super) progress: &'a Progress,
    pub(super) series: &'a [String],
    pub(super) logs: &'a mut Report,
    pub(super) stop: &'a mut bool,
    pub(super) ending: bool,
    pub(super) epoch: usize,
    pub(super) epochs: usize,
    pub(super) batch: usize,
    pub(super) batches: usize,
}

impl Training<'_> {
    /// The number of the epoch, from 0.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// The epoch before which the training ends.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The number of the step in its epoch, from 0.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The steps of an epoch.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The numbers of the epoch so far; at its end those of the validation too.
    pub fn logs(&self) -> &Report {
        self.logs
    }

    /// The numbers, to be added to: the history takes what stands there at the end of an epoch.
    pub fn logs_mut(&mut self) -> &mut Report {
        self.logs
    }

    /// The names of the numbers that the training and its validation measure.
    pub fn series(&self) -> &[String] {
        self.series
    }

    /// The model's name.
    pub fn model(&self) -> &'static str {
        self.subject.name()
    }

    /// How the weights lie in [`weights`](Self::weights).
    pub fn layout(&self) -> &'static Layout {
        self.subject.layout()
    }

    /// All weights.
    pub fn weights(&self) -> &[f32] {
        self.subject.weights()
    }

    /// All weights, to be changed.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        self.subject.weights_mut()
    }

    /// The steps that the optimizer has done.
    pub fn optimizer_steps(&self) -> u64 {
        self.subject.optimizer_steps()
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f32 {
        self.subject.learning_rate()
    }

    /// Sets the learning rate of the steps to come.
    ///
    /// # Errors
    /// When the optimizer has a schedule, as in Keras.
    pub fn set_learning_rate(&mut self, learning_rate: f32) -> Result<()> {
        self.subject.set_learning_rate(learning_rate)
    }

    /// Ends the training after this epoch, or after this step.
    pub fn stop(&mut self) {
        *self.stop = true;
    }

    /// Writes the weights to a file, as a whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.subject.save(path.as_ref())
    }

    /// Writes the whole state of the training to a file, as a whole or not at all; to be called
    /// at an end of an epoch.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_state(&self, path: impl AsRef<Path>) -> Result<()> {
        let epoch = self.ending.then_some(&*self.logs);
        self.subject.save_state(path.as_ref(), epoch)
    }

    /// Takes up the state of a training; to be called at the beginning of one.
    ///
    /// # Errors
    /// When the file cannot be read, or is not one of this model and this optimizer; then nothing
    /// is changed.
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.subject.resume(path.as_ref())
    }

    /// Shows a line, without harm to the progress bar.
    pub fn say(&self, line: &str) {
        self.progress.say(line);
    }
}
