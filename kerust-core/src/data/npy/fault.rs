//! The errors of NumPy files.

use core::fmt::{Display, Formatter};
use std::io;

/// The reason why a file of NumPy arrays, or a member of one, is invalid.
#[derive(Debug)]
pub(crate) enum NpyFault {
    /// The system could not read on, or packed data is corrupt.
    Read(io::Error),
    /// The file does not start like an NPY file.
    Magic {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// The version of the format is unknown.
    Version {
        /// The major version.
        major: u8,
        /// The minor version.
        minor: u8,
    },
    /// The file ends in the header.
    HeaderTruncated {
        /// The bytes found.
        found: String,
        /// The number of bytes expected.
        expected: usize,
    },
    /// The header is not one that NumPy writes.
    Header(String),
    /// The elements have another type.
    DataType {
        /// The type in NumPy's notation.
        found: String,
        /// The requested type.
        expected: &'static str,
    },
    /// The values are in Fortran order (column by column).
    FortranOrder,
    /// The sizes differ from the expected ones; `None` matches any size.
    Shape {
        /// The sizes.
        found: Vec<usize>,
        /// The expected sizes.
        expected: Vec<Option<usize>>,
    },
    /// The number of bytes overflows.
    Overflow {
        /// The sizes.
        shape: Vec<usize>,
    },
    /// The file ends too early.
    Truncated {
        /// The number of bytes found.
        found: u64,
        /// The number of bytes according to the header.
        expected: u64,
    },
    /// The file continues after the last value.
    Surplus {
        /// The number of bytes according to the header.
        expected: u64,
    },
    /// The file is not a ZIP archive, or is corrupt.
    Archive(String),
    /// The archive has no such member.
    Missing {
        /// The existing members.
        found: Vec<String>,
    },
    /// Pickled objects that are not of the expected kind, or not allowed.
    Pickle(String),
    /// A value is invalid.
    Value {
        /// Its index, from 0.
        index: usize,
        /// The value.
        found: String,
        /// What was expected.
        expected: String,
    },
}

impl From<io::Error> for NpyFault {
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// The names of NumPy's element types.
fn words(data_type: &str) -> &'static str {
    match data_type.trim_start_matches(['<', '>', '|', '=']) {
        "f2" => "16-bit floats",
        "f4" => "32-bit floats",
        "f8" => "64-bit floats",
        "i1" => "8-bit integers",
        "i2" => "16-bit integers",
        "i4" => "32-bit integers",
        "i8" => "64-bit integers",
        "u1" => "8-bit unsigned integers",
        "u2" => "16-bit unsigned integers",
        "u4" => "32-bit unsigned integers",
        "u8" => "64-bit unsigned integers",
        "b1" => "booleans",
        "O" => "Python objects",
        name if name.starts_with('U') || name.starts_with('S') => "text",
        name if name.starts_with('c') => "complex numbers",
        _ => "unknown",
    }
}

/// `(2, 3)`, with `_` for any size.
fn sizes(sizes: impl IntoIterator<Item = Option<usize>>) -> String {
    let size = |size: Option<usize>| size.map_or("_".to_owned(), |size| size.to_string());
    let sizes: Vec<String> = sizes.into_iter().map(size).collect();
    format!("({})", sizes.join(", "))
}

impl Display for NpyFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Read(error) => write!(f, "cannot be read: {error}"),
            Self::Magic { found } => write!(
                f,
                "is not an NPY file: found the first bytes `{}`, expected `\\x93NUMPY`",
                found.escape_ascii()
            ),
            Self::Version { major, minor } => write!(
                f,
                "is of version {major}.{minor} of NPY, expected 1.0, 2.0 or 3.0"
            ),
            Self::HeaderTruncated { found, expected } => write!(
                f,
                "ends in its header: found `{found}`, expected {expected} bytes"
            ),
            Self::Header(fault) => write!(f, "has a header that NumPy does not write: {fault}"),
            Self::DataType { found, expected } => write!(
                f,
                "has elements of type `{found}` ({}), expected `{expected}` ({}); \
                 `array.astype(..)` changes them in NumPy",
                words(found),
                words(expected),
            ),
            Self::FortranOrder => f.write_str(
                "is in Fortran order (column by column), expected C order (row by row); \
                 `numpy.ascontiguousarray(array)` changes it",
            ),
            Self::Shape { found, expected } => write!(
                f,
                "has the shape {}, expected {}",
                sizes(found.iter().copied().map(Some)),
                sizes(expected.iter().copied())
            ),
            Self::Overflow { shape } => write!(
                f,
                "has the shape {}, more values than there can be",
                sizes(shape.iter().copied().map(Some))
            ),
            Self::Truncated { found, expected } => write!(
                f,
                "is truncated: found {found} bytes, its header promises {expected}"
            ),
            Self::Surplus { expected } => write!(
                f,
                "has surplus bytes: its header promises {expected}, and more follow"
            ),
            Self::Archive(fault) => write!(f, "is not a complete NPZ file: {fault}"),
            Self::Missing { found } if found.is_empty() => {
                f.write_str("is not there: the archive is empty")
            }
            Self::Missing { found } => {
                write!(f, "is not there: found `{}`", found.join("`, `"))
            }
            Self::Pickle(fault) => write!(f, "has pickled objects that are not read: {fault}"),
            Self::Value {
                index,
                found,
                expected,
            } => write!(f, "has {found} at place {index}, expected {expected}"),
        }
    }
}

impl core::error::Error for NpyFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            _ => None,
        }
    }
}
