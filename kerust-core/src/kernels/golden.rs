//! The golden numbers of sequences, which `tests/golden/generate_sequences.py` made with Keras.

use safetensors::SafeTensors;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::OnceLock;

const FILE: &[u8] = include_bytes!("../../../tests/golden/sequences.safetensors");

type Tensor = (Vec<usize>, Vec<f32>);

/// All tensors by their names: a file is read once.
fn tensors() -> &'static HashMap<String, Tensor> {
    static TENSORS: OnceLock<HashMap<String, Tensor>> = OnceLock::new();
    TENSORS.get_or_init(|| {
        let file = SafeTensors::deserialize(FILE).expect("safetensors");
        let tensor = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
            let words = view.data().chunks_exact(4);
            let values = words.map(|word| f32::from_le_bytes(word.try_into().unwrap()));
            (name, (view.shape().to_vec(), values.collect()))
        };
        file.tensors().into_iter().map(tensor).collect()
    })
}

/// One case of the file.
pub(super) struct Case {
    pub(super) name: String,
    /// Keras's name of the layer.
    pub(super) class: String,
    about: Value,
}

/// The cases whose names begin so.
pub(super) fn cases(prefix: &str) -> Vec<Case> {
    let (_, header) = SafeTensors::read_metadata(FILE).expect("safetensors");
    let about = header.metadata().as_ref().expect("metadata");
    let mut cases: Vec<_> = about
        .iter()
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, text)| {
            let about: Value = serde_json::from_str(text).expect("JSON");
            Case {
                name: name.clone(),
                class: about["class_name"].as_str().expect("a name").to_owned(),
                about,
            }
        })
        .collect();
    assert!(!cases.is_empty(), "no case begins with `{prefix}`");
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

impl Case {
    fn find(&self, tensor: &str) -> Option<&'static Tensor> {
        tensors().get(&format!("{}.{tensor}", self.name))
    }

    /// The values of a tensor; none where the case does not have it.
    pub(super) fn values(&self, tensor: &str) -> Vec<f32> {
        self.find(tensor)
            .map_or_else(Vec::new, |(_, values)| values.clone())
    }

    /// A tensor's shape.
    pub(super) fn shape(&self, tensor: &str) -> Vec<usize> {
        let found = self.find(tensor);
        found
            .unwrap_or_else(|| panic!("{} has no `{tensor}`", self.name))
            .0
            .clone()
    }

    /// A mask.
    pub(super) fn mask(&self, tensor: &str) -> Vec<u8> {
        let values = self.values(tensor);
        values
            .into_iter()
            .map(|value| u8::from(value != 0.0))
            .collect()
    }

    /// An argument of the layer.
    pub(super) fn argument(&self, name: &str) -> &Value {
        &self.about["config"][name]
    }

    /// Whether a flag is set, of the layer or beside it.
    pub(super) fn flag(&self, name: &str) -> bool {
        let value = self.argument(name).as_bool();
        value.or(self.about[name].as_bool()).unwrap_or(false)
    }

    /// Holds `found` to a tensor within `tolerance`, relative to the value where it exceeds 1.
    pub(super) fn check(&self, tensor: &str, found: &[f32], tolerance: f32) {
        let expected = self.values(tensor);
        assert_eq!(found.len(), expected.len(), "{}.{tensor}", self.name);
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!(
                (found - expected).abs() <= tolerance * expected.abs().max(1.0),
                "{}.{tensor}[{place}]: found {found}, Keras has {expected}",
                self.name
            );
        }
    }
}
