//! RMSprop.
//!
//! ```text
//! v ← ρ · v + (1 - ρ) · g²
//! a ← ρ · a + (1 - ρ) · g                   when centered
//! s = η · g / √(v [- a²] + ε)
//! w ← w - s                                 without momentum
//! m ← μ · m + s,   w ← w - m                with momentum
//! ```
//!
//! Tieleman & Hinton (2012), lecture 6e; centered: Graves (2013), equations 38 to 41.

use super::settings::settings;
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};

/// RMSprop. Keras: `RMSprop`.
///
/// Keras's defaults: `rho` is 0.9, `momentum` 0 and `epsilon` 1e-7 (under the root), not centered.
///
/// ```
/// use kerust::optimizer::RMSprop;
///
/// let optimizer = RMSprop::new(0.001).rho(0.9).momentum(0.5);
/// ```
///
/// # Memory
/// One slot, one more with momentum, and one more if centered.
#[derive(Debug)]
pub struct RMSprop {
    settings: Settings,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    centered: bool,
}

impl RMSprop {
    /// Creates RMSprop with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            rho: 0.9,
            momentum: 0.0,
            epsilon: 1e-7,
            centered: false,
        }
    }

    /// Sets the decay of the averages.
    pub fn rho(mut self, rho: f64) -> Self {
        self.rho = rho;
        self
    }

    /// Sets the share of the last step that is added to the next one.
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets the constant that is added under the root.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets whether to divide by the variance of the gradient instead of its mean square.
    pub fn centered(mut self, centered: bool) -> Self {
        self.centered = centered;
        self
    }
}

impl Default for RMSprop {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(RMSprop);

impl Optimizer for RMSprop {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn slots(&self) -> &'static [&'static str] {
        match (self.momentum > 0.0, self.centered) {
            (false, false) => &["velocity"],
            (true, false) => &["velocity", "momentum"],
            (false, true) => &["velocity", "average_gradient"],
            (true, true) => &["velocity", "momentum", "average_gradient"],
        }
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let rates = Rates {
            rate: info.learning_rate,
            rho: self.rho as f32,
            // The difference is taken before rounding to `f32`, as in Keras.
            rest: (1.0 - self.rho) as f32,
            momentum: self.momentum as f32,
            epsilon: self.epsilon as f32,
        };
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        match (self.momentum > 0.0, self.centered) {
            (false, false) => {
                let [velocity] = piece.slots.take();
                for ((w, g), v) in pairs.zip(velocity) {
                    *w -= rates.plain(*g, v);
                }
            }
            (true, false) => {
                let [velocity, momentum] = piece.slots.take();
                for (((w, g), v), m) in pairs.zip(velocity).zip(momentum) {
                    *m = rates.momentum * *m + rates.plain(*g, v);
                    *w -= *m;
                }
            }
            (false, true) => {
                let [velocity, average] = piece.slots.take();
                for (((w, g), v), a) in pairs.zip(velocity).zip(average) {
                    *w -= rates.centered(*g, v, a);
                }
            }
            (true, true) => {
                let [velocity, momentum, average] = piece.slots.take();
                for ((((w, g), v), m), a) in pairs.zip(velocity).zip(momentum).zip(average) {
                    *m = rates.momentum * *m + rates.centered(*g, v, a);
                    *w -= *m;
                }
            }
        }
    }
}

struct Rates {
    rate: f32,
    rho: f32,
    rest: f32,
    momentum: f32,
    epsilon: f32,
}

impl Rates {
    #[inline(always)]
    fn plain(&self, g: f32, v: &mut f32) -> f32 {
        *v = self.rho * *v + self.rest * (g * g);
        self.rate * g / (*v + self.epsilon).sqrt()
    }

    #[inline(always)]
    fn centered(&self, g: f32, v: &mut f32, a: &mut f32) -> f32 {
        *v = self.rho * *v + self.rest * (g * g);
        *a = self.rho * *a + self.rest * g;
        self.rate * g / (*v - *a * *a + self.epsilon).sqrt()
    }
}
