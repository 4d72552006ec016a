//! Models that carry states from one call to the next.

use super::{Heads, Model, Storage};
use crate::data::Data;
use crate::element::Elements;
use crate::memory::Memory;
use crate::tensor::Tensors;

/// A model with a layer that is `stateful`: a program holds the state, and each step begins where the last one
/// ended. `model!` implements it.
///
/// Keras keeps the state in the layer. Training and `predict` begin each sample with zeros.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Live: Input(1, 3) => LSTM(8, stateful = true) => Dense(2) }
///
/// let net = Live::new(Seed(1));
/// let mut state = Live::state();
/// for sample in [[0.1, 0.2, 0.3], [0.2, 0.3, 0.1]] {
///     let y = net.step(&[sample].into(), &mut state);
///     println!("{:?}", y.as_slice());
/// }
/// state.reset();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` carries no state",
    label = "`state` and `step` are of models with a recurrent layer that is `stateful = true`"
)]
pub trait Stateful: Model {
    /// The type of the memory of the states: `[u32; N]`.
    #[doc(hidden)]
    type States: Storage;
    /// The type of the memory of a step: `[u32; N]`.
    #[doc(hidden)]
    type Memory: Storage;

    /// Inference for one sample without the activation of the heads, from the states `before` to those `after`.
    #[doc(hidden)]
    fn step_logits(
        &self,
        input: <Self::Input as Elements>::Slices<'_>,
        before: &[f32],
        memory: &mut Memory<'_>,
        output: <Self::Heads as Elements>::SlicesMut<'_>,
        after: &mut [f32],
    );

    /// A state of zeros.
    fn state() -> State<Self>
    where
        Self: Sized,
    {
        State::new()
    }

    /// Computes the outputs for one sample, whose first step follows the last step of the call before. The results
    /// have the bits that one call with all steps gives.
    fn step(
        &self,
        x: &<Self::Input as Data>::Value,
        state: &mut State<Self>,
    ) -> <Self::Heads as Data>::Value
    where
        Self: Sized,
    {
        let mut output = Self::Heads::zeros();
        let [first, second] = &mut state.states;
        let (before, after) = match state.is_second {
            false => (first, second),
            true => (second, first),
        };
        self.step_logits(
            Self::Input::view(x),
            bytemuck::cast_slice(before.as_mut_slice()),
            &mut Memory::of_words(state.memory.as_mut_slice(), 1),
            Self::Heads::view_mut(&mut output),
            bytemuck::cast_slice_mut(after.as_mut_slice()),
        );
        state.is_second = !state.is_second;
        Self::Heads::activate(Self::Heads::view_mut(&mut output));
        output
    }
}

/// The states of a model between two steps, and all the memory that a step needs. See [`Stateful`].
pub struct State<M: Stateful> {
    /// The states before a step and those after it, in turn.
    states: [M::States; 2],
    memory: M::Memory,
    /// Whether the second ones are the last.
    is_second: bool,
}

impl<M: Stateful> State<M> {
    /// A state of zeros, which can be stored in a `static`.
    #[allow(
        clippy::new_without_default,
        reason = "`Default` would pass it over the stack"
    )]
    pub const fn new() -> Self {
        Self {
            states: [M::States::ZEROED, M::States::ZEROED],
            memory: M::Memory::ZEROED,
            is_second: false,
        }
    }

    /// Sets all states to zero: the next step is a first one.
    pub fn reset(&mut self) {
        for states in &mut self.states {
            states.as_mut_slice().fill(0);
        }
    }
}

/// The first `len` values and the rest; nothing if there are fewer.
#[doc(hidden)]
pub fn split(values: &[f32], len: usize) -> (&[f32], &[f32]) {
    values.split_at_checked(len).unwrap_or_default()
}

/// [`split`] of values to be written.
#[doc(hidden)]
pub fn split_mut(values: &mut [f32], len: usize) -> (&mut [f32], &mut [f32]) {
    values.split_at_mut_checked(len).unwrap_or_default()
}
