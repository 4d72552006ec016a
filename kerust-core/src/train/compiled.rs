//! A model that is ready for training.

use super::diagnosis::Hint;
use super::report::Report;
use super::step::{Buffers, Source};
use super::trainee::{Subject, Trainee};
use super::workflow::Workflow;
use super::{History, TrainError, pool, predict};
use crate::Result;
use crate::data::{Data, Samples};
use crate::loss::Objective;
use crate::model::Train;
use crate::optimizer::{LearningRate, Optimizer};
use std::path::Path;

/// The samples of a batch, unless set: Keras's default.
pub(super) const BATCH_SIZE: usize = 32;

/// A model with its optimizer, loss and metrics: what [`Workflow::compile`] returns.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Line: Input(1) => Dense(1) }
///
/// let data: Dataset<Rank1<1>, Rank1<1>> =
///     Dataset::from_arrays(&[[-1.0], [0.0], [1.0], [2.0]], &[-3.0, -1.0, 1.0, 3.0])?;
/// let mut model = Line::new(Seed(1)).compile(SGD::new(0.1), MeanSquaredError, ());
/// let history = model.fit(&data, Fit::epochs(100).quiet())?;
/// assert!(history["loss"][99] < 1e-3);
/// println!("{}", model.evaluate(&data)?);
/// # Ok::<(), kerust::Error>(())
/// ```
///
/// # Cost
/// The weights, their gradient and the optimizer's slots, each `size_of::<N>()` bytes; from the
/// first step on `4 * N::TRAINING_LEN` bytes for each sample of a batch.
pub struct Compiled<N: Train, Y: Data> {
    pub(super) trainee: Trainee<N>,
    pub(super) objective: Box<dyn Objective<N::Heads, Y>>,
    pub(super) buffers: Buffers<N, Y>,
    pub(super) hints: Vec<Hint>,
}

impl<N: Train, Y: Data> Compiled<N, Y> {
    pub(super) fn new(
        model: Box<N>,
        optimizer: Box<dyn Optimizer>,
        objective: Box<dyn Objective<N::Heads, Y>>,
    ) -> Self {
        Self {
            trainee: Trainee::new(model, optimizer),
            objective,
            buffers: Buffers::default(),
            hints: Vec::new(),
        }
    }

    /// Loss and metrics over a data set, in batches of 32 samples.
    ///
    /// # Errors
    /// When the data set is empty, or a sample cannot be read.
    pub fn evaluate(&mut self, data: &impl Samples<N::Input, Y>) -> Result<Report> {
        self.evaluate_in_batches(data, BATCH_SIZE)
    }

    /// Loss and metrics over a data set. The size of the batches changes memory and speed, and
    /// the result by rounding only.
    ///
    /// # Errors
    /// When the data set is empty, a sample cannot be read, or `batch_size` is 0.
    pub fn evaluate_in_batches(
        &mut self,
        data: &impl Samples<N::Input, Y>,
        batch_size: usize,
    ) -> Result<Report> {
        if data.is_empty() {
            let which = "the data set to evaluate on";
            return Err(TrainError::EmptyDataset { which }.into());
        }
        at_least_1("batch_size", batch_size)?;
        let source = Source {
            data,
            sample_weight: None,
            class_weight: None,
        };
        let numbers: Vec<usize> = (0..data.len()).collect();
        pool::inside(None, || {
            self.objective.reset();
            for numbers in numbers.chunks(batch_size) {
                let (model, objective) = (&*self.trainee.model, &mut *self.objective);
                self.buffers.evaluate(model, objective, &source, numbers)?;
            }
            self.objective
                .add_penalty(self.trainee.penalty(), data.len());
            let mut values = Vec::new();
            self.objective.values(&mut values);
            Ok(Report::new(self.objective.names(), &values))
        })?
    }

    /// The outputs for one sample. Allocates nothing after the first call in a thread.
    ///
    /// The outputs pass over the stack; [`predict_into`](Self::predict_into) takes outputs of any size.
    pub fn predict(&self, x: &<N::Input as Data>::Value) -> <N::Heads as Data>::Value {
        self.trainee.model.predict(x)
    }

    /// Leaves the outputs for one sample in `output`, whatever it holds before. Allocates nothing after
    /// the first call in a thread.
    pub fn predict_into(
        &self,
        x: &<N::Input as Data>::Value,
        output: &mut <N::Heads as Data>::Value,
    ) {
        self.trainee.model.predict_into(x, output);
    }

    /// The outputs for each sample of a data set, whatever its labels.
    ///
    /// # Errors
    /// When a sample cannot be read.
    pub fn predict_all<Z: Data>(
        &self,
        data: &impl Samples<N::Input, Z>,
    ) -> Result<Vec<<N::Heads as Data>::Value>>
    where
        <N::Heads as Data>::Value: Send,
    {
        predict::all(&*self.trainee.model, data)
    }

    /// The model.
    pub fn model(&self) -> &N {
        &self.trainee.model
    }

    /// The model, to be changed; the optimizer's slots stay as they are.
    pub fn model_mut(&mut self) -> &mut N {
        &mut self.trainee.model
    }

    /// The model, its training at an end.
    pub fn into_model(self) -> Box<N> {
        self.trainee.model
    }

    /// All weights, in the order of the model's layout.
    pub fn weights(&self) -> &[f32] {
        self.trainee.model.as_slice()
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f32 {
        self.trainee.learning_rate()
    }

    /// Replaces the learning rate, or the schedule, by another one.
    pub fn set_learning_rate(&mut self, learning_rate: impl Into<LearningRate>) {
        self.trainee.optimizer.settings_mut().learning_rate = learning_rate.into();
    }

    /// The numbers of the epochs of the last training, also when it ended with an error.
    pub fn history(&self) -> &History {
        &self.trainee.run.history
    }

    /// What was noticed in the last training that may be why it does not learn; `fit` says it too, unless it is quiet.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// The steps that the optimizer has done.
    pub fn optimizer_steps(&self) -> u64 {
        self.trainee.applied.step
    }

    /// Writes the weights to a file, as a whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.trainee.save(path.as_ref())
    }

    /// Writes the whole state of the training to a file, as a whole or not at all: weights,
    /// optimizer, epoch, history, seed, and what the callbacks of the last `fit` remember.
    ///
    /// After a `fit` that ended with an error within an epoch, the state says after which step. The
    /// training that is resumed does the rest of the epoch; its loss and metrics for that epoch are those
    /// of the rest.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save_state(&self, path: impl AsRef<Path>) -> Result<()> {
        self.trainee.save_state(path.as_ref())
    }

    /// Takes a training up where [`save_state`](Self::save_state) left it. The next `fit` goes on
    /// with the epoch that follows, and with the seed and the history of that training; given the
    /// same data and the same settings, its weights get the bits that they would have got without
    /// the break. Callbacks of the same kind go on where they were, and a training that a callback had
    /// stopped stays stopped.
    ///
    /// # Errors
    /// When the file cannot be read, or is not one of this model and this optimizer; then nothing
    /// is changed.
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<()> {
        self.trainee.resume(path.as_ref())
    }
}

pub(super) fn at_least_1(setting: &'static str, value: usize) -> Result<(), TrainError> {
    match value {
        0 => Err(TrainError::Zero { setting }),
        _ => Ok(()),
    }
}
