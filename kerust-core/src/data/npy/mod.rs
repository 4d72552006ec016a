//! NPY and NPZ, NumPy's file formats for arrays.
//!
//! [`read`] reads files of `numpy.save`, and [`Npz`] those of `numpy.savez` and `numpy.savez_compressed`.
//! Arrays of numbers in C order can be read. The requested element type must be that of the file. The format
//! is described in NumPy's documentation of `numpy.lib.format`.

mod archive;
mod element;
mod fault;
mod header;
mod zip;

pub use archive::Npz;
pub use element::Element;
pub(crate) use fault::NpyFault;
pub(crate) use header::Header;

use super::DataError;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// An array with its shape and its values.
#[derive(Clone, PartialEq, Debug)]
pub struct Array<T> {
    /// The size of each axis. Empty for a single number.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<T>,
}

/// Reads an `.npy` file.
///
/// ```no_run
/// # use kerust::{data::npy, error};
/// # fn main() -> error::Result<()> {
/// let images = npy::read::<u8>("images.npy")?;
/// assert_eq!(images.shape[1..], [28, 28]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// Returns an error if the file cannot be read, is not an NPY file, has another element type or Fortran
/// order, or has another length than its header says.
pub fn read<T: Element>(path: impl AsRef<Path>) -> Result<Array<T>> {
    let path = path.as_ref();
    let file = File::open(path).map_err(Error::io("read", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    let len = metadata.is_file().then_some(metadata.len());
    read_array(&mut BufReader::new(file), len).map_err(|fault| refuse(path, None, fault))
}

/// Reads an array to the end of `source`, whose length may be known.
fn read_array<T: Element>(source: &mut dyn Read, len: Option<u64>) -> Result<Array<T>, NpyFault> {
    let header = Header::read(source)?;
    header.expect::<T>()?;
    let bytes = header.bytes(source, len)?;
    let values = header.values(&bytes)?;
    Ok(Array {
        shape: header.shape,
        values,
    })
}

/// The error for a file, or for a member of an archive.
pub(super) fn refuse(path: &Path, member: Option<&str>, fault: NpyFault) -> Error {
    DataError::Npy {
        path: path.to_path_buf(),
        member: member.map(str::to_owned),
        fault,
    }
    .into()
}

#[cfg(test)]
mod tests;
