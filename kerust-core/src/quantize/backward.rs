//! The backward pass of quantization-aware training.

use super::float::{Float, Kind, Linear, LinearShape, Node};
use super::integer::{Integer, Step};
use super::network::{Int8Step, Network};
use super::operation::Int8Operation;
use super::tensors::Tensors;
use crate::activation::Activation;
use crate::kernels::int8::{Output, Quantization};
use crate::kernels::{self, Pooling};
use crate::model::Model;
use rayon::prelude::*;

/// What the forward pass left.
pub(super) struct Saved<'m> {
    /// The values of the network for a batch, as the numbers that they stand for.
    pub(super) values: Vec<&'m mut [f32]>,
    /// For each head, the value that it is, and its gradient.
    pub(super) heads: Vec<(usize, &'m [f32])>,
}

/// Computes the gradients of all weights, and passes those of each tensor to `add`: `conv2d.kernel`.
pub(super) fn backward<M: Model>(
    (float, integer): (&Float, &Integer),
    (model, network): (&M, &Network),
    saved: Saved<'_>,
    add: &mut dyn FnMut(&str, &[f32]),
) {
    let first = float.input_lens.len();
    let tensors = Tensors::of(model);
    let mut gradients: Vec<Option<Vec<f32>>> = vec![None; float.values()];
    for (value, gradient) in saved.heads {
        join(&mut gradients[value], gradient.to_vec());
    }
    for (number, node) in float.nodes.iter().enumerate().rev() {
        let Some(mut dy) = gradients[first + number].take() else {
            continue;
        };
        let step = &integer.steps[number];
        let y = &*saved.values[first + number];
        if let Some(output) = range(step) {
            hold(output, integer.quantizations[first + number], y, &mut dy);
        }
        let x: Vec<&[f32]> = node.inputs.iter().map(|x| &*saved.values[*x]).collect();
        if let (Kind::Linear(linear), Step::Linear(products)) = (&node.kind, step) {
            let kernel = products.kernel_as_float();
            let weights = linear.weight_gradients(x[0], &dy);
            unfold(&tensors, &network.steps[number], linear, weights, add);
            // Nobody asks for the gradient of an input.
            if node.inputs[0] >= first {
                let mut dx = vec![0.0; x[0].len()];
                linear.input_gradient(&dy, &kernel, &mut dx);
                join(&mut gradients[node.inputs[0]], dx);
            }
            continue;
        }
        for (place, value) in node.inputs.iter().enumerate() {
            if *value >= first {
                let x_quantization = integer.quantizations[*value];
                let dx = input_gradient(node, &x, place, x_quantization, [y, &dy]);
                join(&mut gradients[*value], dx);
            }
        }
    }
}

/// Adds a gradient to another one.
fn join(sum: &mut Option<Vec<f32>>, part: Vec<f32>) {
    match sum {
        Some(sum) => kernels::sum_into(sum, &part),
        None => *sum = Some(part),
    }
}

/// The range in which a step holds its outputs, if it does.
fn range(step: &Step) -> Option<Output> {
    match step {
        Step::Linear(products) => Some(products.output),
        Step::Add(add) => Some(add.output),
        _ => None,
    }
}

/// Removes the gradient of values that are held at an end of their range.
fn hold(output: Output, quantization: Quantization, y: &[f32], dy: &mut [f32]) {
    let [low, high] = [output.min, output.max].map(|end| quantization.dequantize(end));
    dy.par_iter_mut()
        .zip(y)
        .with_min_len(1 << 14)
        .for_each(|(dy, y)| {
            if *y <= low || *y >= high {
                *dy = 0.0;
            }
        });
}

/// The gradient of the input of this number, of a step without weights.
fn input_gradient(
    node: &Node,
    x: &[&[f32]],
    place: usize,
    quantization: Quantization,
    [y, dy]: [&[f32]; 2],
) -> Vec<f32> {
    let mut dx = vec![0.0; x[place].len()];
    match &node.kind {
        Kind::MaxPooling(pooling) => pooling.maximum_gradient(x[0], dy, &mut dx),
        Kind::AveragePooling(pooling) => pooling.average_gradient(dy, &mut dx),
        Kind::Mean { places, channels } => {
            Pooling::of_all(*places, *channels).average_gradient(dy, &mut dx);
        }
        Kind::Padding { input, padding } => crop(dy, *input, *padding, &mut dx),
        Kind::Concatenate(runs) => {
            let (row, run) = (runs.iter().sum::<usize>(), runs[place]);
            let offset: usize = runs[..place].iter().sum();
            let rows = dx
                .chunks_exact_mut(run.max(1))
                .zip(dy.chunks_exact(row.max(1)));
            rows.for_each(|(dx, dy)| dx.copy_from_slice(&dy[offset..offset + run]));
        }
        Kind::Softmax { classes } => {
            kernels::activated_gradient(Activation::Softmax, [x[0], y, dy], &mut dx, *classes);
        }
        Kind::Function => {
            let slopes = slopes(node, quantization);
            for ((dx, dy), x) in dx.iter_mut().zip(dy).zip(x[0]) {
                *dx = dy * slopes[usize::from(quantization.quantize(*x) as u8)];
            }
        }
        Kind::Add | Kind::Linear(_) => dx.copy_from_slice(dy),
    }
    dx
}

/// The slopes of an elementwise layer at each of the 256 values of its input, over one step of the quantization.
fn slopes(node: &Node, x: Quantization) -> [f32; 256] {
    let mut slopes = [0.0; 256];
    for (place, slope) in slopes.iter_mut().enumerate() {
        let middle = x.dequantize(place as u8 as i8);
        let [low, high] = [-0.5, 0.5].map(|half| node.layer.value(middle + half * x.scale));
        *slope = (high - low) / x.scale;
    }
    slopes
}

/// The inside of a padded image.
fn crop(
    dy: &[f32],
    [height, width, channels]: [usize; 3],
    padding: [[usize; 2]; 2],
    dx: &mut [f32],
) {
    let [[top, bottom], [left, right]] = padding;
    let (row, padded) = (width * channels, (left + width + right) * channels);
    let images = dx.chunks_exact_mut((height * row).max(1));
    for (dx, dy) in images.zip(dy.chunks_exact(((top + height + bottom) * padded).max(1))) {
        let rows = dx
            .chunks_exact_mut(row)
            .zip(dy.chunks_exact(padded).skip(top));
        rows.for_each(|(dx, dy)| dx.copy_from_slice(&dy[left * channels..][..row]));
    }
}

/// The gradients of a layer's own weights, from those of its folded ones.
fn unfold(
    tensors: &Tensors,
    step: &Int8Step,
    linear: &Linear,
    [mut kernel, mut bias]: [Vec<f32>; 2],
    add: &mut dyn FnMut(&str, &[f32]),
) {
    let alone = match step.layer.operation() {
        Int8Operation::BatchNormalization { epsilon } => Some((step.name, epsilon)),
        _ => None,
    };
    let folded = step
        .normalization
        .and_then(|(name, layer)| match layer.operation() {
            Int8Operation::BatchNormalization { epsilon } => Some((name, epsilon)),
            _ => None,
        });
    if let Some((name, epsilon)) = alone.or(folded) {
        let channels = linear.channels();
        let [factors, _] = tensors.line(name, epsilon);
        // Without a layer before it, a normalization is a product with 1.
        let (weights, shifts) = match alone {
            Some(_) => (&[][..], &[][..]),
            None => (
                tensors.get(step.name, "kernel"),
                tensors.get(step.name, "bias"),
            ),
        };
        let mean = tensors.get(name, "moving_mean");
        let variance = tensors.get(name, "moving_variance");
        let mut gamma: Vec<f32> = (0..channels)
            .map(|channel| bias[channel] * (shifts.get(channel).unwrap_or(&0.0) - mean[channel]))
            .collect();
        for (place, gradient) in kernel.iter().enumerate() {
            gamma[place % channels] += gradient * weights.get(place).unwrap_or(&1.0);
        }
        let gamma: Vec<f32> = gamma
            .iter()
            .zip(variance)
            .map(|(gradient, variance)| gradient / (variance + epsilon).sqrt())
            .collect();
        add(&format!("{name}.gamma"), &gamma);
        add(&format!("{name}.beta"), &bias);
        if alone.is_some() {
            return;
        }
        let channels = kernel.len() / channels;
        let all = factors.iter().cycle().take(channels * factors.len());
        kernel
            .iter_mut()
            .zip(all)
            .for_each(|(gradient, factor)| *gradient *= factor);
        bias.iter_mut()
            .zip(&factors)
            .for_each(|(gradient, factor)| *gradient *= factor);
    }
    add(&format!("{}.kernel", step.name), &kernel);
    add(&format!("{}.bias", step.name), &bias);
}

impl Linear {
    /// The gradients of the kernel and of the bias.
    fn weight_gradients(&self, x: &[f32], dy: &[f32]) -> [Vec<f32>; 2] {
        let [mut kernel, mut bias] = [self.kernel.len(), self.bias.len()].map(|len| vec![0.0; len]);
        match self.shape {
            LinearShape::Dense([inputs, outputs]) => {
                kernels::dense_weight_gradient(x, dy, &mut kernel, inputs, outputs, false);
                kernels::column_sums(dy, &mut bias, outputs, false);
            }
            LinearShape::Convolution(convolution) => {
                convolution.weight_gradient(x, dy, &mut kernel, &mut bias, false);
            }
            LinearShape::Depthwise(depthwise) => {
                depthwise.weight_gradient(x, dy, &mut kernel, &mut bias, false);
            }
        }
        [kernel, bias]
    }

    /// The gradient of the input, with this kernel.
    fn input_gradient(&self, dy: &[f32], kernel: &[f32], dx: &mut [f32]) {
        match self.shape {
            LinearShape::Dense([inputs, outputs]) => {
                kernels::dense_input_gradient(dy, kernel, dx, inputs, outputs);
            }
            LinearShape::Convolution(convolution) => convolution.input_gradient(dy, kernel, dx),
            LinearShape::Depthwise(depthwise) => depthwise.input_gradient(dy, kernel, dx),
        }
    }
}
