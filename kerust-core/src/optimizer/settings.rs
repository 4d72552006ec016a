//! What every optimizer is set by.

use super::LearningRate;

/// Learning rate, clipping and weight decay.
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

/// How a gradient is clipped.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub enum Clip {
    /// Not at all.
    #[default]
    None,
    /// Each tensor by itself, so that its norm is at most this.
    Norm(f64),
    /// All tensors by one factor, so that their common norm is at most this: Pascanu et al.
    /// (2013), algorithm 1.
    GlobalNorm(f64),
    /// Each value, to between minus this and this.
    Value(f64),
}

impl Clip {
    /// As Keras, takes a limit that is not above 0 for none.
    pub(super) fn in_force(self) -> Self {
        match self {
            Self::Norm(limit) | Self::GlobalNorm(limit) | Self::Value(limit) if limit > 0.0 => self,
            _ => Self::None,
        }
    }
}

/// The builder methods that all optimizers share.
macro_rules! settings {
    ($optimizer:ty) => {
        impl $optimizer {
            /// Clips each tensor's gradient to this norm. Of the three ways to clip, the one
            /// named last holds.
            pub fn clipnorm(mut self, norm: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::Norm(norm);
                self
            }

            /// Clips the whole gradient to this norm. Of the three ways to clip, the one named
            /// last holds.
            pub fn global_clipnorm(mut self, norm: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::GlobalNorm(norm);
                self
            }

            /// Clips each value of the gradient to `±value`. Of the three ways to clip, the one
            /// named last holds.
            pub fn clipvalue(mut self, value: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::Value(value);
                self
            }

            /// Takes `weight_decay · learning_rate` of each weight away before each step.
            pub fn weight_decay(mut self, weight_decay: f64) -> Self {
                self.settings.weight_decay = Some(weight_decay);
                self
            }
        }
    };
}
pub(super) use settings;
