//! What several fuzz targets need: models, and a file with given bytes.

use kerust::prelude::*;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

model! {
    /// The model of the files of weights.
    pub Tiny: Input(4) => Dense(3, relu) => Dense(2)
}

model! {
    /// A model with numbers that are not trained.
    pub Normalized: Input(4) => Dense(3, relu) => BatchNormalization => Dense(2, softmax)
}

/// A file with these bytes, since the readers take paths. Each call replaces the file of the call before it.
pub fn file(bytes: &[u8], extension: &str) -> PathBuf {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = std::env::temp_dir().join(format!("kerust-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the inputs");
        folder
    });
    let path = FOLDER.join("input").with_extension(extension);
    fs::write(&path, bytes).expect("a file with the input");
    path
}

/// Loads a file of weights into a model by `load`. If that fails, no weight may have changed.
pub fn load<M: Model, T>(load: impl FnOnce(&mut M) -> kerust::Result<T>) {
    let mut model = M::zeroed();
    if let Err(error) = load(&mut model) {
        assert!(!error.to_string().is_empty());
        let bytes = kerust::layer::LayerData::as_bytes(&*model);
        assert!(bytes.iter().all(|byte| *byte == 0), "changed, and {error}");
    }
}
