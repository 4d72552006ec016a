//! Optimizers and learning rate schedules.
//!
//! Pass an optimizer to `compile`: `Adam::new(0.001)`, `SGD::new(0.01).momentum(0.9)`, or `Adam::default()`
//! with Keras's learning rate. Instead of a number, the learning rate can be a [`Schedule`], such as
//! `Adam::new(CosineDecay::new(0.01, 400))`, or a closure that gets the step.
//!
//! A custom optimizer implements [`Optimizer`].
// The code that all optimizers share (trainable weights, clipping, weight decay, threads) is in `apply.rs`.

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod apply;
mod ftrl;
mod lamb;
mod lion;
mod muon;
mod nadam;
mod rmsprop;
mod schedule;
mod settings;
mod sgd;
mod slots;
mod tensors;
#[cfg(test)]
mod tests;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};
pub use adamax::Adamax;
pub(crate) use apply::Applied;
pub use ftrl::Ftrl;
pub use lamb::Lamb;
pub use lion::Lion;
pub use muon::Muon;
pub use nadam::Nadam;
pub use rmsprop::RMSprop;
pub use schedule::{
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, LearningRate,
    PiecewiseConstantDecay, PolynomialDecay, Schedule,
};
pub use settings::{Clip, Settings};
pub use sgd::SGD;
pub(crate) use tensors::gradient_range;
pub(crate) use tensors::trainable;

/// The maximum number of slots of an optimizer.
pub const MAX_SLOTS: usize = 4;

/// A rule that updates weights by their gradient.
///
/// The rule is elementwise unless [`scope`](Self::scope) says otherwise: the new value of a weight depends
/// only on its own value, gradient and slots, and on the step. The training loop calls
/// [`update`](Self::update) on parts of the trainable weights, from several threads. The result does not
/// depend on how they are divided. A rule that needs a whole tensor, such as that of [`Lamb`], has
/// [`Scope::Tensor`] and is called once for each tensor.
///
/// ```
/// use kerust::optimizer::{StepInfo, Optimizer, Piece, Settings};
///
/// /// `w ← w - learning_rate · sign(g)`: Bernstein et al. (2018), algorithm 1.
/// struct SignSgd(Settings);
///
/// impl Optimizer for SignSgd {
///     fn name(&self) -> &'static str {
///         "sign_sgd"
///     }
///
///     fn settings(&self) -> &Settings {
///         &self.0
///     }
///
///     fn settings_mut(&mut self) -> &mut Settings {
///         &mut self.0
///     }
///
///     fn update(&self, info: StepInfo, piece: Piece<'_>) {
///         for (w, g) in piece.weights.iter_mut().zip(piece.gradient) {
///             *w -= info.learning_rate * g.signum();
///         }
///     }
/// }
///
/// let _ = SignSgd(Settings::new(0.01));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimizer",
    label = "expected an optimizer",
    note = "`compile` takes an optimizer, a loss and metrics, in this order",
    note = "optimizers are `Adam::new(0.001)`, `SGD::new(0.01)`, `RMSprop::new(0.001)`, or `Adam::default()` with Keras's learning rate; not `\"adam\"`"
)]
pub trait Optimizer: Send + Sync {
    /// The name in files: `adam`.
    fn name(&self) -> &'static str;

    /// The names of the slots: the numbers that the optimizer stores for each weight between steps. Slots
    /// start at 0. There can be at most [`MAX_SLOTS`].
    fn slots(&self) -> &'static [&'static str] {
        &[]
    }

    /// The part of the weights that one call of [`update`](Self::update) gets.
    fn scope(&self) -> Scope {
        Scope::Elements
    }

    /// The number of values that the slot with the index `slot` holds for a tensor. It is the number of
    /// weights, unless a rule with [`Scope::Tensor`] needs fewer.
    fn slot_len(&self, _slot: usize, tensor: TensorInfo<'_>) -> usize {
        tensor.sizes.iter().product()
    }

    /// The weight decay of a tensor, for a rule with [`Scope::Tensor`]. By default it is that of the
    /// settings.
    fn weight_decay_of(&self, _tensor: TensorInfo<'_>) -> Option<f64> {
        self.settings().weight_decay
    }

    /// Learning rate, clipping and weight decay.
    fn settings(&self) -> &Settings;

    /// Learning rate, clipping and weight decay.
    fn settings_mut(&mut self) -> &mut Settings;

    /// Updates a part of the weights.
    fn update(&self, info: StepInfo, piece: Piece<'_>);
}

/// The part of the weights that an optimizer's [`update`](Optimizer::update) gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// Any part of the weights: the rule is elementwise.
    #[default]
    Elements,
    /// A whole tensor.
    Tensor,
}

/// A tensor of weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TensorInfo<'a> {
    /// Its path in the model: `features.conv2d.kernel`.
    pub name: &'a str,
    /// Its sizes.
    pub sizes: &'a [usize],
}

/// The current step of an optimizer; see the example of [`Optimizer`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct StepInfo {
    /// The number of earlier steps. With gradient accumulation, only steps that updated the weights count.
    pub step: u64,
    /// The learning rate of this step.
    pub learning_rate: f32,
}

/// A part of the weights, with their gradient and slots. All slices have the same length, except for slots
/// that [`Optimizer::slot_len`] makes shorter. See the example of [`Optimizer`].
pub struct Piece<'a> {
    /// The weights, to be updated.
    pub weights: &'a mut [f32],
    /// Their gradient, after clipping.
    pub gradient: &'a [f32],
    /// Their slots.
    pub slots: Slots<'a>,
    /// The tensor, if the rule has a [`Scope::Tensor`].
    pub tensor: Option<TensorInfo<'a>>,
}

/// The slots of a part of the weights; see [`take`](Self::take).
pub struct Slots<'a> {
    buffers: [&'a mut [f32]; MAX_SLOTS],
}

impl<'a> Slots<'a> {
    /// Returns the first `N` slots, in the order of [`Optimizer::slots`]: `let [m, v] = slots.take();`
    ///
    /// # Panics
    /// Panics when `N` exceeds [`MAX_SLOTS`].
    pub fn take<const N: usize>(self) -> [&'a mut [f32]; N] {
        let mut buffers = self.buffers.into_iter();
        std::array::from_fn(|_| buffers.next().expect("`N` is at most `MAX_SLOTS`"))
    }

    fn split_at(self, middle: usize) -> (Self, Self) {
        let (mut low, mut high) = (Self::none(), Self::none());
        for (place, buffer) in self.buffers.into_iter().enumerate() {
            if !buffer.is_empty() {
                (low.buffers[place], high.buffers[place]) = buffer.split_at_mut(middle);
            }
        }
        (low, high)
    }

    fn none() -> Self {
        Self {
            buffers: std::array::from_fn(|_| &mut [][..]),
        }
    }
}
