//! Checks of an operator's tensors.

use super::{Element, Kind, Tensor, TfliteError};
use crate::kernels::int8::Quantization;
use crate::shape::Window;

/// An operator in the file, with its tensors.
pub(super) struct Site<'g, 'a> {
    pub(super) index: usize,
    pub(super) code: i32,
    pub(super) name: String,
    pub(super) version: i32,
    /// `None` for an input that is left out.
    pub(super) inputs: Vec<Option<usize>>,
    pub(super) outputs: Vec<usize>,
    pub(super) tensors: &'g [Tensor<'a>],
}

impl<'g, 'a> Site<'g, 'a> {
    pub(super) fn fault(&self, fault: String) -> TfliteError {
        TfliteError::Operator {
            index: self.index,
            name: self.name.clone(),
            fault,
        }
    }

    /// Whether it belongs to the code with which a converter computes a shape from a variable batch size:
    /// `SHAPE`, `STRIDED_SLICE`, `PACK` of `INT32`.
    pub(super) fn computes_sizes(&self) -> bool {
        let integers = |tensor: &usize| self.tensors[*tensor].element == Element::I32;
        matches!(self.code, 77 | 45 | 83) && self.outputs.iter().all(integers)
    }

    /// The activations that an operator of this kind reads.
    pub(super) fn activations(&self, kind: &Kind) -> Vec<usize> {
        let count = match kind {
            Kind::Add { .. } => 2,
            Kind::Concatenation { .. } => self.inputs.len(),
            _ => 1,
        };
        self.inputs.iter().take(count).flatten().copied().collect()
    }

    /// Checks the number of inputs.
    pub(super) fn takes(&self, least: usize, most: usize) -> Result<(), TfliteError> {
        let found = self.inputs.len();
        if (least..=most).contains(&found) {
            return Ok(());
        }
        let expected = match least == most {
            true => least.to_string(),
            false => format!("{least} to {most}"),
        };
        Err(self.fault(format!("found {found} inputs, expected {expected}")))
    }

    /// The index of a required input.
    pub(super) fn input_at(&self, place: usize) -> Result<usize, TfliteError> {
        let input = self.inputs.get(place).copied().flatten();
        input.ok_or_else(|| self.fault(format!("input {place} is missing")))
    }

    pub(super) fn input(&self, place: usize) -> Result<&'g Tensor<'a>, TfliteError> {
        Ok(&self.tensors[self.input_at(place)?])
    }

    pub(super) fn output(&self) -> Result<&'g Tensor<'a>, TfliteError> {
        let output = self.outputs.first();
        let output = output.ok_or_else(|| self.fault("it has no output".to_string()))?;
        Ok(&self.tensors[*output])
    }

    /// The quantization of an 8-bit activation.
    pub(super) fn int8(&self, tensor: &Tensor<'_>) -> Result<Quantization, TfliteError> {
        if tensor.element != Element::I8 {
            let help = match tensor.element {
                Element::F32 => {
                    "; convert it with `representative_dataset` and \
                     `OpsSet.TFLITE_BUILTINS_INT8`, or read its weights from the Keras file"
                }
                Element::Other(3) => "; convert it with `inference_input_type = tf.int8`",
                _ => "",
            };
            return Err(self.fault(format!(
                "found `{}` of type `{}`, expected `INT8`: only 8-bit models are read{help}",
                tensor.name, tensor.element
            )));
        }
        tensor.quantization().ok_or_else(|| {
            self.fault(format!(
                "found `{}` without one scale and a zero point from -128 to 127, expected both; convert the \
                 model with full integer quantization",
                tensor.name
            ))
        })
    }

    /// Checks that input and output are 8-bit activations.
    pub(super) fn int8_to_int8(&self) -> Result<[Quantization; 2], TfliteError> {
        Ok([self.int8(self.input(0)?)?, self.int8(self.output()?)?])
    }

    /// Checks that the output has the quantization of the input.
    pub(super) fn same_quantization(&self) -> Result<(), TfliteError> {
        let [input, output] = self.int8_to_int8()?;
        let near = (input.scale - output.scale).abs() <= 1e-6;
        if near && input.zero_point == output.zero_point {
            return Ok(());
        }
        Err(self.fault(format!(
            "found {} before it and {} after it, expected the same; convert the model with a newer TensorFlow",
            text(input),
            text(output)
        )))
    }

    /// Checks that the output has this quantization, which is given by the range of the function.
    pub(super) fn output_quantization(&self, expected: Quantization) -> Result<(), TfliteError> {
        let [_, output] = self.int8_to_int8()?;
        match output == expected {
            true => Ok(()),
            false => Err(self.fault(format!(
                "found an output of {}, expected {}; convert the model with TensorFlow's converter",
                text(output),
                text(expected)
            ))),
        }
    }

    /// Checks that the output has the shape of the input.
    pub(super) fn same_shape(&self) -> Result<(), TfliteError> {
        self.output_shape(&self.input(0)?.shape)
    }

    pub(super) fn output_shape(&self, expected: &[usize]) -> Result<(), TfliteError> {
        let found = &self.output()?.shape;
        match found == expected {
            true => Ok(()),
            false => Err(self.fault(format!(
                "found an output of shape {found:?}, expected {expected:?}; convert the model with a batch of 1"
            ))),
        }
    }

    /// Checks that the output has as many values as the input.
    pub(super) fn same_len(&self) -> Result<(), TfliteError> {
        let [found, expected] = [self.output()?, self.input(0)?];
        match found.len() == expected.len() {
            true => Ok(()),
            false => Err(self.fault(format!(
                "found an output of shape {:?}, expected as many values as {:?} has; convert the model again",
                found.shape, expected.shape
            ))),
        }
    }

    /// The rows, columns and channels of the first input.
    pub(super) fn image(&self) -> Result<[usize; 3], TfliteError> {
        match *self.input(0)?.shape {
            [1, height, width, channels] => Ok([height, width, channels]),
            _ => Err(self.fault(format!(
                "found an input of shape {:?}, expected one image: 1, rows, columns, channels; convert the model \
                 with a batch of 1",
                self.input(0)?.shape
            ))),
        }
    }

    /// Checks that the output is that of a window over the first input, with this number of channels.
    pub(super) fn windowed(&self, window: Window, channels: usize) -> Result<(), TfliteError> {
        let [height, width, _] = self.image()?;
        let fits = |size: usize, axis: usize| {
            let span = (window.size[axis] - 1).checked_mul(window.dilation[axis]);
            span.is_some_and(|span| span < size)
        };
        if window.padding == crate::shape::Padding::Valid && !(fits(height, 0) && fits(width, 1)) {
            return Err(self.fault(format!(
                "found a window of {:?} with dilation {:?} over an image of {height} rows and {width} columns, \
                 expected one that fits",
                window.size, window.dilation
            )));
        }
        let [rows, columns] = window.output(height, width);
        self.output_shape(&[1, rows, columns, channels])
    }

    /// The weights of a layer: a symmetric 8-bit constant with one scale, or with one for each index along
    /// `axis`.
    pub(super) fn filter(&self, axis: usize, rank: usize) -> Result<&'g Tensor<'a>, TfliteError> {
        let filter = self.input(1)?;
        if filter.i8s().is_none() {
            let found = match filter.data {
                Some(_) => format!("`{}`", filter.element),
                None => "an activation".to_string(),
            };
            return Err(self.fault(format!(
                "found weights of {found}, expected constants of `INT8`; convert the model with full integer \
                 quantization"
            )));
        }
        if filter.shape.len() != rank {
            return Err(self.fault(format!(
                "found weights of shape {:?}, expected {rank} axes",
                filter.shape
            )));
        }
        let Some(quantization) = &filter.quantization else {
            return Err(self.fault(
                "found weights without scales; convert the model with full integer quantization"
                    .to_string(),
            ));
        };
        if quantization.zero_points.iter().any(|zero| *zero != 0) {
            return Err(self.fault(
                "found weights with a zero point, expected symmetric ones; convert the model with a newer \
                 TensorFlow"
                    .to_string(),
            ));
        }
        if quantization.scales.len() > 1 && quantization.axis != axis {
            return Err(self.fault(format!(
                "found scales of the weights along axis {}, expected along axis {axis}; convert the model with \
                 TensorFlow's converter",
                quantization.axis
            )));
        }
        Ok(filter)
    }

    /// The bias for this number of channels, if there is one.
    pub(super) fn bias(&self, channels: usize) -> Result<Option<usize>, TfliteError> {
        let Some(bias) = self.inputs.get(2).copied().flatten() else {
            return Ok(None);
        };
        let tensor = &self.tensors[bias];
        match tensor.i32s() {
            Some(values) if values.len() == channels => Ok(Some(bias)),
            _ => Err(self.fault(format!(
                "found a bias of type `{}` and shape {:?}, expected {channels} constants of `INT32`; convert the \
                 model with full integer quantization",
                tensor.element, tensor.shape
            ))),
        }
    }

    /// The values of an input that must be constants of `INT32`.
    pub(super) fn constants(&self, place: usize, what: &str) -> Result<Vec<i32>, TfliteError> {
        let tensor = self.input(place)?;
        tensor.i32s().ok_or_else(|| {
            self.fault(format!(
                "found {what} that are computed while it runs, expected constants of `INT32`; convert the model \
                 with a fixed input shape"
            ))
        })
    }
}

/// A quantization as text.
pub(super) fn text(Quantization { scale, zero_point }: Quantization) -> String {
    format!("scale {scale} and zero point {zero_point}")
}
