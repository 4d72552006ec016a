//! The training loop: epochs, batches, validation.

use super::compiled::Compiled;
use super::diagnosis::Watch;
use super::fit::Fit;
use super::history::History;
use super::order::Order;
use super::pool;
use super::session::{Series, Session};
use super::step::Source;
use super::trainee::Run;
use super::{TrainError, build};
use crate::Result;
use crate::data::{Data, Samples};
use crate::error::Kind;
use crate::model::Train;
use crate::rng::Seed;
use std::ops::Range;

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Trains the model: Keras's `fit`.
    ///
    /// After the first step, a step allocates no memory. The same seed, data and settings give exactly the
    /// same weights, on any number of threads.
    ///
    /// # Errors
    /// Settings that make no sense are refused before anything is changed. NaN in an input or a label,
    /// a sample that cannot be read and a callback that fails end the training; the model, the optimizer
    /// and [`history`](Self::history) are then as after the last whole step. So does a loss that is not
    /// finite; that error carries the [`history`](crate::Error::history), and callbacks see the end of that
    /// training.
    pub fn fit(
        &mut self,
        data: &impl Samples<N::Input, Y>,
        fit: Fit<'_, N::Input, Y>,
    ) -> Result<History> {
        let (train, validation) = fit.split(data)?;
        let threads = fit.threads;
        pool::inside(threads, || self.run(data, train, validation, fit))?
    }

    fn run(
        &mut self,
        data: &dyn Samples<N::Input, Y>,
        train: usize,
        validation: Option<Range<usize>>,
        mut fit: Fit<'_, N::Input, Y>,
    ) -> Result<History> {
        begin(&mut self.trainee.run, fit.initial_epoch, fit.seed);
        let objective = &*self.objective;
        let (names, directions) = (objective.names(), objective.higher_is_better());
        let series = Series::new(names, directions, validation.is_some());
        let mut session = Session::new(&mut fit, series, names.len());
        build::warn_once(&session.progress);
        session.begin(&mut self.trainee)?;

        let source = Source {
            data,
            sample_weight: fit.sample_weight,
            class_weight: fit.class_weight.as_ref(),
        };
        let validation = validation.map(|numbers| Validation {
            source: match fit.validation {
                Some(data) => Source {
                    data,
                    sample_weight: None,
                    class_weight: None,
                },
                None => Source {
                    class_weight: None,
                    ..source
                },
            },
            numbers: numbers.collect(),
            batch_size: fit.validation_batch_size.unwrap_or(fit.batch_size),
            freq: fit.validation_freq,
        });
        let mut watch = Watch::new(fit.hints, N::LAYERS);
        let other = validation.as_ref();
        let other = other.map(|it| (it.source.data, it.range()));
        watch.before(source.data, train, other);
        if self.objective.is_crossentropy() && !source.is_weighted() {
            watch.of_classes();
        }
        session.show(&mut watch);
        let outcome = self.epochs(
            &source,
            train,
            validation.as_ref(),
            &fit,
            &mut session,
            &mut watch,
        );
        self.hints = watch.into_hints();
        let outcome = match outcome {
            Err(error) if matches!(error.kind(), Kind::Train(TrainError::NotFinite { .. })) => {
                // The first fault is the one to report.
                let _ = session.end(&mut self.trainee, true);
                Err(error)
            }
            Ok(()) => {
                // As in Keras, before `on_train_end`.
                self.trainee.finalize();
                session.end(&mut self.trainee, false)
            }
            failed => failed,
        };
        session.remember(&mut self.trainee);
        outcome.map(|()| self.trainee.run.history.clone())
    }

    fn epochs(
        &mut self,
        source: &Source<'_, N::Input, Y>,
        samples: usize,
        validation: Option<&Validation<'_, N::Input, Y>>,
        fit: &Fit<'_, N::Input, Y>,
        session: &mut Session<'_>,
        watch: &mut Watch,
    ) -> Result<()> {
        let run = &self.trainee.run;
        let mut batches = Batches {
            order: Order::new(samples, fit.shuffle.then_some(run.seed)),
            // Includes the passes of earlier runs, so that no two passes have the same order.
            passes_before: run.epochs_done - run.epoch as u64,
            size: fit.batch_size,
            samples,
            steps: fit.steps_per_epoch,
        };
        let mut has_warned = false;
        while self.trainee.run.epoch < fit.epochs && !session.is_stopped() {
            let epoch = self.trainee.run.epoch;
            let steps = batches.steps(epoch);
            session.begin_epoch(&mut self.trainee, steps.len())?;
            watch.begin(&N::LAYOUT, N::SETTINGS);
            self.epoch(source, &mut batches, session, watch)?;
            if let Some(wanted) = fit.steps_per_epoch
                && steps.len() < wanted
                && !std::mem::replace(&mut has_warned, true)
            {
                session.progress.warn(&format!(
                    "`steps_per_epoch` is {wanted}, but the data ended after {} steps of epoch {}; the \
                     next epoch begins anew",
                    steps.len(),
                    epoch + 1
                ));
            }
            if let Some(validation) = validation
                && (epoch + 1).is_multiple_of(validation.freq)
            {
                self.validate(validation, session)?;
            }
            session.end_epoch(&mut self.trainee)?;
            watch.after_epoch(&self.trainee.run.history, fit.batch_size);
            session.show(watch);
        }
        Ok(())
    }

    fn epoch(
        &mut self,
        source: &Source<'_, N::Input, Y>,
        batches: &mut Batches,
        session: &mut Session<'_>,
        watch: &mut Watch,
    ) -> Result<()> {
        let epoch = self.trainee.run.epoch;
        let steps = batches.steps(epoch).len();
        self.objective.reset();
        if self.trainee.run.step >= steps {
            // All steps were done when the epoch was interrupted, so its metrics are lost.
            session.measure(|values| values.resize(self.objective.names().len(), f64::NAN));
        }
        for step in self.trainee.run.step..steps {
            session.tell(&mut self.trainee, step, |callback, at| {
                callback.on_train_batch_begin(at)
            })?;
            let numbers = batches.numbers(epoch, step);
            let objective = &mut *self.objective;
            let trainee = &mut self.trainee;
            let exchange = &mut *session.exchange;
            let is_first = trainee.applied.step == 0;
            let look = watch.looks_at(step, steps).then_some(&mut *watch);
            let loss = self
                .buffers
                .train(trainee, objective, source, numbers, exchange, look)?;
            if is_first {
                watch.first_loss(loss - trainee.penalty());
                session.show(watch);
            }
            let is_finite = loss.is_finite();
            self.trainee.run.step = step + usize::from(is_finite);
            if session.wants_numbers(step) {
                session.measure(|values| self.objective.values(values));
            }
            session.end_batch(&mut self.trainee, step)?;
            if session.is_stopped() {
                break;
            }
            if !is_finite {
                let history = Box::new(self.trainee.run.history.clone());
                return Err(TrainError::NotFinite {
                    epoch,
                    step,
                    loss,
                    history,
                }
                .into());
            }
        }
        Ok(())
    }

    fn validate(
        &mut self,
        validation: &Validation<'_, N::Input, Y>,
        session: &mut Session<'_>,
    ) -> Result<()> {
        let trainee = &mut self.trainee;
        session.tell(trainee, 0, |callback, at| callback.on_test_begin(at))?;
        self.objective.reset();
        let batches = validation.numbers.chunks(validation.batch_size);
        for (batch, numbers) in batches.enumerate() {
            session.tell(trainee, batch, |callback, at| {
                callback.on_test_batch_begin(at)
            })?;
            let (model, objective) = (&*trainee.model, &mut *self.objective);
            self.buffers
                .evaluate(model, objective, &validation.source, numbers)?;
            session.tell(trainee, batch, |callback, at| {
                callback.on_test_batch_end(at)
            })?;
        }
        let samples = validation.numbers.len();
        self.objective.add_penalty(trainee.penalty(), samples);
        session.validated(|values| self.objective.values(values));
        session.tell(trainee, 0, |callback, at| callback.on_test_end(at))
    }
}

struct Validation<'a, X: Data, Y: Data> {
    source: Source<'a, X, Y>,
    numbers: Vec<usize>,
    batch_size: usize,
    /// The number of epochs between validations.
    freq: usize,
}

impl<X: Data, Y: Data> Validation<'_, X, Y> {
    /// The indices of the samples, from the first to the last.
    fn range(&self) -> Range<usize> {
        let [first, last] = [self.numbers.first(), self.numbers.last()];
        first.map_or(0, |first| *first)..last.map_or(0, |last| *last + 1)
    }
}

/// Divides the samples into the steps of epochs.
struct Batches {
    order: Order,
    passes_before: u64,
    size: usize,
    samples: usize,
    /// The number of steps in an epoch, if set.
    steps: Option<usize>,
}

impl Batches {
    /// The steps of an epoch, as indices within a pass over the data. As in Keras, an epoch with fewer steps
    /// than a pass continues where the one before stopped, and no epoch extends over the end of a pass.
    fn steps(&self, epoch: usize) -> Range<usize> {
        let pass = self.pass_len();
        let most = self.steps.unwrap_or(pass).min(pass);
        let start = epoch % pass.div_ceil(most) * most;
        start..(start + most).min(pass)
    }

    fn numbers(&mut self, epoch: usize, step: usize) -> &[usize] {
        let pass_len = self.pass_len();
        let epochs_of_a_pass = pass_len.div_ceil(self.steps.unwrap_or(pass_len).min(pass_len));
        let pass = self.passes_before + (epoch / epochs_of_a_pass) as u64;
        let start = (self.steps(epoch).start + step) * self.size;
        let end = (start + self.size).min(self.samples);
        &self.order.pass(pass)[start..end]
    }

    /// The number of steps in a pass over all samples.
    fn pass_len(&self) -> usize {
        self.samples.div_ceil(self.size)
    }
}

fn begin(run: &mut Run, initial_epoch: Option<usize>, seed: Option<Seed>) {
    if !run.resumed {
        *run = Run {
            epochs_done: run.epochs_done,
            ..Run::default()
        };
    }
    if let Some(epoch) = initial_epoch {
        (run.epoch, run.step, run.stopped) = (epoch, 0, false);
    }
    run.epochs_done = run.epochs_done.max(run.epoch as u64);
    run.seed = seed.unwrap_or(run.seed);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of the first epochs, each as the indices of its samples.
    fn epochs(samples: usize, size: usize, steps: Option<usize>) -> Vec<Vec<Vec<usize>>> {
        let mut batches = Batches {
            order: Order::new(samples, None),
            passes_before: 0,
            size,
            samples,
            steps,
        };
        let epochs = (0..5).map(|epoch| {
            let steps = 0..batches.steps(epoch).len();
            let steps = steps.map(|step| batches.numbers(epoch, step).to_vec());
            steps.collect()
        });
        epochs.collect()
    }

    /// The result of Keras 3.15.1's `EpochIterator` for five epochs over `numpy.arange(samples)`.
    #[test]
    fn epochs_have_the_steps_of_keras() {
        let whole = vec![vec![0, 1], vec![2, 3], vec![4]];
        assert_eq!(epochs(5, 2, None), vec![whole.clone(); 5]);
        // More steps than in a pass: each epoch ends where the data end.
        assert_eq!(epochs(5, 2, Some(4)), vec![whole.clone(); 5]);
        let (first, second) = (whole[..2].to_vec(), whole[2..].to_vec());
        assert_eq!(
            epochs(5, 2, Some(2)),
            [&first, &second, &first, &second, &first].map(Vec::clone)
        );
        let four = [vec![0, 1], vec![2, 3], vec![4, 5], vec![6, 7]];
        let (first, second) = (four[..2].to_vec(), four[2..].to_vec());
        assert_eq!(
            epochs(8, 2, Some(2)),
            [&first, &second, &first, &second, &first].map(Vec::clone)
        );
    }
}
