//! Why a `.tflite` was refused.

use super::bytes::Broken;
use core::fmt::{Display, Formatter};

/// Why a `.tflite` was refused.
#[derive(Debug)]
#[non_exhaustive]
pub enum TfliteError {
    /// It is no model of TensorFlow Lite.
    NotTflite {
        /// What it is instead.
        found: String,
    },
    /// It is damaged.
    Broken {
        /// The byte at which something else stands than expected.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// The model as a whole is of a kind that is not read.
    Model {
        /// What was found, what was expected, and what to do.
        fault: String,
    },
    /// A tensor is of a kind that is not read.
    Tensor {
        /// Its number in the file.
        index: usize,
        /// Its name.
        name: String,
        /// What was found, what was expected, and what to do.
        fault: String,
    },
    /// An operator is of a kind that is not read.
    Operator {
        /// Its number in the file, which is its place in the order of execution.
        index: usize,
        /// Its name in TensorFlow Lite: `CONV_2D`.
        name: String,
        /// What was found, what was expected, and what to do.
        fault: String,
    },
}

impl Display for TfliteError {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NotTflite { found } => write!(
                f,
                "no TensorFlow Lite model: found {found}, expected a FlatBuffer with the identifier `TFL3`"
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
