//! Recurrent layers against Keras, and against themselves on other ways.

use super::*;
use crate::kernels::golden::{Case, cases};

/// The tolerance of values and gradients, relative where they exceed 1.
const TOLERANCE: f32 = 2e-6;
const GRADIENT_TOLERANCE: f32 = 1e-5;

#[test]
fn lstm_equals_keras() {
    cases("lstm_").iter().for_each(|case| check(case, Lstm));
}

#[test]
fn gru_equals_keras() {
    for case in cases("gru_") {
        let reset_after = case.flag("reset_after");
        check(&case, Gru { reset_after });
    }
}

#[test]
fn simple_rnn_equals_keras() {
    let cases = cases("simple_rnn_");
    cases.iter().for_each(|case| check(case, SimpleRnn));
}

/// The layer of a case.
fn layer<C: Cell>(case: &Case, cell: C) -> Recurrent<C> {
    let [_, steps, inputs] = case.shape("x")[..] else {
        panic!("{}: a sequence", case.name)
    };
    let activation = |argument| {
        let name = case.argument(argument).as_str().unwrap_or("linear");
        let mut all = Activation::NAMES.iter();
        all.find(|(word, _)| *word == name)
            .expect("an activation")
            .1
    };
    Recurrent {
        cell,
        steps,
        inputs,
        units: case.argument("units").as_u64().expect("units") as usize,
        activation: activation("activation"),
        recurrent_activation: activation("recurrent_activation"),
        go_backwards: case.flag("go_backwards"),
        return_sequences: case.flag("return_sequences"),
        zero_output_for_mask: case.flag("zero_output_for_mask"),
    }
}

fn check<C: Cell>(case: &Case, cell: C) {
    let layer = layer(case, cell);
    let [x, mask] = ["x", "mask"].map(|name| case.values(name));
    let mask: Vec<u8> = mask.iter().map(|value| u8::from(*value != 0.0)).collect();
    let [kernel, recurrent_kernel, bias] =
        ["kernel", "recurrent_kernel", "bias"].map(|name| case.values(name));
    let [input_dropout, recurrent_dropout] =
        ["x_dropout", "h_dropout"].map(|name| case.values(name));
    let given = Given {
        x: &x,
        mask: &mask,
        input_dropout: &input_dropout,
        recurrent_dropout: &recurrent_dropout,
    };
    let weights = RecurrentWeights {
        kernel: &kernel,
        recurrent_kernel: &recurrent_kernel,
        bias: &bias,
    };
    let run = Run { given, weights };
    let states = ["h0", "c0"].map(|name| case.values(name));
    let dropout = !(input_dropout.is_empty() && recurrent_dropout.is_empty());

    if !dropout {
        let (y, [h, c]) = run.forward(&layer, states.clone());
        case.check("y", &y, TOLERANCE);
        case.check("h", &h, TOLERANCE);
        case.check("c", &c, TOLERANCE);
    }
    let (y, [h, c], saved) = run.forward_training(&layer, states);
    case.check("y", &y, TOLERANCE);
    case.check("h", &h, TOLERANCE);
    case.check("c", &c, TOLERANCE);
    let dstates = ["dh", "dc"].map(|name| case.values(name));
    let ([dh, dc], dx, [dkernel, drecurrent, dbias]) =
        run.backward(&layer, &saved, &case.values("dy"), dstates);
    case.check("dh0", &dh, GRADIENT_TOLERANCE);
    case.check("dc0", &dc, GRADIENT_TOLERANCE);
    case.check("dx", &dx, GRADIENT_TOLERANCE);
    case.check("d_kernel", &dkernel, GRADIENT_TOLERANCE);
    case.check("d_recurrent_kernel", &drecurrent, GRADIENT_TOLERANCE);
    case.check("d_bias", &dbias, GRADIENT_TOLERANCE);
}

/// A layer's weights and what it is given.
struct Run<'a> {
    given: Given<'a>,
    weights: RecurrentWeights<'a>,
}

impl Run<'_> {
    fn forward<C: Cell>(
        &self,
        layer: &Recurrent<C>,
        mut states: [Vec<f32>; 2],
    ) -> (Vec<f32>, [Vec<f32>; 2]) {
        let samples = layer.samples(&states[0]);
        let mut y = vec![f32::NAN; samples * layer.output_len()];
        let mut scratch = vec![f32::NAN; samples * layer.scratch_len()];
        let [h, c] = &mut states;
        layer.forward(self.given, self.weights, [h, c], &mut y, &mut scratch);
        (y, states)
    }

    fn dropout(&self) -> bool {
        !(self.given.input_dropout.is_empty() && self.given.recurrent_dropout.is_empty())
    }

    fn forward_training<C: Cell>(
        &self,
        layer: &Recurrent<C>,
        mut states: [Vec<f32>; 2],
    ) -> (Vec<f32>, [Vec<f32>; 2], Vec<f32>) {
        let samples = layer.samples(&states[0]);
        let mut y = vec![f32::NAN; samples * layer.output_len()];
        let mut saved = vec![f32::NAN; samples * layer.saved_len()];
        let scratch_len = layer.training_scratch_len(self.dropout());
        let mut scratch = vec![f32::NAN; samples * scratch_len];
        let [h, c] = &mut states;
        let (given, weights) = (self.given, self.weights);
        layer.forward_training(given, weights, [h, c], &mut y, &mut saved, &mut scratch);
        (y, states, saved)
    }

    #[allow(clippy::type_complexity, reason = "states, input, weights")]
    fn backward<C: Cell>(
        &self,
        layer: &Recurrent<C>,
        saved: &[f32],
        dy: &[f32],
        mut dstates: [Vec<f32>; 2],
    ) -> ([Vec<f32>; 2], Vec<f32>, [Vec<f32>; 3]) {
        let samples = layer.samples(&dstates[0]);
        let mut dx = vec![f32::NAN; self.given.x.len()];
        let RecurrentWeights {
            kernel,
            recurrent_kernel,
            bias,
        } = self.weights;
        let mut gradient =
            [kernel, recurrent_kernel, bias].map(|weights| vec![f32::NAN; weights.len()]);
        let scratch_len = layer.backward_scratch_len(self.dropout());
        let mut scratch = vec![f32::NAN; samples * scratch_len];
        let [dh, dc] = &mut dstates;
        let gradients = RecurrentGradients {
            states: [dh, dc],
            x: Some(&mut dx),
            weights: Some(gradient.each_mut().map(|part| &mut part[..])),
            accumulate: false,
        };
        let (given, weights) = (self.given, self.weights);
        layer.backward(given, weights, saved, dy, gradients, &mut scratch);
        (dstates, dx, gradient)
    }
}
