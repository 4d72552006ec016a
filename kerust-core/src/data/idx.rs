//! IDX, the file format of MNIST: a header with the element type and the sizes, then the values.
//!
//! The format is `0 0 type rank`, then `rank` sizes of four bytes in big-endian order, then the values,
//! row-major (LeCun, Cortes, Burges: the MNIST database, "file formats"). Only unsigned bytes can be read,
//! which is the element type of all data sets of the MNIST family.

use super::DataError;
use super::unpack::most_unpacked;
use crate::error::{Error, Result};
use core::fmt::{Display, Formatter};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The contents of an IDX file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idx {
    /// The sizes, with the number of samples first.
    pub sizes: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<u8>,
}

/// The reason why a file is not a valid IDX file of the expected kind.
#[derive(Debug)]
pub(crate) enum IdxFault {
    /// The file does not begin as IDX does.
    Magic {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// The element type is not unsigned bytes.
    ElementType {
        /// The code of the element type.
        found: u8,
    },
    /// The sizes differ from the expected ones; `None` matches any size.
    Sizes {
        /// The sizes in the header.
        found: Vec<usize>,
        /// The expected sizes.
        expected: Vec<Option<usize>>,
    },
    /// The file ends too early.
    Truncated {
        /// The number of bytes found, after decompression.
        found: usize,
        /// The number of bytes according to the header.
        expected: usize,
    },
    /// The file continues after the last value.
    Surplus {
        /// The number of bytes according to the header.
        expected: usize,
    },
    /// The decompressed file would be larger than expected of a data set.
    Unpacked {
        /// The number of bytes according to the header.
        found: u64,
        /// The maximum size to which a file of this length is decompressed.
        most: u64,
        /// The length of the file.
        packed: u64,
    },
    /// The compressed stream is corrupt.
    Gzip(std::io::Error),
}

/// Reads an IDX file of unsigned bytes, either plain or gzip-compressed.
///
/// # Errors
/// Returns an error if the file cannot be read, is corrupt, has another element type, has another length than
/// its header says, or is a gzip file whose decompressed size is more than 64 MiB and more than a hundred
/// times its length.
pub fn read(path: impl AsRef<Path>) -> Result<Idx> {
    read_sized(path.as_ref(), None)
}

/// Reads an IDX file with known sizes; `None` matches any size.
pub(crate) fn read_sized(path: &Path, expected: Option<&[Option<usize>]>) -> Result<Idx> {
    open(path, |source, gzip, len| {
        let header = Header::read(source, expected)?;
        header.check(gzip, len)?;
        let values = header.values(source)?;
        Ok(Idx {
            sizes: header.sizes,
            values,
        })
    })
}

/// Reads only the sizes.
pub(crate) fn sizes(path: &Path, expected: Option<&[Option<usize>]>) -> Result<Vec<usize>> {
    open(path, |source, _, _| {
        Ok(Header::read(source, expected)?.sizes)
    })
}

/// Opens a file, and passes on its decompressed bytes, whether it was compressed, and its length, if it is a
/// regular file.
fn open<T>(
    path: &Path,
    parse: impl FnOnce(&mut dyn Read, bool, Option<u64>) -> Result<T, Failure>,
) -> Result<T> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    let len = metadata.is_file().then_some(metadata.len());
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(Error::io("read", path))?;
    let gzip = start.starts_with(&[0x1f, 0x8b]);
    let parsed = if gzip {
        parse(&mut MultiGzDecoder::new(file), true, len)
    } else {
        parse(&mut file, false, len)
    };
    let fault = match parsed {
        Ok(parsed) => return Ok(parsed),
        Err(Failure::Fault(fault)) => fault,
        Err(Failure::Read(source)) if gzip => IdxFault::Gzip(source),
        Err(Failure::Read(source)) => return Err(Error::io("read", path)(source)),
    };
    let path = path.to_path_buf();
    Err(DataError::Idx { path, fault }.into())
}

enum Failure {
    Read(std::io::Error),
    Fault(IdxFault),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error)
    }
}

/// The code for unsigned bytes, the only element type that is read.
const BYTE: u8 = 0x08;

/// The header of the file.
struct Header {
    sizes: Vec<usize>,
    /// The length of the header in bytes.
    len: usize,
    /// The length of the values in bytes; `usize::MAX` if the sizes overflow.
    values_len: usize,
}

impl Header {
    fn read(source: &mut dyn Read, expected: Option<&[Option<usize>]>) -> Result<Self, Failure> {
        let magic = read_at_most(source, 4)?;
        let [0, 0, element, rank] = magic[..] else {
            return Err(Failure::Fault(IdxFault::Magic { found: magic }));
        };
        if element != BYTE {
            return Err(Failure::Fault(IdxFault::ElementType { found: element }));
        }
        let sizes_len = 4 * usize::from(rank);
        let bytes = read_at_most(source, sizes_len)?;
        let len = 4 + sizes_len;
        if bytes.len() < sizes_len {
            return Err(Failure::Fault(IdxFault::Truncated {
                found: 4 + bytes.len(),
                expected: len,
            }));
        }
        let sizes: Vec<usize> = bytes
            .chunks_exact(4)
            .map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize)
            .collect();
        let fits = |expected: &[Option<usize>]| {
            expected.len() == sizes.len()
                && core::iter::zip(expected, &sizes)
                    .all(|(expected, found)| expected.is_none_or(|expected| expected == *found))
        };
        if let Some(expected) = expected.filter(|expected| !fits(expected)) {
            return Err(Failure::Fault(IdxFault::Sizes {
                found: sizes,
                expected: expected.to_vec(),
            }));
        }
        let values_len = sizes
            .iter()
            .try_fold(1usize, |len, size| len.checked_mul(*size));
        Ok(Self {
            sizes,
            len,
            values_len: values_len.unwrap_or(usize::MAX),
        })
    }

    /// The length of a complete file after decompression.
    fn promised(&self) -> usize {
        self.len.saturating_add(self.values_len)
    }

    /// Compares the header with the file before memory is allocated.
    fn check(&self, gzip: bool, file_len: Option<u64>) -> Result<(), Failure> {
        let Some(file_len) = file_len else {
            return Ok(());
        };
        let found = self.promised() as u64;
        let fault = if gzip {
            let most = most_unpacked(file_len);
            let packed = file_len;
            (found > most).then_some(IdxFault::Unpacked {
                found,
                most,
                packed,
            })
        } else {
            (file_len != found).then(|| self.other_length(file_len))
        };
        fault.map_or(Ok(()), |fault| Err(Failure::Fault(fault)))
    }

    fn values(&self, source: &mut dyn Read) -> Result<Vec<u8>, Failure> {
        // One byte more, to check whether the file continues.
        let values = read_at_most(source, self.values_len.saturating_add(1))?;
        if values.len() != self.values_len {
            let found = self.len.saturating_add(values.len());
            return Err(Failure::Fault(self.other_length(found as u64)));
        }
        Ok(values)
    }

    fn other_length(&self, found: u64) -> IdxFault {
        let expected = self.promised();
        match usize::try_from(found) {
            Ok(found) if found < expected => IdxFault::Truncated { found, expected },
            _ => IdxFault::Surplus { expected },
        }
    }
}

/// Allocates memory as bytes arrive, and returns an error if there is not enough memory.
fn read_at_most(source: &mut dyn Read, len: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Display for IdxFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Magic { found } => write!(
                f,
                "is not an IDX file: found the first bytes {found:02x?}, expected [00, 00, 08, rank]"
            ),
            Self::ElementType { found } => {
                let name = match found {
                    0x09 => "signed bytes",
                    0x0b => "16-bit integers",
                    0x0c => "32-bit integers",
                    0x0d => "32-bit floats",
                    0x0e => "64-bit floats",
                    _ => "unknown",
                };
                write!(
                    f,
                    "has elements of type {found:#04x} ({name}), expected 0x08 (unsigned bytes)"
                )
            }
            Self::Sizes { found, expected } => {
                let sizes = |sizes: &[Option<usize>]| {
                    let size = |size: &Option<usize>| size.map_or("_".into(), |s| s.to_string());
                    sizes.iter().map(size).collect::<Vec<_>>().join(", ")
                };
                let found: Vec<_> = found.iter().copied().map(Some).collect();
                write!(
                    f,
                    "has sizes ({}), expected ({})",
                    sizes(&found),
                    sizes(expected)
                )
            }
            Self::Truncated { found, expected } => write!(
                f,
                "is truncated: found {found} bytes, its header promises {expected}"
            ),
            Self::Surplus { expected } => write!(
                f,
                "has surplus bytes: its header promises {expected}, and more follow"
            ),
            Self::Unpacked {
                found,
                most,
                packed,
            } => write!(
                f,
                "would unpack to {found} bytes by its header: expected at most {most} of a gzip \
                 file of {packed}; if it is right, unpack it and read the file without `.gz`"
            ),
            Self::Gzip(error) => write!(f, "is corrupt or truncated gzip: {error}"),
        }
    }
}

impl core::error::Error for IdxFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Gzip(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
