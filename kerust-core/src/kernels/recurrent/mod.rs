//! Recurrent layers: SimpleRNN, LSTM (Hochreiter & Schmidhuber 1997) and GRU (Cho et al. 2014).
//!
//! A step makes gates of an input and of the state, `z = x·W + b + h·U`, and a new state of the gates: that
//! is the [`Cell`]. What all of them share, the way through steps, masks, dropout and gradients, is
//! [`Recurrent`].
//!
//! # How it computes
//! The products of the inputs of all steps are one product of matrices before the loop; in it, each step
//! adds the product of the state. Both are one chain of additions for each gate, bias, inputs, state, so
//! that it does not matter how many steps are taken together. The recurrent kernel is copied once into
//! panels (`panels.rs`). Backward, a step passes the gradient of its gates on to the state before; the
//! gradients of the weights are one product over all steps of all samples at the end.
//!
//! A batch is divided over threads between samples, once, and all steps run inside (`../piece.rs`); the
//! gradients of the weights are divided over their columns. So the bits do not depend on the threads.
//!
//! # Masks
//! `mask` has 0 for each step that is left out: the state is carried on, and the output of the step before
//! is repeated (zeros where there was none), or is zero with `zero_output_for_mask`.

mod backward;
mod forward;
mod gru;
mod lstm;
mod panels;
mod simple_rnn;
mod step;
#[cfg(test)]
mod tests;

use crate::activation::Activation;
pub use backward::RecurrentGradients;
use core::ops::Range;
pub use gru::Gru;
pub use lstm::Lstm;
pub use simple_rnn::SimpleRnn;
pub use step::Cell;
pub(super) use step::multiply;

/// The sizes and the ways of a recurrent layer.
#[derive(Clone, Copy, Debug)]
pub struct Recurrent<C> {
    /// What a step does.
    pub cell: C,
    /// Steps of a sequence.
    pub steps: usize,
    /// Features of a step.
    pub inputs: usize,
    /// Values of a state.
    pub units: usize,
    /// The activation of the state.
    pub activation: Activation,
    /// The activation of the gates; SimpleRNN has none.
    pub recurrent_activation: Activation,
    /// Whether the last step comes first. Outputs stand in the order in which they are made.
    pub go_backwards: bool,
    /// Whether the output has a value for each step, or for the last one alone.
    pub return_sequences: bool,
    /// Whether the output of a masked step is zero, or that of the step before.
    pub zero_output_for_mask: bool,
}

/// What a pass is given beside the weights. Slices hold whole batches.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The sequences: (samples, steps, inputs).
    pub x: &'a [f32],
    /// 0 for each step that is left out: (samples, steps), or nothing.
    pub mask: &'a [u8],
    /// What dropout multiplies the inputs of all steps with: (samples, 1 or gates, inputs), or nothing.
    pub input_dropout: &'a [f32],
    /// What dropout multiplies the state with before its product, at every step: (samples, 1 or gates,
    /// units), or nothing. With several masks each gate has its own, as Keras has with
    /// `recurrent_dropout`.
    pub recurrent_dropout: &'a [f32],
}

impl<'a> Given<'a> {
    /// Sequences alone.
    pub const fn new(x: &'a [f32]) -> Self {
        Self {
            x,
            mask: &[],
            input_dropout: &[],
            recurrent_dropout: &[],
        }
    }
}

/// The weights of a recurrent layer, whose gates stand side by side in Keras's order.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentWeights<'a> {
    /// (inputs, gates · units)
    pub kernel: &'a [f32],
    /// (units, gates · units)
    pub recurrent_kernel: &'a [f32],
    /// (gates · units), twice for a GRU that resets after the product, or nothing.
    pub bias: &'a [f32],
}

/// The gradients of [`RecurrentWeights`], in their order.
pub type RecurrentGradient<'a> = [&'a mut [f32]; 3];

/// The states, (samples, units) each: a pass begins with what stands there, and leaves the last
/// ones. LSTM has two, h and c; the others have h and nothing.
///
/// Of a backward pass, the gradients: of the last states, and then of the first.
pub type States<'a> = [&'a mut [f32]; 2];

impl<C: Cell> Recurrent<C> {
    /// Values of scratch that inference needs for a sample.
    pub const fn scratch_len(&self) -> usize {
        (C::GATES + C::BESIDE) * self.units
    }

    /// Values that a forward pass of training saves for a sample.
    pub const fn saved_len(&self) -> usize {
        self.steps * (C::GATES + 1 + C::SAVED) * self.units
    }

    /// Values of scratch that the forward pass of training needs for a sample; `dropout` says whether
    /// there are masks of dropout.
    pub const fn training_scratch_len(&self, dropout: bool) -> usize {
        (C::GATES + 1) * self.units + self.dropped_len(dropout)
    }

    /// Values of scratch that the backward pass needs for a sample.
    pub const fn backward_scratch_len(&self, dropout: bool) -> usize {
        let gradients = self.steps * (C::GATES + C::BESIDE) * self.units;
        gradients + (C::GATES + 4) * self.units + self.dropped_len(dropout)
    }

    /// Values of a sample's inputs or states of all steps, dropped.
    const fn dropped_len(&self, dropout: bool) -> usize {
        let widest = if self.inputs > self.units {
            self.inputs
        } else {
            self.units
        };
        if dropout { self.steps * widest } else { 0 }
    }

    /// Columns of the kernels.
    const fn columns(&self) -> usize {
        C::GATES * self.units
    }

    /// Multiply-adds of a pass over so many samples.
    fn macs(&self, samples: usize) -> usize {
        samples * self.steps * (self.inputs + self.units) * self.columns()
    }

    /// How many samples states are of.
    fn samples(&self, states: &[f32]) -> usize {
        states.len().checked_div(self.units).unwrap_or(0)
    }

    /// The step of the sequence that comes in a place of the way.
    fn step_at(&self, place: usize) -> usize {
        if self.go_backwards {
            self.steps.saturating_sub(place + 1)
        } else {
            place
        }
    }

    /// Values of an output.
    const fn output_len(&self) -> usize {
        if self.return_sequences {
            self.steps * self.units
        } else {
            self.units
        }
    }

    /// Whether gates are saved as they are before their activation.
    const fn saves_inputs(&self) -> bool {
        self.activation.needs_input() || self.recurrent_activation.needs_input()
    }

    /// The ranges of columns that take part in products together, where the state has so many masks of
    /// dropout.
    fn groups(&self, masks: usize) -> impl Iterator<Item = Range<usize>> + use<C> {
        let units = self.units;
        let count = if masks > 1 { C::GATES } else { C::GROUPS.len() };
        (0..count).map(move |i| {
            let [first, end] = match C::GROUPS.get(i) {
                Some(group) if masks < 2 => *group,
                _ => [i, i + 1],
            };
            first * units..end * units
        })
    }

    /// Whether all slices have the lengths that the sizes ask for.
    fn fits(
        &self,
        samples: usize,
        given: &Given<'_>,
        weights: &RecurrentWeights<'_>,
        states: [usize; 2],
    ) -> bool {
        let columns = self.columns();
        let masks = |masks: &[f32], len| {
            [0, 1, C::GATES].contains(&count_of(masks, samples, len))
                && masks.len() == samples * len * count_of(masks, samples, len)
        };
        states[0] == samples * self.units
            && states[1] == (C::STATES - 1) * samples * self.units
            && given.x.len() == samples * self.steps * self.inputs
            && (given.mask.is_empty() || given.mask.len() == samples * self.steps)
            && masks(given.input_dropout, self.inputs)
            && masks(given.recurrent_dropout, self.units)
            && weights.kernel.len() == self.inputs * columns
            && weights.recurrent_kernel.len() == self.units * columns
            && (weights.bias.is_empty() || weights.bias.len() == self.cell.biases() * columns)
    }
}

/// How many masks of `len` values each sample has.
fn count_of(masks: &[f32], samples: usize, len: usize) -> usize {
    masks.len().checked_div(samples * len).unwrap_or(0)
}
