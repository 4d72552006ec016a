//! The errors of weight files.

use super::Difference;
use super::difference::shown;
use super::embed::{CONVERSION, MOST_LISTED, length_word};
use core::fmt::{Display, Formatter};
use std::path::{Path, PathBuf};

/// The reason why a file of weights was rejected. The model is unchanged.
#[derive(Debug)]
pub(crate) enum WeightsError {
    /// The file is of another kind.
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What the file is or what is wrong with it, and what was expected.
        found: String,
    },
    /// The file name has the extension of a format that kerust cannot write.
    Format {
        /// The file.
        path: PathBuf,
        /// The extension and its format: `.keras`, a model of Keras 3.
        found: String,
        /// The formats that can be written.
        expected: String,
    },
    /// The file is not a file of Keras.
    #[cfg(feature = "keras")]
    NotKeras {
        /// The file.
        path: PathBuf,
        /// What the file is, or what is wrong with it.
        found: String,
    },
    /// The file is shorter or longer than its header says.
    Length {
        /// The file.
        path: PathBuf,
        /// The length in bytes.
        found: usize,
        /// The length according to the header.
        expected: usize,
    },
    /// The file does not fit the model.
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The model in the file, if the file names it.
        found: Option<String>,
        /// The model that was to be loaded, if it is one.
        expected: Option<&'static str>,
        /// All differences.
        differences: Vec<Difference>,
    },
    /// In a partial load, weights with matching names do not fit.
    Partial {
        /// The file.
        path: PathBuf,
        /// The model.
        model: &'static str,
        /// The differences of tensors with matching names.
        differences: Vec<Difference>,
    },
    /// In a partial load, no name in the file occurs in the model.
    NothingTaken {
        /// The file.
        path: PathBuf,
        /// The model.
        model: &'static str,
        /// The tensors of both sides.
        differences: Vec<Difference>,
    },
}

/// Writes one line for each difference, up to [`MOST_LISTED`].
fn list(f: &mut Formatter<'_>, differences: &[Difference]) -> core::fmt::Result {
    for difference in differences.iter().take(MOST_LISTED) {
        write!(f, "\n  {difference}")?;
    }
    if differences.len() > MOST_LISTED {
        write!(f, "\n  and {} more", differences.len() - MOST_LISTED)?;
    }
    Ok(())
}

impl Display for WeightsError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotSafetensors { path, found } => {
                write!(
                    f,
                    "`{}` is not a safetensors file: found {found}",
                    path.display()
                )
            }
            Self::Format {
                path,
                found,
                expected,
            } => write!(
                f,
                "cannot save to `{}`: found {found}, expected {expected}",
                path.display()
            ),
            #[cfg(feature = "keras")]
            Self::NotKeras { path, found } => write!(
                f,
                "`{}` holds no weights of Keras: found {found}, expected a `.weights.h5`, `.keras` or \
                 `.h5` that Keras wrote",
                path.display()
            ),
            Self::Length {
                path,
                found,
                expected,
            } => write!(
                f,
                "`{}` is {}: found {found} bytes, its header promises {expected}",
                path.display(),
                length_word(*found as u64, *expected as u64)
            ),
            Self::Mismatch {
                path,
                found,
                expected,
                differences,
            } => {
                write!(f, "the weights in `{}`", path.display())?;
                if let Some(found) = found {
                    write!(f, ", of a model `{}`,", shown(found))?;
                }
                match expected {
                    Some(model) => write!(f, " do not fit the model `{model}`")?,
                    None => write!(f, " do not fit")?,
                }
                let twin = found.as_ref().map(|found| format!("{found}Int8"));
                if twin.is_some() && twin.as_deref() == expected.as_deref() {
                    write!(
                        f,
                        "\n  the file holds the `f32` weights of the model; `quantize` makes those of its 8-bit twin, \
                         and `save` writes them"
                    )?;
                }
                list(f, differences)?;
                if expected.is_some() && differences.iter().any(Difference::is_convertible) {
                    write!(f, "\n  {CONVERSION}")?;
                }
                Ok(())
            }
            Self::Partial {
                path,
                model,
                differences,
            } => {
                write!(
                    f,
                    "some weights in `{}` have a name of the model `{model}` and do not fit",
                    path.display()
                )?;
                list(f, differences)?;
                f.write_str(
                    "\n  give the layer another name (`name = ..`), or leave out what does not fit with \
                     `load_partial_skip_mismatch`",
                )
            }
            Self::NothingTaken {
                path,
                model,
                differences,
            } => {
                write!(
                    f,
                    "no tensor in `{}` fits the model `{model}`, expected a tensor with the name \
                     of one of the model's",
                    path.display()
                )?;
                list(f, differences)
            }
        }
    }
}

impl core::error::Error for WeightsError {}

impl WeightsError {
    pub(crate) fn is_shape(&self) -> bool {
        let is_shape = |difference: &Difference| matches!(difference, Difference::Shape { .. });
        self.differences().iter().any(is_shape)
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::NotSafetensors { path, .. }
            | Self::Format { path, .. }
            | Self::Length { path, .. }
            | Self::Mismatch { path, .. }
            | Self::Partial { path, .. }
            | Self::NothingTaken { path, .. } => path,
            #[cfg(feature = "keras")]
            Self::NotKeras { path, .. } => path,
        }
    }

    pub(crate) fn differences(&self) -> &[Difference] {
        match self {
            Self::Mismatch { differences, .. }
            | Self::Partial { differences, .. }
            | Self::NothingTaken { differences, .. } => differences,
            _ => &[],
        }
    }
}
