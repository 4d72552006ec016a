//! The weights of a model, by name.

use super::float::{Linear, LinearShape};
use crate::element::Dtype;
use crate::model::Model;
use crate::weights::entries;
use std::collections::HashMap;

/// The `f32` tensors of a model by their names: `conv2d.kernel`.
pub(super) struct Tensors(HashMap<String, (&'static [usize], Vec<f32>)>);

impl Tensors {
    pub(super) fn of<M: Model>(model: &M) -> Self {
        let bytes = model.to_bytes();
        let entries = entries("", &M::LAYOUT, bytes.len());
        let floats = entries
            .into_iter()
            .filter(|entry| entry.dtype == Dtype::F32);
        let tensors = floats.map(|entry| {
            let values = bytes[entry.start..][..entry.bytes].chunks_exact(4);
            let values =
                values.map(|value| f32::from_ne_bytes([value[0], value[1], value[2], value[3]]));
            (entry.name, (entry.sizes, values.collect()))
        });
        Self(tensors.collect())
    }

    /// The values of a tensor; none where the layer has none of that name.
    pub(super) fn get(&self, layer: &str, name: &str) -> &[f32] {
        let tensor = self.0.get(&format!("{layer}.{name}"));
        tensor.map_or(&[], |tensor| tensor.1.as_slice())
    }

    pub(super) fn sizes(&self, layer: &str, name: &str) -> &'static [usize] {
        let tensor = self.0.get(&format!("{layer}.{name}"));
        tensor.map_or(&[0, 0], |tensor| tensor.0)
    }

    pub(super) fn linear(&self, layer: &str, kernel: &str, shape: LinearShape) -> Linear {
        let channels = match shape {
            LinearShape::Dense([_, outputs]) => outputs,
            LinearShape::Convolution(convolution) => convolution.filters,
            LinearShape::Depthwise(depthwise) => depthwise.input[2] * depthwise.multiplier,
        };
        let bias = match self.get(layer, "bias") {
            [] => vec![0.0; channels],
            bias => bias.to_vec(),
        };
        Linear {
            shape,
            kernel: self.get(layer, kernel).to_vec(),
            bias,
            largest: 127.0,
        }
    }

    /// The factors and the shifts of a batch normalization.
    pub(super) fn line(&self, layer: &str, epsilon: f32) -> [Vec<f32>; 2] {
        let [gamma, beta] = ["gamma", "beta"].map(|name| self.get(layer, name));
        let [mean, variance] = ["moving_mean", "moving_variance"].map(|name| self.get(layer, name));
        let factors = variance.iter().enumerate().map(|(channel, variance)| {
            gamma.get(channel).unwrap_or(&1.0) / (variance + epsilon).sqrt()
        });
        let factors: Vec<f32> = factors.collect();
        let shifts = factors.iter().zip(mean).enumerate();
        let shifts = shifts
            .map(|(channel, (factor, mean))| beta.get(channel).unwrap_or(&0.0) - mean * factor);
        let shifts = shifts.collect();
        [factors, shifts]
    }
}
