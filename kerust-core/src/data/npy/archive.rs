//! Archives of arrays.

use super::zip::Zip;
use super::{Array, Element, Header, NpyFault, read_array, refuse};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// An `.npz` file: an archive of named arrays.
///
/// ```no_run
/// # use kerust::{data::npy::Npz, error};
/// # fn main() -> error::Result<()> {
/// let file = Npz::open("weather.npz")?;
/// let x = file.read::<f32>("x")?;
/// let y = file.read::<i64>("y")?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Npz {
    path: PathBuf,
    archive: Zip,
}

impl Npz {
    /// Opens the file and reads its list of members.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or is not a ZIP archive.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        match Zip::open(&path) {
            Ok(archive) => Ok(Self { path, archive }),
            Err(NpyFault::Read(source)) => Err(Error::io("read", path)(source)),
            Err(fault) => Err(refuse(&path, None, fault)),
        }
    }

    /// The names of the arrays.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.archive.names().map(array_name)
    }

    /// Reads the array with this name.
    ///
    /// # Errors
    /// Returns an error if there is no such array, it is corrupt, it has another element type or Fortran
    /// order (see [`read`](super::read)), or its decompressed size is more than 64 MiB and more than a
    /// hundred times its length.
    pub fn read<T: Element>(&self, name: &str) -> Result<Array<T>> {
        self.with_member(name, |bytes| {
            read_array(&mut &bytes[..], Some(bytes.len() as u64))
        })
    }

    /// Reads an array of integers of any type with these sizes; `None` matches any size.
    pub(crate) fn integers(&self, name: &str, shape: &[Option<usize>]) -> Result<Vec<i64>> {
        self.with_member(name, |bytes| {
            let (header, bytes) = shaped(bytes, shape)?;
            match header.type_name() {
                "u1" => convert::<u8, _>(&header, bytes, i64::from),
                "u2" => convert::<u16, _>(&header, bytes, i64::from),
                "u4" => convert::<u32, _>(&header, bytes, i64::from),
                "i1" => convert::<i8, _>(&header, bytes, i64::from),
                "i2" => convert::<i16, _>(&header, bytes, i64::from),
                "i4" => convert::<i32, _>(&header, bytes, i64::from),
                _ => convert::<i64, _>(&header, bytes, |value| value),
            }
        })
    }

    /// Reads an array of `f32` or `f64` with these sizes; `None` matches any size.
    pub(crate) fn floats(&self, name: &str, shape: &[Option<usize>]) -> Result<Vec<f32>> {
        self.with_member(name, |bytes| {
            let (header, bytes) = shaped(bytes, shape)?;
            match header.type_name() {
                "f8" => convert::<f64, _>(&header, bytes, |value| value as f32),
                _ => convert::<f32, _>(&header, bytes, |value| value),
            }
        })
    }

    /// Reads an array of bytes with these sizes; `None` matches any size.
    pub(crate) fn bytes(&self, name: &str, shape: &[Option<usize>]) -> Result<Vec<u8>> {
        self.with_member(name, |bytes| {
            let (header, bytes) = shaped(bytes, shape)?;
            convert::<u8, _>(&header, bytes, |value| value)
        })
    }

    /// The length of the file without its list of members.
    pub(crate) fn file_len(&self) -> u64 {
        self.archive.len()
    }

    /// Calls `read` with the bytes of a member.
    pub(crate) fn with_member<T>(
        &self,
        name: &str,
        read: impl FnOnce(&[u8]) -> Result<T, NpyFault>,
    ) -> Result<T> {
        let member = self
            .archive
            .names()
            .find(|member| array_name(member) == name);
        let found = || self.names().map(str::to_owned).collect();
        member
            .ok_or_else(|| NpyFault::Missing { found: found() })
            .and_then(|member| self.archive.read(member))
            .and_then(|bytes| read(&bytes))
            .map_err(|fault| refuse(&self.path, Some(name), fault))
    }
}

/// The name of the array in a member.
fn array_name(member: &str) -> &str {
    member.strip_suffix(".npy").unwrap_or(member)
}

/// The header, if it has these sizes, and the bytes after it.
fn shaped<'a>(
    mut bytes: &'a [u8],
    expected: &[Option<usize>],
) -> Result<(Header, &'a [u8]), NpyFault> {
    let header = Header::read(&mut bytes)?;
    let fits = |(expected, found): (&Option<usize>, &usize)| expected.is_none_or(|e| e == *found);
    let found = &header.shape;
    if expected.len() == found.len() && core::iter::zip(expected, found).all(fits) {
        return Ok((header, bytes));
    }
    Err(NpyFault::Shape {
        found: header.shape,
        expected: expected.to_vec(),
    })
}

fn convert<T: Element, U>(
    header: &Header,
    mut bytes: &[u8],
    to: impl Fn(T) -> U,
) -> Result<Vec<U>, NpyFault> {
    header.expect::<T>()?;
    let bytes = header.bytes(&mut bytes, None)?;
    let values: Vec<T> = header.values(&bytes)?;
    Ok(values.into_iter().map(to).collect())
}
