//! The network in `f32`, with batch normalizations folded, as the reference of an 8-bit twin.

use super::tensors::Tensors;
use super::{Int8Layer, Int8Operation, Network};
use crate::Result;
use crate::activation::Activation;
use crate::kernels::int8::Fused;
use crate::kernels::{self, Convolution, Depthwise, Epilogue};
use crate::model::Model;
use crate::shape::Window;
use crate::train::TrainError;

/// The network of a model.
pub(super) struct Float {
    /// Applied to each input before it is quantized.
    pub(super) rescalings: Vec<Option<&'static dyn Int8Layer>>,
    pub(super) input_lens: Vec<usize>,
    pub(super) nodes: Vec<Node>,
    /// The values that are outputs.
    pub(super) outputs: Vec<usize>,
}

/// One step.
pub(super) struct Node {
    pub(super) name: &'static str,
    pub(super) layer: &'static dyn Int8Layer,
    pub(super) kind: Kind,
    pub(super) fused: Fused,
    pub(super) inputs: Vec<usize>,
    /// The number of values of the output.
    pub(super) len: usize,
}

/// What a step computes.
pub(super) enum Kind {
    /// A sum of products.
    Linear(Linear),
    MaxPooling(kernels::Pooling),
    AveragePooling(kernels::Pooling),
    Mean {
        places: usize,
        channels: usize,
    },
    Padding {
        input: [usize; 3],
        padding: [[usize; 2]; 2],
    },
    Add,
    Concatenate(Vec<usize>),
    Softmax {
        classes: usize,
    },
    /// A function of each value: that of the layer.
    Function,
}

/// A layer that sums products.
pub(super) struct Linear {
    pub(super) shape: LinearShape,
    /// The taps, and within them the output channels.
    pub(super) kernel: Vec<f32>,
    /// The bias of each output channel.
    pub(super) bias: Vec<f32>,
    /// The largest 8-bit weight: 127, or less for weights of fewer bits.
    pub(super) largest: f32,
}

/// The sizes of a layer that sums products.
#[derive(Clone, Copy)]
pub(crate) enum LinearShape {
    Dense([usize; 2]),
    Convolution(Convolution),
    Depthwise(Depthwise),
}

impl Float {
    /// The network of this model, whose 8-bit weights have this many bits.
    pub(super) fn new<M: Model>(model: &M, network: &Network, bits: u32) -> Result<Self> {
        let tensors = Tensors::of(model);
        let largest = ((1 << (bits - 1)) - 1) as f32;
        let mut nodes: Vec<Node> = Vec::new();
        let mut lens: Vec<usize> = network.inputs.iter().map(|input| input.len).collect();
        for step in network.steps {
            let channels = |len: usize| lens[step.inputs[0]] / len.max(1);
            let linear = |shape, kernel: &str| Linear {
                largest,
                ..tensors.linear(step.name, kernel, shape)
            };
            let kind = match step.layer.operation() {
                Int8Operation::Dense => {
                    let kernel = tensors.get(step.name, "kernel");
                    let outputs = tensors.sizes(step.name, "kernel")[1];
                    let inputs = kernel.len() / outputs.max(1);
                    linear(LinearShape::Dense([inputs, outputs]), "kernel").into()
                }
                Int8Operation::Convolution {
                    input,
                    window,
                    groups,
                } => {
                    let sizes = tensors.sizes(step.name, "kernel");
                    let convolution = Convolution {
                        input,
                        filters: sizes.last().copied().unwrap_or(0),
                        window,
                        groups,
                    };
                    linear(LinearShape::Convolution(convolution), "kernel").into()
                }
                Int8Operation::Depthwise {
                    input,
                    window,
                    multiplier,
                } => {
                    let depthwise = Depthwise {
                        input,
                        multiplier,
                        window,
                    };
                    linear(LinearShape::Depthwise(depthwise), "kernel").into()
                }
                Int8Operation::BatchNormalization { epsilon } => {
                    let [kernel, bias] = tensors.line(step.name, epsilon);
                    let features = kernel.len();
                    let shape = LinearShape::Depthwise(Depthwise {
                        input: [1, channels(features), features],
                        multiplier: 1,
                        window: Window::PIXEL,
                    });
                    Linear {
                        shape,
                        kernel,
                        bias,
                        largest,
                    }
                    .into()
                }
                Int8Operation::MaxPooling { input, window } => {
                    Kind::MaxPooling(kernels::Pooling { input, window })
                }
                Int8Operation::AveragePooling { input, window } => {
                    Kind::AveragePooling(kernels::Pooling { input, window })
                }
                Int8Operation::Mean { places, channels } => Kind::Mean { places, channels },
                Int8Operation::Padding { input, padding } => Kind::Padding { input, padding },
                Int8Operation::Add => Kind::Add,
                Int8Operation::Concatenate { runs } => Kind::Concatenate(runs.to_vec()),
                Int8Operation::Softmax { classes } => Kind::Softmax { classes },
                Int8Operation::Sigmoid
                | Int8Operation::Tanh
                | Int8Operation::LeakyRelu { .. }
                | Int8Operation::Elementwise => Kind::Function,
            };
            let mut node = Node {
                name: step.name,
                layer: step.layer,
                kind,
                fused: step.fused,
                inputs: step.inputs.to_vec(),
                len: step.len,
            };
            if let (Some((name, layer)), Kind::Linear(linear)) =
                (step.normalization, &mut node.kind)
                && let Int8Operation::BatchNormalization { epsilon } = layer.operation()
            {
                linear.fold(tensors.line(name, epsilon));
            }
            if let Kind::Linear(linear) = &node.kind
                && let values = linear.kernel.iter().chain(&linear.bias)
                && values.into_iter().any(|value| !value.is_finite())
            {
                let message = format!("the weights of `{}` are not finite", step.name);
                return Err(TrainError::Quantization { message }.into());
            }
            lens.push(step.len);
            nodes.push(node);
        }
        Ok(Self {
            rescalings: network.inputs.iter().map(|input| input.rescaling).collect(),
            input_lens: network.inputs.iter().map(|input| input.len).collect(),
            nodes,
            outputs: network.outputs.iter().map(|output| output.value).collect(),
        })
    }

    /// The number of values: inputs and outputs of steps.
    pub(super) fn values(&self) -> usize {
        self.input_lens.len() + self.nodes.len()
    }

    /// All values for a batch of inputs.
    pub(super) fn run(&self, inputs: &[&[f32]]) -> Vec<Vec<f32>> {
        let mut values: Vec<Vec<f32>> = inputs.iter().map(|x| x.to_vec()).collect();
        let samples = values[0].len() / self.input_lens[0].max(1);
        self.continue_from(&mut values, samples);
        values
    }

    /// Computes the values that are still missing.
    pub(super) fn continue_from(&self, values: &mut Vec<Vec<f32>>, samples: usize) {
        for node in &self.nodes[values.len() - self.input_lens.len()..] {
            let x: Vec<&[f32]> = node.inputs.iter().map(|value| &*values[*value]).collect();
            let mut y = vec![0.0; samples * node.len];
            node.forward(&x, &mut y);
            values.push(y);
        }
    }
}

impl Node {
    /// `y` for a batch.
    fn forward(&self, x: &[&[f32]], y: &mut [f32]) {
        match &self.kind {
            Kind::Linear(linear) => linear.forward(x[0], &linear.kernel, &linear.bias, y),
            Kind::MaxPooling(pooling) => pooling.maximum(x[0], y),
            Kind::AveragePooling(pooling) => pooling.average(x[0], y),
            Kind::Mean { places, channels } => {
                kernels::Pooling::of_all(*places, *channels).average(x[0], y);
            }
            Kind::Padding { input, padding } => pad(x[0], *input, *padding, y),
            Kind::Add => kernels::sum(&[x[0], x[1]], y, Activation::Linear),
            Kind::Concatenate(runs) => concatenate(x, runs, y),
            Kind::Softmax { classes } => {
                y.copy_from_slice(x[0]);
                Activation::Softmax.apply(y, *classes);
            }
            Kind::Function => {
                for (y, x) in y.iter_mut().zip(x[0]) {
                    *y = self.layer.value(*x);
                }
            }
        }
        let end = match self.fused {
            Fused::None | Fused::ReluN1To1 => return,
            Fused::Relu => f32::INFINITY,
            Fused::Relu6 => 6.0,
        };
        y.iter_mut().for_each(|y| *y = y.clamp(0.0, end));
    }
}

impl From<Linear> for Kind {
    fn from(linear: Linear) -> Self {
        Self::Linear(linear)
    }
}

impl Linear {
    /// The number of output channels.
    pub(super) fn channels(&self) -> usize {
        self.bias.len()
    }

    /// The sums for a batch, with these numbers and without the activation.
    pub(super) fn forward(&self, x: &[f32], kernel: &[f32], bias: &[f32], y: &mut [f32]) {
        match self.shape {
            LinearShape::Dense(sizes) => {
                kernels::dense(x, kernel, bias, y, sizes, Epilogue::NONE);
            }
            LinearShape::Convolution(convolution) => {
                convolution.forward(x, kernel, bias, y, Epilogue::NONE);
            }
            LinearShape::Depthwise(depthwise) => {
                depthwise.forward(x, kernel, bias, y, Activation::Linear);
            }
        }
    }

    /// Takes a factor and a shift for each channel into the weights.
    fn fold(&mut self, [factors, shifts]: [Vec<f32>; 2]) {
        for taps in self.kernel.chunks_exact_mut(factors.len().max(1)) {
            taps.iter_mut().zip(&factors).for_each(|(w, f)| *w *= f);
        }
        let lines = factors.iter().zip(&shifts);
        for (bias, (factor, shift)) in self.bias.iter_mut().zip(lines) {
            *bias = *bias * factor + shift;
        }
    }
}

fn pad(x: &[f32], [height, width, channels]: [usize; 3], padding: [[usize; 2]; 2], y: &mut [f32]) {
    let [[top, bottom], [left, right]] = padding;
    let (row, padded) = (width * channels, (left + width + right) * channels);
    let images = x.chunks_exact((height * row).max(1));
    y.fill(0.0);
    for (x, y) in images.zip(y.chunks_exact_mut(((top + height + bottom) * padded).max(1))) {
        for (x, y) in x
            .chunks_exact(row)
            .zip(y.chunks_exact_mut(padded).skip(top))
        {
            y[left * channels..][..row].copy_from_slice(x);
        }
    }
}

fn concatenate(x: &[&[f32]], runs: &[usize], y: &mut [f32]) {
    let row = runs.iter().sum::<usize>().max(1);
    for (number, y) in y.chunks_exact_mut(row).enumerate() {
        let mut place = 0;
        for (x, run) in x.iter().zip(runs) {
            y[place..place + run].copy_from_slice(&x[number * run..][..*run]);
            place += run;
        }
    }
}
