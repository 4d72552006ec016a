//! The errors of `.tflite` files.

use super::bytes::Broken;
use core::fmt::{Display, Formatter};

/// The reason why a `.tflite` file was rejected.
#[derive(Debug)]
#[non_exhaustive]
pub enum TfliteError {
    /// It is not a model of TensorFlow Lite.
    NotTflite {
        /// What it is instead.
        found: String,
    },
    /// It is damaged.
    Broken {
        /// The offset of the invalid byte.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// The model as a whole is not supported.
    Model {
        /// What was found, what was expected, and how to fix it.
        fault: String,
    },
    /// A tensor is not supported.
    Tensor {
        /// Its index in the file.
        index: usize,
        /// Its name.
        name: String,
        /// What was found, what was expected, and how to fix it.
        fault: String,
    },
    /// An operator is not supported.
    Operator {
        /// Its index in the file, which is its position in the order of execution.
        index: usize,
        /// Its name in TensorFlow Lite: `CONV_2D`.
        name: String,
        /// What was found, what was expected, and how to fix it.
        fault: String,
    },
}

impl Display for TfliteError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotTflite { found } => write!(
                f,
                "not a TensorFlow Lite model: found {found}, expected a FlatBuffer with the identifier `TFL3`"
            ),
            Self::Broken { at, expected } => write!(
                f,
                "the TensorFlow Lite model is damaged: expected {expected} at byte {at}; convert the \
                 model again"
            ),
            Self::Model { fault } => f.write_str(fault),
            Self::Tensor { index, name, fault } => write!(f, "tensor {index} (`{name}`): {fault}"),
            Self::Operator { index, name, fault } => {
                write!(f, "operator {index} (`{name}`): {fault}")
            }
        }
    }
}

impl core::error::Error for TfliteError {}

impl From<Broken> for TfliteError {
    fn from(Broken { at, expected }: Broken) -> Self {
        Self::Broken { at, expected }
    }
}
