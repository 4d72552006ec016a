//! The methods of quantization, one after the other, and what each is worth.

use super::calibrate::Calibration;
use super::float::{Float, Kind};
use super::integer::{Integer, Products, Step};
use super::ranges::{least_squares, quantizations, ranges};
use super::report::{LadderStep, LayerCost, Noise, QuantizationReport};
use super::{Method, Quantize, store};
use crate::Result;
use crate::data::{Data, Samples};
use crate::kernels::int8::Quantization;

/// Samples by which biases are corrected.
const CORRECTION_SAMPLES: usize = 128;

/// Samples by which each layer is measured alone.
const LAYER_SAMPLES: usize = 32;

/// See [`Quantize::quantize_by`].
pub(super) fn quantize<M: Quantize, Y: Data>(
    model: &M,
    samples: &impl Samples<M::Input, Y>,
    methods: &[Method],
) -> Result<(Box<M::Int8>, QuantizationReport)> {
    let network = &M::NETWORK;
    let float = Float::new(model, network, 8)?;
    let calibration = Calibration::read(&float, samples)?;
    let mut ladder = Vec::new();

    let widest = ranges(&float, &calibration)?;
    let mut best = Integer::new(&float, quantizations(&float, &widest))?;
    let mut error = output_noise(&float, &best, &calibration);
    ladder.push(LadderStep::new("smallest to largest value", error, true));

    for method in methods {
        let candidate = match method {
            Method::LeastSquares => {
                let narrower = least_squares(&float, &calibration, &widest);
                Integer::new(&float, quantizations(&float, &narrower))?
            }
            Method::BiasCorrection => {
                corrected(&float, &best, &calibration.first(CORRECTION_SAMPLES))?
            }
        };
        let noise = output_noise(&float, &candidate, &calibration);
        let better = noise < error;
        ladder.push(LadderStep::new(method.name(), noise, better));
        if better {
            (best, error) = (candidate, noise);
        }
    }
    let layers = layers(&float, &best, &calibration);
    let agreement = agreement(&float, &best, &calibration);
    let twin = store::twin(network, &float, &best);
    let report = QuantizationReport {
        model: M::NAME,
        samples: calibration.samples,
        ladder,
        layers,
        agreement,
        noise: error,
        float_bytes: size_of::<M>(),
        int8_bytes: size_of::<M::Int8>(),
    };
    Ok((twin, report))
}

/// How far the outputs are from those of the `f32` model.
pub(super) fn output_noise(float: &Float, integer: &Integer, calibration: &Calibration) -> Noise {
    let parts = calibration.map(|inputs| {
        let (wanted, found) = (float.run(inputs), integer.run(float, inputs));
        let outputs = float.outputs.iter().map(|value| {
            let quantization = integer.quantizations[*value];
            Noise::between(&wanted[*value], &found[*value], quantization)
        });
        outputs.sum::<Noise>()
    });
    parts.into_iter().sum()
}

/// The share of samples for which the largest output is the same one, where an output has several values.
fn agreement(float: &Float, integer: &Integer, calibration: &Calibration) -> Option<f64> {
    let output = *float.outputs.first()?;
    let classes = float
        .nodes
        .get(output.checked_sub(float.input_lens.len())?)?
        .len;
    if classes < 2 {
        return None;
    }
    let parts = calibration.map(|inputs| {
        let (wanted, found) = (float.run(inputs), integer.run(float, inputs));
        let samples = wanted[output]
            .chunks_exact(classes)
            .zip(found[output].chunks_exact(classes));
        samples
            .filter(|(wanted, found)| {
                // Where several 8-bit outputs are equally large, each of them agrees.
                let best = found[largest(wanted)];
                found.iter().all(|other| *other <= best)
            })
            .count()
    });
    Some(parts.into_iter().sum::<usize>() as f64 / calibration.samples as f64)
}

fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

/// The network with each bias moved by the mean error of its channel, layer after layer.
fn corrected(float: &Float, integer: &Integer, calibration: &Calibration) -> Result<Integer> {
    let mut corrected = Integer::new(float, integer.quantizations.clone())?;
    let first = float.input_lens.len();
    for (number, node) in float.nodes.iter().enumerate() {
        let Kind::Linear(linear) = &node.kind else {
            continue;
        };
        let Step::Linear(products) = &corrected.steps[number] else {
            unreachable!("a step is of its node's kind");
        };
        let (kernel, channels) = (products.kernel_as_float(), linear.channels());
        let x = node.inputs[0];
        let parts = calibration.map(|inputs| {
            let (wanted, found) = (float.run(inputs), corrected.run_to(float, inputs, number));
            let quantization = corrected.quantizations[x];
            let found: Vec<f32> = found[x]
                .iter()
                .map(|q| quantization.dequantize(*q))
                .collect();
            let samples = wanted[0].len() / float.input_lens[0].max(1);
            let mut sums = [(); 2].map(|()| vec![0.0; samples * node.len]);
            linear.forward(&wanted[x], &linear.kernel, &linear.bias, &mut sums[0]);
            linear.forward(&found, &kernel, &linear.bias, &mut sums[1]);
            let mut gaps = vec![0.0f64; channels];
            for sums in sums[0]
                .chunks_exact(channels)
                .zip(sums[1].chunks_exact(channels))
            {
                for (gap, (wanted, found)) in gaps.iter_mut().zip(sums.0.iter().zip(sums.1)) {
                    *gap += f64::from(*wanted) - f64::from(*found);
                }
            }
            (gaps, samples * node.len / channels)
        });
        let count: usize = parts.iter().map(|part| part.1).sum();
        let bias = linear.bias.iter().enumerate().map(|(channel, bias)| {
            let gap: f64 = parts.iter().map(|part| part.0[channel]).sum();
            bias + (gap / count.max(1) as f64) as f32
        });
        let bias: Vec<f32> = bias.collect();
        let y = corrected.quantizations[first + number];
        let x = corrected.quantizations[x];
        corrected.steps[number] = Step::Linear(Products::new(node, linear, &bias, x, y)?);
    }
    Ok(corrected)
}

/// What each layer costs.
fn layers(float: &Float, integer: &Integer, calibration: &Calibration) -> Vec<LayerCost> {
    let calibration = calibration.first(LAYER_SAMPLES);
    let first = float.input_lens.len();
    let parts = calibration.map(|inputs| {
        let (wanted, found) = (float.run(inputs), integer.run(float, inputs));
        let samples = wanted[0].len() / float.input_lens[0].max(1);
        let steps = float.nodes.iter().zip(&integer.steps).enumerate();
        let costs = steps.map(|(number, (node, step))| {
            let value = first + number;
            let y = integer.quantizations[value];
            let own = Noise::between(&wanted[value], &found[value], y);
            // The layer alone: its inputs and its arithmetic in 8 bits, all others in `f32`.
            let x: Vec<Vec<i8>> = node
                .inputs
                .iter()
                .map(|x| quantized(&wanted[*x], integer.quantizations[*x]))
                .collect();
            let x: Vec<&[i8]> = x.iter().map(Vec::as_slice).collect();
            let mut output = vec![0; samples * node.len];
            step.forward(&x, &mut output);
            let mut values = wanted[..value].to_vec();
            values.push(output.iter().map(|q| y.dequantize(*q)).collect());
            float.continue_from(&mut values, samples);
            let outputs = float
                .outputs
                .iter()
                .map(|output| Noise::of(&wanted[*output], &values[*output]));
            [own, outputs.sum()]
        });
        costs.collect::<Vec<_>>()
    });
    let nodes = float.nodes.iter().enumerate();
    let costs = nodes.map(|(number, node)| {
        let sum = |which: usize| parts.iter().map(|part| part[number][which]).sum::<Noise>();
        LayerCost {
            name: node.name,
            signal_to_noise: sum(0).decibels(),
            alone: sum(1).decibels(),
        }
    });
    costs.collect()
}

fn quantized(values: &[f32], quantization: Quantization) -> Vec<i8> {
    values.iter().map(|x| quantization.quantize(*x)).collect()
}
