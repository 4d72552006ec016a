//! Lion.
//!
//! ```text
//! w ← w - η · sign(β₁ · m + (1 - β₁) · g)
//! m ← β₂ · m + (1 - β₂) · g
//! ```
//!
//! Chen et al. (2023), algorithm 2.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};

/// Lion: every step uses only the sign of the momentum, so all steps have the same size. Keras: `Lion`.
///
/// Keras's defaults: `beta_1` is 0.9 and `beta_2` is 0.99. Use a learning rate 3 to 10 times smaller than for
/// Adam.
///
/// ```
/// use kerust::optimizer::Lion;
///
/// let optimizer = Lion::new(0.0002).weight_decay(0.01);
/// ```
///
/// # Memory
/// One slot.
#[derive(Debug)]
pub struct Lion {
    settings: Settings,
    beta_1: f64,
    beta_2: f64,
}

impl Lion {
    /// Creates Lion with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            beta_1: 0.9,
            beta_2: 0.99,
        }
    }
}

impl Default for Lion {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Lion);
options!(Lion {
    /// Sets the share of the momentum in the direction of a step, above 0 and at most 1.
    beta_1: f64;
    /// Sets the decay of the momentum, at least 0 and below 1.
    beta_2: f64;
});

impl Optimizer for Lion {
    fn name(&self) -> &'static str {
        "lion"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["momentum"]
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let rate = info.learning_rate;
        let (beta_1, beta_2) = (self.beta_1 as f32, self.beta_2 as f32);
        let [momentum] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        for ((w, g), m) in pairs.zip(momentum) {
            *w -= rate * sign(*m * beta_1 + g * (1.0 - beta_1));
            *m = *m * beta_2 + g * (1.0 - beta_2);
        }
    }
}

/// -1, 0 or 1. Unlike `f32::signum`, it returns 0 for 0.
fn sign(value: f32) -> f32 {
    if value == 0.0 { 0.0 } else { value.signum() }
}
