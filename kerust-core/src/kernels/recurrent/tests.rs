//! Comparisons of recurrent layers with Keras, and between their variants.

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

#[test]
fn a_batch_gives_the_bits_of_its_samples_on_any_number_of_threads() {
    let weights = Random::new(17, 33);
    for reset_after in [true, false] {
        weights.check_samples(Gru { reset_after });
    }
    weights.check_samples(Lstm);
    weights.check_samples(SimpleRnn);
}

#[test]
fn gradients_of_the_weights_are_added_or_left_out() {
    let weights = Random::new(3, 5);
    weights.check_gradients(Gru { reset_after: true });
    weights.check_gradients(Gru { reset_after: false });
    weights.check_gradients(Lstm);
    weights.check_gradients(SimpleRnn);
}

/// Random numbers for any layer with these sizes.
struct Random {
    inputs: usize,
    units: usize,
    values: Vec<f32>,
}

const SAMPLES: usize = 9;
const STEPS: usize = 13;

impl Random {
    fn new(inputs: usize, units: usize) -> Self {
        use rand::RngExt;
        let mut rng = crate::rng::Seed(7).rng();
        let len = SAMPLES * STEPS * (inputs + 4 * units) + 4 * units * (inputs + units);
        Self {
            inputs,
            units,
            values: (0..len).map(|_| rng.random_range(-0.5f32..0.5)).collect(),
        }
    }

    fn layer<C: Cell>(&self, cell: C) -> Recurrent<C> {
        Recurrent {
            cell,
            steps: STEPS,
            inputs: self.inputs,
            units: self.units,
            activation: Activation::Tanh,
            recurrent_activation: Activation::Sigmoid,
            go_backwards: false,
            return_sequences: true,
            zero_output_for_mask: false,
        }
    }

    fn weights<C: Cell>(&self, cell: C) -> RecurrentWeights<'_> {
        let columns = C::GATES * self.units;
        let (kernel, rest) = self.values.split_at(self.inputs * columns);
        let (recurrent_kernel, rest) = rest.split_at(self.units * columns);
        RecurrentWeights {
            kernel,
            recurrent_kernel,
            bias: &rest[..cell.biases() * columns],
        }
    }

    /// The results of a pass over some samples: everything except for the gradients of the weights, and
    /// those. Each sample has this number of dropout masks.
    fn pass<C: Cell>(&self, cell: C, masks: usize, samples: Range<usize>) -> [Vec<f32>; 2] {
        let layer = self.layer(cell);
        let part = |len: usize| &self.values[samples.start * len..samples.end * len];
        let mask = part(STEPS).iter().map(|x| u8::from(*x > -0.3));
        let mask: Vec<u8> = mask.collect();
        let given = Given {
            x: part(STEPS * self.inputs),
            mask: &mask,
            input_dropout: part(masks * self.inputs),
            recurrent_dropout: part(masks * self.units),
        };
        let weights = self.weights(cell);
        let run = Example { given, weights };
        let states = [1, C::STATES - 1].map(|count| part(count * self.units).to_vec());
        let (y, last, saved) = run.forward_training(&layer, states.clone());
        if masks == 0 {
            let (inferred, states) = run.forward(&layer, states.clone());
            let joined = |y: &[f32], states: &[Vec<f32>; 2]| bits(&[y, &states.concat()].concat());
            assert!(joined(&inferred, &states) == joined(&y, &last), "inference");
        }
        let dy = part(STEPS * self.units);
        let (dstates, dx, gradient) = run.backward(&layer, &saved, dy, states);
        let mut rows = vec![];
        for sample in 0..samples.len() {
            for of in [&y, &last[0], &last[1], &dstates[0], &dstates[1], &dx] {
                let len = of.len() / samples.len();
                rows.extend(&of[sample * len..][..len]);
            }
        }
        [rows, gradient.concat()]
    }

    fn check_samples<C: Cell>(&self, cell: C) {
        for masks in [0, 1, C::GATES] {
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let pool = pool.build().expect("threads");
                let pass = pool.install(|| self.pass(cell, masks, 0..SAMPLES));
                pass.map(|part| bits(&part))
            };
            let one = on(1);
            for threads in [2, 3, 16] {
                assert!(on(threads) == one, "{threads} threads, {masks} masks");
            }
            let alone = (0..SAMPLES).flat_map(|sample| {
                let [rows, _] = self.pass(cell, masks, sample..sample + 1);
                bits(&rows)
            });
            assert!(alone.collect::<Vec<_>>() == one[0], "alone, {masks} masks");
        }
    }

    fn check_gradients<C: Cell>(&self, cell: C) {
        let layer = self.layer(cell);
        let len = 2 * STEPS;
        let given = Given::new(&self.values[..len * self.inputs]);
        let weights = self.weights(cell);
        let run = Example { given, weights };
        let states = [2, 2 * (C::STATES - 1)].map(|rows| vec![0.25; rows * self.units]);
        let (_, _, saved) = run.forward_training(&layer, states.clone());
        let dy = &self.values[..len * self.units];
        let ([dh, _], dx, gradient) = run.backward(&layer, &saved, dy, states.clone());
        let mut sums = gradient.clone();
        let mut scratch = vec![f32::NAN; 2 * layer.backward_scratch_len(false)];
        for twice in [false, true] {
            let mut again = vec![f32::NAN; dx.len()];
            let [mut of_h, mut of_c] = states.clone();
            let gradients = RecurrentGradients {
                states: [&mut of_h, &mut of_c],
                x: (!twice).then_some(&mut again[..]),
                weights: twice.then(|| sums.each_mut().map(|part| &mut part[..])),
                accumulate: true,
            };
            layer.backward(given, weights, &saved, dy, gradients, &mut scratch);
            assert_eq!(bits(&of_h), bits(&dh));
            assert!(twice || bits(&again) == bits(&dx));
        }
        for (sum, once) in sums.concat().iter().zip(gradient.concat()) {
            let gap = (sum - 2.0 * once).abs();
            assert!(gap <= 1e-5 * once.abs().max(1.0), "{sum}, once {once}");
        }
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
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
    let (x, mask) = (case.values("x"), case.mask("mask"));
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
    let run = Example { given, weights };
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

/// The weights and arguments of a layer.
struct Example<'a> {
    given: Given<'a>,
    weights: RecurrentWeights<'a>,
}

impl Example<'_> {
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
