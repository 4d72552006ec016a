//! The trained model with its optimizer and its progress, independent of the type of the labels.

use super::callback::CallbackState;
use super::history::History;
use super::{TrainError, state};
use crate::Result;
use crate::gradient::{Frozen, Gradient};
use crate::layer::Layout;
use crate::model::{LayerInfo, Train};
use crate::optimizer::{Applied, LearningRate, Optimizer};
use crate::rng::Seed;
use crate::shape::Shape;
use crate::weights;
use std::path::Path;

/// A model in training.
pub(super) struct Trainee<N: Train> {
    pub(super) model: Box<N>,
    pub(super) gradient: Vec<f32>,
    pub(super) optimizer: Box<dyn Optimizer>,
    pub(super) applied: Applied,
    pub(super) run: Run,
}

/// The progress of a training.
#[derive(Clone, Default)]
pub(super) struct Run {
    /// The seed of the current run, or of the last one.
    pub(super) seed: Seed,
    /// The number of completed epochs in the current run, or in the last one.
    pub(super) epoch: usize,
    /// The number of steps done in the next epoch. It is above 0 only if an epoch was interrupted.
    pub(super) step: usize,
    /// The number of epochs since `compile`, in all runs, so that no two epochs have the same order.
    pub(super) epochs_done: u64,
    /// The epochs of the run.
    pub(super) history: History,
    /// Whether a callback has stopped the run.
    pub(super) stopped: bool,
    /// The states of the callbacks of the run, by their names.
    pub(super) callbacks: Vec<(String, CallbackState)>,
    /// Whether the next `fit` continues this run.
    pub(super) resumed: bool,
}

impl<N: Train> Trainee<N> {
    pub(super) fn new(model: Box<N>, optimizer: Box<dyn Optimizer>) -> Self {
        Self {
            gradient: vec![0.0; N::GRADIENT_LEN],
            applied: Applied::new(&*optimizer, &N::LAYOUT, N::SETTINGS),
            run: Run::default(),
            model,
            optimizer,
        }
    }

    /// Adds the derivatives of the regularizers to the gradient, and returns their penalties.
    pub(super) fn penalize(&mut self) -> f64 {
        let weights = self.model.as_slice();
        self.applied.penalty(weights, Some(&mut self.gradient))
    }

    /// The penalties of the regularizers.
    pub(super) fn penalty(&self) -> f64 {
        self.applied.penalty(self.model.as_slice(), None)
    }

    /// Updates the weights. The gradient holds arbitrary values afterwards.
    pub(super) fn apply(&mut self) {
        let gradient = &mut *self.gradient;
        self.applied
            .step(&*self.optimizer, self.model.as_mut_slice(), gradient);
        let frozen = Frozen(self.applied.frozen());
        self.model.update_state(Gradient::new(gradient, frozen));
    }

    /// Replaces the weights by their averages, if the optimizer keeps averages.
    pub(super) fn finalize(&mut self) {
        self.applied.overwrite(self.model.as_mut_slice());
    }
}

/// A [`Trainee`] of any model, for callbacks.
pub(super) trait Subject: Send {
    fn name(&self) -> &'static str;
    fn layout(&self) -> &'static Layout;
    fn inputs(&self) -> &'static [(&'static str, Shape)];
    fn layers(&self) -> &'static [LayerInfo];
    fn weights(&self) -> &[f32];
    fn weights_mut(&mut self) -> &mut [f32];
    fn optimizer_steps(&self) -> u64;
    fn learning_rate(&self) -> f32;
    fn set_learning_rate(&mut self, rate: f32) -> Result<()>;
    fn save(&self, path: &Path) -> Result<()>;
    fn save_state(&self, path: &Path) -> Result<()>;
    fn resume(&mut self, path: &Path) -> Result<()>;
    fn applied(&self) -> &Applied;
    fn swap_averages(&mut self);
    fn run(&self) -> &Run;
    fn run_mut(&mut self) -> &mut Run;
}

impl<N: Train> Subject for Trainee<N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn layout(&self) -> &'static Layout {
        const { &N::LAYOUT }
    }

    fn inputs(&self) -> &'static [(&'static str, Shape)] {
        N::INPUTS
    }

    fn layers(&self) -> &'static [LayerInfo] {
        N::LAYERS
    }

    fn weights(&self) -> &[f32] {
        self.model.as_slice()
    }

    fn weights_mut(&mut self) -> &mut [f32] {
        self.model.as_mut_slice()
    }

    fn optimizer_steps(&self) -> u64 {
        self.applied.step
    }

    fn learning_rate(&self) -> f32 {
        let settings = self.optimizer.settings();
        settings.learning_rate.at(self.applied.step)
    }

    fn set_learning_rate(&mut self, rate: f32) -> Result<()> {
        match &mut self.optimizer.settings_mut().learning_rate {
            LearningRate::Constant(_) if !rate.is_finite() => Err(TrainError::OutOfRange {
                setting: "learning_rate",
                found: rate.into(),
                expected: "a finite number",
            }
            .into()),
            LearningRate::Constant(constant) => {
                *constant = rate;
                Ok(())
            }
            LearningRate::Scheduled(_) => Err(TrainError::Scheduled.into()),
        }
    }

    fn save(&self, path: &Path) -> Result<()> {
        weights::save(path, &*self.model)
    }

    fn save_state(&self, path: &Path) -> Result<()> {
        state::save(self, path)
    }

    fn resume(&mut self, path: &Path) -> Result<()> {
        state::resume(self, path)
    }

    fn applied(&self) -> &Applied {
        &self.applied
    }

    fn swap_averages(&mut self) {
        self.applied.swap(self.model.as_mut_slice());
    }

    fn run(&self) -> &Run {
        &self.run
    }

    fn run_mut(&mut self) -> &mut Run {
        &mut self.run
    }
}
