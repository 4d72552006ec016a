//! Imports: the declarations and weights that are committed, and what is refused.

use super::{file, models};
use kerust_core::weights::tflite::{TfliteError, import};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

/// The imports that `tests/suite/tflite.rs` compiles: name, file of models, and model.
const IMPORTED: [(&str, &str, &str); 24] = [
    ("Pictures", "networks", "pictures"),
    ("Sequence", "networks", "sequence"),
    ("Flattened", "networks", "flattened"),
    ("AnyBatch", "networks", "any_batch"),
    ("Several", "networks", "several"),
    ("Real", "networks", "real"),
    ("Strided", "operators", "conv_same_stride_2_even"),
    ("Saturated", "operators", "conv_sums_near_the_ends"),
    ("Multiplied", "operators", "conv_multiplier_far_above_one"),
    ("Larger", "operators", "conv_larger_than_the_image"),
    ("Depthwise", "operators", "depthwise_of_one_channel"),
    ("PerTensor", "operators", "depthwise_per_tensor"),
    ("DensePerTensor", "operators", "dense_per_tensor"),
    ("DenseRows", "operators", "dense_rows"),
    ("WithoutBias", "operators", "dense_without_bias"),
    ("Pooled", "operators", "average_pool_same_overlapping"),
    ("Averaged", "operators", "mean_of_an_image"),
    ("Added", "operators", "add_relu6"),
    ("Joined", "operators", "concatenation_rows"),
    ("Padded", "operators", "pad_with_a_value"),
    ("Steep", "operators", "softmax_beta"),
    ("Leaky", "operators", "leaky_relu_0"),
    ("Rectified", "operators", "relu_0"),
    ("Rescaled", "operators", "quantize_0"),
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tflite")
}

/// `KERUST_BLESS=1` writes the files anew.
#[test]
fn the_committed_imports_are_reproduced() {
    for (name, from, case) in IMPORTED {
        let bytes = file(&format!("{from}.safetensors"));
        let models = SafeTensors::deserialize(&bytes).unwrap();
        let model = models.tensor(&format!("{case}.model")).unwrap();
        let import = import(model.data(), name).unwrap_or_else(|error| panic!("{case}: {error}"));
        let path = golden().join(&import.file_stem);
        let (declaration, weights) = (
            path.with_extension("rs"),
            path.with_extension("safetensors"),
        );
        if std::env::var_os("KERUST_BLESS").is_some() {
            std::fs::create_dir_all(golden()).unwrap();
            std::fs::write(&declaration, &import.declaration).unwrap();
            std::fs::write(&weights, &import.weights).unwrap();
        }
        let expected = std::fs::read_to_string(&declaration).unwrap();
        assert_eq!(import.declaration, expected, "{name}");
        assert!(import.weights == std::fs::read(&weights).unwrap(), "{name}");
    }
}

/// The operators that the reader supports and that are not imported, with the message about each.
const WITHOUT_LAYER: &[(&str, &str)] = &[
    (
        "conv_multiplier_of_nothing",
        "operator 0 (`CONV_2D`): with the zero point of its input folded into the bias, it holds a bias of \
         2147481645, expected one with which no sum of the layer's products leaves 32 bits; convert the model again",
    ),
    (
        "conv_sums_at_the_ends",
        "operator 0 (`CONV_2D`): with the zero point of its input folded into the bias, it holds a bias of \
         -2147421185, expected one with which no sum of the layer's products leaves 32 bits; convert the model again",
    ),
    (
        "depthwise_sums_at_the_ends",
        "operator 0 (`DEPTHWISE_CONV_2D`): with the zero point of its input folded into the bias, it holds a bias of \
         -2147463075, expected one with which no sum of the layer's products leaves 32 bits; convert the model again",
    ),
    (
        "leaky_relu_2",
        "operator 0 (`LEAKY_RELU`): found alpha -0.5, expected at least 0; build the model without it",
    ),
    (
        "leaky_relu_7",
        "operator 0 (`LEAKY_RELU`): found alpha -0.7, expected at least 0; build the model without it",
    ),
    (
        "leaky_relu_8",
        "operator 0 (`LEAKY_RELU`): found alpha -0.5, expected at least 0; build the model without it",
    ),
    (
        "softmax_one",
        "operator 0 (`SOFTMAX`): kerust has no layer for it: `softmax` over 1 value is always 1, \
         expected at least 2; build the model without it",
    ),
];

#[test]
fn all_models_are_imported_but_those_that_no_layer_is() {
    let mut refused = Vec::new();
    for from in ["operators", "networks"] {
        let bytes = file(&format!("{from}.safetensors"));
        let file = SafeTensors::deserialize(&bytes).unwrap();
        for (name, model) in models(&file) {
            match import(model, "Net") {
                Ok(import) => {
                    SafeTensors::deserialize(&import.weights).unwrap();
                }
                Err(error) => refused.push((name, error.to_string())),
            }
        }
    }
    refused.sort();
    let refused: Vec<_> = refused
        .iter()
        .map(|(name, error)| (&**name, &**error))
        .collect();
    assert_eq!(refused, WITHOUT_LAYER);
}

/// The models of `unimportable.safetensors`, and the message about each.
const UNIMPORTABLE: &[(&str, &str)] = &[
    (
        "add_mixed_inputs",
        "tensor 1 (`tensor_1`): found `INT8` and `FLOAT32` among the inputs or among the outputs, \
         expected one type for all; convert the model with `inference_input_type` and \
         `inference_output_type`",
    ),
    (
        "concatenation_five_inputs",
        "found 5 inputs, expected at most 4; divide the model, or join some of its inputs",
    ),
    (
        "conv_strides_and_dilation",
        "operator 0 (`CONV_2D`): kerust has no layer for it: `strides` and `dilation_rate` above \
         1 do not go together; build the model without it",
    ),
    (
        "dense_shared_weights",
        "operator 35 (`FULLY_CONNECTED`): it shares its weights with other operators, and their \
         copies would be more than 16 times as large as the file; give it weights of its own",
    ),
    (
        "leaky_relu_falling",
        "operator 0 (`LEAKY_RELU`): found alpha -0.5, expected at least 0; build the model \
         without it",
    ),
    (
        "quantized_twice",
        "operator 3 (`QUANTIZE`): it quantizes an input a second time, in another way, expected \
         one quantization for each input; convert the model again",
    ),
    (
        "softmax_of_one",
        "operator 0 (`SOFTMAX`): kerust has no layer for it: `softmax` over 1 value is always 1, \
         expected at least 2; build the model without it",
    ),
    (
        "tanh_mixed_outputs",
        "tensor 2 (`tensor_2`): found `INT8` and `FLOAT32` among the inputs or among the outputs, \
         expected one type for all; convert the model with `inference_input_type` and \
         `inference_output_type`",
    ),
    (
        "tanh_of_rank_5",
        "tensor 0 (`tensor_0`): found the shape [1, 2, 2, 2, 2, 2], expected a batch and at most \
         4 more axes; reshape it in the model",
    ),
    (
        "tanh_real_values_between",
        "operator 2 (`QUANTIZE`): it reads a value that was turned back to `FLOAT32`, expected 8 \
         bits between the model's inputs and outputs; convert the model with full integer \
         quantization",
    ),
    (
        "tanh_twice",
        "tensor 0 (`tensor_0`): found it as an input twice; convert the model again",
    ),
    (
        "tanh_unread",
        "tensor 2 (`tensor_2`): found an input that no output depends on; remove it from the \
         model",
    ),
];

#[test]
fn models_that_cannot_be_declared_are_refused_with_help() {
    let bytes = file("unimportable.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut found: Vec<(String, String)> = models(&file)
        .into_iter()
        .map(|(name, model)| match import(model, "Net") {
            Ok(_) => (name, "it was imported".to_owned()),
            Err(error) => (name, error.to_string()),
        })
        .collect();
    found.sort();
    let found: Vec<_> = found
        .iter()
        .map(|(name, error)| (&**name, &**error))
        .collect();
    assert_eq!(found, UNIMPORTABLE);
}

#[test]
fn a_name_that_is_no_type_is_refused() {
    let message = import(b"", "kws").unwrap_err();
    assert!(matches!(message, TfliteError::Model { .. }), "{message}");
}
