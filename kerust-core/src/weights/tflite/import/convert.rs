//! From the graph of a file to the layers of a declaration.

use super::activations::identity;
use super::layer::{Layer, Network};
use crate::kernels::int8::{LeakyRelu, Logistic, Quantization, Rescale, Table, Tanh};
use crate::shape::{Fault, Shape};
use crate::weights::tflite::tensor::Budget;
use crate::weights::tflite::{Graph, Kind, Operation, Tensor, TfliteError};
use std::collections::HashMap;

/// The layers of a graph that was read from a file with `len` bytes.
pub(super) fn network(graph: &Graph<'_>, len: usize) -> Result<Network, TfliteError> {
    let mut converter = Converter::new(graph, len)?;
    for (operation, is_needed) in graph.operations.iter().zip(needed(graph)) {
        if is_needed {
            converter.operation(operation)?;
        }
    }
    converter.outputs()?;
    Ok(converter.network)
}

/// What a tensor holds.
#[derive(Clone, Copy)]
pub(super) enum Value {
    /// A value of the network, in 8 bits.
    Int8(usize),
    /// An input of the model, in `f32`.
    Real(usize),
    /// A value of the network that was turned back to `f32`, for an output.
    Dequantized(usize, Quantization),
}

pub(super) struct Converter<'g, 'a> {
    pub(super) graph: &'g Graph<'a>,
    pub(super) network: Network,
    /// What each tensor holds, once it is known.
    pub(super) values: Vec<Option<Value>>,
    /// How often each tensor is read by an operator that is needed, and as an output.
    pub(super) reads: Vec<usize>,
    /// The tensors that are the output of a layer as it is, and not another view of it.
    pub(super) made: Vec<bool>,
    /// Whether nothing but concatenations reads a tensor.
    only_concatenated: Vec<bool>,
    /// The tensors that a concatenation brings to another quantization, each by its table.
    pub(super) rescaled: HashMap<usize, Table>,
    /// The bytes of weights that may still be written. Without a limit, a small file in which many operators share
    /// their weights could become a large one.
    budget: Budget,
}

/// How many times larger than the file the weights can be: a layer of many outputs with few weights each has a
/// multiplier and a bias for each output, which take 12 bytes.
const LARGEST_GROWTH: usize = 16;

impl<'g, 'a> Converter<'g, 'a> {
    fn new(graph: &'g Graph<'a>, len: usize) -> Result<Self, TfliteError> {
        let mut reads = vec![0; graph.tensors.len()];
        let mut only_concatenated = vec![true; graph.tensors.len()];
        for (operation, is_needed) in graph.operations.iter().zip(needed(graph)) {
            let joins =
                matches!(operation.kind, Kind::Concatenation { .. } if operation.inputs.len() > 1);
            for input in operation.inputs.iter().filter(|_| is_needed) {
                reads[*input] += 1;
                only_concatenated[*input] &= joins;
            }
        }
        for output in &graph.outputs {
            reads[*output] += 1;
            only_concatenated[*output] = false;
        }
        let mut this = Self {
            graph,
            network: Network {
                inputs: Vec::new(),
                layers: Vec::new(),
                outputs: Vec::new(),
                is_int8: [true; 2],
            },
            values: vec![None; graph.tensors.len()],
            made: vec![false; graph.tensors.len()],
            reads,
            only_concatenated,
            rescaled: HashMap::new(),
            budget: Budget(len.saturating_mul(LARGEST_GROWTH)),
        };
        this.inputs()?;
        Ok(this)
    }

    /// The error of an operator.
    pub(super) fn fault(operation: &Operation, fault: impl Into<String>) -> TfliteError {
        TfliteError::Operator {
            index: operation.index,
            name: operation.name.to_string(),
            fault: fault.into(),
        }
    }

    /// Counts bytes of weights that an operator needs.
    pub(super) fn spend(&mut self, operation: &Operation, bytes: usize) -> Result<(), TfliteError> {
        let spent = self.budget.spend(bytes);
        spent.map_err(|_| {
            Self::fault(
                operation,
                format!(
                    "it shares its weights with other operators, and their copies would be more than \
                     {LARGEST_GROWTH} times as large as the file; give it weights of its own"
                ),
            )
        })
    }

    /// The value of the network that an operator reads at this place.
    pub(super) fn input(&self, operation: &Operation, place: usize) -> Result<usize, TfliteError> {
        let tensor = operation.inputs.get(place).copied();
        match tensor.and_then(|tensor| self.values[tensor]) {
            Some(Value::Int8(value)) => Ok(value),
            _ => Err(Self::fault(
                operation,
                format!(
                    "input {place} is a constant or a real number, expected an 8-bit activation; convert the model again"
                ),
            )),
        }
    }

    pub(super) fn tensor(&self, number: usize) -> &'g Tensor<'a> {
        &self.graph.tensors[number]
    }

    /// The quantization of an 8-bit tensor, which the reader has checked.
    pub(super) fn quantization(
        &self,
        operation: &Operation,
        tensor: usize,
    ) -> Result<Quantization, TfliteError> {
        let found = self.tensor(tensor).quantization();
        found.ok_or_else(|| {
            let name = self.tensor(tensor).name;
            Self::fault(
                operation,
                format!("found `{name}` without a quantization, expected 8 bits"),
            )
        })
    }

    /// The quantizations of the first input, and of the output.
    pub(super) fn ends(&self, operation: &Operation) -> Result<[Quantization; 2], TfliteError> {
        Ok([
            self.quantization(operation, operation.inputs[0])?,
            self.quantization(operation, operation.output)?,
        ])
    }

    pub(super) fn push(&mut self, layer: Layer) -> usize {
        self.network.layers.push(layer);
        self.network.inputs.len() + self.network.layers.len() - 1
    }

    /// A value in this shape.
    pub(super) fn shaped(&mut self, value: usize, shape: &[usize]) -> usize {
        if self.network.shape(value) == shape {
            return value;
        }
        let (kind, arguments) = match shape {
            [_] => ("Flatten", Vec::new()),
            sizes => ("Reshape", sizes.iter().map(usize::to_string).collect()),
        };
        self.push(Layer {
            kind,
            arguments,
            inputs: vec![value],
            shape: shape.to_vec(),
            ..Layer::default()
        })
    }

    /// The first input as an image, and its rows, columns and channels.
    pub(super) fn image(
        &mut self,
        operation: &Operation,
    ) -> Result<(usize, [usize; 3]), TfliteError> {
        let value = self.input(operation, 0)?;
        match self.tensor(operation.inputs[0]).shape[..] {
            [_, height, width, channels] => {
                let image = [height, width, channels];
                Ok((self.shaped(value, &image), image))
            }
            _ => Err(Self::fault(operation, "found an input that is no image")),
        }
    }

    /// Checks a layer by the rule for its shapes.
    pub(super) fn check(
        operation: &Operation,
        declared: &str,
        judged: Result<Shape, Fault>,
    ) -> Result<Vec<usize>, TfliteError> {
        judged.map(|shape| shape.dims().to_vec()).map_err(|fault| {
            let text = fault.text(declared, "");
            let text = text.as_str().lines().next().unwrap_or_default();
            Self::fault(
                operation,
                format!("kerust has no layer for it: {text}; build the model without it"),
            )
        })
    }

    /// Adds the layer of an operator.
    pub(super) fn put(&mut self, operation: &Operation, layer: Layer) {
        let value = self.push(layer);
        self.values[operation.output] = Some(Value::Int8(value));
        self.made[operation.output] = true;
    }

    fn operation(&mut self, operation: &Operation) -> Result<(), TfliteError> {
        let output = &self.tensor(operation.output).shape;
        match operation.kind {
            Kind::Conv2D { .. } | Kind::DepthwiseConv2D { .. } | Kind::FullyConnected { .. } => {
                self.linear(operation)
            }
            Kind::MaxPool2D { window, activation } => {
                self.pool(operation, "MaxPooling2D", window, activation)
            }
            Kind::AveragePool2D { window, activation } => {
                self.pool(operation, "AveragePooling2D", window, activation)
            }
            Kind::Mean => self.mean(operation),
            Kind::Pad { padding, value } => self.pad(operation, padding, value),
            Kind::Add { activation } => self.add(operation, activation),
            Kind::Concatenation { axis } => self.concatenation(operation, axis),
            Kind::Reshape => {
                self.values[operation.output] = Some(Value::Int8(self.input(operation, 0)?));
                Ok(())
            }
            Kind::Softmax { beta } => {
                let classes = output.last().copied().unwrap_or(1);
                self.softmax(operation, classes, beta)
            }
            Kind::Logistic => {
                let [x, _] = self.ends(operation)?;
                self.activation(operation, "sigmoid", Logistic::new(x).table())
            }
            Kind::Tanh => {
                let [x, _] = self.ends(operation)?;
                self.activation(operation, "tanh", Tanh::new(x).table())
            }
            Kind::Relu => {
                let [x, y] = self.ends(operation)?;
                self.relu(operation, "relu", Rescale::relu(x, y).table())
            }
            Kind::Relu6 => {
                let [x, _] = self.ends(operation)?;
                self.relu(operation, "relu6", Rescale::relu6(x).table())
            }
            Kind::LeakyRelu { alpha } => {
                let [x, y] = self.ends(operation)?;
                if alpha < 0.0 {
                    let found = format!(
                        "found alpha {alpha}, expected at least 0; build the model without it"
                    );
                    return Err(Self::fault(operation, found));
                }
                let arguments = vec![format!("{alpha:?}")];
                self.table(
                    operation,
                    "LeakyReLU",
                    arguments,
                    LeakyRelu::new(alpha, x, y).table(),
                )
            }
            Kind::Quantize => self.quantize(operation),
            Kind::Dequantize => {
                let value = self.input(operation, 0)?;
                let quantization = self.quantization(operation, operation.inputs[0])?;
                self.values[operation.output] = Some(Value::Dequantized(value, quantization));
                Ok(())
            }
        }
    }

    /// A value behind an `Identity` if it is an input: a `Rescaling` of an input would be merged into its
    /// quantization.
    pub(super) fn not_an_input(&mut self, value: usize) -> usize {
        match value < self.network.inputs.len() {
            true => self.identity(value),
            false => value,
        }
    }

    /// Another name for a value.
    pub(super) fn identity(&mut self, value: usize) -> usize {
        let shape = self.network.shape(value).to_vec();
        self.push(Layer {
            kind: "Identity",
            inputs: vec![value],
            shape,
            ..Layer::default()
        })
    }

    fn quantize(&mut self, operation: &Operation) -> Result<(), TfliteError> {
        let target = self.quantization(operation, operation.output)?;
        match self.values[operation.inputs[0]] {
            Some(Value::Int8(value)) => {
                let [x, y] = self.ends(operation)?;
                let table = Rescale::new(x, y).table();
                if table == identity() {
                    self.values[operation.output] = Some(Value::Int8(value));
                    return Ok(());
                }
                if self.only_concatenated[operation.output] {
                    self.spend(operation, 256)?;
                    self.rescaled.insert(operation.output, table);
                    self.values[operation.output] = Some(Value::Int8(value));
                    return Ok(());
                }
                let value = self.not_an_input(value);
                let layer = Layer {
                    kind: "Rescaling",
                    arguments: vec!["1.0".to_owned()],
                    inputs: vec![value],
                    shape: self.network.shape(value).to_vec(),
                    numbers: Some(self.tabulated(operation, table)?),
                    ..Layer::default()
                };
                self.put(operation, layer);
                Ok(())
            }
            Some(Value::Real(input)) => self.quantize_input(operation, input, target),
            _ => Err(Self::fault(
                operation,
                "it reads a value that was turned back to `FLOAT32`, expected 8 bits between the model's inputs \
                 and outputs; convert the model with full integer quantization",
            )),
        }
    }
}

/// For each operator whether an output depends on it.
fn needed(graph: &Graph<'_>) -> Vec<bool> {
    let mut tensors = vec![false; graph.tensors.len()];
    graph
        .outputs
        .iter()
        .for_each(|output| tensors[*output] = true);
    let mut needed = vec![false; graph.operations.len()];
    for (operation, needed) in graph.operations.iter().zip(&mut needed).rev() {
        *needed = tensors[operation.output];
        if *needed {
            operation
                .inputs
                .iter()
                .for_each(|input| tensors[*input] = true);
        }
    }
    needed
}
