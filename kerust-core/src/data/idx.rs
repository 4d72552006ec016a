//! IDX, the format of the MNIST family: a header with the element type and the sizes, then values.
//!
//! `0 0 type rank`, then `rank` sizes of four bytes, big end first, then the values, row-major
//! (LeCun, Cortes, Burges: the MNIST database, "file formats"). Only bytes are read: no data set
//! of the family has anything else.

use super::DataError;
use super::unpack::most_unpacked;
use crate::error::{Error, Result};
use core::fmt::{Display, Formatter};
use flate2::bufread::MultiGzDecoder;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// The values of an IDX file and their sizes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Idx {
    /// The sizes, the number of samples first.
    pub sizes: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<u8>,
}

/// Why a file is no IDX file, or not the expected one.
#[derive(Debug)]
pub(crate) enum IdxFault {
    /// The file does not begin as IDX does.
    Magic {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// The elements are not bytes.
    ElementType {
        /// The type's code.
        found: u8,
    },
    /// The sizes are not the expected ones; `None` stands for any size.
    Sizes {
        /// The sizes in the header.
        found: Vec<usize>,
        /// The sizes that were expected.
        expected: Vec<Option<usize>>,
    },
    /// The file ends too early.
    Truncated {
        /// Bytes found, decompressed.
        found: usize,
        /// Bytes that the header promises.
        expected: usize,
    },
    /// The file goes on behind the last value.
    Surplus {
        /// Bytes that the header promises.
        expected: usize,
    },
    /// The compressed file would unpack to more than a data set does.
    Unpacked {
        /// Bytes that the header promises.
        found: u64,
        /// The most that a file of this length is unpacked to.
        most: u64,
        /// The length of the file.
        packed: u64,
    },
    /// The compressed stream is corrupt.
    Gzip(std::io::Error),
}

/// Reads an IDX file of bytes, plain or compressed by gzip, whatever its name.
///
/// # Errors
/// The file cannot be read, is corrupt, has another element type, is not as long as its header says,
/// or is a gzip file that would unpack to more than 64 MiB and more than a hundred times its length.
pub fn read(path: impl AsRef<Path>) -> Result<Idx> {
    read_sized(path.as_ref(), None)
}

/// Reads an IDX file whose sizes are known; `None` stands for any size.
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

/// Reads the sizes alone.
pub(crate) fn sizes(path: &Path, expected: Option<&[Option<usize>]>) -> Result<Vec<usize>> {
    open(path, |source, _, _| {
        Ok(Header::read(source, expected)?.sizes)
    })
}

/// Opens a file, and hands over its bytes unpacked, whether they were packed, and, of a regular
/// file, its length.
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

/// The code of bytes, the only element type read here.
const BYTE: u8 = 0x08;

/// What stands before the values.
struct Header {
    sizes: Vec<usize>,
    /// The bytes of the header.
    len: usize,
    /// The bytes of the values; as many as there can be where the sizes overflow.
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

    /// The bytes that a whole file has, unpacked.
    fn promised(&self) -> usize {
        self.len.saturating_add(self.values_len)
    }

    /// Holds the promise against the file, before anything is allocated for it.
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
        // A byte more, to see whether the file goes on.
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

/// Memory grows as bytes arrive, and where it is used up that is an error.
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
                "is no IDX file: found the first bytes {found:02x?}, expected [00, 00, 08, rank]"
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
