//! The names that `model!` gives to layers, and to the fields of the 8-bit twin.

use super::layer::{Layer, Network};
use std::collections::HashMap;

/// The names of a network.
pub(super) struct Names {
    /// The twin's field for the quantization of each input.
    pub(super) inputs: Vec<String>,
    pub(super) layers: Vec<LayerNames>,
    /// The twin's field for the quantization of each output.
    pub(super) outputs: Vec<String>,
    /// The name of each value in a declaration of the graph form.
    pub(super) values: Vec<String>,
}

/// The names of a layer.
pub(super) struct LayerNames {
    /// The twin's field with its numbers.
    pub(super) layer: String,
    /// The twin's field with the numbers of its activation.
    pub(super) activation: String,
}

impl Names {
    pub(super) fn of(network: &Network) -> Self {
        let input_names = numbered("input", network.inputs.len());
        let inputs = match &*input_names {
            [_] => vec!["quantize".to_owned()],
            names => names
                .iter()
                .map(|name| format!("quantize_{name}"))
                .collect(),
        };
        let reads = network.reads();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        // The names of the fields of the layers that compute each value.
        let mut fields = inputs.clone();
        let mut values = input_names;
        let mut layers = Vec::new();
        for layer in &network.layers {
            let kind = snake_case(layer.kind);
            let count = counts.entry(kind).or_default();
            let automatic = match *count {
                0 => kind.to_owned(),
                count => format!("{kind}_{count}"),
            };
            *count += 1;
            if let Some(activation) = layer.activation_layer() {
                *counts.entry(snake_case(activation.0)).or_default() += 1;
            }
            let before = layer.inputs[0];
            let name = match layer.is_activation {
                // `model!` merges it into the output, or into the layer before it.
                Some(word) if layer.is_head || merges(network, &reads, before, word) => {
                    format!("{}_{word}", fields[before])
                }
                _ => automatic.clone(),
            };
            let activation = match &layer.activation {
                Some(activation) => format!("{name}_{}", activation.word),
                None => String::new(),
            };
            fields.push(match &layer.activation {
                Some(of) if of.numbers.is_some() => activation.clone(),
                _ => name.clone(),
            });
            values.push(automatic);
            layers.push(LayerNames {
                layer: name,
                activation,
            });
        }
        let outputs = match &*network.outputs {
            [_] => vec!["dequantize".to_owned()],
            outputs => {
                let names = outputs.iter().map(|output| &values[output.value]);
                names.map(|name| format!("dequantize_{name}")).collect()
            }
        };
        Self {
            inputs,
            layers,
            outputs,
            values,
        }
    }
}

/// Whether `model!` computes an activation together with the layer before it.
fn merges(network: &Network, reads: &[usize], before: usize, word: &str) -> bool {
    let layer = network.layer(before);
    layer.is_some_and(Layer::takes_activation) && reads[before] == 1 && word != "softmax"
}

/// `input`, `input_1`, ..
fn numbered(name: &str, count: usize) -> Vec<String> {
    let names = (0..count).map(|number| match number {
        0 => name.to_owned(),
        number => format!("{name}_{number}"),
    });
    names.collect()
}

/// The name of a layer of this kind, in Keras's spelling.
fn snake_case(kind: &'static str) -> &'static str {
    match kind {
        "Activation" => "activation",
        "Add" => "add",
        "AveragePooling2D" => "average_pooling2d",
        "Concatenate" => "concatenate",
        "Conv2D" => "conv2d",
        "Dense" => "dense",
        "DepthwiseConv2D" => "depthwise_conv2d",
        "Flatten" => "flatten",
        "GlobalAveragePooling1D" => "global_average_pooling1d",
        "GlobalAveragePooling2D" => "global_average_pooling2d",
        "Identity" => "identity",
        "LeakyReLU" => "leaky_re_lu",
        "MaxPooling2D" => "max_pooling2d",
        "ReLU" => "re_lu",
        "Rescaling" => "rescaling",
        "Reshape" => "reshape",
        "Softmax" => "softmax",
        "ZeroPadding1D" => "zero_padding1d",
        "ZeroPadding2D" => "zero_padding2d",
        _ => kind,
    }
}
