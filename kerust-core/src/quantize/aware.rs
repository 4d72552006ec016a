//! Quantization-aware training.

use super::Quantize;
use super::backward::{Saved, backward};
use super::calibrate::{Calibration, rescaled};
use super::float::Float;
use super::integer::{Integer, Step as IntegerStep};
use super::ladder::output_noise;
use super::network::Network;
use super::ranges::{Range, least_squares, quantizations, ranges};
use super::store;
use crate::Result;
use crate::data::{Data, Samples};
use crate::element::Elements;
use crate::gradient::Gradient;
use crate::kernels::alone;
use crate::kernels::int8::{Quantization, dequantize};
use crate::layer::{LayerData, Layout, Part};
use crate::memory::Memory;
use crate::model::{Graph, HeadPass, Heads, LayerInfo, Model, NoStorage, Setting, Term, Train};
use crate::optimizer::trainable;
use crate::rng::{Rng, Step};
use crate::shape::Shape;
use rayon::prelude::*;

/// Samples that a thread computes together.
const CHUNK: usize = 8;

/// A model in quantization-aware training: its `f32` weights, and the ranges of its values.
///
/// The forward pass is the arithmetic of the 8-bit twin: in each step the weights are quantized, the layers compute
/// in integers, and the loss sees what the device would compute. So the validation accuracy that `fit` prints is that
/// of the device, to the last bit. The backward pass is that of the `f32` layers, with the quantized weights and
/// values, as if rounding changed nothing (the straight-through estimator, Bengio et al. (2013)); a value that is held
/// at an end of its range has no gradient (Jacob et al. (2018)).
///
/// Start from a trained model, and train for about a tenth of its epochs, with a tenth of its learning rate.
/// [`Quantize::compile_int8`] does it:
///
/// ```
/// use kerust::prelude::*;
///
/// model! { #[int8] pub Net: Input(2) => Dense(8, relu) => Dense(2, softmax) }
///
/// let data: Dataset<Rank1<2>, Class<2>> = Dataset::generate(200, |i| {
///     let x = [0.1 * (i % 14) as f32, 0.1 * (i % 9) as f32];
///     (x.into(), Class::new(usize::from(x[0] > x[1])))
/// });
/// let mut model = Net::new(Seed(1)).compile(Adam::new(0.01), SparseCategoricalCrossentropy, Accuracy);
/// model.fit(&data, Fit::epochs(10).quiet())?;
/// let float = model.into_model();
///
/// let mut aware = float.compile_int8(&data, Adam::new(0.001), SparseCategoricalCrossentropy, Accuracy)?;
/// aware.fit(&data, Fit::epochs(1).quiet())?;
/// let int8 = aware.model().int8()?;
/// assert_eq!(int8.accuracy(&data)?, aware.evaluate(&data)?["accuracy"]);
/// # Ok::<(), kerust::Error>(())
/// ```
///
/// # Weights of fewer bits
/// `QuantizationAware::<Net, 4>::of(&net, &calibration)` restricts the weights to 4 bits, from −7 to 7, stored in 8.
/// Then more is lost, and training recovers more of it.
///
/// # What differs from training in `f32`
/// - A `BatchNormalization` is folded into the layer before it. Its `gamma` and `beta` are trained, its moving
///   averages stay as they are.
/// - The ranges of the values stay as the calibration found them.
/// - `Dropout` and the other layers that act only in training do nothing, and neither does an
///   `activity_regularizer`.
/// - Paths begin with `model`: `freeze("model.conv2d")`.
///
/// # Memory
/// A step needs four bytes for each value of the network and each sample of the batch, and its gradient. Inference
/// allocates memory.
#[derive(Debug)]
#[repr(C)]
pub struct QuantizationAware<N: Quantize, const BITS: u32 = 8> {
    /// The model with its `f32` weights, which are trained.
    pub model: N,
    /// The smallest and the largest value of each input and of each layer's output.
    ranges: N::Ranges,
}

// SAFETY: `repr(C)`, its parts in the order of the layout, each at its offset.
unsafe impl<N: Quantize, const BITS: u32> LayerData for QuantizationAware<N, BITS> {
    const LAYOUT: Layout = Layout::Parts(
        const {
            &[
                Part {
                    name: "model",
                    offset: core::mem::offset_of!(Self, model),
                    trainable: true,
                    layout: N::LAYOUT,
                },
                Part {
                    name: "ranges",
                    offset: core::mem::offset_of!(Self, ranges),
                    trainable: false,
                    layout: <N::Ranges as LayerData>::LAYOUT,
                },
            ]
        },
    );
}

impl<N: Quantize + Train, const BITS: u32> QuantizationAware<N, BITS> {
    /// A copy of a trained model, with the ranges of its values over the inputs of `calibration`: those of least
    /// squared error, where they bring the outputs closer to those of the model, else those from the smallest to the
    /// largest value.
    ///
    /// # Errors
    /// As for [`Quantize::quantize`].
    pub fn of<Y: Data>(model: &N, calibration: &impl Samples<N::Input, Y>) -> Result<Box<Self>> {
        let float = Self::float(model)?;
        let calibration = Calibration::read(&float, calibration)?;
        let widest = ranges(&float, &calibration)?;
        let narrower = least_squares(&float, &calibration, &widest);
        let noise = |ranges: &[Range]| -> Result<_> {
            let integer = Integer::new(&float, quantizations(&float, ranges))?;
            Ok(output_noise(&float, &integer, &calibration))
        };
        let best = match noise(&narrower)? < noise(&widest)? {
            true => narrower,
            false => widest,
        };
        let mut aware = Self::zeroed();
        aware.model.as_mut_slice().copy_from_slice(model.as_slice());
        let ends = aware.ranges.as_mut_slice().chunks_exact_mut(2);
        for (ends, range) in ends.zip(best) {
            ends.copy_from_slice(&range.ends());
        }
        Ok(aware)
    }

    /// The 8-bit twin, which computes exactly what this model computes.
    ///
    /// # Errors
    /// When a weight is not finite, or a sum of a layer is too large for 8-bit arithmetic. The error names the layer.
    pub fn int8(&self) -> Result<Box<N::Int8>> {
        let (float, integer) = self.networks()?;
        Ok(store::twin(&N::NETWORK, &float, &integer))
    }

    fn float(model: &N) -> Result<Float> {
        const {
            assert!(
                2 <= BITS && BITS <= 8,
                "weights of `QuantizationAware` have 2 to 8 bits"
            );
        }
        Float::new(model, &N::NETWORK, BITS)
    }

    fn quantizations(&self, float: &Float) -> Vec<Quantization> {
        let ends = self.ranges.as_slice().chunks_exact(2);
        let ranges: Vec<Range> = ends.map(|ends| Range::new(ends[0], ends[1])).collect();
        quantizations(float, &ranges)
    }

    /// The network with the current weights, in `f32` and in 8 bits.
    fn networks(&self) -> Result<(Float, Integer)> {
        let float = Self::float(&self.model)?;
        let integer = Integer::new(&float, self.quantizations(&float))?;
        Ok((float, integer))
    }

    /// Runs the network in 8 bits.
    fn run(&self, input: <N::Input as Elements>::Slices<'_>, samples: usize) -> Result<Values> {
        let (float, integer) = self.networks()?;
        let inputs = rescaled::<N::Input>(&float, input);
        let chunks = (0..samples.div_ceil(CHUNK)).into_par_iter().map(|chunk| {
            let (first, end) = (chunk * CHUNK, samples.min((chunk + 1) * CHUNK));
            let parts = inputs.iter().zip(&float.input_lens);
            let inputs: Vec<&[f32]> = parts
                .map(|(values, len)| &values[first * len..end * len])
                .collect();
            alone(|| integer.run(&float, &inputs))
        });
        Ok(Values {
            chunks: chunks.collect(),
            quantizations: integer.quantizations,
        })
    }
}

/// The values of the network in 8 bits for a batch.
struct Values {
    /// A few samples each.
    chunks: Vec<Vec<Vec<i8>>>,
    quantizations: Vec<Quantization>,
}

impl Values {
    /// Writes the numbers that the value of this index stands for.
    fn dequantize(&self, value: usize, mut y: &mut [f32]) {
        for chunk in &self.chunks {
            let (part, rest) = y.split_at_mut(chunk[value].len());
            dequantize(&chunk[value], self.quantizations[value], part);
            y = rest;
        }
    }
}

impl<N: Quantize + Train, const BITS: u32> Model for QuantizationAware<N, BITS> {
    type Input = N::Input;
    type Heads = N::Heads;
    type Storage = NoStorage;

    const NAME: &'static str = N::NAME;
    const HEADS: &'static [&'static str] = N::HEADS;
    const INPUTS: &'static [(&'static str, Shape)] = N::INPUTS;
    const LAYERS: &'static [LayerInfo] = N::LAYERS;
    const GRAPH: Option<&'static Graph> = N::GRAPH;
    const ARENA_LEN: usize = 0;

    fn logits(
        &self,
        input: <N::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        output: <N::Heads as Elements>::SlicesMut<'_>,
    ) {
        let outputs = N::Heads::parts(output);
        let Ok(values) = self.run(input, memory.batch()) else {
            // The loss is then not finite, which `fit` reports.
            outputs.into_iter().for_each(|output| output.fill(f32::NAN));
            return;
        };
        for (output, head) in outputs.into_iter().zip(N::NETWORK.outputs) {
            values.dequantize(head.logits, output);
        }
    }

    fn activate(&self, outputs: <N::Heads as Elements>::SlicesMut<'_>) {
        let Ok(float) = Self::float(&self.model) else {
            return;
        };
        let quantizations = self.quantizations(&float);
        for (output, head) in N::Heads::parts(outputs).into_iter().zip(N::NETWORK.outputs) {
            if head.value == head.logits {
                continue;
            }
            let [x, y] = [head.logits, head.value].map(|value| quantizations[value]);
            let node = &float.nodes[head.value - float.input_lens.len()];
            let Ok(step) = IntegerStep::new(node, &[x], y) else {
                continue;
            };
            let logits: Vec<i8> = output.iter().map(|value| x.quantize(*value)).collect();
            let mut values = vec![0; logits.len()];
            step.forward(&[&logits], &mut values);
            for (output, value) in output.iter_mut().zip(values) {
                // What is no number stays none.
                if !output.is_nan() {
                    *output = y.dequantize(value);
                }
            }
        }
    }
}

impl<N: Quantize + Train, const BITS: u32> Train for QuantizationAware<N, BITS> {
    const TRAINING_LEN: usize = values_len(&N::NETWORK) + 2 * heads_len(&N::NETWORK);
    const GRADIENT_LEN: usize = N::GRADIENT_LEN + <N::Ranges as LayerData>::LAYOUT.len();
    const SETTINGS: &'static [Setting] = const {
        &[Setting {
            path: "model",
            term: Term::Within(N::SETTINGS),
        }]
    };

    /// Initial weights, and ranges from −8 to 8: [`of`](QuantizationAware::of) has better ones.
    fn init(&mut self, rng: &mut Rng) {
        self.model.init(rng);
        let ends = self.ranges.as_mut_slice().chunks_exact_mut(2);
        ends.for_each(|ends| ends.copy_from_slice(&[-8.0, 8.0]));
    }

    fn forward_training(
        &self,
        input: <N::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        _step: Step<'_>,
    ) {
        let samples = memory.batch();
        let room = Room::split::<N>(memory);
        let Ok(values) = self.run(input, samples) else {
            let logits = room.heads.into_iter().map(|[logits, _]| logits);
            logits.for_each(|logits| logits.fill(f32::NAN));
            return;
        };
        let rooms = room.values.into_par_iter().enumerate();
        rooms.for_each(|(value, room)| values.dequantize(value, room));
        for ([logits, _], head) in room.heads.into_iter().zip(N::NETWORK.outputs) {
            values.dequantize(head.logits, logits);
        }
    }

    fn heads<'m>(memory: &'m mut Memory<'_>) -> HeadPass<'m, Self::Heads> {
        N::Heads::pass(&mut Room::split::<N>(memory).heads.into_iter())
    }

    fn backward(
        &self,
        _input: <N::Input as Elements>::Slices<'_>,
        memory: &mut Memory<'_>,
        mut gradient: Gradient<'_>,
        _dx: <N::Input as Elements>::GradientsOut<'_>,
        accumulate: bool,
    ) {
        if !accumulate {
            gradient.clear();
        }
        let Ok((float, integer)) = self.networks() else {
            return;
        };
        let room = Room::split::<N>(memory);
        let heads = room.heads.into_iter().zip(N::NETWORK.outputs);
        let saved = Saved {
            values: room.values,
            heads: heads
                .map(|([_, gradient], head)| (head.logits, &*gradient))
                .collect(),
        };
        let tensors = trainable(&Self::LAYOUT, Self::SETTINGS);
        backward(
            (&float, &integer),
            (&self.model, &N::NETWORK),
            saved,
            &mut |name, values| {
                let path = format!("model.{name}");
                let tensor = tensors.iter().find(|tensor| tensor.name == path);
                let part = tensor.and_then(|it| gradient.part(it.in_gradient()).values());
                for (sum, value) in part.into_iter().flatten().zip(values) {
                    *sum += value;
                }
            },
        );
    }
}

/// The memory of a step.
struct Room<'m> {
    /// The values of the network, as the numbers that they stand for.
    values: Vec<&'m mut [f32]>,
    /// The logits of each head, and their gradient.
    heads: Vec<[&'m mut [f32]; 2]>,
}

impl<'m> Room<'m> {
    fn split<N: Quantize>(memory: &'m mut Memory<'_>) -> Self {
        let samples = memory.batch();
        let mut rest = memory.values();
        let mut next = |len: usize| {
            let (part, behind) = std::mem::take(&mut rest).split_at_mut(len * samples);
            rest = behind;
            part
        };
        let inputs = N::NETWORK.inputs.iter().map(|input| input.len);
        let steps = N::NETWORK.steps.iter().map(|step| step.len);
        let values = inputs.chain(steps).map(&mut next).collect();
        let heads = N::NETWORK.outputs.iter();
        let heads = heads.map(|head| {
            let len = value_len(&N::NETWORK, head.logits);
            [next(len), next(len)]
        });
        Self {
            values,
            heads: heads.collect(),
        }
    }
}

/// The number of values of the input or step of this number, for one sample.
const fn value_len(network: &Network, value: usize) -> usize {
    let inputs = network.inputs.len();
    match value < inputs {
        true => network.inputs[value].len,
        false => network.steps[value - inputs].len,
    }
}

const fn values_len(network: &Network) -> usize {
    let (mut len, mut value) = (0, 0);
    while value < network.inputs.len() + network.steps.len() {
        len += value_len(network, value);
        value += 1;
    }
    len
}

const fn heads_len(network: &Network) -> usize {
    let (mut len, mut head) = (0, 0);
    while head < network.outputs.len() {
        len += value_len(network, network.outputs[head].logits);
        head += 1;
    }
    len
}
