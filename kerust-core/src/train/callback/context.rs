//! The view of a training that callbacks get.

use super::super::logs::Logs;
use super::super::progress::Progress;
use super::super::session::Series;
use super::super::trainee::Subject;
use super::super::{History, Result, TrainError};
use crate::layer::Layout;
use crate::model::LayerInfo;
use crate::shape::Shape;
use std::path::{Path, PathBuf};

/// A training as a callback sees it, independent of the type of the model.
pub struct TrainingContext<'a> {
    pub(in super::super) subject: &'a mut dyn Subject,
    pub(in super::super) progress: &'a Progress,
    pub(in super::super) series: &'a Series,
    pub(in super::super) logs: &'a mut Logs,
    pub(in super::super) stop: &'a mut bool,
    pub(in super::super) saves: &'a mut Vec<PathBuf>,
    pub(in super::super) failed: bool,
    pub(in super::super) epoch: usize,
    pub(in super::super) epochs: usize,
    pub(in super::super) batch: usize,
    pub(in super::super) batches: usize,
}

impl TrainingContext<'_> {
    /// The current epoch, from 0.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// The total number of epochs.
    pub fn epochs(&self) -> usize {
        self.epochs
    }

    /// The current step of the epoch, from 0.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// The number of steps in the epoch.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// The metrics of the epoch so far. At the end of the epoch they include those of the validation.
    pub fn logs(&self) -> &Logs {
        self.logs
    }

    /// The metrics, for adding values. The history stores their state at the end of an epoch.
    pub fn logs_mut(&mut self) -> &mut Logs {
        self.logs
    }

    /// The names of the metrics of the training and of its validation.
    pub fn series(&self) -> &[String] {
        &self.series.names
    }

    /// Whether a higher value of this metric is better, or `None` if that is not known.
    pub fn higher_is_better(&self, name: &str) -> Option<bool> {
        let place = self.series.names.iter().position(|known| known == name)?;
        self.series.higher_is_better[place]
    }

    /// The metrics of all completed epochs.
    pub fn history(&self) -> &History {
        &self.subject.run().history
    }

    /// The model's name.
    pub fn model(&self) -> &'static str {
        self.subject.name()
    }

    /// The names and shapes of the model's inputs.
    pub fn inputs(&self) -> &'static [(&'static str, Shape)] {
        self.subject.inputs()
    }

    /// The model's layers, in order.
    pub fn layers(&self) -> &'static [LayerInfo] {
        self.subject.layers()
    }

    /// The memory layout of [`weights`](Self::weights).
    pub fn layout(&self) -> &'static Layout {
        self.subject.layout()
    }

    /// All weights.
    pub fn weights(&self) -> &[f32] {
        self.subject.weights()
    }

    /// All weights, for changing them.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        self.subject.weights_mut()
    }

    /// The number of optimizer steps so far.
    pub fn optimizer_steps(&self) -> u64 {
        self.subject.optimizer_steps()
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f32 {
        self.subject.learning_rate()
    }

    /// Sets the learning rate for the next steps.
    ///
    /// # Errors
    /// Returns an error when the optimizer has a schedule, as in Keras.
    pub fn set_learning_rate(&mut self, learning_rate: f32) -> Result<()> {
        self.subject.set_learning_rate(learning_rate)
    }

    /// Swaps the weights and their moving averages, which the optimizer keeps (`use_ema(true)`). Before the
    /// first step there are no averages, and nothing happens.
    ///
    /// # Errors
    /// Returns an error when the optimizer keeps no averages.
    pub fn swap_ema_weights(&mut self) -> Result<()> {
        self.check_ema()?;
        self.subject.swap_averages();
        Ok(())
    }

    /// Whether the moving averages are in the model, because of [`swap_ema_weights`](Self::swap_ema_weights).
    pub fn has_ema_weights(&self) -> bool {
        self.subject.applied().is_swapped()
    }

    pub(super) fn check_ema(&self) -> Result<()> {
        match self.subject.applied().has_averages() {
            true => Ok(()),
            false => Err(TrainError::NoAverages.into()),
        }
    }

    /// Stops the training after this epoch, or after this step.
    pub fn stop(&mut self) {
        *self.stop = true;
    }

    /// Whether the training ends because the loss is not finite.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Writes the weights to a file, atomically.
    ///
    /// # Errors
    /// Returns an error when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.subject.save(path.as_ref())
    }

    /// Writes the whole state of the training to a file, atomically, as soon as all callbacks have been
    /// called. At the end of an epoch the state thus includes the state of all callbacks. If the file cannot
    /// be written, `fit` ends with that error.
    pub fn save_state(&mut self, path: impl AsRef<Path>) {
        self.saves.push(path.as_ref().into());
    }

    /// Restores the state of a training. It must be called at the beginning of a training. Callbacks get
    /// their state once all of them have been called.
    ///
    /// # Errors
    /// Returns an error when the file cannot be read, or does not belong to this model and this optimizer.
    /// Nothing is changed in that case.
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.subject.resume(path.as_ref())
    }

    /// Prints a line without disturbing the progress bar.
    pub fn say(&self, line: &str) {
        self.progress.say(line);
    }
}
