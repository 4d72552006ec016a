//! LAMB.
//!
//! ```text
//! m ← m + (g - m)(1 - β₁)
//! v ← v + (g² - v)(1 - β₂)
//! u = m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + ε)
//! w ← w - η · ‖w‖ / ‖u‖ · u
//! ```
//!
//! You et al. (2020), algorithm 2; the norms are those of a tensor.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Scope, Settings, StepInfo};

/// LAMB, for large batches: Adam with a step that is scaled by the norm of the tensor's weights. Keras:
/// `Lamb`.
///
/// Keras's defaults: `beta_1` is 0.9, `beta_2` 0.999 and `epsilon` 1e-7.
///
/// ```
/// use kerust::optimizer::Lamb;
///
/// let optimizer = Lamb::new(0.002).weight_decay(0.01).exclude_from_weight_decay(["bias"]);
/// ```
///
/// # Memory
/// Two slots.
#[derive(Debug)]
pub struct Lamb {
    settings: Settings,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
}

impl Lamb {
    /// Creates LAMB with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
        }
    }
}

impl Default for Lamb {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Lamb);
options!(Lamb {
    /// Sets the decay of the average gradient, at least 0 and below 1.
    beta_1: f64;
    /// Sets the decay of the average squared gradient, at least 0 and below 1.
    beta_2: f64;
    /// Sets the constant that is added to the root of the average square.
    epsilon: f64;
});

impl Optimizer for Lamb {
    fn name(&self) -> &'static str {
        "lamb"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    fn scope(&self) -> Scope {
        Scope::Tensor
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let time = (info.step + 1) as f32;
        let by_momentum = 1.0 - libm::powf(self.beta_1 as f32, time);
        let by_velocity = 1.0 - libm::powf(self.beta_2 as f32, time);
        // The difference is taken before rounding to `f32`, as in Keras.
        let (first, second) = ((1.0 - self.beta_1) as f32, (1.0 - self.beta_2) as f32);
        let epsilon = self.epsilon as f32;
        let [m, v] = piece.slots.take();
        let step = |m: f32, v: f32| m / by_momentum / ((v / by_velocity).sqrt() + epsilon);
        let (mut weights, mut steps) = (0.0f64, 0.0f64);
        let values = piece.weights.iter().zip(piece.gradient).zip(&mut *m);
        for (((w, g), m), v) in values.zip(&mut *v) {
            *m += (g - *m) * first;
            *v += (g * g - *v) * second;
            let step = f64::from(step(*m, *v));
            weights += f64::from(*w) * f64::from(*w);
            steps += step * step;
        }
        let ratio = match weights > 0.0 && steps > 0.0 {
            true => (weights.sqrt() / steps.sqrt()) as f32,
            false => 1.0,
        };
        let rate = ratio * info.learning_rate;
        for ((w, m), v) in piece.weights.iter_mut().zip(m).zip(v) {
            *w -= rate * step(*m, *v);
        }
    }
}
