//! Why a file of weights was refused.

use super::Difference;
use core::fmt::{Display, Formatter};
use std::path::PathBuf;

/// Why a file of weights was refused. What was to be loaded is unchanged.
#[derive(Debug)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file is of another kind.
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What it is, or what is wrong with it.
        found: String,
    },
    /// The file is none of Keras's.
    #[cfg(feature = "keras")]
    NotKeras {
        /// The file.
        path: PathBuf,
        /// What it is, or what is wrong with it.
        found: String,
    },
    /// The file is shorter or longer than its header says.
    Length {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        found: usize,
        /// The bytes that its header promises.
        expected: usize,
    },
    /// The file belongs to something else.
    Mismatch {
        /// The file.
        path: PathBuf,
        /// The model in the file, where it says.
        found: Option<String>,
        /// The model that was to be loaded, where it is a model.
        expected: Option<&'static str>,
        /// All the differences.
        differences: Vec<Difference>,
    },
}

impl Display for WeightsError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotSafetensors { path, found } => write!(
                f,
                "`{}` is no safetensors file: found {found}, expected the length of a JSON header, \
                 then the header",
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
                if found < expected {
                    "truncated"
                } else {
                    "too long"
                }
            ),
            Self::Mismatch {
                path,
                found,
                expected,
                differences,
            } => {
                write!(f, "the weights in `{}`", path.display())?;
                if let Some(found) = found {
                    write!(f, ", of a model `{found}`,")?;
                }
                match expected {
                    Some(model) => write!(f, " do not fit the model `{model}`")?,
                    None => write!(f, " do not fit")?,
                }
                for difference in differences {
                    write!(f, "\n  {difference}")?;
                }
                Ok(())
            }
        }
    }
}

impl core::error::Error for WeightsError {}
