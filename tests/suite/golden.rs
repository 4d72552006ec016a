//! Golden values in `tests/golden`, generated with Keras by the `generate.py` there.

use safetensors::SafeTensors;
use std::path::Path;

/// Reads a golden file.
fn read(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads a golden JSON file.
pub fn json(name: &str) -> serde_json::Value {
    serde_json::from_slice(&read(name)).expect("a golden file is JSON")
}

/// A golden file of tensors.
pub struct Tensors(Vec<u8>);

impl Tensors {
    /// The tensors of the file `name`.
    pub fn open(name: &str) -> Self {
        Self(read(name))
    }

    /// The values of a tensor, if the file has it.
    pub fn find(&self, tensor: &str) -> Option<Vec<f32>> {
        let file = SafeTensors::deserialize(&self.0).expect("a golden file is safetensors");
        let view = file.tensor(tensor).ok()?;
        let words = view.data().chunks_exact(4);
        Some(
            words
                .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
                .collect(),
        )
    }

    /// The values of a tensor.
    pub fn tensor(&self, tensor: &str) -> Vec<f32> {
        self.find(tensor)
            .unwrap_or_else(|| panic!("the golden file has no `{tensor}`"))
    }
}

/// An empty folder for the files of one test.
pub fn scratch(test: &str) -> std::path::PathBuf {
    let name = format!("kerust-{test}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compares `found` with `expected`; `tolerance` is relative for values above 1.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let gap = (found - expected).abs();
        assert!(
            gap <= tolerance * expected.abs().max(1.0),
            "{what}[{place}]: found {found}, Keras has {expected}"
        );
    }
}
