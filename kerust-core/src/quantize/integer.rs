//! The network in 8 bits: the numbers of each step, and the step itself.

use super::Int8Operation;
use super::float::{Float, Kind, Linear, LinearShape, Node};
use crate::Result;
use crate::kernels::int8::{
    Add, Convolution, Dense, Depthwise, Filters, Fused, LeakyRelu, Logistic, Mean, Multiplier,
    Output, Pad, Part, Pooling, Quantization, Rescale, Softmax, Table, Tanh, conv_scratch_len,
    depthwise_scratch_len,
};
use crate::train::TrainError;

/// The network of an 8-bit twin.
pub(super) struct Integer {
    /// The quantization of each value.
    pub(super) quantizations: Vec<Quantization>,
    /// What each step computes.
    pub(super) steps: Vec<Step>,
}

/// A step with its numbers.
pub(crate) enum Step {
    Linear(Products),
    MaxPooling(Pooling),
    AveragePooling(Pooling),
    Mean(Mean),
    Padding(Pad),
    Add(Add),
    Concatenate {
        tables: Vec<Table>,
        runs: Vec<usize>,
    },
    Softmax(Softmax),
    Table(Box<Table>),
}

/// A layer that sums products, in 8 bits.
pub(crate) struct Products {
    pub(crate) shape: LinearShape,
    /// In the order of the kernels: output channels first, but for a depthwise convolution.
    pub(crate) kernel: Vec<i8>,
    /// With the input's zero point folded into it.
    pub(crate) bias: Vec<i32>,
    pub(crate) multipliers: Vec<[i32; 2]>,
    /// The input's zero point.
    pub(crate) zero_point: i8,
    pub(crate) output: Output,
    /// The scale of each channel's weights.
    pub(crate) scales: Vec<f32>,
}

/// The values of a step that computes no new ones, only moves or selects those of its input.
pub(super) fn keeps_quantization(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::MaxPooling(_) | Kind::AveragePooling(_) | Kind::Padding { .. }
    )
}

/// The quantization that a step's output has whatever its values are.
pub(super) fn fixed_quantization(node: &Node) -> Option<Quantization> {
    match node.layer.operation() {
        Int8Operation::Softmax { .. } => Some(Softmax::OUTPUT),
        Int8Operation::Sigmoid => Some(Logistic::OUTPUT),
        Int8Operation::Tanh => Some(Tanh::OUTPUT),
        _ => None,
    }
}

impl Step {
    /// The step between these quantizations.
    pub(super) fn new(node: &Node, x: &[Quantization], y: Quantization) -> Result<Self> {
        let same = Output::new(x[0], Fused::None);
        Ok(match &node.kind {
            Kind::Linear(linear) => {
                Self::Linear(Products::new(node, linear, &linear.bias, x[0], y)?)
            }
            Kind::MaxPooling(pooling) => Self::MaxPooling(Pooling {
                input: pooling.input,
                window: pooling.window,
                output: same,
            }),
            Kind::AveragePooling(pooling) => Self::AveragePooling(Pooling {
                input: pooling.input,
                window: pooling.window,
                output: same,
            }),
            Kind::Mean { places, channels } => Self::Mean(Mean::new([*places, *channels], x[0], y)),
            Kind::Padding { input, padding } => Self::Padding(Pad {
                input: *input,
                padding: *padding,
                value: x[0].zero_point,
            }),
            Kind::Add => Self::Add(Add::new([x[0], x[1]], y, node.fused)),
            Kind::Concatenate(runs) => Self::Concatenate {
                tables: x.iter().map(|x| Rescale::new(*x, y).table()).collect(),
                runs: runs.clone(),
            },
            Kind::Softmax { classes } => Self::Softmax(Softmax::new(*classes, 1.0, x[0])),
            Kind::Function => Self::Table(Box::new(table(node, x[0], y))),
        })
    }

    /// `y` for a batch.
    pub(super) fn forward(&self, x: &[&[i8]], y: &mut [i8]) {
        match self {
            Self::Linear(products) => products.forward(x[0], y),
            Self::MaxPooling(pooling) => pooling.maximum(x[0], y),
            Self::AveragePooling(pooling) => pooling.average(x[0], y),
            Self::Mean(mean) => mean.forward(x[0], y),
            Self::Padding(pad) => pad.forward(x[0], y),
            Self::Add(add) => add.forward(x[0], x[1], y),
            Self::Concatenate { tables, runs } => {
                let stride = runs.iter().sum();
                let mut offset = 0;
                for ((x, table), run) in x.iter().zip(tables).zip(runs) {
                    let part = Part {
                        run: *run,
                        offset,
                        stride,
                    };
                    part.place(x, Some(table), y);
                    offset += run;
                }
            }
            Self::Softmax(softmax) => softmax.forward(x[0], y),
            Self::Table(table) => table.apply(x[0], y),
        }
    }
}

/// The table of an elementwise layer.
fn table(node: &Node, x: Quantization, y: Quantization) -> Table {
    match node.layer.operation() {
        Int8Operation::Sigmoid => Logistic::new(x).table(),
        Int8Operation::Tanh => Tanh::new(x).table(),
        Int8Operation::LeakyRelu { negative_slope } => LeakyRelu::new(negative_slope, x, y).table(),
        _ => {
            let mut values = [0; 256];
            for (place, value) in values.iter_mut().enumerate() {
                *value = y.quantize(node.layer.value(x.dequantize(place as u8 as i8)));
            }
            Table(values)
        }
    }
}

impl Products {
    /// The layer's numbers between these quantizations.
    pub(super) fn new(
        node: &Node,
        linear: &Linear,
        bias: &[f32],
        x: Quantization,
        y: Quantization,
    ) -> Result<Self> {
        let channels = linear.channels();
        let taps = linear.kernel.len() / channels.max(1);
        let depthwise = matches!(linear.shape, LinearShape::Depthwise(_));
        let mut this = Self {
            shape: linear.shape,
            kernel: vec![0; linear.kernel.len()],
            bias: vec![0; channels],
            multipliers: vec![[0; 2]; channels],
            zero_point: x.zero_point,
            output: Output::new(y, node.fused),
            scales: vec![0.0; channels],
        };
        for (channel, bias) in bias.iter().copied().enumerate() {
            let weights = linear.kernel[channel..].iter().step_by(channels);
            let largest = weights
                .clone()
                .fold(0.0f32, |largest, w| largest.max(w.abs()));
            // A bias may be large beside weights near zero: with too fine a scale it would overflow.
            let least = bias.abs() / (x.scale * (1 << 28) as f32);
            let scale = (largest / linear.largest)
                .max(least)
                .max(f32::MIN_POSITIVE * 1e8);
            let mut sum = 0i64;
            let mut magnitudes = 0i64;
            for (tap, weight) in weights.enumerate() {
                let q = (weight / scale)
                    .round()
                    .clamp(-linear.largest, linear.largest) as i8;
                let place = match depthwise {
                    true => tap * channels + channel,
                    false => channel * taps + tap,
                };
                this.kernel[place] = q;
                sum += i64::from(q);
                magnitudes += i64::from(q).abs();
            }
            let wanted = f64::from(bias) / (f64::from(x.scale) * f64::from(scale));
            let folded = wanted.round() as i64 - sum * i64::from(x.zero_point);
            if folded.abs() + 128 * magnitudes > i64::from(i32::MAX) {
                return Err(TrainError::Quantization {
                    message: format!(
                        "a sum of `{}` may reach {}, expected at most {}, which 32 bits hold: output channel \
                         {channel} sums {taps} products and a bias of {}",
                        node.name,
                        folded.abs() + 128 * magnitudes,
                        i32::MAX,
                        bias
                    ),
                }
                .into());
            }
            this.bias[channel] = folded as i32;
            this.multipliers[channel] = Multiplier::from_scales(x.scale, scale, y.scale).pair();
            this.scales[channel] = scale;
        }
        Ok(this)
    }

    /// The weights as the `f32` numbers that they stand for, in the order of the `f32` layer.
    pub(super) fn kernel_as_float(&self) -> Vec<f32> {
        let channels = self.bias.len();
        let taps = self.kernel.len() / channels.max(1);
        let depthwise = matches!(self.shape, LinearShape::Depthwise(_));
        let places = (0..taps).flat_map(|tap| (0..channels).map(move |channel| (tap, channel)));
        let values = places.map(|(tap, channel)| {
            let place = match depthwise {
                true => tap * channels + channel,
                false => channel * taps + tap,
            };
            f32::from(self.kernel[place]) * self.scales[channel]
        });
        values.collect()
    }

    fn forward(&self, x: &[i8], y: &mut [i8]) {
        let filters = Filters {
            weights: &self.kernel,
            bias: &self.bias,
            multipliers: Multiplier::slice(&self.multipliers),
        };
        let taps = self.kernel.len() / self.bias.len();
        match self.shape {
            LinearShape::Dense([inputs, outputs]) => Dense {
                inputs,
                outputs,
                output: self.output,
            }
            .forward(x, filters, y),
            LinearShape::Convolution(convolution) => Convolution {
                input: convolution.input,
                filters: convolution.filters,
                window: convolution.window,
                groups: convolution.groups,
                zero_point: self.zero_point,
                output: self.output,
            }
            .forward(x, filters, y, &mut vec![0; conv_scratch_len(taps)]),
            LinearShape::Depthwise(depthwise) => Depthwise {
                input: depthwise.input,
                multiplier: depthwise.multiplier,
                window: depthwise.window,
                zero_point: self.zero_point,
                output: self.output,
            }
            .forward(
                x,
                filters,
                y,
                &mut vec![0; depthwise_scratch_len(taps, depthwise.input[2])],
            ),
        }
    }
}

impl Integer {
    /// The network between these quantizations, one for each value.
    pub(super) fn new(float: &Float, quantizations: Vec<Quantization>) -> Result<Self> {
        let first = float.input_lens.len();
        let steps = float.nodes.iter().enumerate().map(|(number, node)| {
            let x: Vec<_> = node
                .inputs
                .iter()
                .map(|value| quantizations[*value])
                .collect();
            Step::new(node, &x, quantizations[first + number])
        });
        let steps = steps.collect::<Result<_>>()?;
        Ok(Self {
            quantizations,
            steps,
        })
    }

    /// All values for a batch of `f32` inputs.
    pub(super) fn run(&self, float: &Float, inputs: &[&[f32]]) -> Vec<Vec<i8>> {
        self.run_to(float, inputs, self.steps.len())
    }

    /// The values for a batch of `f32` inputs, up to the step of this number, which is not computed.
    pub(super) fn run_to(&self, float: &Float, inputs: &[&[f32]], end: usize) -> Vec<Vec<i8>> {
        let quantized = inputs.iter().zip(&self.quantizations);
        let mut values: Vec<Vec<i8>> = quantized
            .map(|(x, quantization)| x.iter().map(|x| quantization.quantize(*x)).collect())
            .collect();
        let samples = values[0].len() / float.input_lens[0].max(1);
        for (node, step) in float.nodes.iter().zip(&self.steps).take(end) {
            let x: Vec<&[i8]> = node.inputs.iter().map(|value| &*values[*value]).collect();
            let mut y = vec![0; samples * node.len];
            step.forward(&x, &mut y);
            values.push(y);
        }
        values
    }
}
