//! Reads safetensors files. Everything is checked before anything is changed.

use super::atomic::other_than_file;
use super::convert;
use super::difference::{Found, layer_difference, tensor_differences};
use super::fault::{Fault, Text};
use super::fingerprint::layer_lines;
use super::header::{self, LENGTH_BYTES, Reader};
use super::section::{Entry, SectionMut, entries};
use super::{Difference, WeightsError, file_system, fingerprint, key, numbers};
use crate::error::{Error, Result};
use crate::model::Model;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Loads a model's weights.
///
/// A file from another program, such as Python's `safetensors`, must have the same names and shapes. A file
/// of kerust must also have the same architecture. From the state of a training, the weights are loaded. With
/// the feature `keras`, a file of Keras is loaded as by `weights::keras::load`.
///
/// # Errors
/// Returns an error if the file cannot be read, is corrupt, or does not fit `M`: one error lists the
/// differences.
pub fn load<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    load_into(&mut *model, path)?;
    Ok(model)
}

/// Like [`load`], into an existing model.
///
/// # Errors
/// The same as [`load`]. The model is unchanged in that case.
pub fn load_into<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    #[cfg(feature = "keras")]
    if is_keras(path)? {
        return super::keras::load_into(model, path);
    }
    WeightsFile::open(path)?.load_model(model, false)
}

/// Like [`load`], from a file with other element types: `F16`, `BF16` and `F64` are converted to `F32`.
///
/// An `F64` is rounded to the nearest `F32`.
///
/// # Errors
/// The same as [`load`], and when a number is too large for `F32`.
pub fn load_converted<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    WeightsFile::open(path)?.load_model(&mut *model, true)?;
    Ok(model)
}

/// Reads sections of values, and returns the metadata of the header.
///
/// # Errors
/// Returns an error if the file cannot be read, is corrupt, or does not contain exactly the tensors of the
/// sections. The sections are unchanged in that case.
///
/// # Panics
/// Panics when the size of a section differs from that of its layout.
pub fn load_sections(
    path: impl AsRef<Path>,
    sections: &mut [SectionMut<'_>],
) -> Result<BTreeMap<String, String>> {
    let file = WeightsFile::open(path)?;
    file.load_sections(sections)?;
    Ok(file.metadata)
}

/// What is loaded.
#[derive(Clone, Copy)]
struct Of {
    /// The model, if it is one.
    model: Option<&'static str>,
    /// Whether it is an 8-bit model, whose numbers are checked.
    is_twin: bool,
    is_converted: bool,
}

impl Of {
    const NONE: Self = Self {
        model: None,
        is_twin: false,
        is_converted: false,
    };

    fn model<M: Model>(is_converted: bool) -> Self {
        Self {
            model: Some(M::NAME),
            is_twin: M::ACTIVATED,
            is_converted,
        }
    }
}

/// The numbers of an 8-bit model that are refused. `values` are those of the entries, one after the other.
fn refused_numbers(entries: &[Entry], values: &[u8]) -> Vec<Difference> {
    let (mut rest, mut before) = (values, ("", &[][..]));
    let refused = entries.iter().filter_map(|entry| {
        let (values, behind) = rest.split_at(entry.bytes);
        rest = behind;
        let (_, own) = entry.name.rsplit_once('.')?;
        let (other, kernel) = std::mem::replace(&mut before, (own, values));
        let refused = match (other, own) {
            ("kernel", "bias") => numbers::overflow(kernel, values, entry.sizes.len() == 1),
            _ => numbers::refused(own, values),
        }?;
        Some(Difference::Value {
            name: entry.name.clone(),
            found: refused.words(Text::new()).as_str().to_owned(),
        })
    });
    refused.collect()
}

/// A file of weights whose header and length have been checked. The values are read after it is known that
/// they fit.
#[derive(Debug)]
pub struct WeightsFile {
    path: PathBuf,
    file: Mutex<File>,
    /// The offset of the values.
    data_start: u64,
    /// The tensors in the order of their values.
    tensors: Vec<Found>,
    metadata: BTreeMap<String, String>,
}

impl WeightsFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or is not a complete safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let (mut file, len) = open(path)?;
        let mut first = Vec::new();
        let read = (&mut file).take(16).read_to_end(&mut first);
        read.map_err(Error::io("read", path))?;
        let header_len = header::header_len(&first, len);
        let header_len = header_len.map_err(|fault| broken(path, &fault, &[]))?;
        let text = read_at(&mut file, LENGTH_BYTES as u64, header_len);
        let text = text.map_err(Error::io("read", path))?;
        let data_start = (LENGTH_BYTES + header_len) as u64;
        let (tensors, metadata) =
            read_header(&text, len - data_start).map_err(|fault| broken(path, &fault, &text))?;
        Ok(Self {
            path: path.to_path_buf(),
            file: Mutex::new(file),
            data_start,
            tensors,
            metadata,
        })
    }

    /// The metadata of the header.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Reads sections of values.
    ///
    /// # Errors
    /// Returns an error if the file does not contain exactly the tensors of the sections, or cannot be read.
    /// The sections are unchanged in that case.
    ///
    /// # Panics
    /// Panics when the size of a section differs from that of its layout.
    pub fn load_sections(&self, sections: &mut [SectionMut<'_>]) -> Result<()> {
        let found: Vec<_> = self.tensors.iter().collect();
        self.load(sections, &found, Of::NONE, Vec::new())
    }

    /// Reads sections of values that belong to the model `M`. Its architecture must be that of the file, if
    /// the file contains it.
    ///
    /// # Errors
    /// The same as [`load_sections`](Self::load_sections), and when the architecture differs.
    ///
    /// # Panics
    /// Panics when the size of a section differs from that of its layout.
    pub fn load_model_sections<M: Model>(&self, sections: &mut [SectionMut<'_>]) -> Result<()> {
        let found: Vec<_> = self.tensors.iter().collect();
        let differences = self.architecture::<M>();
        self.load(sections, &found, Of::model::<M>(false), differences)
    }

    /// Loads a model's weights, also from the state of a training.
    fn load_model<M: Model>(&self, model: &mut M, is_converted: bool) -> Result<()> {
        let (prefix, found) = self.weights();
        let differences = self.architecture::<M>();
        model.fill_bytes(|values| {
            let section = SectionMut {
                prefix,
                layout: &M::LAYOUT,
                values,
            };
            self.load(
                &mut [section],
                &found,
                Of::model::<M>(is_converted),
                differences,
            )
        })
    }

    /// The tensors of a model's weights, and the prefix of their names. The state of a training also has
    /// other tensors.
    pub(super) fn weights(&self) -> (&'static str, Vec<&Found>) {
        let is_state = self.metadata.contains_key(key::OPTIMIZER);
        let found = self.tensors.iter();
        let found = found.filter(|found| !(is_state && found.name.starts_with(key::OPTIMIZERS)));
        (if is_state { "model" } else { "" }, found.collect())
    }

    /// The values of a tensor, in the type of `entry`.
    pub(super) fn values(&self, entry: &Entry, found: &Found) -> Result<Vec<u8>> {
        let mut values = reserved(found.bytes).map_err(Error::io("read", &self.path))?;
        append(&mut values, &self.bytes(found)?, entry);
        Ok(values)
    }

    fn bytes(&self, found: &Found) -> Result<Vec<u8>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = read_at(&mut file, self.data_start + found.begin, found.bytes);
        read.map_err(Error::io("read", &self.path))
    }

    /// The differences to the architecture in the file.
    fn architecture<M: Model>(&self) -> Vec<Difference> {
        let expected = format!("{:016x}", fingerprint(M::LAYERS));
        let is_kerusts = self
            .metadata
            .get(key::FORMAT)
            .is_some_and(|f| f == "kerust");
        let architecture = self.metadata.get(key::ARCHITECTURE);
        if is_kerusts && architecture.is_some_and(|found| *found != expected) {
            let layers = self.metadata.get(key::LAYERS).map_or("", String::as_str);
            return vec![layer_difference(layers, &layer_lines(M::LAYERS))];
        }
        Vec::new()
    }

    /// Reads sections of values from the tensors `found`, if there are no differences.
    fn load(
        &self,
        sections: &mut [SectionMut<'_>],
        found: &[&Found],
        of: Of,
        mut differences: Vec<Difference>,
    ) -> Result<()> {
        let expected = sections
            .iter()
            .map(|section| entries(section.prefix, section.layout, section.values.len()));
        let expected: Vec<Vec<Entry>> = expected.collect();
        let all = expected.concat();
        differences.extend(tensor_differences(&all, found, of.is_converted));
        let mismatch = |differences| WeightsError::Mismatch {
            path: self.path.clone(),
            found: self.metadata.get(key::MODEL).cloned(),
            expected: of.model,
            differences,
        };
        if !differences.is_empty() {
            return Err(mismatch(differences).into());
        }
        // All values are read before the first one is changed.
        let places: HashMap<_, _> = found.iter().map(|found| (&*found.name, *found)).collect();
        let mut values = reserved(all.iter().map(|entry| entry.bytes).sum())
            .map_err(Error::io("read", &self.path))?;
        for entry in &all {
            let found = places[&*entry.name];
            let read = self.bytes(found)?;
            if found.dtype == entry.dtype.name() {
                append(&mut values, &read, entry);
            } else if let Err(number) = convert::append(&mut values, &read, found.dtype) {
                differences.push(Difference::Number {
                    name: entry.name.clone(),
                    found: number.to_string(),
                    expected: entry.dtype,
                });
            }
        }
        if of.is_twin {
            differences.extend(refused_numbers(&all, &values));
        }
        if !differences.is_empty() {
            return Err(mismatch(differences).into());
        }
        let mut rest = &values[..];
        for (section, entries) in sections.iter_mut().zip(&expected) {
            for entry in entries {
                let (values, behind) = rest.split_at(entry.bytes);
                section.values[entry.start..entry.start + entry.bytes].copy_from_slice(values);
                rest = behind;
            }
        }
        Ok(())
    }
}

/// Opens a regular file, and returns its length.
fn open(path: &Path) -> Result<(File, u64)> {
    let refused = |found: &str| {
        let message = format!("found {found}, expected a file");
        Error::io("read", path)(io::Error::new(io::ErrorKind::InvalidInput, message))
    };
    // Opening a FIFO would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(Error::io("read", path))?;
    if let Some(kind) = other_than_file(&metadata) {
        return Err(refused(kind));
    }
    let file = file_system::open(path).map_err(Error::io("read", path))?;
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    match other_than_file(&metadata) {
        Some(kind) => Err(refused(kind)),
        None => Ok((file, metadata.len())),
    }
}

/// Whether a file is one of Keras's, according to its first bytes.
#[cfg(feature = "keras")]
pub(super) fn is_keras(path: &Path) -> Result<bool> {
    let (file, _) = open(path)?;
    let mut first = Vec::new();
    let read = file.take(16).read_to_end(&mut first);
    read.map_err(Error::io("read", path))?;
    Ok(matches!(
        header::header_len(&first, u64::MAX),
        Err(Fault::Keras(_))
    ))
}

/// Allocates a buffer, or returns an error if there is not enough memory.
fn reserved(bytes: usize) -> io::Result<Vec<u8>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(bytes).map_err(|_| {
        let message = format!("no memory for {bytes} bytes");
        io::Error::new(io::ErrorKind::OutOfMemory, message)
    })?;
    Ok(memory)
}

fn read_at(file: &mut File, place: u64, bytes: usize) -> io::Result<Vec<u8>> {
    let mut memory = reserved(bytes)?;
    file.seek(SeekFrom::Start(place))?;
    let read = file.take(bytes as u64).read_to_end(&mut memory)?;
    match read == bytes {
        true => Ok(memory),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// The tensors in the order of their values, and the metadata.
fn read_header(
    text: &[u8],
    data_len: u64,
) -> Result<(Vec<Found>, BTreeMap<String, String>), Fault> {
    let mut reader = Reader::new(text)?;
    let mut tensors = Vec::new();
    while let Some(tensor) = reader.next()? {
        tensors.push(tensor);
    }
    let [whole, metadata] = reader.objects();
    let repeated = whole
        .repeated_in_set()
        .or_else(|| metadata.repeated_in_set());
    if let Some(key) = repeated {
        return Err(Fault::Repeated(key));
    }
    if let Some(fault) = header::fill(&mut tensors, text, data_len) {
        return Err(fault);
    }
    let found = tensors.iter().map(|tensor| {
        let mut sizes = tensor.sizes(text);
        let sizes = std::iter::from_fn(|| sizes.next()).take(Found::MOST_SIZES);
        Found {
            name: tensor.name.string(text).text(),
            dtype: tensor.dtype(),
            sizes: sizes
                .map(|size| usize::try_from(size).unwrap_or(usize::MAX))
                .collect(),
            begin: tensor.begin,
            bytes: (tensor.end - tensor.begin) as usize,
        }
    });
    Ok((found.collect(), metadata.strings()))
}

/// Appends values that have the model's type. They are little-endian in the file.
fn append(values: &mut Vec<u8>, read: &[u8], entry: &Entry) {
    let start = values.len();
    values.extend_from_slice(read);
    if cfg!(target_endian = "big") {
        let each = values[start..].chunks_exact_mut(entry.dtype.bytes());
        each.for_each(<[u8]>::reverse);
    }
}

/// The error for a file with an invalid header.
fn broken(path: &Path, fault: &Fault, header: &[u8]) -> WeightsError {
    let path = path.to_path_buf();
    match *fault {
        Fault::Length { found, expected } => WeightsError::Length {
            path,
            found: usize::try_from(found).unwrap_or(usize::MAX),
            expected: usize::try_from(expected).unwrap_or(usize::MAX),
        },
        _ => WeightsError::NotSafetensors {
            path,
            found: fault.words(header).as_str().to_owned(),
        },
    }
}
