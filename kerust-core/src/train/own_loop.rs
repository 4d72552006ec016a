//! Custom training loops.

use super::TrainError;
use super::compiled::Compiled;
use super::exchange::Alone;
use super::logs::Logs;
use super::pool;
use super::step::Source;
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Train;

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Performs one training step on all samples of `batch`: Keras's `train_on_batch`. Returns loss and
    /// metrics of this batch.
    ///
    /// ```
    /// use kerust::prelude::*;
    ///
    /// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
    /// let data: Dataset<Rank1<2>, Rank1<1>> =
    ///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
    /// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
    ///
    /// for _epoch in 0..3 {
    ///     let logs = model.train_step(&data)?;
    ///     println!("{logs}");
    /// }
    /// # Ok::<(), kerust::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error when the batch is empty, a sample cannot be read, or the loss is not finite. The
    /// model is not changed in that case.
    pub fn train_step(&mut self, batch: &impl Samples<N::Input, Y>) -> Result<Logs> {
        let numbers = numbers(batch)?;
        let source = Source {
            data: batch,
            sample_weight: None,
            class_weight: None,
        };
        pool::inside(None, || {
            self.objective.reset();
            let (trainee, objective) = (&mut self.trainee, &mut *self.objective);
            let buffers = &mut self.buffers;
            let loss = buffers.train(trainee, objective, &source, &numbers, &mut Alone, None)?;
            self.check_finite(loss)?;
            Ok(self.logs())
        })?
    }

    /// Computes the loss of all samples of `batch` and its gradient, without a step. The gradient can be read
    /// or changed, and then [applied](StepGradient::apply).
    ///
    /// ```
    /// use kerust::prelude::*;
    ///
    /// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
    /// let data: Dataset<Rank1<2>, Rank1<1>> =
    ///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
    /// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
    ///
    /// let mut step = model.compute_gradient(&data)?;
    /// step.values_mut().iter_mut().for_each(|g| *g = g.signum());
    /// let logs = step.apply();
    /// println!("{logs}");
    /// # Ok::<(), kerust::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error when there is no sample, one cannot be read, or the loss is not finite.
    pub fn compute_gradient(
        &mut self,
        batch: &impl Samples<N::Input, Y>,
    ) -> Result<StepGradient<'_, N, Y>> {
        let numbers = numbers(batch)?;
        let source = Source {
            data: batch,
            sample_weight: None,
            class_weight: None,
        };
        let loss = pool::inside(None, || {
            self.objective.reset();
            let (trainee, objective) = (&mut self.trainee, &mut *self.objective);
            let all = 0..numbers.len();
            let loss = self
                .buffers
                .compute(trainee, objective, &source, &numbers, all, &mut Alone)?;
            let penalty = trainee.penalize();
            objective.add_penalty(penalty, numbers.len());
            Ok::<f64, crate::Error>(loss + penalty)
        })??;
        self.check_finite(loss)?;
        Ok(StepGradient {
            compiled: self,
            loss,
        })
    }

    fn logs(&self) -> Logs {
        let mut values = Vec::new();
        self.objective.values(&mut values);
        Logs::new(self.objective.names(), &values)
    }

    fn check_finite(&self, loss: f64) -> Result<()> {
        if loss.is_finite() {
            return Ok(());
        }
        Err(TrainError::NotFinite {
            epoch: self.trainee.run.epoch,
            step: usize::try_from(self.trainee.applied.step).unwrap_or(usize::MAX),
            loss,
            history: Box::new(self.trainee.run.history.clone()),
        }
        .into())
    }
}

fn numbers<X: Data, Y: Data>(batch: &impl Samples<X, Y>) -> Result<Vec<usize>> {
    match batch.len() {
        0 => {
            let which = "the batch to train on";
            Err(TrainError::EmptyDataset { which }.into())
        }
        len => Ok((0..len).collect()),
    }
}

/// The gradient of a batch, before it is applied to the model. [`Compiled::compute_gradient`] returns it.
pub struct StepGradient<'a, N: Train, Y: Data> {
    compiled: &'a mut Compiled<N, Y>,
    loss: f64,
}

impl<N: Train, Y: Data> StepGradient<'_, N, Y> {
    /// The loss of the batch, including the penalties of regularizers.
    pub fn loss(&self) -> f64 {
        self.loss
    }

    /// The model.
    pub fn model(&self) -> &N {
        &self.compiled.trainee.model
    }

    /// The gradient: a value for each weight of the trainable layers, in the order of the model's layout. It
    /// also includes the state of layers, such as the averages of `BatchNormalization`, as observed in this
    /// batch.
    pub fn values(&self) -> &[f32] {
        &self.compiled.trainee.gradient
    }

    /// The gradient, for changing it.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.compiled.trainee.gradient
    }

    /// Applies the gradient with the optimizer. Returns loss and metrics of the batch.
    pub fn apply(self) -> Logs {
        self.compiled.trainee.apply();
        self.compiled.logs()
    }
}
