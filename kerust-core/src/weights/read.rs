//! Reading safetensors: everything is checked before anything is changed.

use super::atomic::other_than_file;
use super::convert;
use super::difference::{Found, layer_difference, tensor_differences};
use super::fault::Fault;
use super::fingerprint::layer_lines;
use super::header::{self, LENGTH_BYTES, Reader};
use super::section::{Entry, SectionMut, entries};
use super::{Difference, WeightsError, file_system, fingerprint, key};
use crate::error::{Error, Result};
use crate::model::Model;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Reads a model's weights.
///
/// A file without kerust's header, as Python's `safetensors` writes it, needs the same names and
/// shapes; a file of kerust's needs the same architecture too. Of a training's state the weights are
/// read. With the feature `keras`, a file of Keras is read as by `weights::keras::load`.
///
/// # Errors
/// Returns an error if the file cannot be read, is corrupt, or does not fit `M`: one error lists the
/// differences.
pub fn load<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    load_into(&mut *model, path)?;
    Ok(model)
}

/// [`load`] into a model that is there already.
///
/// # Errors
/// The same as [`load`]; the model is then as before.
pub fn load_into<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    #[cfg(feature = "keras")]
    if is_keras(path)? {
        return super::keras::load_into(model, path);
    }
    WeightsFile::open(path)?.load_model(model, false)
}

/// [`load`] from a file of other element types: `F16`, `BF16` and `F64` become `F32`.
///
/// A number of `F64` becomes the nearest of `F32`.
///
/// # Errors
/// The same as [`load`]; and when a number is too large for `F32`.
pub fn load_converted<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    WeightsFile::open(path)?.load_model(&mut *model, true)?;
    Ok(model)
}

/// Reads sections of values, and returns the text in the header.
///
/// # Errors
/// Returns an error if the file cannot be read, is corrupt, or does not hold exactly the tensors of the
/// sections. The sections are then as before.
///
/// # Panics
/// Panics when a section does not hold as many bytes as its layout says.
pub fn load_sections(
    path: impl AsRef<Path>,
    sections: &mut [SectionMut<'_>],
) -> Result<BTreeMap<String, String>> {
    let file = WeightsFile::open(path)?;
    file.load_sections(sections)?;
    Ok(file.metadata)
}

/// A file of weights whose header has been read and whose length is right. The values are read when
/// it is known that they fit.
#[derive(Debug)]
pub struct WeightsFile {
    path: PathBuf,
    file: Mutex<File>,
    /// Where the values begin.
    data_start: u64,
    /// In the order of their values.
    tensors: Vec<Found>,
    metadata: BTreeMap<String, String>,
}

impl WeightsFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Returns an error if it cannot be read, or is no whole safetensors file.
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

    /// The text in the header.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Reads sections of values.
    ///
    /// # Errors
    /// Returns an error if the file does not hold exactly the tensors of the sections, or cannot be read. The
    /// sections are then as before.
    ///
    /// # Panics
    /// Panics when a section does not hold as many bytes as its layout says.
    pub fn load_sections(&self, sections: &mut [SectionMut<'_>]) -> Result<()> {
        let found: Vec<_> = self.tensors.iter().collect();
        self.load(sections, &found, None, false, Vec::new())
    }

    /// Reads sections of values that belong to the model `M`, whose architecture must be the
    /// file's, where the file says.
    ///
    /// # Errors
    /// The same as [`load_sections`](Self::load_sections), and when the architecture is another.
    ///
    /// # Panics
    /// Panics when a section does not hold as many bytes as its layout says.
    pub fn load_model_sections<M: Model>(&self, sections: &mut [SectionMut<'_>]) -> Result<()> {
        let found: Vec<_> = self.tensors.iter().collect();
        let differences = self.architecture::<M>();
        self.load(sections, &found, Some(M::NAME), false, differences)
    }

    /// Reads a model's weights, from a training's state too.
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
                Some(M::NAME),
                is_converted,
                differences,
            )
        })
    }

    /// The tensors of a model's weights, and what their names begin with: in a training's state there are
    /// others.
    pub(super) fn weights(&self) -> (&'static str, Vec<&Found>) {
        let is_state = self.metadata.contains_key(key::OPTIMIZER);
        let found = self.tensors.iter();
        let found = found.filter(|found| !(is_state && found.name.starts_with(key::OPTIMIZERS)));
        (if is_state { "model" } else { "" }, found.collect())
    }

    /// The values of a tensor whose type is that of `entry`.
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

    /// How the architecture that the file names differs.
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

    /// Reads sections of values from the tensors `found`, unless there are differences.
    fn load(
        &self,
        sections: &mut [SectionMut<'_>],
        found: &[&Found],
        model: Option<&'static str>,
        is_converted: bool,
        mut differences: Vec<Difference>,
    ) -> Result<()> {
        let expected = sections
            .iter()
            .map(|section| entries(section.prefix, section.layout, section.values.len()));
        let expected: Vec<Vec<Entry>> = expected.collect();
        let all = expected.concat();
        differences.extend(tensor_differences(&all, found, is_converted));
        let mismatch = |differences| WeightsError::Mismatch {
            path: self.path.clone(),
            found: self.metadata.get(key::MODEL).cloned(),
            expected: model,
            differences,
        };
        if !differences.is_empty() {
            return Err(mismatch(differences).into());
        }
        // All values are there before the first is changed.
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

/// Opens a file that is a regular one, and tells its length.
fn open(path: &Path) -> Result<(File, u64)> {
    let refused = |found: &str| {
        let message = format!("found {found}, expected a file");
        Error::io("read", path)(io::Error::new(io::ErrorKind::InvalidInput, message))
    };
    // To open a FIFO would be to wait for its writer.
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

/// Whether a file is one of Keras's, by its first bytes.
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

/// Memory for as many bytes, if there is so much.
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

/// Appends values that have the model's type; in the file the little end stands first.
fn append(values: &mut Vec<u8>, read: &[u8], entry: &Entry) {
    let start = values.len();
    values.extend_from_slice(read);
    if cfg!(target_endian = "big") {
        let each = values[start..].chunks_exact_mut(entry.dtype.bytes());
        each.for_each(<[u8]>::reverse);
    }
}

/// What is wrong with a file whose header cannot be taken.
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
