//! The numbers of a network as those of a twin.

use super::Network;
use super::float::Float;
use super::integer::{Integer, Products, Step};
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
    let mut twin = Q::zeroed();
    twin.fill_bytes(|bytes| {
        for entry in entries("", &Q::LAYOUT, bytes.len()) {
            let Some(tensor) = tensors.0.get(&entry.name) else {
                panic!("no step of the network has the tensor `{}`", entry.name);
            };
            assert_eq!(tensor.len(), entry.bytes, "bytes of `{}`", entry.name);
            bytes[entry.start..][..entry.bytes].copy_from_slice(tensor);
        }
    });
    twin
}

/// The bytes of tensors by their names.
#[derive(Default)]
struct Tensors(HashMap<String, Vec<u8>>);

impl Tensors {
    fn put<T: bytemuck::NoUninit>(&mut self, layer: &str, name: &str, values: &[T]) {
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.0.insert(format!("{layer}.{name}"), bytes);
    }

    fn quantization(&mut self, layer: &str, quantization: Quantization) {
        self.put(layer, "scale", &[quantization.scale]);
        self.put(layer, "zero_point", &[quantization.zero_point]);
    }

    fn step(&mut self, name: &str, step: &Step, y: Quantization) {
        match step {
            Step::Linear(products) => self.products(name, products, y),
            Step::MaxPooling(_) | Step::AveragePooling(_) => {}
            Step::Mean(mean) => {
                self.put(name, "multiplier", &mean.multiplier.pair());
                self.put(name, "zero_sum", &[mean.zero_sum]);
                self.quantization(name, y);
            }
            Step::Padding(pad) => self.put(name, "zero_point", &[pad.value]),
            Step::Add(add) => {
                let [a, b] = add.zero_points;
                self.put(name, "multipliers", &add.multipliers.map(Multiplier::pair));
                self.put(name, "multiplier", &add.multiplier.pair());
                self.put(name, "scale", &[y.scale]);
                self.put(name, "zero_point", &[a, b, add.output.zero_point]);
                self.put(name, "range", &[add.output.min, add.output.max]);
            }
            Step::Concatenate { tables, .. } => {
                let values: Vec<[i8; 256]> = tables.iter().map(|table| table.0).collect();
                self.put(name, "tables", &values);
                self.quantization(name, y);
            }
            Step::Softmax(softmax) => {
                let (multiplier, least) = softmax.parameters();
                self.put(name, "multiplier", &multiplier.pair());
                self.put(name, "min_difference", &[least]);
            }
            Step::Table(table) => {
                self.put(name, "table", &table.0);
                self.quantization(name, y);
            }
        }
    }

    fn products(&mut self, name: &str, products: &Products, y: Quantization) {
        let output = products.output;
        self.put(name, "kernel", &products.kernel);
        self.put(name, "bias", &products.bias);
        self.put(name, "multiplier", &products.multipliers);
        self.put(name, "scale", &[y.scale]);
        self.put(
            name,
            "zero_point",
            &[products.zero_point, output.zero_point],
        );
        self.put(name, "range", &[output.min, output.max]);
    }
}
