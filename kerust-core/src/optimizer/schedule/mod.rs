//! Learning rate schedules.
//!
//! `step` is the number of earlier steps, from 0. As in Keras, all arithmetic is in `f32`.

mod cosine;
mod decay;
#[cfg(test)]
mod tests;

pub use cosine::{CosineDecay, CosineDecayRestarts};
pub use decay::{ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay};

use std::fmt;

/// A learning rate for each step: a closure of the step's number, or one of Keras's schedules.
///
/// ```
/// use kerust::optimizer::{Adam, SGD};
///
/// // Rises in the first 50 steps.
/// let adam = Adam::new(|step: u64| 0.01 * ((step + 1) as f64 / 50.0).min(1.0));
/// // Halves every 1000 steps.
/// let sgd = SGD::new(|step: u64| 0.1 * 0.5f32.powi((step / 1000) as i32));
/// ```
pub trait Schedule: Send + Sync + 'static {
    /// The learning rate of step `step`, counted from 0.
    fn learning_rate(&self, step: u64) -> f32;
}

#[diagnostic::do_not_recommend]
impl<F, R> Schedule for F
where
    F: Fn(u64) -> R + Send + Sync + 'static,
    R: Into<f64>,
{
    fn learning_rate(&self, step: u64) -> f32 {
        self(step).into() as f32
    }
}

/// A learning rate: a number or a [`Schedule`].
///
/// Optimizers take any type that converts to it, so it rarely needs to be named.
///
/// ```
/// use kerust::optimizer::{CosineDecay, LearningRate};
///
/// assert_eq!(LearningRate::from(0.5).at(7), 0.5);
/// assert_eq!(LearningRate::from(CosineDecay::new(0.5, 10)).at(0), 0.5);
/// ```
pub enum LearningRate {
    /// The same rate for every step, until a callback changes it.
    Constant(f32),
    /// A rate for each step.
    Scheduled(Box<dyn Schedule>),
}

impl LearningRate {
    /// The learning rate of step `step`, counted from 0.
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

/// Panics if a number of steps is 0, as Keras does.
#[track_caller]
fn positive(steps: u64) -> f32 {
    assert!(steps > 0, "`decay_steps` is 0, expected at least 1");
    steps as f32
}
