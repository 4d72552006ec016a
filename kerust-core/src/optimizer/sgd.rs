//! Stochastic gradient descent, with momentum.
//!
//! ```text
//! w ← w - η · g                                    without momentum
//! v ← μ · v - η · g,   w ← w + v                   with momentum
//! v ← μ · v - η · g,   w ← w + μ · v - η · g       Nesterov's
//! ```
//!
//! Sutskever et al. (2013), equations 1 to 4, in Keras's form: the velocity includes the learning rate.

use super::settings::settings;
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};

/// Stochastic gradient descent. Keras: `SGD`.
///
/// Keras's defaults: `momentum` is 0, and `nesterov` is off.
///
/// ```
/// use kerust::optimizer::SGD;
///
/// let optimizer = SGD::new(0.01).momentum(0.9).nesterov(true);
/// ```
///
/// # Memory
/// One slot with momentum, none without.
#[derive(Debug)]
pub struct SGD {
    settings: Settings,
    momentum: f64,
    nesterov: bool,
}

impl SGD {
    /// Creates gradient descent with a learning rate (Keras's default is 0.01) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            momentum: 0.0,
            nesterov: false,
        }
    }

    /// Sets the share of the last step that is added to the next one.
    ///
    /// # Panics
    /// Panics unless `0 <= momentum <= 1`, as in Keras.
    pub fn momentum(mut self, momentum: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&momentum),
            "`momentum` is {momentum}, expected a number from 0 to 1"
        );
        self.momentum = momentum;
        self
    }

    /// Sets whether to use Nesterov momentum.
    pub fn nesterov(mut self, nesterov: bool) -> Self {
        self.nesterov = nesterov;
        self
    }
}

impl Default for SGD {
    fn default() -> Self {
        Self::new(0.01)
    }
}

settings!(SGD);

impl Optimizer for SGD {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn slots(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 {
            &[]
        } else {
            &["momentum"]
        }
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let (rate, momentum) = (info.learning_rate, self.momentum as f32);
        let [velocity] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        if self.momentum == 0.0 {
            for (w, g) in pairs {
                *w -= g * rate;
            }
        } else if self.nesterov {
            for ((w, g), v) in pairs.zip(velocity) {
                *v = *v * momentum - g * rate;
                *w += *v * momentum - g * rate;
            }
        } else {
            for ((w, g), v) in pairs.zip(velocity) {
                *v = *v * momentum - g * rate;
                *w += *v;
            }
        }
    }
}
