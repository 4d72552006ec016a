//! Cosine decay, with warm-up or with restarts: Loshchilov & Hutter (2017).

use super::{Schedule, positive};
use std::f32::consts::PI;

/// Cosine decay. Keras: `CosineDecay`.
///
/// `rate · ((1 - alpha) · ½(1 + cos(π · step / steps)) + alpha)`: Loshchilov & Hutter (2017), equation 5,
/// without restarts. A linear warm-up can be set, as in Goyal et al. (2017), section 2.2.
///
/// ```
/// use kerust::optimizer::{Adam, CosineDecay};
///
/// let optimizer = Adam::new(CosineDecay::new(0.01, 400));
/// let warmed_up = Adam::new(CosineDecay::new(0.0, 400).warmup(0.01, 50).alpha(0.1));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CosineDecay {
    initial: f32,
    steps: f32,
    alpha: f32,
    warmup: Option<(f32, f32)>,
}

impl CosineDecay {
    /// Creates a decay from `initial_learning_rate` over `decay_steps` steps, not counting the warm-up.
    ///
    /// # Panics
    /// Panics if `decay_steps` is 0.
    #[track_caller]
    pub fn new(initial_learning_rate: f32, decay_steps: u64) -> Self {
        Self {
            initial: initial_learning_rate,
            steps: positive(decay_steps),
            alpha: 0.0,
            warmup: None,
        }
    }

    /// Sets the final learning rate as a fraction of the rate at the start of the decay; 0 by default.
    pub fn alpha(mut self, alpha: f32) -> Self {
        self.alpha = alpha;
        self
    }

    /// Raises the learning rate linearly to `target` in the first `steps` steps, and decays it from there
    /// (Keras's `warmup_target` and `warmup_steps`).
    pub fn warmup(mut self, target: f32, steps: u64) -> Self {
        self.warmup = Some((target, steps as f32));
        self
    }

    fn decay(&self, from: f32, step: f32) -> f32 {
        let cosine = 0.5 * (1.0 + libm::cosf(PI * (step / self.steps)));
        from * ((1.0 - self.alpha) * cosine + self.alpha)
    }
}

impl Schedule for CosineDecay {
    fn learning_rate(&self, step: u64) -> f32 {
        let step = step as f32;
        match self.warmup {
            None => self.decay(self.initial, step.min(self.steps)),
            Some((target, steps)) if step < steps => {
                (target - self.initial) * (step / steps) + self.initial
            }
            Some((target, steps)) => self.decay(target, step.min(self.steps + steps) - steps),
        }
    }
}

/// Cosine decay with restarts. Keras: `CosineDecayRestarts`.
///
/// Each period is `t_mul` times as long as the one before, and starts at `m_mul` times the learning rate of
/// the one before: Loshchilov & Hutter (2017), equation 5.
///
/// ```
/// use kerust::optimizer::{CosineDecayRestarts, SGD};
///
/// let optimizer = SGD::new(CosineDecayRestarts::new(0.1, 1000).t_mul(2.0).m_mul(0.9));
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct CosineDecayRestarts {
    initial: f32,
    first_steps: f32,
    t_mul: f32,
    m_mul: f32,
    alpha: f32,
}

impl CosineDecayRestarts {
    /// Creates a decay from `initial_learning_rate`, with a first period of `first_decay_steps` steps.
    /// Keras's defaults: `t_mul` is 2, `m_mul` 1 and `alpha` 0.
    ///
    /// # Panics
    /// Panics if `first_decay_steps` is 0.
    #[track_caller]
    pub fn new(initial_learning_rate: f32, first_decay_steps: u64) -> Self {
        Self {
            initial: initial_learning_rate,
            first_steps: positive(first_decay_steps),
            t_mul: 2.0,
            m_mul: 1.0,
            alpha: 0.0,
        }
    }

    /// Sets the factor by which each period is longer than the one before.
    pub fn t_mul(mut self, t_mul: f32) -> Self {
        self.t_mul = t_mul;
        self
    }

    /// Sets the factor by which the learning rate at the start of each period differs from the one before.
    pub fn m_mul(mut self, m_mul: f32) -> Self {
        self.m_mul = m_mul;
        self
    }

    /// Sets the learning rate at the end of a period, as a fraction of the initial rate.
    pub fn alpha(mut self, alpha: f32) -> Self {
        self.alpha = alpha;
        self
    }
}

impl Schedule for CosineDecayRestarts {
    fn learning_rate(&self, step: u64) -> f32 {
        let done = step as f32 / self.first_steps;
        let (restarts, part) = if self.t_mul == 1.0 {
            let restarts = libm::floorf(done);
            (restarts, done - restarts)
        } else {
            let length = libm::logf(1.0 - done * (1.0 - self.t_mul));
            let restarts = libm::floorf(length / libm::logf(self.t_mul));
            let period = libm::powf(self.t_mul, restarts);
            let before = (1.0 - period) / (1.0 - self.t_mul);
            (restarts, (done - before) / period)
        };
        let height = libm::powf(self.m_mul, restarts);
        let cosine = 0.5 * height * (1.0 + libm::cosf(PI * part));
        self.initial * ((1.0 - self.alpha) * cosine + self.alpha)
    }
}
