//! Pools, means, padding, sums and concatenations.

use super::activations::{identity, range, rest};
use super::convert::{Converter, Value};
use super::layer::{Layer, Numbers};
use crate::kernels::int8::{Add, Fused, Mean, Pad, Quantization};
use crate::quantize::Step;
use crate::shape::{self, MAX_RANK, Padding, Shape, Window};
use crate::weights::tflite::{Operation, TfliteError};

impl Converter<'_, '_> {
    pub(super) fn pool(
        &mut self,
        operation: &Operation,
        kind: &'static str,
        window: Window,
        activation: Fused,
    ) -> Result<(), TfliteError> {
        let (x, image) = self.image(operation)?;
        let mut arguments = vec![pair(window.size)];
        if window.strides != window.size {
            arguments.push(format!("strides = {}", pair_or_one(window.strides)));
        }
        if window.padding == Padding::Same {
            arguments.push("same".to_owned());
        }
        let declared = format!("{kind}({})", arguments.join(", "));
        let judged = shape::pooling2d(Shape::new(&image), window);
        let shape = Self::check(operation, &declared, judged)?;
        self.put(
            operation,
            Layer {
                kind,
                arguments,
                inputs: vec![x],
                shape,
                ..Layer::default()
            },
        );
        self.behind(operation, activation)
    }

    pub(super) fn mean(&mut self, operation: &Operation) -> Result<(), TfliteError> {
        let value = self.input(operation, 0)?;
        let [x, y] = self.ends(operation)?;
        let (kind, sizes) = match &self.tensor(operation.inputs[0]).shape[1..] {
            sizes @ [_, _, _] => ("GlobalAveragePooling2D", sizes.to_vec()),
            sizes => {
                let channels = sizes.last().copied().unwrap_or(1);
                let places = sizes.iter().product::<usize>() / channels;
                ("GlobalAveragePooling1D", vec![places, channels])
            }
        };
        let channels = sizes[sizes.len() - 1];
        let places = sizes.iter().product::<usize>() / channels;
        let layer = Layer {
            kind,
            inputs: vec![self.shaped(value, &sizes)],
            shape: vec![channels],
            numbers: Some(Numbers {
                step: Step::Mean(Mean::new([places, channels], x, y)),
                output: y,
            }),
            ..Layer::default()
        };
        self.put(operation, layer);
        Ok(())
    }

    pub(super) fn pad(
        &mut self,
        operation: &Operation,
        padding: [[usize; 2]; 2],
        filling: i8,
    ) -> Result<(), TfliteError> {
        let mut value = self.input(operation, 0)?;
        let [x, _] = self.ends(operation)?;
        let [rows, columns] = padding;
        let sizes = self.tensor(operation.inputs[0]).shape[1..].to_vec();
        let side = |[before, after]: [usize; 2]| format!("({before}, {after})");
        let (kind, argument, image, judged) = match sizes[..] {
            [height, width, channels] => {
                let image = [height, width, channels];
                let judged = shape::zero_padding2d(Shape::new(&image), padding);
                let argument = format!("({}, {})", side(rows), side(columns));
                ("ZeroPadding2D", argument, image, judged)
            }
            _ => {
                let (steps, channels) = (sizes[0], sizes[sizes.len() - 1]);
                let image = [steps, 1, channels];
                let judged = shape::zero_padding2d(Shape::new(&image), padding);
                let judged = judged.map(|shape| Shape::new(&[shape.dim(0), channels]));
                ("ZeroPadding1D", side(rows), image, judged)
            }
        };
        let declared = format!("{kind}({argument})");
        let shape = Self::check(operation, &declared, judged)?;
        // Another number than 0 is 0 in values that are shifted by it.
        let shift = x.dequantize(filling);
        let shifted = Quantization {
            zero_point: filling,
            ..x
        };
        let is_shifted = filling != x.zero_point;
        if is_shifted {
            value = self.shift(value, -shift, shifted);
        }
        let pad = Pad {
            input: image,
            padding,
            value: filling,
        };
        let layer = Layer {
            kind,
            arguments: vec![argument],
            inputs: vec![self.shaped(value, &sizes)],
            shape,
            numbers: Some(Numbers {
                step: Step::Padding(pad),
                output: shifted,
            }),
            ..Layer::default()
        };
        self.put(operation, layer);
        if is_shifted && let Some(Value::Int8(value)) = self.values[operation.output] {
            let value = self.shift(value, shift, x);
            self.values[operation.output] = Some(Value::Int8(value));
        }
        Ok(())
    }

    /// The same 8-bit values, which stand for numbers that are larger by `by`.
    fn shift(&mut self, value: usize, by: f32, output: Quantization) -> usize {
        let value = self.not_an_input(value);
        let shape = self.network.shape(value).to_vec();
        self.push(Layer {
            kind: "Rescaling",
            arguments: vec!["1.0".to_owned(), format!("offset = {by:?}")],
            inputs: vec![value],
            shape,
            numbers: Some(Numbers {
                step: Step::Table(Box::new(identity())),
                output,
            }),
            ..Layer::default()
        })
    }

    pub(super) fn add(
        &mut self,
        operation: &Operation,
        activation: Fused,
    ) -> Result<(), TfliteError> {
        let a = self.input(operation, 0)?;
        let b = self.input(operation, 1)?;
        let [x, y] = self.ends(operation)?;
        let other = self.quantization(operation, operation.inputs[1])?;
        let shape = self.network.shape(a).to_vec();
        let b = self.shaped(b, &shape);
        let (range, word) = range(activation);
        let layer = Layer {
            kind: "Add",
            inputs: vec![a, b],
            shape,
            numbers: Some(Numbers {
                step: Step::Add(Add::new([x, other], y, range)),
                output: y,
            }),
            activation: word,
            ..Layer::default()
        };
        self.put(operation, layer);
        self.behind(operation, rest(activation))
    }

    pub(super) fn concatenation(
        &mut self,
        operation: &Operation,
        axis: usize,
    ) -> Result<(), TfliteError> {
        let target = self.quantization(operation, operation.output)?;
        if operation.inputs.len() == 1 {
            self.values[operation.output] = Some(Value::Int8(self.input(operation, 0)?));
            return Ok(());
        }
        let output = &self.tensor(operation.output).shape;
        let is_sample = output[0] == 1 && output.len() <= MAX_RANK + 1;
        // The axis in rows: what lies before it, and what lies behind.
        let shape_of = |shape: &[usize]| match is_sample {
            true => shape[1..].to_vec(),
            false => {
                let (outer, inner) = shape.split_at(axis);
                vec![outer.iter().product(), inner.iter().product()]
            }
        };
        self.spend(operation, operation.inputs.len().saturating_mul(256))?;
        let (mut inputs, mut runs, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        for place in 0..operation.inputs.len() {
            let shape = &self.tensor(operation.inputs[place]).shape;
            runs.push(shape[axis..].iter().product());
            let value = self.input(operation, place)?;
            inputs.push(self.shaped(value, &shape_of(shape)));
            let table = self.rescaled.get(&operation.inputs[place]);
            tables.push(table.copied().unwrap_or(identity()));
        }
        let mut arguments = Vec::new();
        if is_sample && axis + 1 < output.len() {
            // From the last axis back, since the batch is not an axis of a sample.
            arguments.push(format!("axis = -{}", output.len() - axis));
        }
        let layer = Layer {
            kind: "Concatenate",
            arguments,
            shape: shape_of(output),
            numbers: Some(Numbers {
                step: Step::Concatenate { tables, runs },
                output: target,
            }),
            inputs,
            ..Layer::default()
        };
        self.put(operation, layer);
        Ok(())
    }
}

/// `3x3`
pub(super) fn pair([rows, columns]: [usize; 2]) -> String {
    format!("{rows}x{columns}")
}

/// `2` for two equal sizes, else `2x1`.
pub(super) fn pair_or_one([rows, columns]: [usize; 2]) -> String {
    match rows == columns {
        true => rows.to_string(),
        false => pair([rows, columns]),
    }
}
