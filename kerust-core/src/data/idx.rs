//! IDX, the format of the MNIST family: a header with the element type and the sizes, then values.
//!
//! `0 0 type rank`, then `rank` sizes of four bytes, big end first, then the values, row-major
//! (LeCun, Cortes, Burges: the MNIST database, "file formats"). Only bytes are read: no data set
//! of the family has anything else.

use super::DataError;
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
#[non_exhaustive]
pub enum IdxFault {
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
    /// The compressed stream is corrupt.
    Gzip(std::io::Error),
}

/// Reads an IDX file of bytes, plain or compressed by gzip, whatever its name.
///
/// # Errors
/// The file cannot be read, is corrupt, has another element type, or is not as long as its header
/// says.
pub fn read(path: impl AsRef<Path>) -> Result<Idx> {
    read_sized(path.as_ref(), None)
}

/// Reads an IDX file whose sizes are known; `None` stands for any size.
pub(crate) fn read_sized(path: &Path, expected: Option<&[Option<usize>]>) -> Result<Idx> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let mut file = BufReader::new(file);
    let start = file.fill_buf().map_err(Error::io("read", path))?;
    let gzip = start.starts_with(&[0x1f, 0x8b]);
    let parsed = if gzip {
        parse(MultiGzDecoder::new(file), expected)
    } else {
        parse(file, expected)
    };
    let fault = match parsed {
        Ok(idx) => return Ok(idx),
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

fn parse(
    mut reader: impl Read,
    expected: Option<&[Option<usize>]>,
) -> core::result::Result<Idx, Failure> {
    let magic = read_at_most(&mut reader, 4)?;
    let [0, 0, element, rank] = magic[..] else {
        return Err(Failure::Fault(IdxFault::Magic { found: magic }));
    };
    if element != BYTE {
        return Err(Failure::Fault(IdxFault::ElementType { found: element }));
    }
    let sizes_len = 4 * usize::from(rank);
    let bytes = read_at_most(&mut reader, sizes_len)?;
    let header_len = 4 + sizes_len;
    if bytes.len() < sizes_len {
        return Err(Failure::Fault(IdxFault::Truncated {
            found: 4 + bytes.len(),
            expected: header_len,
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
    // Sizes that overflow promise more bytes than any file has.
    let len = sizes
        .iter()
        .try_fold(1usize, |len, size| len.checked_mul(*size))
        .and_then(|len| len.checked_add(header_len + 1))
        .map_or(usize::MAX, |len| len - header_len - 1);
    // The header's promise is not trusted with an allocation: memory grows as bytes arrive.
    let values = read_at_most(&mut reader, len.saturating_add(1))?;
    let promised = len.saturating_add(header_len);
    match values.len() {
        found if found > len => Err(Failure::Fault(IdxFault::Surplus { expected: promised })),
        found if found < len => Err(Failure::Fault(IdxFault::Truncated {
            found: header_len + found,
            expected: promised,
        })),
        _ => Ok(Idx { sizes, values }),
    }
}

fn read_at_most(reader: impl Read, len: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(len as u64).read_to_end(&mut bytes)?;
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
mod tests {
    use super::*;
    use std::io::Write;

    /// Two images of 2×3.
    fn images() -> Vec<u8> {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3];
        bytes.extend(0..12u8);
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read_bytes(bytes: &[u8], expected: Option<&[Option<usize>]>) -> Result<Idx> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file-idx3-ubyte");
        std::fs::write(&path, bytes).unwrap();
        read_sized(&path, expected)
    }

    /// The message for `bytes`, without the folder's name.
    fn fault(bytes: &[u8]) -> String {
        let message = read_bytes(bytes, Some(&[None, Some(2), Some(3)]))
            .unwrap_err()
            .to_string();
        let (path, message) = message.split_once("` ").unwrap();
        assert!(path.ends_with("file-idx3-ubyte"), "{path}");
        message.to_owned()
    }

    #[test]
    fn plain_and_gzip_files_give_the_same_values() {
        let plain = read_bytes(&images(), None).unwrap();
        assert_eq!(plain.sizes, [2, 2, 3]);
        assert_eq!(plain.values, (0..12).collect::<Vec<u8>>());
        assert_eq!(read_bytes(&gzip(&images()), None).unwrap(), plain);
    }

    #[test]
    fn a_wrong_start_is_refused() {
        let mut bytes = images();
        bytes[0] = 1;
        assert_eq!(
            fault(&bytes),
            "is no IDX file: found the first bytes [01, 00, 08, 03], expected [00, 00, 08, rank]"
        );
        assert!(fault(&[]).contains("found the first bytes []"));
    }

    #[test]
    fn another_element_type_is_refused() {
        let mut bytes = images();
        bytes[2] = 0x0d;
        assert_eq!(
            fault(&bytes),
            "has elements of type 0x0d (32-bit floats), expected 0x08 (unsigned bytes)"
        );
    }

    #[test]
    fn other_sizes_are_refused() {
        let mut bytes = images();
        bytes[11] = 4;
        assert_eq!(fault(&bytes), "has sizes (2, 4, 3), expected (_, 2, 3)");
    }

    #[test]
    fn a_truncated_file_is_refused_wherever_it_ends() {
        let bytes = images();
        assert_eq!(
            fault(&bytes[..27]),
            "is truncated: found 27 bytes, its header promises 28"
        );
        assert_eq!(
            fault(&bytes[..9]),
            "is truncated: found 9 bytes, its header promises 16"
        );
        let zipped = gzip(&bytes);
        for end in 2..zipped.len() {
            assert!(read_bytes(&zipped[..end], None).is_err(), "{end}");
        }
    }

    #[test]
    fn surplus_bytes_are_refused() {
        let mut bytes = images();
        bytes.push(0);
        let message = "has surplus bytes: its header promises 28, and more follow";
        assert_eq!(fault(&bytes), message);
        assert_eq!(fault(&gzip(&bytes)), message);
    }

    #[test]
    fn a_corrupt_gzip_stream_is_refused() {
        let mut bytes = gzip(&images());
        let checksum = bytes.len() - 6;
        bytes[checksum] ^= 1;
        assert!(fault(&bytes).starts_with("is corrupt or truncated gzip: "));
        let mut bytes = gzip(&images());
        bytes.extend(b"surplus");
        assert!(fault(&bytes).starts_with("is corrupt or truncated gzip: "));
    }

    #[test]
    fn sizes_that_overflow_allocate_nothing() {
        let mut bytes = vec![0, 0, 8, 3];
        bytes.extend([0xff; 12]);
        assert!(read_bytes(&bytes, None).is_err());
    }
}
