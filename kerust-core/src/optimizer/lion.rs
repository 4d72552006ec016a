//! Lion.
//!
//! ```text
//! w ← w - η · sign(β₁ · m + (1 - β₁) · g)
//! m ← β₂ · m + (1 - β₂) · g
//! ```
//!
//! Chen et al. (2023), algorithm 2.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Moment, Optimizer, Piece, Settings};

/// Lion: steps by the sign of the momentum, all of one size. Keras: `Lion`.
///
/// Keras's defaults: `beta_1` 0.9, `beta_2` 0.99. It takes a learning rate 3 to 10 times smaller
/// than Adam's.
///
/// ```
/// use kerust::optimizer::Lion;
///
/// let optimizer = Lion::new(0.0002).weight_decay(0.01);
/// ```
///
/// # Cost
/// One slot.
#[derive(Debug)]
pub struct Lion {
    settings: Settings,
    beta_1: f64,
    beta_2: f64,
}

impl Lion {
    /// Lion with a learning rate (Keras's default is 0.001) or a schedule.
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
    /// How much of the direction of a step is that of the momentum, above 0 and at most 1.
    beta_1: f64;
    /// The decay of the momentum, at least 0 and below 1.
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

    fn update(&self, moment: Moment, piece: Piece<'_>) {
        let rate = moment.learning_rate;
        let (beta_1, beta_2) = (self.beta_1 as f32, self.beta_2 as f32);
        let [momentum] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        for ((w, g), m) in pairs.zip(momentum) {
            *w -= rate * sign(*m * beta_1 + g * (1.0 - beta_1));
            *m = *m * beta_2 + g * (1.0 - beta_2);
        }
    }
}

/// -1, 0 or 1: unlike `f32::signum`, 0 of 0.
fn sign(value: f32) -> f32 {
    if value == 0.0 { 0.0 } else { value.signum() }
}
