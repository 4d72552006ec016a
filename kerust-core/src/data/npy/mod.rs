//! NPY and NPZ, the files of NumPy's arrays.
//!
//! [`read`] reads what `numpy.save` writes, [`Npz`] what `numpy.savez` and `numpy.savez_compressed`
//! write. Arrays of numbers in C order are read; the type of the elements must be the file's. The
//! format is NumPy's own document, `numpy.lib.format`.

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

/// An array: its sizes and its values.
#[derive(Clone, PartialEq, Debug)]
pub struct Array<T> {
    /// The size of each axis; none for a single number.
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
/// The file cannot be read, is no NPY file, has elements of another type or in Fortran order, or is
/// not as long as its header says.
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
