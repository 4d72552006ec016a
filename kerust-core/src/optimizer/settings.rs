//! The settings that all optimizers have.

use super::LearningRate;

/// The settings that all optimizers have, such as learning rate, clipping and weight decay. A custom
/// optimizer stores them too.
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
    /// The tensors without weight decay: names of tensors, paths, or parts of paths.
    pub exclude_from_weight_decay: Vec<String>,
    /// Whether to keep averages of the weights, which replace the weights when training ends.
    pub use_ema: bool,
    /// The decay of the averages.
    pub ema_momentum: f64,
    /// The number of steps after which the averages replace the weights, each time.
    pub ema_overwrite_frequency: Option<u64>,
    /// The number of steps over which gradients are averaged before the weights are updated.
    pub gradient_accumulation_steps: u64,
}

impl Settings {
    /// Creates settings with a learning rate or a schedule, and without clipping, weight decay and averages.
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
    /// No clipping.
    #[default]
    None,
    /// Each tensor is clipped to this norm.
    Norm(f64),
    /// The whole gradient is clipped to this norm by one common factor: Pascanu et al. (2013), algorithm 1.
    GlobalNorm(f64),
    /// Each value is clipped to the range from minus this to this.
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
            /// Clips the gradient of each tensor to this norm. If several kinds of clipping are set, the last
            /// one applies.
            pub fn clipnorm(mut self, norm: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::Norm(norm);
                self
            }

            /// Clips the whole gradient to this norm. If several kinds of clipping are set, the last one
            /// applies.
            pub fn global_clipnorm(mut self, norm: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::GlobalNorm(norm);
                self
            }

            /// Clips each value of the gradient to `±value`. If several kinds of clipping are set, the last
            /// one applies.
            pub fn clipvalue(mut self, value: f64) -> Self {
                self.settings.clip = $crate::optimizer::Clip::Value(value);
                self
            }

            /// Sets the weight decay: each step first subtracts `weight_decay · learning_rate` times the
            /// weight.
            pub fn weight_decay(mut self, weight_decay: f64) -> Self {
                self.settings.weight_decay = Some(weight_decay);
                self
            }
        }

        $crate::optimizer::settings::base!($optimizer, |self| self.settings);
    };
}

/// The builder methods for the settings of Keras's base class.
macro_rules! base {
    ($optimizer:ty, |$self:ident| $settings:expr) => {
        impl $optimizer {
            /// Excludes tensors from the weight decay: by their names (`bias`), or by the path of a layer
            /// (`features.conv2d`) or of a tensor (`dense.bias`). `compile` rejects a name that does not
            /// occur in the model.
            pub fn exclude_from_weight_decay<S: Into<String>>(
                mut $self,
                names: impl IntoIterator<Item = S>,
            ) -> Self {
                $settings.exclude_from_weight_decay = names.into_iter().map(Into::into).collect();
                $self
            }

            /// Sets whether to keep moving averages of the weights, which replace the weights when `fit` ends
            /// (Keras's `use_ema`). They take as much memory as one more slot.
            pub fn use_ema(mut $self, use_ema: bool) -> Self {
                $settings.use_ema = use_ema;
                $self
            }

            /// Sets the decay of the moving averages; 0.99 by default.
            ///
            /// # Panics
            /// Panics unless `0 <= momentum <= 1`.
            pub fn ema_momentum(mut $self, momentum: f64) -> Self {
                assert!(
                    (0.0..=1.0).contains(&momentum),
                    "`ema_momentum` is {momentum}, expected a number from 0 to 1"
                );
                $settings.ema_momentum = momentum;
                $self
            }

            /// Sets the number of steps after which the averages replace the weights, each time. They always
            /// replace the weights when `fit` ends.
            ///
            /// # Panics
            /// Panics if it is 0.
            pub fn ema_overwrite_frequency(mut $self, steps: u64) -> Self {
                assert!(steps > 0, "`ema_overwrite_frequency` is 0, expected at least 1");
                $settings.ema_overwrite_frequency = Some(steps);
                $self
            }

            /// Sets the number of steps over which gradients are averaged before the weights are updated. It
            /// takes as much memory as one more slot.
            ///
            /// # Panics
            /// Panics if it is 0.
            pub fn gradient_accumulation_steps(mut $self, steps: u64) -> Self {
                assert!(steps > 0, "`gradient_accumulation_steps` is 0, expected at least 1");
                $settings.gradient_accumulation_steps = steps;
                $self
            }
        }
    };
}
pub(super) use base;

/// The builder methods for the optimizer's own numbers and switches.
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

/// The methods of [`Optimizer`](super::Optimizer) for an optimizer with the field `settings`.
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
