//! Adagrad.
//!
//! ```text
//! a ← a + g²
//! w ← w - η · g / √(a + ε)
//! ```
//!
//! Duchi et al. (2011), figure 1, with the initial accumulator of Keras.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};

/// Adagrad. Keras: `Adagrad`.
///
/// Keras's defaults: `initial_accumulator_value` is 0.1 and `epsilon` is 1e-7 (under the root).
///
/// ```
/// use kerust::optimizer::Adagrad;
///
/// let optimizer = Adagrad::new(0.01);
/// ```
///
/// # Memory
/// One slot.
#[derive(Debug)]
pub struct Adagrad {
    settings: Settings,
    initial_accumulator_value: f64,
    epsilon: f64,
}

impl Adagrad {
    /// Creates Adagrad with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            initial_accumulator_value: 0.1,
            epsilon: 1e-7,
        }
    }
}

impl Default for Adagrad {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Adagrad);
options!(Adagrad {
    /// Sets the sum of the squared gradients before the first step.
    initial_accumulator_value: f64;
    /// Sets the constant that is added under the root.
    epsilon: f64;
});

impl Optimizer for Adagrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    /// The slot holds the accumulator without its initial value, because slots start at 0.
    fn slots(&self) -> &'static [&'static str] {
        &["accumulator"]
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let rate = info.learning_rate;
        let initial = self.initial_accumulator_value as f32;
        let epsilon = self.epsilon as f32;
        let [accumulator] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        for ((w, g), a) in pairs.zip(accumulator) {
            *a += g * g;
            *w -= rate * g / (initial + *a + epsilon).sqrt();
        }
    }
}
