//! What goes on around the steps of one training: numbers, callbacks, progress.

use super::Result;
use super::callback::{Callback, Training};
use super::fit::Fit;
use super::progress::Progress;
use super::report::Report;
use super::trainee::{Subject, Trainee};
use crate::data::Data;
use crate::model::Train;

pub(super) struct Session<'c> {
    callbacks: Vec<Box<dyn Callback + 'c>>,
    progress: Progress,
    /// The names of all numbers: those of the training, then those of the validation.
    series: Vec<String>,
    /// How many of them are measured in training.
    measured: usize,
    logs: Report,
    values: Vec<f64>,
    stop: bool,
    /// Whether an epoch is done whose numbers the history lacks yet.
    ending: bool,
    epoch: usize,
    epochs: usize,
    steps: usize,
}

impl<'c> Session<'c> {
    /// A session that takes over the callbacks of `fit`.
    pub(super) fn new<X: Data, Y: Data>(
        fit: &mut Fit<'c, X, Y>,
        measured: &[String],
        validates: bool,
        steps: usize,
    ) -> Self {
        let mut series = measured.to_vec();
        if validates {
            series.extend(measured.iter().map(|name| format!("val_{name}")));
        }
        Self {
            callbacks: std::mem::take(&mut fit.callbacks),
            progress: Progress::new(fit.verbosity, fit.epochs, steps),
            series,
            measured: measured.len(),
            logs: Report::new(measured, &vec![0.0; measured.len()]),
            values: Vec::with_capacity(measured.len()),
            stop: false,
            ending: false,
            epoch: 0,
            epochs: fit.epochs,
            steps,
        }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop
    }

    /// Calls one method of every callback.
    pub(super) fn tell(
        &mut self,
        subject: &mut dyn Subject,
        batch: usize,
        call: impl Fn(&mut dyn Callback, &mut Training<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut training = Training {
            subject,
            progress: &self.progress,
            series: &self.series,
            logs: &mut self.logs,
            stop: &mut self.stop,
            ending: self.ending,
            epoch: self.epoch,
            epochs: self.epochs,
            batch,
            batches: self.steps,
        };
        self.callbacks
            .iter_mut()
            .try_for_each(|callback| call(&mut **callback, &mut training))
    }

    pub(super) fn begin_epoch<N: Train>(&mut self, trainee: &mut Trainee<N>) -> Result<()> {
        self.epoch = trainee.run.epoch;
        self.progress.begin_epoch(self.epoch);
        self.logs.truncate(self.measured);
        self.tell(trainee, 0, |callback, at| callback.on_epoch_begin(at))
    }

    /// Whether anyone looks at the numbers after this step.
    pub(super) fn wants_numbers(&self, step: usize) -> bool {
        !self.callbacks.is_empty() || step + 1 == self.steps || self.progress.is_due()
    }

    /// Takes the numbers measured so far.
    pub(super) fn measure(&mut self, values: impl FnOnce(&mut Vec<f64>)) {
        self.values.clear();
        values(&mut self.values);
        self.logs.update(&self.values);
    }

    pub(super) fn end_batch(&mut self, subject: &mut dyn Subject, step: usize) -> Result<()> {
        self.progress.end_batch(step, &self.logs);
        self.tell(subject, step, |callback, at| callback.on_batch_end(at))
    }

    /// Takes the numbers of the validation.
    pub(super) fn validate(&mut self, values: impl FnOnce(&mut Vec<f64>)) {
        values(&mut self.values);
        for (name, value) in self.series[self.measured..].iter().zip(&self.values) {
            self.logs.insert(name, *value);
        }
    }

    pub(super) fn end_epoch<N: Train>(&mut self, trainee: &mut Trainee<N>) -> Result<()> {
        trainee.run.epoch += 1;
        trainee.run.epochs_done += 1;
        self.ending = true;
        self.tell(trainee, 0, |callback, at| callback.on_epoch_end(at))?;
        self.ending = false;
        self.progress.end_epoch(self.measured, &self.logs);
        trainee.run.history.push(self.logs.clone());
        Ok(())
    }
}
