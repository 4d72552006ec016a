//! What the recurrent layers share: settings, and the passes around the kernel.

use super::dropout::Rate;
use super::recurrent_values::{RecurrentInput, RecurrentInputs, RecurrentOutput};
use super::recurrent_weights::RecurrentArrays;
use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{self, Cell, Given, Recurrent, RecurrentGradients};
use crate::layer::{Forward, Operation, Pass};
use crate::rng::{LayerStep, Rng};
use core::marker::PhantomData;

/// A recurrent layer: [`SimpleRNN`](super::SimpleRNN), [`LSTM`](super::LSTM) or [`GRU`](super::GRU).
#[derive(Clone, Copy, Debug)]
pub struct RecurrentLayer<C, X = f32, Y = f32> {
    pub(super) kernel: Recurrent<C>,
    pub(super) kernel_initializer: Initializer,
    pub(super) recurrent_initializer: Initializer,
    pub(super) bias_initializer: Initializer,
    /// Whether the bias of the forget gate begins at 1.
    pub(super) unit_forget_bias: bool,
    dropout: Rates,
    values: PhantomData<(X, Y)>,
}

/// The shares of the inputs and of the state that are dropped.
#[derive(Clone, Copy, Debug)]
struct Rates {
    input: f32,
    recurrent: f32,
}

impl<C: Cell, X, Y> RecurrentLayer<C, X, Y> {
    /// A layer over sequences of `input` steps and features.
    pub(super) const fn of(cell: C, input: [usize; 2], units: usize) -> Self {
        Self {
            kernel: Recurrent {
                cell,
                steps: input[0],
                inputs: input[1],
                units,
                activation: Activation::Tanh,
                recurrent_activation: Activation::Sigmoid,
                go_backwards: false,
                return_sequences: false,
                zero_output_for_mask: false,
            },
            kernel_initializer: Initializer::GLOROT_UNIFORM,
            #[cfg(feature = "std")]
            recurrent_initializer: Initializer::ORTHOGONAL,
            // Nothing is drawn without `std`, where there is no such matrix.
            #[cfg(not(feature = "std"))]
            recurrent_initializer: Initializer::ZEROS,
            bias_initializer: Initializer::ZEROS,
            unit_forget_bias: false,
            dropout: Rates {
                input: 0.0,
                recurrent: 0.0,
            },
            values: PhantomData,
        }
    }

    /// Sets the activation of the state.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.kernel.activation = activation;
        self
    }

    /// Sets how the kernel is drawn.
    pub const fn kernel_initializer(mut self, initializer: Initializer) -> Self {
        self.kernel_initializer = initializer;
        self
    }

    /// Sets how the recurrent kernel is drawn.
    pub const fn recurrent_initializer(mut self, initializer: Initializer) -> Self {
        self.recurrent_initializer = initializer;
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = initializer;
        self
    }

    /// Sets the share of the inputs that is dropped in training; one draw serves all steps of a sequence.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn dropout(mut self, rate: f32) -> Self {
        _ = Rate::new(rate);
        self.dropout.input = rate;
        self
    }

    /// Sets the share of the state that is dropped in training before its product. As in Keras, each gate then has
    /// a draw of its own, of the state and of the inputs.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn recurrent_dropout(mut self, rate: f32) -> Self {
        _ = Rate::new(rate);
        self.dropout.recurrent = rate;
        self
    }

    /// Sets whether the output has a value for each step, or for the last one alone.
    pub const fn return_sequences(mut self, return_sequences: bool) -> Self {
        self.kernel.return_sequences = return_sequences;
        self
    }

    /// Sets whether the last step comes first. Outputs stand in the order in which they are made.
    pub const fn go_backwards(mut self, go_backwards: bool) -> Self {
        self.kernel.go_backwards = go_backwards;
        self
    }

    /// Sets whether the output of a step that a mask leaves out is 0, or that of the step before.
    pub const fn zero_output_for_mask(mut self, zero_output_for_mask: bool) -> Self {
        self.kernel.zero_output_for_mask = zero_output_for_mask;
        self
    }

    /// Values of scratch that inference takes for each sample: the states, and what the kernel asks for.
    pub const fn scratch_len(&self) -> usize {
        self.states_len() + self.kernel.scratch_len()
    }

    /// Values that a training step saves for each sample: what the kernel asks for, and the factors of dropout.
    pub const fn saved_len(&self) -> usize {
        self.kernel.saved_len() + self.factors_len()
    }

    /// Values of a sample's output.
    pub(super) const fn output_len(&self) -> usize {
        let Recurrent {
            steps,
            units,
            return_sequences,
            ..
        } = self.kernel;
        if return_sequences {
            steps * units
        } else {
            units
        }
    }

    /// Values of the states of a sample.
    const fn states_len(&self) -> usize {
        C::STATES * self.kernel.units
    }

    /// Factors that dropout draws for a sample.
    const fn factors_len(&self) -> usize {
        let [input, recurrent] = self.factors();
        input + recurrent
    }

    /// Factors of the inputs and of the state.
    const fn factors(&self) -> [usize; 2] {
        let Rates { input, recurrent } = self.dropout;
        let draws = if recurrent > 0.0 { C::GATES } else { 1 };
        [
            if drops(input) {
                draws * self.kernel.inputs
            } else {
                0
            },
            if drops(recurrent) {
                draws * self.kernel.units
            } else {
                0
            },
        ]
    }

    /// How many sequences the values are.
    pub(super) fn samples(&self, x: &[f32]) -> usize {
        let len = self.kernel.steps * self.kernel.inputs;
        x.len().checked_div(len).unwrap_or(0)
    }

    /// Draws the factors of dropout: those of all inputs, then those of all states.
    fn draw(&self, factors: &mut [f32], samples: usize, step: LayerStep<'_>) {
        if step.is_inference() {
            return factors.fill(1.0);
        }
        let mut rng = step.rng(factors.len());
        let lens = self.factors();
        let (inputs, states) = factors.split_at_mut(samples * lens[0]);
        let Rates { input, recurrent } = self.dropout;
        let [input, recurrent] = [Rate::new(input), Rate::new(recurrent)];
        let mut inputs = inputs.chunks_exact_mut(lens[0].max(1));
        let mut states = states.chunks_exact_mut(lens[1].max(1));
        for _ in 0..samples {
            input.draw(&mut rng, inputs.next().unwrap_or_default());
            recurrent.draw(&mut rng, states.next().unwrap_or_default());
        }
    }

    /// What is given to the kernel.
    fn given<'a>(&self, input: &RecurrentInputs<'a>, factors: &'a [f32]) -> Given<'a> {
        let len = self.samples(input.x) * self.factors()[0];
        let (input_dropout, recurrent_dropout) = factors.split_at(len.min(factors.len()));
        Given {
            mask: input.mask,
            input_dropout,
            recurrent_dropout,
            ..Given::new(input.x)
        }
    }
}

/// Whether a rate drops anything: Keras takes 1 for no dropout here.
const fn drops(rate: f32) -> bool {
    rate > 0.0 && rate < 1.0
}

impl<C, W, X, Y> Forward<W, X, Y, f32> for RecurrentLayer<C, X, Y>
where
    C: Cell,
    W: RecurrentArrays,
    X: RecurrentInput,
    Y: RecurrentOutput,
{
    // Inlined so that unused activations are dropped from firmware.
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn forward(&self, weights: &W, x: X::Slices<'_>, y: Y::SlicesMut<'_>, scratch: &mut [f32]) {
        self.run(weights, X::parts(x), Y::parts(y), scratch);
    }
}

/// Fills the states with which a pass begins.
fn begin(from: [&[f32]; 2], states: [&mut [f32]; 2]) {
    for (state, from) in states.into_iter().zip(from) {
        match from {
            [] => state.fill(0.0),
            from => kernels::copy(from, state),
        }
    }
}

/// Hands out states where there is a place for them.
fn end(states: [&[f32]; 2], to: [&mut [f32]; 2]) {
    for (state, to) in states.into_iter().zip(to) {
        if !to.is_empty() {
            kernels::copy(state, to);
        }
    }
}

impl<C, W, X, Y> Operation<W, X, Y, f32, f32> for RecurrentLayer<C, X, Y>
where
    C: Cell,
    W: RecurrentArrays,
    X: RecurrentInput,
    Y: RecurrentOutput,
{
    fn init(&self, weights: &mut W, rng: &mut Rng) {
        let units = self.kernel.units;
        let [kernel, recurrent_kernel, bias] = weights.arrays_mut();
        let [kernel_sizes, recurrent_sizes, bias_sizes] = W::SIZES;
        self.kernel_initializer.fill(kernel, kernel_sizes, rng);
        self.recurrent_initializer
            .fill(recurrent_kernel, recurrent_sizes, rng);
        self.bias_initializer.fill(bias, bias_sizes, rng);
        if self.unit_forget_bias
            && let Some(forget) = bias.get_mut(units..2 * units)
        {
            forget.fill(1.0);
        }
    }

    fn forward_training(
        &self,
        weights: &W,
        x: X::Slices<'_>,
        y: Y::SlicesMut<'_>,
        _: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        self.run_training(weights, X::parts(x), Y::parts(y), saved, step);
    }

    fn backward(&self, weights: &W, pass: Pass<'_, X, Y, f32>, gradient: Gradient<'_>) {
        let (inputs, asked) = (X::parts(pass.x), X::gradients(pass.dx));
        let (saved, accumulate) = (&*pass.saved, pass.accumulate);
        let gradient = gradient.of::<W>().map(W::arrays_mut);
        let dy = Y::gradients(pass.dy);
        self.back(weights, inputs, saved, dy, asked, (gradient, accumulate));
    }
}

impl<C: Cell, X, Y> RecurrentLayer<C, X, Y> {
    /// Inference: the outputs, and the last states where there is a place for them.
    #[cfg_attr(not(feature = "std"), inline(always))]
    pub(super) fn run<W: RecurrentArrays>(
        &self,
        weights: &W,
        input: RecurrentInputs<'_>,
        (y, last): (&mut [f32], [&mut [f32]; 2]),
        scratch: &mut [f32],
    ) {
        let samples = self.samples(input.x);
        let states_len = samples * self.states_len();
        let Some((states, rest)) = scratch.split_at_mut_checked(states_len) else {
            return;
        };
        let Some((h, c)) = states.split_at_mut_checked(samples * self.kernel.units) else {
            return;
        };
        begin(input.states, [&mut *h, &mut *c]);
        let given = Given {
            mask: input.mask,
            ..Given::new(input.x)
        };
        let states = [&mut *h, &mut *c];
        self.kernel
            .forward(given, weights.arrays(), states, y, rest);
        end([h, c], last);
    }

    /// The forward pass of a training step.
    pub(super) fn run_training<W: RecurrentArrays>(
        &self,
        weights: &W,
        input: RecurrentInputs<'_>,
        (y, last): (&mut [f32], [&mut [f32]; 2]),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let samples = self.samples(input.x);
        let (saved, factors) = saved.split_at_mut(samples * self.kernel.saved_len());
        self.draw(factors, samples, step);
        let scratch_len = self.kernel.training_scratch_len(!factors.is_empty());
        let states_len = samples * self.states_len();
        scratch::with(
            Use::Recurrent,
            states_len + samples * scratch_len,
            |scratch| {
                let (states, scratch) = scratch.split_at_mut(states_len);
                let (h, c) = states.split_at_mut(samples * self.kernel.units);
                begin(input.states, [&mut *h, &mut *c]);
                let given = self.given(&input, factors);
                let states = [&mut *h, &mut *c];
                self.kernel
                    .forward_training(given, weights.arrays(), states, y, saved, scratch);
                end([h, c], last);
            },
        );
    }

    /// The backward pass: from the gradients of the outputs and of the last states to those of the sequences and of
    /// the first states, and to that of the weights, which is added to what stands there or replaces it.
    pub(super) fn back<W: RecurrentArrays>(
        &self,
        weights: &W,
        inputs: RecurrentInputs<'_>,
        saved: &[f32],
        (dy, dlast): (&[f32], [&[f32]; 2]),
        (dx, dfirst): (Option<&mut [f32]>, [Option<&mut [f32]>; 2]),
        (gradient, accumulate): (Option<[&mut [f32]; 3]>, bool),
    ) {
        let samples = self.samples(inputs.x);
        let (saved, factors) = saved.split_at(samples * self.kernel.saved_len());
        let scratch_len = self.kernel.backward_scratch_len(!factors.is_empty());
        let states_len = samples * self.states_len();
        scratch::with(
            Use::Recurrent,
            states_len + samples * scratch_len,
            |scratch| {
                let (states, scratch) = scratch.split_at_mut(states_len);
                let (dh, dc) = states.split_at_mut(samples * self.kernel.units);
                begin(dlast, [&mut *dh, &mut *dc]);
                let gradients = RecurrentGradients {
                    states: [&mut *dh, &mut *dc],
                    x: dx,
                    weights: gradient,
                    accumulate,
                };
                let given = self.given(&inputs, factors);
                self.kernel
                    .backward(given, weights.arrays(), saved, dy, gradients, scratch);
                end([dh, dc], dfirst.map(Option::unwrap_or_default));
            },
        );
    }
}

/// Checks a recurrent layer by finite differences, and that training gives what inference gives.
#[cfg(test)]
#[track_caller]
pub(super) fn check<C: Cell, W: RecurrentArrays>(layer: &RecurrentLayer<C>) {
    use crate::rng::{Seed, Step};
    use crate::testing::check_scratch_operation;
    let Recurrent { steps, inputs, .. } = layer.kernel;
    let outputs = layer.output_len();
    check_scratch_operation::<W>(layer, steps * inputs, outputs, layer.saved_len()).unwrap();
    if layer.factors_len() > 0 {
        return;
    }
    let mut weights = W::zeroed();
    layer.init(&mut *weights, &mut Seed(1).rng());
    let x: Vec<f32> = (0..2 * steps * inputs)
        .map(|i| (i * 7 % 11) as f32 / 8.0)
        .collect();
    let mut y = vec![f32::NAN; 2 * outputs];
    let mut scratch = vec![f32::NAN; 2 * layer.scratch_len()];
    layer.forward(&*weights, &x, &mut y, &mut scratch);
    let (mut trained, mut saved) = (
        vec![f32::NAN; 2 * outputs],
        vec![f32::NAN; 2 * layer.saved_len()],
    );
    let step = Step::new(Seed(1), 0).layer(0);
    layer.forward_training(&*weights, &x, &mut trained, &mut [], &mut saved, step);
    assert_eq!(y, trained);
}

#[cfg(test)]
mod tests {
    use crate::layer::Operation;
    use crate::layers::{LSTM, LSTMWeights};
    use crate::rng::{Seed, Step};

    #[test]
    fn a_sample_draws_the_same_numbers_however_a_batch_is_divided() {
        let layer = <LSTM>::new([3, 5], 4).dropout(0.5).recurrent_dropout(0.3);
        let weights = LSTMWeights::<5, 4, 16> {
            kernel: [[0.1; 16]; 5],
            recurrent_kernel: [[0.2; 16]; 4],
            bias: [0.3; 16],
        };
        let x = [1.0; 6 * 15];
        let run = |first: usize, samples: usize| {
            let mut y = vec![f32::NAN; 4 * samples];
            let mut saved = vec![f32::NAN; layer.saved_len() * samples];
            let step = Step::new(Seed(3), 1).over(first, samples).layer(2);
            let x = &x[..15 * samples];
            layer.forward_training(&weights, x, &mut y, &mut [], &mut saved, step);
            y
        };
        let whole = run(0, 6);
        assert_eq!(whole, [run(0, 2), run(2, 1), run(3, 3)].concat());
        assert_ne!(whole[..4], whole[4..8]);
    }
}
