//! Activations.

use super::convert::{Converter, Value};
use super::layer::{Activation, Layer, Numbers, clamp};
use crate::kernels::int8::{Fused, Output, Quantization, Softmax, Table};
use crate::quantize::Step;
use crate::shape::{self, MAX_RANK, Shape};
use crate::weights::tflite::{Operation, TfliteError};

impl Converter<'_, '_> {
    pub(super) fn softmax(
        &mut self,
        operation: &Operation,
        classes: usize,
        beta: f32,
    ) -> Result<(), TfliteError> {
        let mut value = self.input(operation, 0)?;
        let [x, y] = self.ends(operation)?;
        Self::check(operation, "Softmax", shape::softmax(Shape::new(&[classes])))?;
        let numbers = Numbers {
            step: Step::Softmax(Softmax::new(classes, beta, x)),
            output: y,
        };
        if self.network.shape(value).last() != Some(&classes) {
            let shape = &self.tensor(operation.output).shape;
            let is_sample = shape[0] == 1 && (2..=MAX_RANK + 1).contains(&shape.len());
            let rows = shape.iter().product::<usize>() / classes;
            let shape = match is_sample {
                true => shape[1..].to_vec(),
                false => vec![rows, classes],
            };
            value = self.shaped(value, &shape);
        }
        if beta != 1.0 {
            value = self.not_an_input(value);
            let shape = self.network.shape(value).to_vec();
            let scaled = Quantization {
                scale: (x.scale * beta).min(f32::MAX),
                ..x
            };
            value = self.push(Layer {
                kind: "Rescaling",
                arguments: vec![format!("{beta:?}")],
                inputs: vec![value],
                shape,
                numbers: Some(Numbers {
                    step: Step::Table(Box::new(identity())),
                    output: scaled,
                }),
                ..Layer::default()
            });
        }
        self.activated(operation, value, "Softmax", "softmax", numbers);
        Ok(())
    }

    /// An activation that is a table.
    pub(super) fn activation(
        &mut self,
        operation: &Operation,
        word: &'static str,
        table: Table,
    ) -> Result<(), TfliteError> {
        let value = self.input(operation, 0)?;
        let numbers = self.tabulated(operation, table)?;
        self.activated(operation, value, "Activation", word, numbers);
        Ok(())
    }

    /// The numbers of a table.
    pub(super) fn tabulated(
        &mut self,
        operation: &Operation,
        table: Table,
    ) -> Result<Numbers, TfliteError> {
        self.spend(operation, 256)?;
        Ok(Numbers {
            step: Step::Table(Box::new(table)),
            output: self.quantization(operation, operation.output)?,
        })
    }

    /// An activation of a value: an argument of the layer before it if that has weights, or a layer.
    fn activated(
        &mut self,
        operation: &Operation,
        value: usize,
        kind: &'static str,
        word: &'static str,
        numbers: Numbers,
    ) {
        let input = operation.inputs[0];
        let is_alone = self.made[input] && self.reads[input] == 1;
        let is_value = matches!(self.values[input], Some(Value::Int8(of)) if of == value);
        if let Some(layer) = self.network.layer_mut(value)
            && is_alone
            && is_value
            && layer.takes_activation()
            && layer.kind != "Add"
        {
            layer.activation = Some(Activation {
                word,
                numbers: Some(numbers),
            });
            self.values[operation.output] = Some(Value::Int8(value));
            return;
        }
        let layer = Layer {
            kind,
            arguments: match kind {
                "Activation" => vec![word.to_owned()],
                _ => Vec::new(),
            },
            inputs: vec![value],
            shape: self.network.shape(value).to_vec(),
            numbers: Some(numbers),
            is_activation: Some(word),
            ..Layer::default()
        };
        self.put(operation, layer);
    }

    /// `RELU`, `RELU6`: the range of the layer before it, if that gives the same values.
    pub(super) fn relu(
        &mut self,
        operation: &Operation,
        word: &'static str,
        table: Table,
    ) -> Result<(), TfliteError> {
        let input = operation.inputs[0];
        let value = self.input(operation, 0)?;
        let target = self.quantization(operation, operation.output)?;
        let range = Output {
            zero_point: target.zero_point,
            min: table.value(i8::MIN),
            max: table.value(i8::MAX),
        };
        let is_alone = self.made[input] && self.reads[input] == 1;
        if let Some(layer) = self.network.layer_mut(value)
            && is_alone
            && layer.takes_activation()
            && table == clamp(range)
            && let Some(output) = layer.range()
        {
            (output.min, output.max) = (range.min, range.max);
            layer.activation = Some(Activation {
                word,
                numbers: None,
            });
            if let Some(numbers) = &mut layer.numbers {
                numbers.output = target;
            }
            self.values[operation.output] = Some(Value::Int8(value));
            return Ok(());
        }
        let (kind, arguments) = separate(word);
        self.table(operation, kind, arguments, table)
    }

    /// A layer that is a table and nothing else.
    pub(super) fn table(
        &mut self,
        operation: &Operation,
        kind: &'static str,
        arguments: Vec<String>,
        table: Table,
    ) -> Result<(), TfliteError> {
        let value = self.input(operation, 0)?;
        let layer = Layer {
            kind,
            arguments,
            inputs: vec![value],
            shape: self.network.shape(value).to_vec(),
            numbers: Some(self.tabulated(operation, table)?),
            ..Layer::default()
        };
        self.put(operation, layer);
        Ok(())
    }

    /// The fused activation of an operator whose layer takes none: a table behind it.
    pub(super) fn behind(
        &mut self,
        operation: &Operation,
        activation: Fused,
    ) -> Result<(), TfliteError> {
        let Some(Value::Int8(value)) = self.values[operation.output] else {
            return Ok(());
        };
        let (kind, arguments) = match activation {
            Fused::None => return Ok(()),
            Fused::Relu => separate("relu"),
            Fused::Relu6 => separate("relu6"),
            Fused::ReluN1To1 => ("Activation", vec!["hard_tanh".to_owned()]),
        };
        let target = self.quantization(operation, operation.output)?;
        let layer = Layer {
            kind,
            arguments,
            inputs: vec![value],
            shape: self.network.shape(value).to_vec(),
            numbers: Some(self.tabulated(operation, clamp(Output::new(target, activation)))?),
            ..Layer::default()
        };
        self.put(operation, layer);
        Ok(())
    }
}

/// The range of a layer's output, and the activation in the declaration.
pub(super) fn range(activation: Fused) -> (Fused, Option<Activation>) {
    let word = match activation {
        Fused::Relu => "relu",
        Fused::Relu6 => "relu6",
        Fused::None | Fused::ReluN1To1 => return (Fused::None, None),
    };
    let activation_of = Activation {
        word,
        numbers: None,
    };
    (activation, Some(activation_of))
}

/// The fused activation that no range of `model!` is.
pub(super) const fn rest(activation: Fused) -> Fused {
    match activation {
        Fused::ReluN1To1 => Fused::ReluN1To1,
        _ => Fused::None,
    }
}

/// A layer for an activation that `model!` does not merge into the layer before it: that has settings.
fn separate(word: &str) -> (&'static str, Vec<String>) {
    let argument = match word {
        "relu6" => "max_value = 6.0",
        _ => "negative_slope = 0.0",
    };
    ("ReLU", vec![argument.to_owned()])
}

/// The table that changes nothing.
pub(super) fn identity() -> Table {
    Table(core::array::from_fn(|place| place as u8 as i8))
}
