//! The loop: epochs, batches, validation.

use super::compiled::Compiled;
use super::fit::Fit;
use super::history::History;
use super::order::Order;
use super::pool;
use super::session::Session;
use super::step::Source;
use super::trainee::Run;
use super::{Result, TrainError};
use crate::data::{Data, Dataset};
use crate::model::Train;
use crate::rng::Seed;

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Trains the model: Keras's `fit`.
    ///
    /// A step allocates nothing once the first one is done. The same seed, data and settings give
    /// the same bits, on any number of threads.
    ///
    /// # Errors
    /// Settings that make no sense are refused before anything is changed. A loss that is not
    /// finite stops the training, as does a callback that fails; the model stays as it then is.
    pub fn fit(
        &mut self,
        data: &Dataset<N::Input, Y>,
        fit: Fit<'_, N::Input, Y>,
    ) -> Result<History> {
        let (train, validation) = fit.split(data)?;
        let threads = fit.threads;
        pool::inside(threads, || self.run(&train, validation.as_ref(), fit))?
    }

    fn run(
        &mut self,
        train: &Dataset<N::Input, Y>,
        validation: Option<&Dataset<N::Input, Y>>,
        mut fit: Fit<'_, N::Input, Y>,
    ) -> Result<History> {
        begin(&mut self.trainee.run, fit.initial_epoch, fit.seed);
        let pass = train.len().div_ceil(fit.batch_size);
        let steps = fit.steps_per_epoch.unwrap_or(pass);
        let measured = self.objective.names();
        let mut session = Session::new(&mut fit, measured, validation.is_some(), steps);
        session.tell(&mut self.trainee, 0, |callback, at| {
            callback.on_train_begin(at)
        })?;

        let run = &self.trainee.run;
        let mut batches = Batches {
            order: Order::new(train.len(), fit.shuffle.then_some(run.seed)),
            // Passes of earlier runs: no two passes have one order.
            passes_before: run.epochs_done - run.epoch as u64,
            size: fit.batch_size,
            samples: train.len(),
            steps,
        };
        let source = Source {
            data: train,
            sample_weight: fit.sample_weight,
            class_weight: fit.class_weight.as_ref(),
        };
        let validation = validation.map(|data| Validation {
            source: Source {
                data,
                sample_weight: match (fit.sample_weight, fit.validation_split) {
                    (Some(weights), Some(_)) => Some(&weights[train.len()..]),
                    _ => None,
                },
                class_weight: None,
            },
            numbers: (0..data.len()).collect(),
            batch_size: fit.validation_batch_size.unwrap_or(fit.batch_size),
        });
        while self.trainee.run.epoch < fit.epochs && !session.is_stopped() {
            let epoch = self.trainee.run.epoch;
            session.begin_epoch(&mut self.trainee)?;
            self.epoch(&source, &mut batches, &mut session)?;
            if let Some(validation) = &validation
                && (epoch + 1).is_multiple_of(fit.validation_freq)
            {
                self.validate(validation, &mut session);
            }
            session.end_epoch(&mut self.trainee)?;
        }
        session.tell(&mut self.trainee, 0, |callback, at| {
            callback.on_train_end(at)
        })?;
        Ok(self.trainee.run.history.clone())
    }

    fn epoch(
        &mut self,
        source: &Source<'_, N::Input, Y>,
        batches: &mut Batches,
        session: &mut Session<'_>,
    ) -> Result<()> {
        let epoch = self.trainee.run.epoch;
        self.objective.reset();
        for step in 0..batches.steps {
            let numbers = batches.numbers(epoch, step);
            let objective = &mut *self.objective;
            let trainee = &mut self.trainee;
            let loss = self.buffers.train(trainee, objective, source, numbers);
            if !loss.is_finite() {
                return Err(TrainError::NotFinite { epoch, step, loss }.into());
            }
            if session.wants_numbers(step) {
                session.measure(|values| self.objective.values(values));
            }
            session.end_batch(&mut self.trainee, step)?;
            if session.is_stopped() {
                break;
            }
        }
        Ok(())
    }

    fn validate(&mut self, validation: &Validation<'_, N::Input, Y>, session: &mut Session<'_>) {
        session.validate(|values| {
            let (source, numbers) = (&validation.source, &validation.numbers);
            self.judge(source, numbers, validation.batch_size, values);
        });
    }
}

struct Validation<'a, X: Data, Y: Data> {
    source: Source<'a, X, Y>,
    numbers: Vec<usize>,
    batch_size: usize,
}

/// Which samples each step sees.
struct Batches {
    order: Order,
    passes_before: u64,
    size: usize,
    samples: usize,
    steps: usize,
}

impl Batches {
    /// An epoch of another length than a pass goes on where the one before stopped.
    fn numbers(&mut self, epoch: usize, step: usize) -> &[usize] {
        let done = epoch as u64 * self.steps as u64 + step as u64;
        let pass = self.samples.div_ceil(self.size) as u64;
        let start = (done % pass) as usize * self.size;
        let end = (start + self.size).min(self.samples);
        &self.order.pass(self.passes_before + done / pass)[start..end]
    }
}

fn begin(run: &mut Run, initial_epoch: Option<usize>, seed: Option<Seed>) {
    if !std::mem::take(&mut run.resumed) {
        *run = Run {
            epochs_done: run.epochs_done,
            ..Run::default()
        };
    }
    run.epoch = initial_epoch.unwrap_or(run.epoch);
    run.epochs_done = run.epochs_done.max(run.epoch as u64);
    run.seed = seed.unwrap_or(run.seed);
}
