//! Learning rates that change from step to step.
//!
//! `step` counts the steps done, starting at 0. Arithmetic is that of Keras: all in `f32`.

mod cosine;
mod decay;
#[cfg(test)]
mod tests;

pub use cosine::{CosineDecay, CosineDecayRestarts};
pub use decay::{ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay};

use std::fmt;

/// A learning rate for each step.
pub trait Schedule: Send + Sync + 'static {
    /// The learning rate of the step before which `step` steps were done.
    fn learning_rate(&self, step: u64) -> f32;
}

/// A learning rate: a number, or a [`Schedule`].
pub enum LearningRate {
    /// The same for every step, until a callback sets another one.
    Constant(f32),
    /// One for each step.
    Scheduled(Box<dyn Schedule>),
}

impl LearningRate {
    /// The learning rate of the step before which `step` steps were done.
    pub fn at(&self, step: u64) -> f32 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Scheduled(schedule) => schedule.learning_rate(step),
        }
    }
}

impl fmt::Debug for LearningRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(rate) => rate.fmt(f),
            Self::Scheduled(_) => f.write_str("a schedule"),
        }
    }
}

impl From<f32> for LearningRate {
    fn from(rate: f32) -> Self {
        Self::Constant(rate)
    }
}

impl From<f64> for LearningRate {
    fn from(rate: f64) -> Self {
        Self::Constant(rate as f32)
    }
}

impl<S: Schedule> From<S> for LearningRate {
    fn from(schedule: S) -> Self {
        Self::Scheduled(Box::new(schedule))
    }
}

/// Refuses a length of 0 steps, as Keras does.
#[track_caller]
fn positive(steps: u64) -> f32 {
    assert!(steps > 0, "`steps` is 0, expected at least 1");
    steps as f32
}
