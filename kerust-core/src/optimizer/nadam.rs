//! Nadam.
//!
//! ```text
//! μₜ = β₁ (1 - ½ · 0.96ᵗ),   πₜ = μ₁ · μ₂ · .. · μₜ
//! m ← m + (g - m)(1 - β₁)
//! v ← v + (g² - v)(1 - β₂)
//! m̂ = μₜ₊₁ · m / (1 - πₜ₊₁) + (1 - μₜ) · g / (1 - πₜ)
//! w ← w - η · m̂ / (√(v / (1 - β₂ᵗ)) + ε)
//! ```
//!
//! Dozat (2015), algorithm 8, with Keras's schedule of the momentum.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};
use std::sync::{Mutex, PoisonError};

/// Adam with Nesterov momentum. Keras: `Nadam`.
///
/// Keras's defaults: `beta_1` is 0.9, `beta_2` 0.999 and `epsilon` 1e-7.
///
/// ```
/// use kerust::optimizer::Nadam;
///
/// let optimizer = Nadam::new(0.002);
/// ```
///
/// # Memory
/// Two slots.
#[derive(Debug)]
pub struct Nadam {
    settings: Settings,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    /// A step, counted from 1, and the product of the momenta up to that step. It depends only on the step,
    /// and is cached so that the next step needs only one more factor.
    product: Mutex<(u64, f32)>,
}

impl Nadam {
    /// Creates Nadam with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            product: Mutex::new((0, 1.0)),
        }
    }

    /// The product of the momenta up to step `time`, counted from 1.
    fn product(&self, time: u64) -> f32 {
        // A poisoned lock is no problem, because the pair is always written as a whole.
        let mut known = self.product.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 > time {
            *known = (0, 1.0);
        }
        let (mut step, mut product) = *known;
        // A smaller product makes no difference when it is subtracted from 1. Thus a resumed training does
        // not multiply a million factors.
        while step < time && product > 1e-9 {
            step += 1;
            product = product * self.beta_1 as f32 * (1.0 - 0.5 * libm::powf(0.96, step as f32));
        }
        *known = (time, product);
        product
    }
}

impl Default for Nadam {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Nadam);
options!(Nadam {
    /// Sets the decay of the average gradient, at least 0 and below 1.
    beta_1: f64;
    /// Sets the decay of the average squared gradient, at least 0 and below 1.
    beta_2: f64;
    /// Sets the constant that is added to the root of the average square.
    epsilon: f64;
});

impl Optimizer for Nadam {
    fn name(&self) -> &'static str {
        "nadam"
    }

    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let (rate, epsilon) = (info.learning_rate, self.epsilon as f32);
        let (beta_1, beta_2) = (self.beta_1 as f32, self.beta_2 as f32);
        let time = info.step + 1;
        let momentum = |time: u64| beta_1 * (1.0 - 0.5 * libm::powf(0.96, time as f32));
        let (now, next) = (momentum(time), momentum(time + 1));
        let product = self.product(time);
        let (by_momentum, by_gradient) = (1.0 - product * next, 1.0 - product);
        let correction = 1.0 - libm::powf(beta_2, time as f32);
        let [m, v] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        for (((w, g), m), v) in pairs.zip(m).zip(v) {
            *m += (g - *m) * (1.0 - beta_1);
            *v += (g * g - *v) * (1.0 - beta_2);
            let step = next * *m / by_momentum + (1.0 - now) * g / by_gradient;
            *w -= step * rate / ((*v / correction).sqrt() + epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_follows_from_the_step_alone() {
        let one_by_one = Nadam::default();
        let products: Vec<f32> = (1..=2000).map(|time| one_by_one.product(time)).collect();
        assert!(products[1999] < 1e-9);
        for time in [1, 17, 900, 2000, 3] {
            assert_eq!(Nadam::default().product(time), products[time as usize - 1]);
        }
        // Goes back to an earlier step, as after `resume`.
        assert_eq!(one_by_one.product(17), products[16]);
        assert_eq!(one_by_one.product(18), products[17]);
    }
}
