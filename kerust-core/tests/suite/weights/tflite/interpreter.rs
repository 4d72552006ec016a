//! Runs the graph of a `.tflite` with the integer kernels.

use kerust_core::kernels::int8::{
    self, Add, Convolution, Dense, Depthwise, Filters, LeakyRelu, Logistic, Mean, Multiplier,
    Output, Pad, Part, Pooling, Rescale, Rows, Softmax, Tanh, conv_scratch_len,
    depthwise_scratch_len,
};
use kerust_core::shape::Window;
use kerust_core::weights::tflite::{Graph, Kind, Operation};

/// The values of a tensor.
#[derive(Clone, PartialEq, Debug)]
pub enum Values {
    I8(Vec<i8>),
    F32(Vec<f32>),
}

/// The order in which rows are computed.
#[derive(Clone, Copy, Debug)]
pub enum Schedule {
    /// Image by image.
    Whole,
    /// Row by row, from a ring buffer that holds only the input rows of one window.
    Ring,
}

/// The outputs for one sample.
pub fn run(graph: &Graph<'_>, inputs: &[Values], schedule: Schedule) -> Vec<Values> {
    let constants = graph.tensors.iter();
    let mut values: Vec<Option<Values>> = constants
        .map(|tensor| tensor.i8s().map(|data| Values::I8(data.to_vec())))
        .collect();
    for (number, input) in graph.inputs.iter().zip(inputs) {
        values[*number] = Some(input.clone());
    }
    for operation in &graph.operations {
        let output = compute(graph, operation, &values, schedule);
        values[operation.output] = Some(output);
    }
    let outputs = graph.outputs.iter();
    outputs
        .map(|output| values[*output].clone().unwrap())
        .collect()
}

fn compute(
    graph: &Graph<'_>,
    operation: &Operation,
    values: &[Option<Values>],
    schedule: Schedule,
) -> Values {
    let input = operation.inputs[0];
    let output = &graph.tensors[operation.output];
    let x = match values[input].as_ref().unwrap() {
        Values::I8(x) => x,
        Values::F32(x) => {
            let mut y = vec![0; x.len()];
            int8::quantize(x, output.quantization().unwrap(), &mut y);
            return Values::I8(y);
        }
    };
    let of = |number: usize| graph.tensors[number].quantization().unwrap();
    let source = of(input);
    if operation.kind == Kind::Dequantize {
        let mut y = vec![0.0; x.len()];
        int8::dequantize(x, source, &mut y);
        return Values::F32(y);
    }
    let target = output.quantization().unwrap();
    let mut y = vec![0; output.len()];
    let image = || match *graph.tensors[input].shape {
        [1, height, width, channels] => [height, width, channels],
        [1, steps, channels] => [steps, 1, channels],
        _ => unreachable!("the reader checked it"),
    };
    match operation.kind {
        Kind::Conv2D {
            filter,
            bias,
            window,
            groups,
            activation,
        } => {
            let numbers = Numbers::new(graph, [input, filter, operation.output], bias, false);
            let kernel = Convolution {
                input: image(),
                filters: graph.tensors[filter].shape[0],
                window,
                groups,
                zero_point: source.zero_point,
                output: Output::new(target, activation),
            };
            let [height, width, channels] = kernel.input;
            let taps = window.size[0] * window.size[1] * channels / groups;
            let kept = window.rows_kept(height, width).unwrap_or(0) * width * channels;
            let mut scratch = vec![0; conv_scratch_len(taps) + kept.div_ceil(4)];
            match schedule {
                Schedule::Whole => kernel.forward(x, numbers.filters(), &mut y, &mut scratch),
                Schedule::Ring => ring(x, kernel.input, window, &mut y, |x, i, y| {
                    kernel.rows(x, i, numbers.filters(), y, &mut scratch.clone())
                }),
            }
            if kept > 0 && kernel.filters == channels {
                let mut in_place = x.to_vec();
                kernel.forward_in_place(&mut in_place, numbers.filters(), &mut scratch);
                assert_eq!(in_place, y);
            }
        }
        Kind::DepthwiseConv2D {
            filter,
            bias,
            window,
            multiplier,
            activation,
        } => {
            let numbers = Numbers::new(graph, [input, filter, operation.output], bias, true);
            let kernel = Depthwise {
                input: image(),
                multiplier,
                window,
                zero_point: source.zero_point,
                output: Output::new(target, activation),
            };
            let [height, width, channels] = kernel.input;
            let kept = window.rows_kept(height, width).unwrap_or(0) * width * channels;
            let words = depthwise_scratch_len(window.size[0] * window.size[1], channels);
            let mut scratch = vec![0; words + kept.div_ceil(4)];
            match schedule {
                Schedule::Whole => kernel.forward(x, numbers.filters(), &mut y, &mut scratch),
                Schedule::Ring => ring(x, kernel.input, window, &mut y, |x, i, y| {
                    kernel.rows(x, i, numbers.filters(), y, &mut scratch.clone())
                }),
            }
            if kept > 0 && multiplier == 1 {
                let mut in_place = x.to_vec();
                kernel.forward_in_place(&mut in_place, numbers.filters(), &mut scratch);
                assert_eq!(in_place, y);
            }
        }
        Kind::FullyConnected {
            filter,
            bias,
            activation,
        } => {
            let numbers = Numbers::new(graph, [input, filter, operation.output], bias, false);
            let [outputs, inputs] = [0, 1].map(|axis| graph.tensors[filter].shape[axis]);
            let kernel = Dense {
                inputs,
                outputs,
                output: Output::new(target, activation),
            };
            kernel.forward(x, numbers.filters(), &mut y);
        }
        Kind::MaxPool2D { window, activation } | Kind::AveragePool2D { window, activation } => {
            let kernel = Pooling {
                input: image(),
                window,
                output: Output::new(target, activation),
            };
            let maximum = matches!(operation.kind, Kind::MaxPool2D { .. });
            match (schedule, maximum) {
                (Schedule::Whole, true) => kernel.maximum(x, &mut y),
                (Schedule::Whole, false) => kernel.average(x, &mut y),
                (Schedule::Ring, true) => ring(x, kernel.input, window, &mut y, |x, i, y| {
                    kernel.maximum_row(x, i, y)
                }),
                (Schedule::Ring, false) => ring(x, kernel.input, window, &mut y, |x, i, y| {
                    kernel.average_row(x, i, y)
                }),
            }
        }
        Kind::Mean => Mean::new([x.len() / y.len(), y.len()], source, target).forward(x, &mut y),
        Kind::Pad { padding, value } => {
            let kernel = Pad {
                input: image(),
                padding,
                value,
            };
            kernel.forward(x, &mut y);
        }
        Kind::Add { activation } => {
            let other = operation.inputs[1];
            let Some(Values::I8(b)) = &values[other] else {
                unreachable!("the reader checked it");
            };
            let kernel = Add::new([source, of(other)], target, activation);
            kernel.forward(x, b, &mut y);
            let mut in_place = x.to_vec();
            kernel.forward_in_place(&mut in_place, b);
            assert_eq!(in_place, y);
        }
        Kind::Concatenation { axis } => {
            let run = |number: usize| graph.tensors[number].shape[axis..].iter().product();
            let mut offset = 0;
            for number in &operation.inputs {
                let Some(Values::I8(x)) = &values[*number] else {
                    unreachable!("the reader checked it");
                };
                let part = Part {
                    run: run(*number),
                    offset,
                    stride: run(operation.output),
                };
                part.place(x, None, &mut y);
                offset += part.run;
            }
        }
        Kind::Reshape => y.copy_from_slice(x),
        Kind::Softmax { beta } => {
            let classes = *output.shape.last().unwrap();
            Softmax::new(classes, beta, source).forward(x, &mut y);
        }
        Kind::Logistic => Logistic::new(source).table().apply(x, &mut y),
        Kind::Tanh => Tanh::new(source).table().apply(x, &mut y),
        Kind::Relu => Rescale::relu(source, target).table().apply(x, &mut y),
        Kind::Relu6 => Rescale::relu6(source).table().apply(x, &mut y),
        Kind::LeakyRelu { alpha } => {
            let table = LeakyRelu::new(alpha, source, target).table();
            table.apply(x, &mut y);
        }
        Kind::Quantize => {
            y.copy_from_slice(x);
            Rescale::new(source, target).table().apply_in_place(&mut y);
        }
        _ => unreachable!("the kinds above are all"),
    }
    Values::I8(y)
}

/// The parameters of a layer with weights.
struct Numbers<'g> {
    weights: &'g [i8],
    bias: Vec<i32>,
    multipliers: Vec<Multiplier>,
}

impl<'g> Numbers<'g> {
    fn new(
        graph: &'g Graph<'_>,
        [input, filter, output]: [usize; 3],
        bias: Option<usize>,
        depthwise: bool,
    ) -> Self {
        let filter = &graph.tensors[filter];
        let [channels, weights] = [filter.shape[if depthwise { 3 } else { 0 }], filter.len()];
        let mut bias = match bias {
            Some(bias) => graph.tensors[bias].i32s().unwrap(),
            None => vec![0; channels],
        };
        let weights = &filter.i8s().unwrap()[..weights];
        let [source, target] =
            [input, output].map(|number| graph.tensors[number].quantization().unwrap());
        match depthwise {
            true => int8::fold_depthwise_zero_point(&mut bias, weights, source.zero_point),
            false => int8::fold_zero_point(&mut bias, weights, source.zero_point),
        }
        let scales = &filter.quantization.as_ref().unwrap().scales;
        let multiplier = |scale: &f32| Multiplier::from_scales(source.scale, *scale, target.scale);
        Self {
            weights,
            bias,
            // One scale for all weights is that of every channel.
            multipliers: match scales.as_slice() {
                [scale] => vec![multiplier(scale); channels],
                scales => scales.iter().map(multiplier).collect(),
            },
        }
    }

    fn filters(&self) -> Filters<'_> {
        Filters {
            weights: self.weights,
            bias: &self.bias,
            multipliers: &self.multipliers,
        }
    }
}

/// Computes an output row by row; a ring buffer with as many rows as the window holds the input.
fn ring(
    x: &[i8],
    [height, width, channels]: [usize; 3],
    window: Window,
    y: &mut [i8],
    row: impl Fn(Rows<'_>, usize, &mut [i8]),
) {
    let (len, span) = (width * channels, window.span()[0]);
    let before = window.padding_before(height, width)[0];
    let rows = window.output(height, width)[0];
    let mut ring = vec![0; span * len];
    let mut taken = 0;
    let y_len = y.len() / rows;
    for (i, y) in y.chunks_exact_mut(y_len).enumerate() {
        let needed = (i * window.strides[0] + span).saturating_sub(before);
        while taken < needed.min(height) {
            let place = taken % span * len;
            ring[place..place + len].copy_from_slice(&x[taken * len..][..len]);
            taken += 1;
        }
        row(Rows::new(&ring, len), i, y);
    }
}
