//! Convolutions and dense layers.

use super::activations::{range, rest};
use super::convert::Converter;
use super::layer::{Layer, Numbers};
use super::layers::{pair, pair_or_one};
use crate::kernels::int8::{Fused, Multiplier, Output, fold_depthwise_zero_point, fold_zero_point};
use crate::kernels::{Convolution, Depthwise};
use crate::quantize::{LinearShape, Products, Step};
use crate::shape::{self, Padding, Shape, Window};
use crate::weights::fault::Text;
use crate::weights::numbers;
use crate::weights::tflite::{Kind, Operation, TfliteError};

impl Converter<'_, '_> {
    /// `CONV_2D`, `DEPTHWISE_CONV_2D`, `FULLY_CONNECTED`.
    pub(super) fn linear(&mut self, operation: &Operation) -> Result<(), TfliteError> {
        match operation.kind {
            Kind::Conv2D {
                filter,
                bias,
                window,
                groups,
                activation,
            } => {
                let (x, input) = self.image(operation)?;
                let filters = self.tensor(filter).shape[0];
                let mut arguments = vec![filters.to_string()];
                arguments.extend(settings(window));
                if groups != 1 {
                    arguments.push(format!("groups = {groups}"));
                }
                let declared = format!("Conv2D({})", arguments.join(", "));
                let judged = shape::conv2d(Shape::new(&input), filters, window, groups);
                let layer = Layer {
                    kind: "Conv2D",
                    arguments,
                    inputs: vec![x],
                    shape: Self::check(operation, &declared, judged)?,
                    ..Layer::default()
                };
                let shape = LinearShape::Convolution(Convolution {
                    input,
                    filters,
                    window,
                    groups,
                });
                self.put_linear(operation, layer, shape, (filter, bias), activation)
            }
            Kind::DepthwiseConv2D {
                filter,
                bias,
                window,
                multiplier,
                activation,
            } => {
                let (x, input) = self.image(operation)?;
                let mut arguments = settings(window);
                if multiplier != 1 {
                    arguments.push(format!("depth_multiplier = {multiplier}"));
                }
                let declared = format!("DepthwiseConv2D({})", arguments.join(", "));
                let judged = shape::depthwise_conv2d(Shape::new(&input), multiplier, window);
                let layer = Layer {
                    kind: "DepthwiseConv2D",
                    arguments,
                    inputs: vec![x],
                    shape: Self::check(operation, &declared, judged)?,
                    ..Layer::default()
                };
                let shape = LinearShape::Depthwise(Depthwise {
                    input,
                    multiplier,
                    window,
                });
                self.put_linear(operation, layer, shape, (filter, bias), activation)
            }
            Kind::FullyConnected {
                filter,
                bias,
                activation,
            } => {
                let mut x = self.input(operation, 0)?;
                let [units, inputs] = [0, 1].map(|axis| self.tensor(filter).shape[axis]);
                let len = self.network.shape(x).iter().product::<usize>();
                let rows = len / inputs;
                let is_sequence = self.network.shape(x) == [rows, inputs];
                let (from, to) = match rows == 1 && !is_sequence {
                    true => (vec![inputs], vec![units]),
                    false => (vec![rows, inputs], vec![rows, units]),
                };
                x = self.shaped(x, &from);
                let layer = Layer {
                    kind: "Dense",
                    arguments: vec![units.to_string()],
                    inputs: vec![x],
                    shape: to,
                    ..Layer::default()
                };
                let shape = LinearShape::Dense([inputs, units]);
                self.put_linear(operation, layer, shape, (filter, bias), activation)
            }
            _ => Ok(()),
        }
    }

    /// Adds a layer with weights.
    fn put_linear(
        &mut self,
        operation: &Operation,
        mut layer: Layer,
        shape: LinearShape,
        (filter, bias): (usize, Option<usize>),
        activation: Fused,
    ) -> Result<(), TfliteError> {
        let [_, target] = self.ends(operation)?;
        let (fused, word) = range(activation);
        layer.activation = word;
        if bias.is_none() {
            layer.arguments.push("use_bias = false".to_owned());
        }
        layer.numbers = Some(Numbers {
            step: Step::Linear(self.products(operation, shape, filter, bias, fused)?),
            output: target,
        });
        self.put(operation, layer);
        self.behind(operation, rest(activation))
    }

    /// The numbers of a layer with weights, as the kernels take them.
    fn products(
        &mut self,
        operation: &Operation,
        shape: LinearShape,
        filter: usize,
        bias: Option<usize>,
        activation: Fused,
    ) -> Result<Products, TfliteError> {
        let [source, target] = self.ends(operation)?;
        let filter = self.tensor(filter);
        let (channels, is_depthwise) = match shape {
            LinearShape::Dense([_, units]) => (units, false),
            LinearShape::Convolution(convolution) => (convolution.filters, false),
            LinearShape::Depthwise(depthwise) => (depthwise.input[2] * depthwise.multiplier, true),
        };
        self.spend(
            operation,
            filter.len().saturating_add(channels.saturating_mul(12)),
        )?;
        let weights = filter.i8s().unwrap_or_default();
        let bias = bias.and_then(|bias| self.tensor(bias).i32s());
        let mut bias = bias.unwrap_or_else(|| vec![0; channels]);
        match is_depthwise {
            true => fold_depthwise_zero_point(&mut bias, weights, source.zero_point),
            false => fold_zero_point(&mut bias, weights, source.zero_point),
        }
        let bytes: &[u8] = bytemuck::cast_slice(weights);
        let overflow = numbers::overflow(bytes, bytemuck::cast_slice(&bias), !is_depthwise);
        if let Some(refused) = overflow {
            let fault = format!(
                "with the zero point of its input folded into the bias, it {}; convert the model again",
                refused.words(Text::new()).as_str()
            );
            return Err(Self::fault(operation, fault));
        }
        let scales = filter
            .quantization
            .as_ref()
            .map_or(&[][..], |it| &it.scales);
        let scales: Vec<f32> = match *scales {
            [scale] => vec![scale; channels],
            _ => scales.to_vec(),
        };
        let multipliers = scales
            .iter()
            .map(|scale| Multiplier::from_scales(source.scale, *scale, target.scale).pair());
        Ok(Products {
            shape,
            kernel: weights.to_vec(),
            bias,
            multipliers: multipliers.collect(),
            zero_point: source.zero_point,
            output: Output::new(target, activation),
            scales,
        })
    }
}

/// The arguments for the window of a convolution.
fn settings(window: Window) -> Vec<String> {
    let mut settings = vec![pair(window.size)];
    if window.strides != [1, 1] {
        settings.push(format!("strides = {}", pair_or_one(window.strides)));
    }
    if window.padding == Padding::Same {
        settings.push("same".to_owned());
    }
    if window.dilation != [1, 1] {
        settings.push(format!("dilation_rate = {}", pair_or_one(window.dilation)));
    }
    settings
}
