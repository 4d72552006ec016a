//! Adam and AdamW.
//!
//! Kingma & Ba (2015), algorithm 1, with the bias correction in the step size as in their section
//! 2, and ε added to the uncorrected root; AMSGrad is Reddi et al. (2018), algorithm 2.
//!
//! ```text
//! α = η · √(1 - β₂ᵗ) / (1 - β₁ᵗ)
//! m ← m + (g - m)(1 - β₁)
//! v ← v + (g² - v)(1 - β₂)
//! w ← w - m · α / (√v + ε)        AMSGrad: v̂ ← max(v̂, v) in place of v
//! ```

use super::settings::settings;
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};
use crate::kernels::vectorized;

/// Adam. Keras: `Adam`.
///
/// Keras's defaults: `beta_1` is 0.9, `beta_2` 0.999 and `epsilon` 1e-7.
///
/// ```
/// use kerust::optimizer::{Adam, CosineDecay};
///
/// let optimizer = Adam::new(0.001);
/// let scheduled = Adam::new(CosineDecay::new(0.01, 400)).beta_1(0.8).clipnorm(1.0);
/// ```
///
/// # Memory
/// Two slots, or three with AMSGrad. Each slot holds as many values as there are trainable weights.
#[derive(Debug)]
pub struct Adam {
    settings: Settings,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    amsgrad: bool,
}

impl Adam {
    /// Creates Adam with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            beta_1: 0.9,
            beta_2: 0.999,
            epsilon: 1e-7,
            amsgrad: false,
        }
    }

    /// Sets the decay of the average gradient, at least 0 and below 1.
    pub fn beta_1(mut self, beta_1: f64) -> Self {
        self.beta_1 = beta_1;
        self
    }

    /// Sets the decay of the average squared gradient, at least 0 and below 1.
    pub fn beta_2(mut self, beta_2: f64) -> Self {
        self.beta_2 = beta_2;
        self
    }

    /// Sets the constant that is added to the root of the average square.
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets whether to divide by the root of the largest average square so far.
    pub fn amsgrad(mut self, amsgrad: bool) -> Self {
        self.amsgrad = amsgrad;
        self
    }
}

impl Default for Adam {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Adam);

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn slots(&self) -> &'static [&'static str] {
        if self.amsgrad {
            &["momentum", "velocity", "velocity_hat"]
        } else {
            &["momentum", "velocity"]
        }
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let time = (info.step + 1) as f32;
        let power_1 = libm::powf(self.beta_1 as f32, time);
        let power_2 = libm::powf(self.beta_2 as f32, time);
        let rates = Rates {
            alpha: info.learning_rate * libm::sqrtf(1.0 - power_2) / (1.0 - power_1),
            // The difference is taken before rounding to `f32`, as in Keras.
            first: (1.0 - self.beta_1) as f32,
            second: (1.0 - self.beta_2) as f32,
            epsilon: self.epsilon as f32,
        };
        if self.amsgrad {
            let [m, v, peak] = piece.slots.take();
            rates.amsgrad(piece.weights, piece.gradient, m, v, peak);
        } else {
            let [m, v] = piece.slots.take();
            rates.adam(piece.weights, piece.gradient, m, v);
        }
    }
}

struct Rates {
    alpha: f32,
    first: f32,
    second: f32,
    epsilon: f32,
}

impl Rates {
    fn adam(&self, weights: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32]) {
        vectorized(
            #[inline(always)]
            || {
                let values = weights.iter_mut().zip(gradient).zip(m).zip(v);
                for (((w, g), m), v) in values {
                    *m += (g - *m) * self.first;
                    *v += (g * g - *v) * self.second;
                    *w -= *m * self.alpha / (v.sqrt() + self.epsilon);
                }
            },
        );
    }

    fn amsgrad(
        &self,
        weights: &mut [f32],
        gradient: &[f32],
        m: &mut [f32],
        v: &mut [f32],
        peak: &mut [f32],
    ) {
        vectorized(
            #[inline(always)]
            || {
                let values = weights.iter_mut().zip(gradient).zip(m).zip(v).zip(peak);
                for ((((w, g), m), v), peak) in values {
                    *m += (g - *m) * self.first;
                    *v += (g * g - *v) * self.second;
                    *peak = peak.max(*v);
                    *w -= *m * self.alpha / (peak.sqrt() + self.epsilon);
                }
            },
        );
    }
}

/// Adam with decoupled weight decay, 0.004 by default: Loshchilov & Hutter (2019), algorithm 2. Keras:
/// `AdamW`.
///
/// ```
/// use kerust::optimizer::AdamW;
///
/// let optimizer = AdamW::new(0.001).weight_decay(0.01);
/// ```
///
/// # Memory
/// The same as [`Adam`].
#[derive(Debug)]
pub struct AdamW(Adam);

impl AdamW {
    /// Creates AdamW with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self(Adam::new(learning_rate).weight_decay(0.004))
    }
}

impl Default for AdamW {
    fn default() -> Self {
        Self::new(0.001)
    }
}

macro_rules! as_adam {
    ($($(#[$doc:meta])* $name:ident: $kind:ty;)+) => {
        impl AdamW {$(
            $(#[$doc])*
            pub fn $name(self, value: $kind) -> Self {
                Self(self.0.$name(value))
            }
        )+}
    };
}
as_adam! {
    /// See [`Adam::beta_1`].
    beta_1: f64;
    /// See [`Adam::beta_2`].
    beta_2: f64;
    /// See [`Adam::epsilon`].
    epsilon: f64;
    /// See [`Adam::amsgrad`].
    amsgrad: bool;
    /// See [`Adam::clipnorm`].
    clipnorm: f64;
    /// See [`Adam::global_clipnorm`].
    global_clipnorm: f64;
    /// See [`Adam::clipvalue`].
    clipvalue: f64;
    /// See [`Adam::weight_decay`].
    weight_decay: f64;
}

super::settings::base!(AdamW, |self| self.0.settings);

impl Optimizer for AdamW {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn slots(&self) -> &'static [&'static str] {
        self.0.slots()
    }

    fn settings(&self) -> &Settings {
        self.0.settings()
    }

    fn settings_mut(&mut self) -> &mut Settings {
        self.0.settings_mut()
    }

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        self.0.update(info, piece);
    }
}
