//! Evaluation and prediction with settings and callbacks.

use super::callback::Callback;
use super::compiled::{BATCH_SIZE, at_least_1};
use super::logs::Logs;
use super::session::{Series, Session};
use super::step::Source;
use super::{Compiled, TrainError, pool, predict};
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Train;

/// The settings of [`Compiled::evaluate_with`] and [`Compiled::predict_with`].
///
/// ```
/// use kerust::prelude::*;
/// use kerust::train::Inference;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// let print = LambdaCallback::new().on_test_end(|training| println!("{}", training.logs()));
/// model.evaluate_with(&data, Inference::new().batch_size(16).callback(print))?;
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct Inference<'a> {
    batch_size: usize,
    callbacks: Vec<Box<dyn Callback + 'a>>,
}

impl Default for Inference<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Inference<'a> {
    /// Batches of 32 samples, and no callbacks.
    pub fn new() -> Self {
        Self {
            batch_size: BATCH_SIZE,
            callbacks: Vec::new(),
        }
    }

    /// Sets the number of samples that are computed together. It affects memory, speed and how often callbacks are
    /// called; it affects the results only by rounding.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Adds a callback. Its `on_test_` or `on_predict_` methods are called.
    pub fn callback(mut self, callback: impl Callback + 'a) -> Self {
        self.callbacks.push(Box::new(callback));
        self
    }
}

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Computes loss and metrics over a data set: Keras's `evaluate` with its arguments `batch_size` and `callbacks`.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, a sample cannot be read, `batch_size` is 0, or a callback fails.
    pub fn evaluate_with(
        &mut self,
        data: &impl Samples<N::Input, Y>,
        settings: Inference<'_>,
    ) -> Result<Logs> {
        if data.is_empty() {
            let which = "the data set to evaluate on";
            return Err(TrainError::EmptyDataset { which }.into());
        }
        at_least_1("batch_size", settings.batch_size)?;
        let source = Source {
            data,
            sample_weight: None,
            class_weight: None,
        };
        let numbers: Vec<usize> = (0..data.len()).collect();
        pool::inside(None, || {
            let mut session = self.session(settings.callbacks);
            let trainee = &mut self.trainee;
            session.tell(trainee, 0, |callback, at| callback.on_test_begin(at))?;
            self.objective.reset();
            for (batch, numbers) in numbers.chunks(settings.batch_size).enumerate() {
                session.tell(trainee, batch, |callback, at| {
                    callback.on_test_batch_begin(at)
                })?;
                let (model, objective) = (&*trainee.model, &mut *self.objective);
                self.buffers.evaluate(model, objective, &source, numbers)?;
                if session.has_callbacks() {
                    session.measure(|values| self.objective.values(values));
                }
                session.tell(trainee, batch, |callback, at| {
                    callback.on_test_batch_end(at)
                })?;
            }
            self.objective.add_penalty(trainee.penalty(), data.len());
            session.measure(|values| self.objective.values(values));
            session.tell(trainee, 0, |callback, at| callback.on_test_end(at))?;
            let mut values = Vec::new();
            self.objective.values(&mut values);
            Ok(Logs::new(self.objective.names(), &values))
        })?
    }

    /// Computes the outputs for each sample of a data set, whose labels are ignored: Keras's `predict` with its
    /// arguments `batch_size` and `callbacks`. Without callbacks, [`predict_all`](Self::predict_all) is faster.
    ///
    /// # Errors
    /// Returns an error when a sample cannot be read, `batch_size` is 0, or a callback fails.
    pub fn predict_with<Z: Data>(
        &mut self,
        data: &impl Samples<N::Input, Z>,
        settings: Inference<'_>,
    ) -> Result<Vec<<N::Heads as Data>::Value>>
    where
        <N::Heads as Data>::Value: Send,
    {
        at_least_1("batch_size", settings.batch_size)?;
        let mut session = self.session(settings.callbacks);
        let (trainee, numbers) = (&mut self.trainee, 0..data.len());
        let numbers: Vec<usize> = numbers.collect();
        let mut outputs = Vec::with_capacity(data.len());
        session.tell(trainee, 0, |callback, at| callback.on_predict_begin(at))?;
        for (batch, numbers) in numbers.chunks(settings.batch_size).enumerate() {
            session.tell(trainee, batch, |callback, at| {
                callback.on_predict_batch_begin(at)
            })?;
            outputs.extend(predict::some(&*trainee.model, data, numbers)?);
            session.tell(trainee, batch, |callback, at| {
                callback.on_predict_batch_end(at)
            })?;
        }
        session.tell(trainee, 0, |callback, at| callback.on_predict_end(at))?;
        Ok(outputs)
    }

    /// A session that calls these callbacks.
    fn session<'c>(&self, callbacks: Vec<Box<dyn Callback + 'c>>) -> Session<'c> {
        let (names, directions) = (self.objective.names(), self.objective.higher_is_better());
        let series = Series::new(names, directions, false);
        Session::of_inference(callbacks, series)
    }
}
