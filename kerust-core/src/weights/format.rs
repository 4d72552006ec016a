//! The format of a file, determined by its extension.

use super::{WeightsError, check_target};
use crate::error::Result;
use std::path::Path;

/// A format that kerust can write.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Format {
    Safetensors,
    /// Keras 3's `.weights.h5`.
    #[cfg(feature = "keras")]
    Keras,
}

/// The extension of files that Keras's `load_weights` reads.
const KERAS: &str = ".weights.h5";

/// The extensions of other formats, and their descriptions.
const OTHERS: [(&str, &str); 9] = [
    ("keras", "a whole model of Keras 3"),
    ("h5", "a whole model of Keras 2"),
    ("hdf5", "a whole model of Keras 2"),
    ("onnx", "a model of ONNX"),
    ("tflite", "a model of LiteRT"),
    ("npy", "an array of NumPy"),
    ("npz", "an archive of NumPy"),
    ("pt", "a model of PyTorch"),
    ("pth", "a model of PyTorch"),
];

/// The format of weights that are saved to `path`.
///
/// # Errors
/// Returns an error if the extension is that of a format that kerust cannot write.
pub(super) fn of(path: &Path) -> Result<Format> {
    if is_keras(path) {
        #[cfg(feature = "keras")]
        return Ok(Format::Keras);
        #[cfg(not(feature = "keras"))]
        return Err(refused(
            path,
            format!("`{KERAS}`, weights of Keras 3"),
            "the feature `keras` of kerust, which writes them (`features = [\"keras\"]` in `Cargo.toml`)",
        ));
    }
    match other(path) {
        None => Ok(Format::Safetensors),
        Some(found) => Err(refused(
            path,
            found,
            if cfg!(feature = "keras") {
                "`.weights.h5`, which Keras's `load_weights` reads,"
            } else {
                "`.weights.h5`, which Keras's `load_weights` reads, with the feature `keras` of kerust,"
            },
        )),
    }
}

/// Checks the name of a file of sections, such as the state of a training.
///
/// # Errors
/// Returns an error if the extension is that of another format than safetensors.
pub(super) fn check_safetensors(path: &Path) -> Result<()> {
    let keras = || is_keras(path).then(|| format!("`{KERAS}`, weights of Keras 3"));
    match keras().or_else(|| other(path)) {
        None => Ok(()),
        Some(found) => {
            let (path, expected) = (path.to_path_buf(), "`.safetensors`".to_owned());
            Err(WeightsError::Format {
                path,
                found,
                expected,
            }
            .into())
        }
    }
}

/// Checks a path to which weights will be saved later.
///
/// # Errors
/// Returns an error if the extension is that of a format that kerust cannot write, or the path exists and is
/// not a regular file.
pub(crate) fn check_save(path: &Path) -> Result<()> {
    of(path)?;
    check_target(path)
}

/// Checks a path to which the state of a training will be saved later.
///
/// # Errors
/// The same as [`check_save`].
pub(crate) fn check_save_state(path: &Path) -> Result<()> {
    check_safetensors(path)?;
    check_target(path)
}

fn is_keras(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    name.ends_with(KERAS.as_bytes())
}

/// The extension, if it is that of another format.
fn other(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?;
    let mut others = OTHERS.iter();
    let (_, what) = others.find(|(other, _)| ending.eq_ignore_ascii_case(other))?;
    Some(format!("`.{ending}`, {what}"))
}

fn refused(path: &Path, found: String, expected: &str) -> crate::Error {
    WeightsError::Format {
        path: path.to_path_buf(),
        found,
        expected: format!("{expected} or another ending, such as `.safetensors`"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_says_the_format() {
        for name in [
            "net.safetensors",
            "net",
            "net.bin",
            "net.h5.safetensors",
            "a.keras/net",
            ".h5",
        ] {
            assert_eq!(of(Path::new(name)).unwrap(), Format::Safetensors, "{name}");
        }
        for (name, found) in [
            ("net.h5", "`.h5`, a whole model of Keras 2"),
            ("net.HDF5", "`.HDF5`, a whole model of Keras 2"),
            ("a/net.keras", "`.keras`, a whole model of Keras 3"),
            ("net.tflite", "`.tflite`, a model of LiteRT"),
        ] {
            let message = of(Path::new(name)).unwrap_err().to_string();
            let start = format!("cannot save to `{name}`: found {found}, expected `.weights.h5`");
            assert!(message.starts_with(&start), "{message}");
            assert!(message.ends_with("such as `.safetensors`"), "{message}");
        }
        let message = check_safetensors(Path::new("net.weights.h5")).unwrap_err();
        assert_eq!(
            message.to_string(),
            "cannot save to `net.weights.h5`: found `.weights.h5`, weights of Keras 3, expected \
             `.safetensors`"
        );
    }

    #[test]
    fn keras_weights_are_written_with_the_feature_alone() {
        let format = of(Path::new("net.weights.h5"));
        #[cfg(feature = "keras")]
        assert_eq!(format.unwrap(), Format::Keras);
        #[cfg(not(feature = "keras"))]
        assert_eq!(
            format.unwrap_err().to_string(),
            "cannot save to `net.weights.h5`: found `.weights.h5`, weights of Keras 3, expected the \
             feature `keras` of kerust, which writes them (`features = [\"keras\"]` in `Cargo.toml`) or \
             another ending, such as `.safetensors`"
        );
    }
}
