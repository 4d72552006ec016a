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
    ("Saturated", "operators", "conv_sums_at_the_ends"),
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

/// The operators that the reader supports and that no layer of kerust is, with the message about each.
const WITHOUT_LAYER: &[(&str, &str)] = &[];

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
const UNIMPORTABLE: &[(&str, &str)] = &[];

#[test]
fn models_that_cannot_be_declared_are_refused_with_help() {
    let bytes = file("unimportable.safetensors");
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut found: Vec<(String, String)> = models(&file)
        .into_iter()
        .map(|(name, model)| (name, import(model, "Net").unwrap_err().to_string()))
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
