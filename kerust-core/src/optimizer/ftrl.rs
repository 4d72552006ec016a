//! Follow the regularized leader.
//!
//! ```text
//! h = g + 2 · l2_shrinkage · w
//! n' = n + g²
//! z ← z + h - (n'^-p - n^-p) / η · w
//! q = n'^-p / η + 2 · (l2 + β / 2η)
//! w ← (clamp(z, -l1, l1) - z) / q,   n ← n'
//! ```
//!
//! McMahan et al. (2013), algorithm 1, in Keras's form; `p` is `learning_rate_power`.

use super::settings::{has_settings, options, settings};
use super::{LearningRate, Optimizer, Piece, Settings, StepInfo};

/// Follow the regularized leader. Keras: `Ftrl`.
///
/// Keras's defaults: `learning_rate_power` is -0.5, `initial_accumulator_value` 0.1 and `beta` 0, with no
/// regularization.
///
/// ```
/// use kerust::optimizer::Ftrl;
///
/// let optimizer = Ftrl::new(0.01).l1_regularization_strength(0.001);
/// ```
///
/// # Memory
/// Two slots.
#[derive(Debug)]
pub struct Ftrl {
    settings: Settings,
    learning_rate_power: f64,
    initial_accumulator_value: f64,
    l1_regularization_strength: f64,
    l2_regularization_strength: f64,
    l2_shrinkage_regularization_strength: f64,
    beta: f64,
}

impl Ftrl {
    /// Creates Ftrl with a learning rate (Keras's default is 0.001) or a schedule.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            settings: Settings::new(learning_rate),
            learning_rate_power: -0.5,
            initial_accumulator_value: 0.1,
            l1_regularization_strength: 0.0,
            l2_regularization_strength: 0.0,
            l2_shrinkage_regularization_strength: 0.0,
            beta: 0.0,
        }
    }
}

impl Default for Ftrl {
    fn default() -> Self {
        Self::new(0.001)
    }
}

settings!(Ftrl);

macro_rules! checked {
    ($($(#[$doc:meta])* $name:ident, $range:literal: $fits:expr;)+) => {
        impl Ftrl {$(
            $(#[$doc])*
            ///
            /// # Panics
            #[doc = concat!("Panics unless it is ", $range, ", as in Keras.")]
            #[track_caller]
            pub fn $name(mut self, $name: f64) -> Self {
                let fits: fn(f64) -> bool = $fits;
                assert!(
                    fits($name),
                    concat!("`", stringify!($name), "` is {}, expected a number ", $range),
                    $name
                );
                self.$name = $name;
                self
            }
        )+}
    };
}
checked! {
    /// Sets the power with which the learning rate decreases.
    learning_rate_power, "up to 0": |power| power <= 0.0;
    /// Sets the sum of the squared gradients before the first step.
    initial_accumulator_value, "from 0": |value| value >= 0.0;
    /// Sets the strength of the L1 penalty.
    l1_regularization_strength, "from 0": |value| value >= 0.0;
    /// Sets the strength of the L2 penalty, which stabilizes the weights.
    l2_regularization_strength, "from 0": |value| value >= 0.0;
    /// Sets the strength of the L2 penalty that is added to the gradient, as if it were part of the loss.
    l2_shrinkage_regularization_strength, "from 0": |value| value >= 0.0;
}
options!(Ftrl {
    /// Sets the β of the paper. A larger value makes the first steps smaller.
    beta: f64;
});

impl Optimizer for Ftrl {
    fn name(&self) -> &'static str {
        "ftrl"
    }

    /// The slot holds the accumulator without its initial value, because slots start at 0.
    fn slots(&self) -> &'static [&'static str] {
        &["accumulator", "linear"]
    }

    has_settings!();

    fn update(&self, info: StepInfo, piece: Piece<'_>) {
        let rate = info.learning_rate;
        let initial = self.initial_accumulator_value as f32;
        let exponent = -self.learning_rate_power as f32;
        let power = |value: f32| match exponent {
            0.5 => value.sqrt(),
            _ => libm::powf(value, exponent),
        };
        let l1 = self.l1_regularization_strength as f32;
        let l2 = self.l2_regularization_strength as f32 + self.beta as f32 / (2.0 * rate);
        let shrinkage = (2.0 * self.l2_shrinkage_regularization_strength) as f32;
        let [accumulator, linear] = piece.slots.take();
        let pairs = piece.weights.iter_mut().zip(piece.gradient);
        for (((w, g), n), z) in pairs.zip(accumulator).zip(linear) {
            let before = power(initial + *n);
            *n += g * g;
            let after = power(initial + *n);
            *z += (g + shrinkage * *w) - (after - before) / rate * *w;
            *w = (z.clamp(-l1, l1) - *z) / (after / rate + 2.0 * l2);
        }
    }
}
