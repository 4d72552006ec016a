//! The inputs and outputs of a model.

use super::convert::{Converter, Value};
use super::layer::{Input, Layer, ModelOutput};
use crate::kernels::int8::Quantization;
use crate::shape::MAX_RANK;
use crate::weights::tflite::{Element, Operation, Tensor, TfliteError};

/// The maximum number of inputs, and of outputs, of a model.
const MOST_ENDS: usize = 4;

impl Converter<'_, '_> {
    /// Adds the inputs.
    pub(super) fn inputs(&mut self) -> Result<(), TfliteError> {
        self.few(self.graph.inputs.len(), "inputs")?;
        for (number, index) in self.graph.inputs.iter().enumerate() {
            let tensor = self.tensor(*index);
            if self.reads[*index] == 0 {
                return Err(end_fault(
                    tensor,
                    *index,
                    "found an input that no output depends on; remove it from the model",
                ));
            }
            if self.graph.inputs[..number].contains(index) {
                return Err(end_fault(
                    tensor,
                    *index,
                    "found it as an input twice; convert the model again",
                ));
            }
            let is_int8 = tensor.element == Element::I8;
            if number > 0 && is_int8 != self.network.is_int8[0] {
                return Err(end_fault(tensor, *index, MIXED));
            }
            self.network.is_int8[0] = is_int8;
            // That of a real input is the one to which its `QUANTIZE` brings it.
            let quantization = match (is_int8, tensor.element, tensor.quantization()) {
                (true, _, Some(quantization)) => quantization,
                (false, Element::F32, _) => UNKNOWN,
                _ => {
                    return Err(end_fault(
                        tensor,
                        *index,
                        "found an input that is neither `FLOAT32` nor `INT8` with a scale and a zero point; \
                         convert the model with `inference_input_type = tf.int8`",
                    ));
                }
            };
            self.network.inputs.push(Input {
                name: tensor.name.to_owned(),
                shape: sample(tensor, *index)?,
                quantization,
            });
            self.values[*index] = Some(match is_int8 {
                true => Value::Int8(number),
                false => Value::Real(number),
            });
        }
        Ok(())
    }

    /// `QUANTIZE` of a real input.
    pub(super) fn quantize_input(
        &mut self,
        operation: &Operation,
        input: usize,
        target: Quantization,
    ) -> Result<(), TfliteError> {
        let quantization = &mut self.network.inputs[input].quantization;
        if *quantization != UNKNOWN && *quantization != target {
            return Err(Self::fault(
                operation,
                "it quantizes an input a second time, in another way, expected one quantization for each input; \
                 convert the model again",
            ));
        }
        *quantization = target;
        self.values[operation.output] = Some(Value::Int8(input));
        Ok(())
    }

    /// Adds the outputs.
    pub(super) fn outputs(&mut self) -> Result<(), TfliteError> {
        self.few(self.graph.outputs.len(), "outputs")?;
        for (number, index) in self.graph.outputs.iter().enumerate() {
            let tensor = self.tensor(*index);
            let shape = sample(tensor, *index)?;
            let (value, quantization, is_int8) = match (self.values[*index], tensor.quantization())
            {
                (Some(Value::Int8(value)), Some(quantization)) => (value, quantization, true),
                (Some(Value::Dequantized(value, quantization)), _) => (value, quantization, false),
                _ => {
                    return Err(end_fault(
                        tensor,
                        *index,
                        "found an output that no operator computes, or without a quantization; convert the model \
                         with full integer quantization",
                    ));
                }
            };
            if number > 0 && is_int8 != self.network.is_int8[1] {
                return Err(end_fault(tensor, *index, MIXED));
            }
            self.network.is_int8[1] = is_int8;
            let value = self.shaped(value, &shape);
            self.network.outputs.push(ModelOutput {
                name: tensor.name.to_owned(),
                value,
                quantization,
            });
        }
        self.heads();
        Ok(())
    }

    /// Makes each output a value of its own where `model!` would activate it apart from what else reads it.
    fn heads(&mut self) {
        let reads = self.network.reads();
        for number in 0..self.network.outputs.len() {
            let value = self.network.outputs[number].value;
            let is_activated =
                |layer: &Layer| layer.activation.is_some() || layer.is_activation.is_some();
            let is_repeated = self.network.outputs[..number]
                .iter()
                .any(|it| it.value == value);
            let is_apart = match self.network.layer(value) {
                None => true,
                Some(layer) => is_repeated || (is_activated(layer) && reads[value] > 1),
            };
            let value = match is_apart {
                true => self.identity(value),
                false => value,
            };
            self.network.outputs[number].value = value;
            if let Some(layer) = self.network.layer_mut(value) {
                layer.is_head = true;
                layer.separate_activation();
            }
        }
    }

    fn few(&self, found: usize, ends: &str) -> Result<(), TfliteError> {
        match found > MOST_ENDS {
            true => Err(TfliteError::Model {
                fault: format!(
                    "found {found} {ends}, expected at most {MOST_ENDS}; divide the model, or join some of its {ends}"
                ),
            }),
            false => Ok(()),
        }
    }
}

const MIXED: &str = "found `INT8` and `FLOAT32` among the inputs or among the outputs, expected one type for all; \
                     convert the model with `inference_input_type` and `inference_output_type`";

/// The quantization of a real input before its `QUANTIZE` is known. No scale in a file is 0.
const UNKNOWN: Quantization = Quantization {
    scale: 0.0,
    zero_point: 0,
};

/// The shape of an input or output without the batch.
fn sample(tensor: &Tensor<'_>, index: usize) -> Result<Vec<usize>, TfliteError> {
    match tensor.shape.get(1..) {
        None | Some([]) => Ok(vec![1]),
        Some(sizes) if sizes.len() <= MAX_RANK => Ok(sizes.to_vec()),
        Some(_) => Err(end_fault(
            tensor,
            index,
            &format!(
                "found the shape {:?}, expected a batch and at most {MAX_RANK} more axes; reshape it in the model",
                tensor.shape
            ),
        )),
    }
}

fn end_fault(tensor: &Tensor<'_>, index: usize, fault: &str) -> TfliteError {
    TfliteError::Tensor {
        index,
        name: tensor.name.to_owned(),
        fault: fault.to_owned(),
    }
}
