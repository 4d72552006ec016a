//! A compiled model, which can be trained.

use super::diagnosis::Hint;
use super::inference::Inference;
use super::logs::Logs;
use super::step::Buffers;
use super::trainee::{Subject, Trainee};
use super::workflow::Workflow;
use super::{History, TrainError, predict};
use crate::Result;
use crate::data::{Data, Samples};
use crate::loss::Objective;
use crate::model::Train;
use crate::optimizer::{LearningRate, Optimizer};
use std::path::Path;

/// The default batch size, as in Keras.
pub(super) const BATCH_SIZE: usize = 32;

/// A model with its optimizer, loss and metrics, as returned by [`Workflow::compile`].
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
/// # Memory
/// The weights, their gradient and the optimizer's slots take `size_of::<N>()` bytes each. From the first
/// step on, there are `4 * N::TRAINING_LEN` bytes more for each sample of a batch.
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

    /// Computes loss and metrics over a data set, in batches of 32 samples.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, or a sample cannot be read.
    pub fn evaluate(&mut self, data: &impl Samples<N::Input, Y>) -> Result<Logs> {
        self.evaluate_in_batches(data, BATCH_SIZE)
    }

    /// Computes loss and metrics over a data set. The batch size affects memory and speed; it affects the
    /// result only by rounding.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, a sample cannot be read, or `batch_size` is 0.
    pub fn evaluate_in_batches(
        &mut self,
        data: &impl Samples<N::Input, Y>,
        batch_size: usize,
    ) -> Result<Logs> {
        self.evaluate_with(data, Inference::new().batch_size(batch_size))
    }

    /// Computes the outputs for one sample. It allocates no memory after the first call in a thread.
    ///
    /// The outputs are returned on the stack. For large outputs use [`predict_into`](Self::predict_into).
    pub fn predict(&self, x: &<N::Input as Data>::Value) -> <N::Heads as Data>::Value {
        self.trainee.model.predict(x)
    }

    /// Writes the outputs for one sample to `output`. It allocates no memory after the first call in a
    /// thread.
    pub fn predict_into(
        &self,
        x: &<N::Input as Data>::Value,
        output: &mut <N::Heads as Data>::Value,
    ) {
        self.trainee.model.predict_into(x, output);
    }

    /// Computes the outputs for each sample of a data set. Labels are ignored.
    ///
    /// # Errors
    /// Returns an error when a sample cannot be read.
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

    /// The model, for changing it. The optimizer's slots are kept.
    pub fn model_mut(&mut self) -> &mut N {
        &mut self.trainee.model
    }

    /// Returns the model and drops the optimizer.
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

    /// Sets the learning rate, or a schedule.
    pub fn set_learning_rate(&mut self, learning_rate: impl Into<LearningRate>) {
        self.trainee.optimizer.settings_mut().learning_rate = learning_rate.into();
    }

    /// The metrics of each epoch of the last training, also if it ended with an error.
    pub fn history(&self) -> &History {
        &self.trainee.run.history
    }

    /// The problems that were noticed in the last training. `fit` prints them too, unless it is quiet.
    pub fn hints(&self) -> &[Hint] {
        &self.hints
    }

    /// The number of optimizer steps so far.
    pub fn optimizer_steps(&self) -> u64 {
        self.trainee.applied.step
    }

    /// Writes the weights to a file, atomically.
    ///
    /// # Errors
    /// Returns an error when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        self.trainee.save(path.as_ref())
    }

    /// Writes the whole state of the training to a file, atomically: weights, optimizer, epoch, history,
    /// seed, and the state of the callbacks of the last `fit`.
    ///
    /// If `fit` ended with an error within an epoch, the state includes the number of steps done. The resumed
    /// training does the rest of that epoch, and reports loss and metrics of the rest only.
    ///
    /// # Errors
    /// Returns an error when the file cannot be written.
    pub fn save_state(&self, path: impl AsRef<Path>) -> Result<()> {
        self.trainee.save_state(path.as_ref())
    }

    /// Continues a training that [`save_state`](Self::save_state) saved. The next `fit` starts with the
    /// following epoch, and with the seed and the history of that training. With the same data and settings,
    /// the weights get exactly the values that they would have got without the interruption. Callbacks
    /// continue with their saved state, and a training that a callback has stopped remains stopped.
    ///
    /// # Errors
    /// Returns an error when the file cannot be read, or does not belong to this model and this optimizer.
    /// Nothing is changed in that case.
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
