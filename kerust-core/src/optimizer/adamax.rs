//! Adamax.
//!
//! ```text
//! m ← m + (g - m)(1 - β₁)
//! u ← max(β₂ · u, |g|)
//! w ← w - η · m / ((1 - β₁ᵗ)(u + ε))
//! ```
//!
//! Kingma & Ba (2015), algorithm 2, with Keras's ε.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};

/// Adamax: a variant of Adam that uses the largest gradient instead of the mean square. Keras: `Adamax`.
///
/// Keras's defaults: `beta_1` is 0.9, `beta_2` 0.999 and `epsilon` 1e-7.
///
/// ```
/// use kerust::optimizer::Adamax;
///
/// let optimizer = Adamax::new(0.002);
/// ```
///
/// # Memory
/// Two slots.
#[derive(Debug)]
pub struct Adamax {
    settings: Settings,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Adamax {
    /// Creates Adamax with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
        }
    }
}

impl Default for Adamax {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Adamax);
options!(Adamax {
    /// Sets the decay of the average gradient, at least 0 and below 1.
    beta_1: f64;
    /// Sets the decay of the largest gradient, at least 0 and below 1.
    beta_2: f64;
    /// Sets the constant that is added to the largest gradient.
    epsilon: f64;
});

impl Optimizer for Adamax {
    fn name(&self) -> &'static str {
        "adamax"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "norm"]
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let (rate, epsilon) = (info.learning_rate, self.epsilon as f32);
        let rest = (1.0 - self.beta_1) as f32;
        let beta_2 = self.beta_2 as f32;
        let correction = 1.0 - libm::powf(self.beta_1 as f32, (info.step + 1) as f32);
        let [m, u] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        for (((w, g), m), u) in pairs.zip(m).zip(u) {
            *m += (g - *m) * rest;
            *u = (beta_2 * *u).max(g.abs());
            *w -= rate * *m / (correction * (*u + epsilon));
        }
    }
}
