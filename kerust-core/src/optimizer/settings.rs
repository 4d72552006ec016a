//! The settings that all optimizers have.

use super::LearningRate;

/// Learning rate, clipping and weight decay: what all optimizers have, and one of one's own holds.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::optimizer::{Clip, Settings};
///
/// let settings = Settings::new(0.01);
/// assert_eq!(settings.clip, Clip::None);
/// ```
#[derive(Debug)]
pub struct Settings {
    /// The learning rate.
    pub learning_rate: LearningRate,
    /// How the gradient is clipped.
    pub clip: Clip,
    /// `w ← w - w · weight_decay · learning_rate` before each step: Loshchilov & Hutter (2019),
    /// in Keras's form.
    pub weight_decay: Option<f64>,
}

impl Settings {
    /// A learning rate or a schedule; no clipping, no weight decay.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            learning_rate: learning_rate.into(),
            clip: Clip::None,
            weight_decay: None,
        }
    }
}

/// How a gradient is clipped; set by `clipnorm`, `global_clipnorm` and `clipvalue` of an optimizer.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::optimizer::{Clip, Optimizer, SGD};
///
/// let optimizer = SGD::new(0.01).clipvalue(0.5);
/// assert_eq!(optimizer.settings().clip, Clip::Value(0.5));
/// ```
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub enum Clip {
    /// It is not.
    #[default]
    None,
    /// Each tensor by itself, so that its norm is at most this.
    Norm(f64),
    /// All tensors by one factor, so that their common norm is at most this: Pascanu et al.
    /// (2013), algorithm 1.
    GlobalNorm(f64),
    /// Each value, to the range from minus this to this.
    Value(f64),
}

impl Clip {
    /// As in Keras, a limit that is not above 0 does not clip.
    pub(super) fn in_force(self) -> Self {
        match self {
            Self::Norm(limit) | Self::GlobalNorm(limit) | Self::Value(limit) if limit > 0.0 => self,
            _ => Self::None,
        }
    }
}

/// The builder methods that all optimizers have.
macro_rules! settings {
    ($optimizer:ty) => {
        impl $optimizer {
            /// Clips the gradient of each tensor to this norm. Of the three ways to clip, the
            /// one that is set last counts.
            pub fn clipnorm(mut self, norm: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::Norm(norm);
                self
            }

            /// Clips the whole gradient to this norm. Of the three ways to clip, the one
            /// that is set last counts.
            pub fn global_clipnorm(mut self, norm: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::GlobalNorm(norm);
                self
            }

            /// Clips each value of the gradient to `±value`. Of the three ways to clip, the one
            /// that is set last counts.
            pub fn clipvalue(mut self, value: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::Value(value);
                self
            }

            /// Subtracts `weight_decay · learning_rate` times each weight from it before each step.
            pub fn weight_decay(mut self, weight_decay: f64) -> Self {
                self.settings.weight_decay = Some(weight_decay);
                self
            }
        }
    };
}

/// The builder methods that set a number or a switch of an optimizer's own.
macro_rules! options {
    ($optimizer:ty { $($(#[$doc:meta])* $name:ident: $kind:ty;)+ }) => {
        impl $optimizer {$(
            $(#[$doc])*
            pub fn $name(mut self, $name: $kind) -> Self {
                self.$name = $name;
                self
            }
        )+}
    };
}

/// What [`Optimizer`](super::Optimizer) asks of an optimizer with the field `settings`.
macro_rules! has_settings {
    () => {
        fn settings(&self) -> &$crate::optimizer::Settings {
            &self.settings
        }

        fn settings_mut(&mut self) -> &mut $crate::optimizer::Settings {
            &mut self.settings
        }
    };
}
pub(super) use {has_settings, options, settings};
