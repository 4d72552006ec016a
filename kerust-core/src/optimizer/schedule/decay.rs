//! Exponential, polynomial, inverse time and piecewise constant decay.

use super::{Schedule, positive};

/// Exponential decay: `rate · decay_rate^(step / decay_steps)`. Keras: `ExponentialDecay`.
///
/// ```
/// use kerust::optimizer::{ExponentialDecay, SGD};
///
/// let optimizer = SGD::new(ExponentialDecay::new(0.1, 1000, 0.96).staircase(true));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ExponentialDecay {
    initial: f32,
    steps: f32,
    decay_rate: f32,
    staircase: bool,
}

impl ExponentialDecay {
    /// Creates a decay from `initial_learning_rate` by the factor `decay_rate` every `decay_steps` steps.
    ///
    /// # Panics
    /// Panics if `decay_steps` is 0.
    #[track_caller]
    pub fn new(initial_learning_rate: f32, decay_steps: u64, decay_rate: f32) -> Self {
        Self {
            initial: initial_learning_rate,
            steps: positive(decay_steps),
            decay_rate,
            staircase: false,
        }
    }

    /// Sets whether the rate changes only once every `decay_steps` steps.
    pub fn staircase(mut self, staircase: bool) -> Self {
        self.staircase = staircase;
        self
    }
}

impl Schedule for ExponentialDecay {
    fn learning_rate(&self, step: u64) -> f32 {
        self.initial * libm::powf(self.decay_rate, part(step, self.steps, self.staircase))
    }
}

/// Inverse time decay: `rate / (1 + decay_rate · step / decay_steps)`. Keras: `InverseTimeDecay`.
///
/// ```
/// use kerust::optimizer::{InverseTimeDecay, SGD};
///
/// let optimizer = SGD::new(InverseTimeDecay::new(0.1, 1000, 0.5));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct InverseTimeDecay {
    initial: f32,
    steps: f32,
    decay_rate: f32,
    staircase: bool,
}

impl InverseTimeDecay {
    /// Creates a decay from `initial_learning_rate`, with a divisor that grows by `decay_rate` every
    /// `decay_steps` steps.
    ///
    /// # Panics
    /// Panics if `decay_steps` is 0.
    #[track_caller]
    pub fn new(initial_learning_rate: f32, decay_steps: u64, decay_rate: f32) -> Self {
        Self {
            initial: initial_learning_rate,
            steps: positive(decay_steps),
            decay_rate,
            staircase: false,
        }
    }

    /// Sets whether the rate changes only once every `decay_steps` steps.
    pub fn staircase(mut self, staircase: bool) -> Self {
        self.staircase = staircase;
        self
    }
}

impl Schedule for InverseTimeDecay {
    fn learning_rate(&self, step: u64) -> f32 {
        self.initial / (1.0 + self.decay_rate * part(step, self.steps, self.staircase))
    }
}

/// Polynomial decay: `(rate - end) · (1 - step / decay_steps)^power + end`, and `end` after
/// `decay_steps` steps. Keras: `PolynomialDecay`.
///
/// ```
/// use kerust::optimizer::{PolynomialDecay, SGD};
///
/// let optimizer = SGD::new(PolynomialDecay::new(0.1, 1000).end_learning_rate(0.01).power(0.5));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct PolynomialDecay {
    initial: f32,
    steps: f32,
    end: f32,
    power: f32,
    cycle: bool,
}

impl PolynomialDecay {
    /// Creates a linear decay from `initial_learning_rate` to 0.0001 (Keras's default) over `decay_steps`
    /// steps.
    ///
    /// # Panics
    /// Panics if `decay_steps` is 0.
    #[track_caller]
    pub fn new(initial_learning_rate: f32, decay_steps: u64) -> Self {
        Self {
            initial: initial_learning_rate,
            steps: positive(decay_steps),
            end: 0.0001,
            power: 1.0,
            cycle: false,
        }
    }

    /// Sets the final learning rate.
    pub fn end_learning_rate(mut self, end_learning_rate: f32) -> Self {
        self.end = end_learning_rate;
        self
    }

    /// Sets the power of the polynomial.
    pub fn power(mut self, power: f32) -> Self {
        self.power = power;
        self
    }

    /// Sets whether the decay is extended to the next multiple of `decay_steps` each time the steps are done,
    /// so that the learning rate rises again.
    pub fn cycle(mut self, cycle: bool) -> Self {
        self.cycle = cycle;
        self
    }
}

impl Schedule for PolynomialDecay {
    fn learning_rate(&self, step: u64) -> f32 {
        let (mut done, mut steps) = (step as f32, self.steps);
        if !self.cycle {
            done = done.min(steps);
        } else if step > 0 {
            steps *= libm::ceilf(done / steps);
        }
        (self.initial - self.end) * libm::powf(1.0 - done / steps, self.power) + self.end
    }
}

/// A learning rate that is constant between given steps. Keras: `PiecewiseConstantDecay`.
///
/// ```
/// use kerust::optimizer::{PiecewiseConstantDecay, SGD};
///
/// // 0.1 up to step 1000, 0.05 up to step 2000, then 0.01.
/// let optimizer = SGD::new(PiecewiseConstantDecay::new([1000, 2000], [0.1, 0.05, 0.01]));
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct PiecewiseConstantDecay {
    boundaries: Vec<u64>,
    values: Vec<f32>,
}

impl PiecewiseConstantDecay {
    /// Creates a schedule with `values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so
    /// on.
    ///
    /// # Panics
    /// Panics unless there is one more value than boundaries, and the boundaries are in increasing order.
    #[track_caller]
    pub fn new(boundaries: impl Into<Vec<u64>>, values: impl Into<Vec<f32>>) -> Self {
        let (boundaries, values) = (boundaries.into(), values.into());
        assert!(
            values.len() == boundaries.len() + 1,
            "found {} values for {} boundaries, expected {}",
            values.len(),
            boundaries.len(),
            boundaries.len() + 1
        );
        assert!(
            boundaries.is_sorted_by(|a, b| a < b),
            "`boundaries` are {boundaries:?}, expected increasing numbers"
        );
        Self { boundaries, values }
    }
}

impl Schedule for PiecewiseConstantDecay {
    fn learning_rate(&self, step: u64) -> f32 {
        self.values[self.boundaries.partition_point(|boundary| *boundary < step)]
    }
}

fn part(step: u64, steps: f32, staircase: bool) -> f32 {
    let part = step as f32 / steps;
    if staircase { libm::floorf(part) } else { part }
}
