//! The settings that all optimizers have.

use super::LearningRate;

/// Learning rate, clipping and weight decay: what all optimizers have, and one of one's own holds.
///
/// ```
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
    /// What is not decayed: names of tensors, or paths, or parts of them.
    pub exclude_from_weight_decay: Vec<String>,
    /// Whether averages of the weights are kept, which take their place when a training ends.
    pub use_ema: bool,
    /// How much of an average stays in each step.
    pub ema_momentum: f64,
    /// After how many steps the averages take the place of the weights, again and again.
    pub ema_overwrite_frequency: Option<u64>,
    /// The steps whose gradients are averaged before the weights move.
    pub gradient_accumulation_steps: u64,
}

impl Settings {
    /// A learning rate or a schedule; no clipping, no weight decay, no averages of weights.
    pub fn new(learning_rate: impl Into<LearningRate>) -> Self {
        Self {
            learning_rate: learning_rate.into(),
            clip: Clip::None,
            weight_decay: None,
            exclude_from_weight_decay: Vec::new(),
            use_ema: false,
            ema_momentum: 0.99,
            ema_overwrite_frequency: None,
            gradient_accumulation_steps: 1,
        }
    }
}

/// How a gradient is clipped; set by `clipnorm`, `global_clipnorm` and `clipvalue` of an optimizer.
///
/// ```
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

        $crate::optimizer::settings::base!($optimizer, |self| self.settings);
    };
}

/// The builder methods that set what Keras's base class has.
macro_rules! base {
    ($optimizer:ty, |$self:ident| $settings:expr) => {
        impl $optimizer {
            /// Leaves tensors out of the weight decay: by their names (`bias`), by the path of a layer
            /// (`features.conv2d`) or of a tensor (`dense.bias`). A name that is none of the model's is refused
            /// by `compile`.
            pub fn exclude_from_weight_decay<S: Into<String>>(
                mut $self,
                names: impl IntoIterator<Item = S>,
            ) -> Self {
                $settings.exclude_from_weight_decay = names.into_iter().map(Into::into).collect();
                $self
            }

            /// Whether moving averages of the weights are kept, which take the place of the weights when
            /// `fit` ends (Keras's `use_ema`). They cost as much memory as one more slot.
            pub fn use_ema(mut $self, use_ema: bool) -> Self {
                $settings.use_ema = use_ema;
                $self
            }

            /// How much of a moving average stays in each step; 0.99 unless set.
            ///
            /// # Panics
            /// Unless `0 <= momentum <= 1`.
            pub fn ema_momentum(mut $self, momentum: f64) -> Self {
                assert!(
                    (0.0..=1.0).contains(&momentum),
                    "`ema_momentum` is {momentum}, expected a number from 0 to 1"
                );
                $settings.ema_momentum = momentum;
                $self
            }

            /// After how many steps the averages take the place of the weights, again and again; when `fit`
            /// ends they do so in any case.
            ///
            /// # Panics
            /// If it is 0.
            pub fn ema_overwrite_frequency(mut $self, steps: u64) -> Self {
                assert!(steps > 0, "`ema_overwrite_frequency` is 0, expected at least 1");
                $settings.ema_overwrite_frequency = Some(steps);
                $self
            }

            /// Averages the gradients of so many steps before the weights move. It costs as much memory as one
            /// more slot.
            ///
            /// # Panics
            /// If it is 0.
            pub fn gradient_accumulation_steps(mut $self, steps: u64) -> Self {
                assert!(steps > 0, "`gradient_accumulation_steps` is 0, expected at least 1");
                $settings.gradient_accumulation_steps = steps;
                $self
            }
        }
    };
}
pub(super) use base;

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
