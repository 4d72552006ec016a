//! From a `.tflite` file to a declaration for `model!`, and the weights of its 8-bit twin.

mod activations;
mod convert;
mod declaration;
mod ends;
mod layer;
mod layers;
mod linear;
mod names;

use super::{Graph, TfliteError};
use crate::quantize::Tensors;
use crate::weights::key;
use crate::weights::write::safetensors;
use layer::Network;
use names::Names;
use std::collections::BTreeMap;

/// A model of TensorFlow Lite as the two files that kerust reads.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Import {
    /// The name of the files without their extensions: `kws` for a model that is named `Kws`.
    pub file_stem: String,
    /// The content of `kws.rs`: a declaration for `model!`.
    pub declaration: String,
    /// The content of `kws.safetensors`: the weights of the 8-bit twin.
    pub weights: Vec<u8>,
}

/// Imports the bytes of a `.tflite` file as a model with this name.
///
/// The declaration is marked `#[int8]`, and refers to the file of weights, which must be next to it. The outputs
/// of the 8-bit twin are those of TensorFlow Lite Micro, byte for byte. The `f32` model of the declaration has
/// no weights: it can be trained, but it is not what the file contains.
///
/// # Errors
/// Returns a [`TfliteError`] if [`Graph::read`] does, if kerust has no layer for an operator in this form, or if
/// `name` cannot be the name of a type.
///
/// # Example
/// ```no_run
/// use kerust::weights::tflite;
///
/// let file = std::fs::read("kws.tflite").unwrap();
/// let import = tflite::import(&file, "Kws").unwrap();
/// std::fs::write("kws.rs", import.declaration).unwrap();
/// std::fs::write("kws.safetensors", import.weights).unwrap();
/// ```
pub fn import(bytes: &[u8], name: &str) -> Result<Import, TfliteError> {
    let file_stem = file_stem(name)?;
    let graph = Graph::read(bytes)?;
    let network = convert::network(&graph, bytes.len())?;
    let names = Names::of(&network);
    Ok(Import {
        declaration: declaration::text(name, &file_stem, &network, &names),
        weights: weights(name, &network, &names),
        file_stem,
    })
}

/// `fashion_net` for `FashionNet`.
fn file_stem(name: &str) -> Result<String, TfliteError> {
    let fault = |found: &str| TfliteError::Model {
        fault: format!(
            "found the name {name:?}, which {found}, expected a name for a Rust type, such as `Kws`"
        ),
    };
    if !name.starts_with(|first: char| first.is_ascii_uppercase()) {
        return Err(fault("does not begin with a capital letter from A to Z"));
    }
    if !name.chars().all(|letter| letter.is_ascii_alphanumeric()) {
        return Err(fault("contains other characters than letters and digits"));
    }
    if name == "Self" {
        return Err(fault("is a keyword"));
    }
    let letters: Vec<char> = name.chars().collect();
    let mut stem = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let after = place > 0 && !letters[place - 1].is_uppercase();
        let before = place > 0 && letters.get(place + 1).is_some_and(char::is_ascii_lowercase);
        if letter.is_uppercase() && (after || before) {
            stem.push('_');
        }
        stem.push(letter.to_ascii_lowercase());
    }
    Ok(stem)
}

/// The file with the twin's weights, in the order of its memory.
fn weights(name: &str, network: &Network, names: &Names) -> Vec<u8> {
    let mut tensors = Tensors::default();
    for (input, field) in network.inputs.iter().zip(&names.inputs) {
        tensors.quantization(field, input.quantization);
    }
    for (layer, names) in network.layers.iter().zip(&names.layers) {
        if let (Some(numbers), false) = (&layer.numbers, layer.is_activation_of_head()) {
            tensors.step(&names.layer, &numbers.step, numbers.output);
        }
        if let (Some(activation), false) = (&layer.activation, layer.is_head)
            && let Some(numbers) = &activation.numbers
        {
            tensors.step(&names.activation, &numbers.step, numbers.output);
        }
    }
    // The activation of an output is computed last.
    for (output, field) in network.outputs.iter().zip(&names.outputs) {
        if let Some(number) = output.value.checked_sub(network.inputs.len()) {
            let (layer, names) = (&network.layers[number], &names.layers[number]);
            if let (Some(numbers), true) = (&layer.numbers, layer.is_activation_of_head()) {
                tensors.step(&names.layer, &numbers.step, numbers.output);
            }
            if let (Some(activation), true) = (&layer.activation, layer.is_head)
                && let Some(numbers) = &activation.numbers
            {
                tensors.step(&names.activation, &numbers.step, numbers.output);
            }
        }
        tensors.quantization(field, output.quantization);
    }
    let metadata = BTreeMap::from([(key::MODEL.to_owned(), format!("{name}Int8"))]);
    safetensors(&metadata, &tensors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_model() {
        for (name, stem) in [
            ("Kws", "kws"),
            ("FashionNet", "fashion_net"),
            ("ResNet8", "res_net8"),
            ("KWSModel", "kws_model"),
            ("A", "a"),
        ] {
            assert_eq!(file_stem(name).unwrap(), stem);
        }
        for (name, found) in [
            ("", "does not begin with"),
            ("kws", "does not begin with"),
            ("Kws-1", "contains other characters"),
            ("Ünet", "does not begin with"),
            ("Self", "is a keyword"),
        ] {
            let message = file_stem(name).unwrap_err().to_string();
            assert!(message.contains(found), "{message}");
        }
    }
}
