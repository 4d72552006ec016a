//! A training, as a callback sees it.

use super::super::progress::Progress;
use super::super::report::Report;
use super::super::session::Series;
use super::super::trainee::Subject;
use super::super::{History, Result, TrainError};
use crate::layer::Layout;
use std::path::{Path, PathBuf};

/// A training, as a callback sees it: whatever its model.
pub struct Training<'a> {
    pub(in super::super) subject: &'a mut dyn Subject,
    pub(in super::super) progress: &'a Progress,
    pub(in super::super) series: &'a Series,
    pub(in super::super) logs: &'a mut Report,
    pub(in super::super) stop: &'a mut bool,
    pub(in super::super) saves: &'a mut Vec<PathBuf>,
    pub(in super::super) failed: bool,
    pub(in super::super) epoch: usize,
    pub(in super::super) epochs: usize,
    pub(in super::super) batch: usize,
    pub(in super::super) batches: usize,
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

    /// The steps of the epoch.
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
        &self.series.names
    }

    /// Whether more of the number of that name is better; `None` where it is not known.
    pub fn higher_is_better(&self, name: &str) -> Option<bool> {
        let place = self.series.names.iter().position(|known| known == name)?;
        self.series.higher_is_better[place]
    }

    /// The numbers of the epochs that are done.
    pub fn history(&self) -> &History {
        &self.subject.run().history
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

    /// Exchanges the weights with their moving averages, which the optimizer keeps (`use_ema(true)`); before
    /// the first step there are none, and nothing happens.
    ///
    /// # Errors
    /// When the optimizer keeps none.
    pub fn swap_ema_weights(&mut self) -> Result<()> {
        self.check_ema()?;
        self.subject.swap_averages();
        Ok(())
    }

    /// Whether the model has the moving averages for its weights, after
    /// [`swap_ema_weights`](Self::swap_ema_weights).
    pub fn has_ema_weights(&self) -> bool {
        self.subject.applied().is_swapped()
    }

    pub(super) fn check_ema(&self) -> Result<()> {
        match self.subject.applied().has_averages() {
            true => Ok(()),
            false => Err(TrainError::NoAverages.into()),
        }
    }

    /// Ends the training after this epoch, or after this step.
    pub fn stop(&mut self) {
        *self.stop = true;
    }

    /// Whether the training ends because its loss is not finite.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Writes the weights to a file, as a whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.subject.save(path.as_ref())
    }

    /// Writes the whole state of the training to a file, as a whole or not at all, as soon as all
    /// callbacks have been called: at the end of an epoch the state holds what each of them then
    /// remembers. When the file cannot be written, `fit` ends with that error.
    pub fn save_state(&mut self, path: impl AsRef<Path>) {
        self.saves.push(path.as_ref().into());
    }

    /// Takes up the state of a training; to be called at the beginning of one. The callbacks get what
    /// they remember once all of them have been called.
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
