//! The work around the steps of a training: metrics, callbacks, progress.

use super::Result;
use super::callback::{Callback, CallbackState, TrainingContext};
use super::diagnosis::Watch;
use super::exchange::{Alone, Exchange};
use super::fit::Fit;
use super::logs::Logs;
use super::progress::{Progress, Verbosity};
use super::trainee::{Subject, Trainee};
use crate::data::Data;
use crate::model::Train;
use std::path::PathBuf;

pub(super) struct Session<'c> {
    callbacks: Vec<Box<dyn Callback + 'c>>,
    pub(super) exchange: Box<dyn Exchange + 'c>,
    pub(super) progress: Progress,
    series: Series,
    /// The number of metrics that are measured in training.
    measured: usize,
    logs: Logs,
    values: Vec<f64>,
    stop: bool,
    failed: bool,
    /// The files to which the state is saved once all callbacks have been called.
    saves: Vec<PathBuf>,
    epoch: usize,
    epochs: usize,
    steps: usize,
}

/// All metrics of a training: those of its steps, then those of its validation.
pub(super) struct Series {
    pub(super) names: Vec<String>,
    pub(super) higher_is_better: Vec<Option<bool>>,
}

impl Series {
    /// Creates the series of the training, and those of the validation if there is one.
    pub(super) fn new(
        names: &[String],
        higher_is_better: &[Option<bool>],
        validates: bool,
    ) -> Self {
        let mut series = Self {
            names: names.to_vec(),
            higher_is_better: higher_is_better.to_vec(),
        };
        if validates {
            let validated = names.iter().map(|name| format!("val_{name}"));
            series.names.extend(validated);
            series.higher_is_better.extend(higher_is_better);
        }
        series
    }
}

impl<'c> Session<'c> {
    /// Creates a session with the callbacks and the exchange of `fit`. The first `measured` metrics are those
    /// of the training.
    pub(super) fn new<X: Data, Y: Data>(
        fit: &mut Fit<'c, X, Y>,
        series: Series,
        measured: usize,
    ) -> Self {
        Self {
            exchange: std::mem::replace(&mut fit.exchange, Box::new(Alone)),
            progress: Progress::new(fit.verbosity, fit.epochs),
            epochs: fit.epochs,
            ..Self::of_callbacks(std::mem::take(&mut fit.callbacks), series, measured)
        }
    }

    /// Creates a session of an evaluation or a prediction, which prints nothing.
    pub(super) fn of_inference(callbacks: Vec<Box<dyn Callback + 'c>>, series: Series) -> Self {
        let measured = series.names.len();
        Self::of_callbacks(callbacks, series, measured)
    }

    fn of_callbacks(
        callbacks: Vec<Box<dyn Callback + 'c>>,
        series: Series,
        measured: usize,
    ) -> Self {
        Self {
            callbacks,
            exchange: Box::new(Alone),
            progress: Progress::new(Verbosity::Quiet, 0),
            logs: Logs::new(&series.names[..measured], &vec![0.0; measured]),
            series,
            measured,
            values: Vec::with_capacity(measured),
            stop: false,
            failed: false,
            saves: Vec::new(),
            epoch: 0,
            epochs: 0,
            steps: 0,
        }
    }

    /// Whether there are callbacks.
    pub(super) fn has_callbacks(&self) -> bool {
        !self.callbacks.is_empty()
    }

    /// Prints the new hints.
    pub(super) fn show(&self, watch: &mut Watch) {
        for hint in watch.unshown() {
            self.progress.warn(&format!("hint: {hint}"));
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop
    }

    /// Calls a method of every callback, and then saves the states that they requested.
    pub(super) fn tell(
        &mut self,
        subject: &mut dyn Subject,
        batch: usize,
        call: impl Fn(&mut dyn Callback, &mut TrainingContext<'_>) -> Result<()>,
    ) -> Result<()> {
        self.call(subject, batch, call)?;
        self.save(subject)
    }

    fn call(
        &mut self,
        subject: &mut dyn Subject,
        batch: usize,
        call: impl Fn(&mut dyn Callback, &mut TrainingContext<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut training = TrainingContext {
            subject,
            progress: &self.progress,
            series: &self.series,
            logs: &mut self.logs,
            stop: &mut self.stop,
            saves: &mut self.saves,
            failed: self.failed,
            epoch: self.epoch,
            epochs: self.epochs,
            batch,
            batches: self.steps,
        };
        self.callbacks
            .iter_mut()
            .try_for_each(|callback| call(&mut **callback, &mut training))
    }

    /// Saves the state to the files that callbacks requested.
    fn save(&mut self, subject: &mut dyn Subject) -> Result<()> {
        if self.saves.is_empty() {
            return Ok(());
        }
        self.remember(subject);
        let mut saves = self.saves.drain(..);
        saves.try_for_each(|path| subject.save_state(&path))
    }

    /// Stores in the run the states of the callbacks, and whether one of them has stopped it.
    pub(super) fn remember(&self, subject: &mut dyn Subject) {
        let run = subject.run_mut();
        run.stopped = self.stop;
        run.callbacks.clear();
        for (place, callback) in self.callbacks.iter().enumerate() {
            let mut state = CallbackState::default();
            callback.state(&mut state);
            if !state.is_empty() {
                run.callbacks.push((self.name(place), state));
            }
        }
    }

    /// The name of a callback, with a number if several have the same name.
    fn name(&self, place: usize) -> String {
        let name = self.callbacks[place].name();
        let before = self.callbacks[..place].iter();
        match before.filter(|callback| callback.name() == name).count() {
            0 => name.into(),
            count => format!("{name}_{count}"),
        }
    }

    /// Calls `on_train_begin` of the callbacks, and restores their states.
    pub(super) fn begin(&mut self, subject: &mut dyn Subject) -> Result<()> {
        self.call(subject, 0, |callback, at| callback.on_train_begin(at))?;
        self.stop |= subject.run().stopped;
        subject.run_mut().resumed = false;
        self.epoch = subject.run().epoch;
        let remembered = std::mem::take(&mut subject.run_mut().callbacks);
        for (name, state) in &remembered {
            let place = (0..self.callbacks.len()).find(|place| self.name(*place) == *name);
            // The state of a callback that no longer exists is ignored.
            let Some(place) = place else { continue };
            let mut callback = self.callbacks.remove(place);
            let restored = self.call_one(subject, &mut *callback, state);
            self.callbacks.insert(place, callback);
            restored?;
        }
        self.save(subject)
    }

    fn call_one(
        &mut self,
        subject: &mut dyn Subject,
        callback: &mut dyn Callback,
        state: &CallbackState,
    ) -> Result<()> {
        let mut training = TrainingContext {
            subject,
            progress: &self.progress,
            series: &self.series,
            logs: &mut self.logs,
            stop: &mut self.stop,
            saves: &mut self.saves,
            failed: self.failed,
            epoch: self.epoch,
            epochs: self.epochs,
            batch: 0,
            batches: self.steps,
        };
        callback.restore(state, &mut training)
    }

    /// Calls `on_train_end` of the callbacks. `failed` says that the loss is not finite.
    pub(super) fn end(&mut self, subject: &mut dyn Subject, failed: bool) -> Result<()> {
        self.failed = failed;
        self.tell(subject, 0, |callback, at| callback.on_train_end(at))
    }

    /// Starts an epoch with `steps` steps.
    pub(super) fn begin_epoch<N: Train>(
        &mut self,
        trainee: &mut Trainee<N>,
        steps: usize,
    ) -> Result<()> {
        self.epoch = trainee.run.epoch;
        self.steps = steps;
        self.progress.begin_epoch(self.epoch, steps);
        self.logs.truncate(self.measured);
        self.tell(trainee, 0, |callback, at| callback.on_epoch_begin(at))
    }

    /// Whether the metrics are needed after this step.
    pub(super) fn wants_numbers(&self, step: usize) -> bool {
        !self.callbacks.is_empty() || step + 1 == self.steps || self.progress.is_due()
    }

    /// Stores the metrics measured so far.
    pub(super) fn measure(&mut self, values: impl FnOnce(&mut Vec<f64>)) {
        self.values.clear();
        values(&mut self.values);
        self.logs.update(&self.values);
    }

    pub(super) fn end_batch(&mut self, subject: &mut dyn Subject, step: usize) -> Result<()> {
        self.progress.end_batch(step, &self.logs);
        self.tell(subject, step, |callback, at| {
            callback.on_train_batch_end(at)
        })
    }

    /// Stores the metrics of the validation.
    pub(super) fn validated(&mut self, values: impl FnOnce(&mut Vec<f64>)) {
        self.values.clear();
        values(&mut self.values);
        let names = &self.series.names[self.measured..];
        for (name, value) in names.iter().zip(&self.values) {
            self.logs.insert(name, *value);
        }
    }

    pub(super) fn end_epoch<N: Train>(&mut self, trainee: &mut Trainee<N>) -> Result<()> {
        trainee.run.epoch += 1;
        trainee.run.step = 0;
        trainee.run.epochs_done += 1;
        let called = self.call(trainee, 0, |callback, at| callback.on_epoch_end(at));
        self.progress.end_epoch(self.measured, &self.logs);
        // The epoch is complete, even if a callback fails.
        trainee.run.history.push(self.logs.clone());
        called?;
        self.save(trainee)
    }
}
