//! The model between both formats: the layers of a declaration, with the numbers of the 8-bit twin.

use crate::kernels::int8::{Fused, Output, Quantization, Table};
use crate::quantize::Step;

/// A model. Its values are numbered: those of the inputs first, then one for each layer.
pub(super) struct Network {
    pub(super) inputs: Vec<Input>,
    pub(super) layers: Vec<Layer>,
    pub(super) outputs: Vec<ModelOutput>,
    /// Whether the inputs are 8-bit values, and whether the outputs are.
    pub(super) is_int8: [bool; 2],
}

/// An input of the model.
pub(super) struct Input {
    /// Its name in the file.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) quantization: Quantization,
}

/// An output of the model.
pub(super) struct ModelOutput {
    /// Its name in the file.
    pub(super) name: String,
    pub(super) value: usize,
    pub(super) quantization: Quantization,
}

/// A layer of the declaration.
#[derive(Default)]
pub(super) struct Layer {
    /// Its name in `model!`.
    pub(super) kind: &'static str,
    /// Its arguments in `model!`, without the activation.
    pub(super) arguments: Vec<String>,
    /// The values that it reads.
    pub(super) inputs: Vec<usize>,
    /// The shape of its output.
    pub(super) shape: Vec<usize>,
    /// Its numbers in the twin, if it has any.
    pub(super) numbers: Option<Numbers>,
    /// Its activation.
    pub(super) activation: Option<Activation>,
    /// The activation that it is, if `model!` can merge that into the layer before it.
    pub(super) is_activation: Option<&'static str>,
    /// Whether it is the last layer of an output.
    pub(super) is_head: bool,
}

/// The activation of a layer.
pub(super) struct Activation {
    /// Its name in `model!`.
    pub(super) word: &'static str,
    /// Its numbers in the twin, unless it is the range of the layer's output.
    pub(super) numbers: Option<Numbers>,
}

/// The numbers of a step of the twin.
pub(super) struct Numbers {
    pub(super) step: Step,
    /// The quantization of its output.
    pub(super) output: Quantization,
}

impl Network {
    /// The shape of a value.
    pub(super) fn shape(&self, value: usize) -> &[usize] {
        match value.checked_sub(self.inputs.len()) {
            Some(layer) => &self.layers[layer].shape,
            None => &self.inputs[value].shape,
        }
    }

    /// The layer whose output is this value, unless it is an input.
    pub(super) fn layer(&self, value: usize) -> Option<&Layer> {
        self.layers.get(value.checked_sub(self.inputs.len())?)
    }

    /// The same, to change it.
    pub(super) fn layer_mut(&mut self, value: usize) -> Option<&mut Layer> {
        self.layers.get_mut(value.checked_sub(self.inputs.len())?)
    }

    /// How often each value is read, by layers and as an output.
    pub(super) fn reads(&self) -> Vec<usize> {
        let mut reads = vec![0; self.inputs.len() + self.layers.len()];
        let inputs = self.layers.iter().flat_map(|layer| &layer.inputs);
        for value in inputs.chain(self.outputs.iter().map(|output| &output.value)) {
            reads[*value] += 1;
        }
        reads
    }
}

impl Layer {
    /// Whether its output can be an activation's input without a pass over memory of its own.
    pub(super) fn takes_activation(&self) -> bool {
        let kinds = ["Conv2D", "DepthwiseConv2D", "Dense", "Add"];
        kinds.contains(&self.kind) && self.activation.is_none()
    }

    /// The activation of a sum, which takes no argument: it is written as a layer of its own, with an argument or
    /// without.
    pub(super) fn activation_layer(&self) -> Option<(&'static str, Option<&'static str>)> {
        let activation = self.activation.as_ref().filter(|_| self.kind == "Add")?;
        Some(match activation.word {
            "relu" => ("ReLU", None),
            word => ("Activation", Some(word)),
        })
    }

    /// Whether it is nothing but the activation of an output.
    pub(super) fn is_activation_of_head(&self) -> bool {
        self.is_head && self.is_activation.is_some()
    }

    /// The range of its output, if it has one.
    pub(super) fn range(&mut self) -> Option<&mut Output> {
        match &mut self.numbers.as_mut()?.step {
            Step::Linear(products) => Some(&mut products.output),
            Step::Add(add) => Some(&mut add.output),
            _ => None,
        }
    }

    /// Makes the activation that is the range of the output a step of its own, as outputs have it.
    pub(super) fn separate_activation(&mut self) {
        let Some(output) = self.numbers.as_ref().map(|numbers| numbers.output) else {
            return;
        };
        if self
            .activation
            .as_ref()
            .is_none_or(|it| it.numbers.is_some())
        {
            return;
        }
        let Some(range) = self.range() else { return };
        let step = Step::Table(Box::new(clamp(*range)));
        *range = Output::new(output, Fused::None);
        if let Some(activation) = &mut self.activation {
            activation.numbers = Some(Numbers { step, output });
        }
    }
}

/// The table that keeps values in the range of an output.
pub(super) fn clamp(range: Output) -> Table {
    let mut values = [0; 256];
    for (place, value) in values.iter_mut().enumerate() {
        *value = (place as u8 as i8).max(range.min).min(range.max);
    }
    Table(values)
}
