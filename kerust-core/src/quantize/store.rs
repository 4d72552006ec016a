//! The numbers of a network as those of a twin.

use super::Network;
use super::float::{Float, LinearShape};
use super::integer::{Integer, Products, Step};
use crate::element::{Dtype, Element};
use crate::kernels::int8::{Multiplier, Quantization};
use crate::model::Model;
use crate::weights::entries;
use std::collections::HashMap;

/// The twin of these numbers.
///
/// # Panics
/// When the twin has a tensor of another name or size than the network, which `model!` rules out.
pub(super) fn twin<Q: Model>(network: &Network, float: &Float, integer: &Integer) -> Box<Q> {
    let mut tensors = Tensors::default();
    for (value, input) in network.inputs.iter().enumerate() {
        tensors.quantization(input.name, integer.quantizations[value]);
    }
    for (number, (node, step)) in float.nodes.iter().zip(&integer.steps).enumerate() {
        let y = integer.quantizations[float.input_lens.len() + number];
        tensors.step(node.name, step, y);
    }
    for output in network.outputs {
        tensors.quantization(output.name, integer.quantizations[output.value]);
    }
    let tensors = tensors.all().iter();
    let tensors: HashMap<&str, &Tensor> = tensors.map(|tensor| (&*tensor.name, tensor)).collect();
    let mut twin = Q::zeroed();
    twin.fill_bytes(|bytes| {
        for entry in entries("", &Q::LAYOUT, bytes.len()) {
            let Some(tensor) = tensors.get(&*entry.name) else {
                panic!("no step of the network has the tensor `{}`", entry.name);
            };
            assert_eq!(tensor.bytes.len(), entry.bytes, "bytes of `{}`", entry.name);
            bytes[entry.start..][..entry.bytes].copy_from_slice(&tensor.bytes);
        }
    });
    twin
}

/// The tensors of a twin, in the order of its memory.
#[derive(Default)]
pub(crate) struct Tensors(Vec<Tensor>);

/// A tensor of a twin.
#[cfg_attr(
    not(feature = "tflite"),
    expect(dead_code, reason = "only an importer writes types and sizes")
)]
pub(crate) struct Tensor {
    /// Its name in a file: `conv2d.kernel`.
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    /// Its sizes; those of a layer of images, where a layer of sequences has other ones.
    pub(crate) sizes: Vec<usize>,
    /// Its values as they lie in memory.
    pub(crate) bytes: Vec<u8>,
}

impl Tensors {
    /// All tensors.
    pub(crate) fn all(&self) -> &[Tensor] {
        &self.0
    }

    fn put<T: Element>(&mut self, layer: &str, name: &str, sizes: &[usize], values: &[T]) {
        self.0.push(Tensor {
            name: format!("{layer}.{name}"),
            dtype: T::DTYPE,
            sizes: sizes.to_vec(),
            bytes: bytemuck::cast_slice(values).to_vec(),
        });
    }

    /// A vector.
    fn row<T: Element>(&mut self, layer: &str, name: &str, values: &[T]) {
        self.put(layer, name, &[values.len()], values);
    }

    /// The quantization of a value.
    pub(crate) fn quantization(&mut self, layer: &str, quantization: Quantization) {
        self.row(layer, "scale", &[quantization.scale]);
        self.row(layer, "zero_point", &[quantization.zero_point]);
    }

    /// The numbers of a step whose output has the quantization `y`.
    pub(crate) fn step(&mut self, name: &str, step: &Step, y: Quantization) {
        match step {
            Step::Linear(products) => self.products(name, products, y),
            Step::MaxPooling(_) | Step::AveragePooling(_) => {}
            Step::Mean(mean) => {
                self.row(name, "multiplier", &mean.multiplier.pair());
                self.row(name, "zero_sum", &[mean.zero_sum]);
                self.quantization(name, y);
            }
            Step::Padding(pad) => self.row(name, "zero_point", &[pad.value]),
            Step::Add(add) => {
                let [a, b] = add.zero_points;
                let multipliers = add.multipliers.map(Multiplier::pair);
                self.put(name, "multipliers", &[2, 2], multipliers.as_flattened());
                self.row(name, "multiplier", &add.multiplier.pair());
                self.row(name, "scale", &[y.scale]);
                self.row(name, "zero_point", &[a, b, add.output.zero_point]);
                self.row(name, "range", &[add.output.min, add.output.max]);
            }
            Step::Concatenate { tables, .. } => {
                let values: Vec<[i8; 256]> = tables.iter().map(|table| table.0).collect();
                self.put(name, "tables", &[tables.len(), 256], values.as_flattened());
                self.quantization(name, y);
            }
            Step::Softmax(softmax) => {
                let (multiplier, least) = softmax.parameters();
                self.row(name, "multiplier", &multiplier.pair());
                self.row(name, "min_difference", &[least]);
            }
            Step::Table(table) => {
                self.row(name, "table", &table.0);
                self.quantization(name, y);
            }
        }
    }

    fn products(&mut self, name: &str, products: &Products, y: Quantization) {
        let output = products.output;
        let (kernel, outputs) = match products.shape {
            LinearShape::Dense([inputs, outputs]) => (vec![outputs, inputs], vec![outputs]),
            LinearShape::Convolution(it) => {
                let ([rows, columns], channels) = (it.window.size, it.input[2] / it.groups.max(1));
                (vec![it.filters, rows, columns, channels], vec![it.filters])
            }
            LinearShape::Depthwise(it) => {
                let ([rows, columns], outputs) = (it.window.size, [it.input[2], it.multiplier]);
                ([&[rows, columns], &outputs[..]].concat(), outputs.to_vec())
            }
        };
        self.put(name, "kernel", &kernel, &products.kernel);
        self.put(name, "bias", &outputs, &products.bias);
        let multipliers = products.multipliers.as_flattened();
        self.put(
            name,
            "multiplier",
            &[&outputs[..], &[2]].concat(),
            multipliers,
        );
        self.row(name, "scale", &[y.scale]);
        self.row(
            name,
            "zero_point",
            &[products.zero_point, output.zero_point],
        );
        self.row(name, "range", &[output.min, output.max]);
    }
}
