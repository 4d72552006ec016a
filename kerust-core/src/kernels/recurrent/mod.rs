//! Recurrent layers: SimpleRNN, LSTM (Hochreiter & Schmidhuber 1997) and GRU (Cho et al. 2014).
//!
//! A step computes gates from an input and the state, `z = x·W + b + h·U`, and a new state from the gates:
//! that is the [`Cell`]. The rest is shared in [`Recurrent`]: the loop over the steps, masks, dropout and
//! gradients.
//!
//! # How it computes
//! The input products of all steps are one matrix product before the loop. In the loop, each step adds the
//! product of the state. Each gate is one chain of additions (bias, inputs, state), so the result does not
//! depend on how many steps are computed together. The recurrent kernel is copied once into panels
//! (`panels.rs`). In the backward pass, a step passes the gradient of its gates on to the earlier state. The
//! gradients of the weights are one product over all steps of all samples at the end.
//!
//! A batch is divided over threads by samples once, and each thread runs all steps (`../piece.rs`). The
//! gradients of the weights are divided over their columns. So the result does not depend on the threads.
//!
//! # Masks
//! `mask` has 0 for each masked step: the state is kept, and the output of the step before is repeated (zeros
//! if there was none), or is zero with `zero_output_for_mask`.

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

/// The sizes and settings of a recurrent layer.
#[derive(Clone, Copy, Debug)]
pub struct Recurrent<C> {
    /// The computation of a step.
    pub cell: C,
    /// The number of steps of a sequence.
    pub steps: usize,
    /// The number of features of a step.
    pub inputs: usize,
    /// The number of values in a state.
    pub units: usize,
    /// The activation of the state.
    pub activation: Activation,
    /// The activation of the gates. SimpleRNN has none.
    pub recurrent_activation: Activation,
    /// Whether the last step is processed first. Outputs are in the order in which they are computed.
    pub go_backwards: bool,
    /// Whether the output has a value for each step, or only for the last one.
    pub return_sequences: bool,
    /// Whether the output of a masked step is zero, or that of the step before.
    pub zero_output_for_mask: bool,
}

/// The arguments of a pass other than the weights. Slices hold whole batches.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The sequences: (samples, steps, inputs).
    pub x: &'a [f32],
    /// The mask, with 0 for each masked step: (samples, steps), or empty.
    pub mask: &'a [u8],
    /// The dropout factors of the inputs of all steps: (samples, 1 or gates, inputs), or empty.
    pub input_dropout: &'a [f32],
    /// The dropout factors of the state before its product, at every step: (samples, 1 or gates, units), or
    /// empty. There can be one mask for each gate, as Keras has with `recurrent_dropout`.
    pub recurrent_dropout: &'a [f32],
}

impl<'a> Given<'a> {
    /// Only sequences.
    pub const fn new(x: &'a [f32]) -> Self {
        Self {
            x,
            mask: &[],
            input_dropout: &[],
            recurrent_dropout: &[],
        }
    }
}

/// The weights of a recurrent layer. The gates are next to each other in Keras's order.
#[derive(Clone, Copy, Debug)]
pub struct RecurrentWeights<'a> {
    /// (inputs, gates · units)
    pub kernel: &'a [f32],
    /// (units, gates · units)
    pub recurrent_kernel: &'a [f32],
    /// (gates · units), twice as much for a GRU that resets after the product, or empty.
    pub bias: &'a [f32],
}

/// The gradients of [`RecurrentWeights`], in the same order.
pub type RecurrentGradient<'a> = [&'a mut [f32]; 3];

/// The states, (samples, units) each: a pass starts with these values, and replaces them by the last states.
/// LSTM has two, h and c; the others have h and an empty slice.
///
/// In a backward pass they are gradients: those of the last states, which are replaced by those of the first
/// states.
pub type States<'a> = [&'a mut [f32]; 2];

impl<C: Cell> Recurrent<C> {
    /// The number of scratch values for each sample in inference.
    pub const fn scratch_len(&self) -> usize {
        (C::GATES + C::BESIDE) * self.units
    }

    /// The number of values that the forward pass of training saves for each sample.
    pub const fn saved_len(&self) -> usize {
        self.steps * (C::GATES + 1 + C::SAVED) * self.units
    }

    /// The number of scratch values for each sample in the forward pass of training. `dropout` says whether
    /// there are dropout masks.
    pub const fn training_scratch_len(&self, dropout: bool) -> usize {
        (C::GATES + 1) * self.units + self.dropped_len(dropout)
    }

    /// The number of scratch values for each sample in the backward pass.
    pub const fn backward_scratch_len(&self, dropout: bool) -> usize {
        let gradients = self.steps * (C::GATES + C::BESIDE) * self.units;
        gradients + (C::GATES + 4) * self.units + self.dropped_len(dropout)
    }

    /// The number of values of a sample's inputs or states after dropout, for all steps.
    const fn dropped_len(&self, dropout: bool) -> usize {
        let widest = if self.inputs > self.units {
            self.inputs
        } else {
            self.units
        };
        if dropout { self.steps * widest } else { 0 }
    }

    /// The number of columns of the kernels.
    const fn columns(&self) -> usize {
        C::GATES * self.units
    }

    /// Multiply-adds of a pass over this number of samples.
    fn macs(&self, samples: usize) -> usize {
        samples * self.steps * (self.inputs + self.units) * self.columns()
    }

    /// The number of samples in the states.
    fn samples(&self, states: &[f32]) -> usize {
        states.len().checked_div(self.units).unwrap_or(0)
    }

    /// The step of the sequence that is processed at `place`.
    fn step_at(&self, place: usize) -> usize {
        if self.go_backwards {
            self.steps.saturating_sub(place + 1)
        } else {
            place
        }
    }

    /// The number of values in an output.
    const fn output_len(&self) -> usize {
        if self.return_sequences {
            self.steps * self.units
        } else {
            self.units
        }
    }

    /// Whether gates are saved before their activation.
    const fn saves_inputs(&self) -> bool {
        self.activation.needs_input() || self.recurrent_activation.needs_input()
    }

    /// The ranges of columns whose products are computed together, for this number of dropout masks of the
    /// state.
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

    /// Whether all slices have the required lengths.
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

/// The number of masks, of `len` values each, for each sample.
fn count_of(masks: &[f32], samples: usize, len: usize) -> usize {
    masks.len().checked_div(samples * len).unwrap_or(0)
}
