//! What is trained, free of the kind of its labels: the model, its optimizer, and how far it is.

use super::history::History;
use super::state;
use super::{Report, TrainError};
use crate::Result;
use crate::layer::Layout;
use crate::model::Train;
use crate::optimizer::{Applied, LearningRate, Optimizer};
use crate::rng::Seed;
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

/// How far a training is.
#[derive(Clone, Default)]
pub(super) struct Run {
    /// The seed of the run in progress, or of the last one.
    pub(super) seed: Seed,
    /// Epochs done in the run in progress, or in the last one.
    pub(super) epoch: usize,
    /// Epochs done since `compile`, in all runs: no two epochs draw the same order.
    pub(super) epochs_done: u64,
    /// The epochs of the run.
    pub(super) history: History,
    /// Whether the next `fit` goes on with this run.
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
}

/// A [`Trainee`] of any model, as a callback sees it.
pub(super) trait Subject: Send {
    fn name(&self) -> &'static str;
    fn layout(&self) -> &'static Layout;
    fn weights(&self) -> &[f32];
    fn weights_mut(&mut self) -> &mut [f32];
    fn optimizer_steps(&self) -> u64;
    fn learning_rate(&self) -> f32;
    fn set_learning_rate(&mut self, rate: f32) -> Result<()>;
    fn save(&self, path: &Path) -> Result<()>;
    fn save_state(&self, path: &Path, epoch: Option<&Report>) -> Result<()>;
    fn resume(&mut self, path: &Path) -> Result<()>;
}

impl<N: Train> Subject for Trainee<N> {
    fn name(&self) -> &'static str {
        N::NAME
    }

    fn layout(&self) -> &'static Layout {
        const { &N::LAYOUT }
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

    fn save_state(&self, path: &Path, epoch: Option<&Report>) -> Result<()> {
        state::save(self, path, epoch)
    }

    fn resume(&mut self, path: &Path) -> Result<()> {
        state::resume(self, path)
    }
}
