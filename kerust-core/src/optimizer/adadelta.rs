//! Adadelta.
//!
//! ```text
//! a ← ρ · a + (1 - ρ) · g²
//! s = -√(d + ε) / √(a + ε) · g
//! d ← ρ · d + (1 - ρ) · s²
//! w ← w + η · s
//! ```
//!
//! Zeiler (2012), algorithm 1, with Keras's learning rate.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};

/// Adadelta. Keras: `Adadelta`.
///
/// Keras's defaults: `rho` is 0.95 and `epsilon` is 1e-7 (under the roots). The paper uses a learning rate of
/// 1.
///
/// ```
/// use kerust::optimizer::Adadelta;
///
/// let optimizer = Adadelta::new(1.0);
/// ```
///
/// # Memory
/// Two slots.
#[derive(Debug)]
pub struct Adadelta {
    settings: Settings,
    rho: f64,
    epsilon: f64,
}

impl Adadelta {
    /// Creates Adadelta with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            rho: 0.95,
            epsilon: 1e-7,
        }
    }
}

impl Default for Adadelta {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Adadelta);
options!(Adadelta {
    /// Sets the decay of the averages.
    rho: f64;
    /// Sets the constant that is added under the roots.
    epsilon: f64;
});

impl Optimizer for Adadelta {
    fn name(&self) -> &'static str {
        "adadelta"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["accumulated_grad", "accumulated_delta_var"]
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let (rate, epsilon) = (info.learning_rate, self.epsilon as f32);
        // The difference is taken before rounding to `f32`, as in Keras.
        let (rho, rest) = (self.rho as f32, (1.0 - self.rho) as f32);
        let [gradients, deltas] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        for (((w, g), a), d) in pairs.zip(gradients).zip(deltas) {
            *a = rho * *a + rest * (g * g);
            let step = -((*d + epsilon).sqrt() * g / (*a + epsilon).sqrt());
            *d = rho * *d + rest * (step * step);
            *w += rate * step;
        }
    }
}
