//! Reading safetensors: everything is checked before anything is changed.

use super::difference::{layer_difference, tensor_differences};
use super::fingerprint::layer_lines;
use super::header::{LENGTH_BYTES, other_kind};
use super::section::{Entry, SectionMut, entries};
use super::{Difference, WeightsError, fingerprint, key};
use crate::error::{Error, Result};
use crate::model::Model;
use safetensors::tensor::{Metadata, SafeTensorError, SafeTensors};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Reads a model's weights.
///
/// A file without kerust's header, as Python's `safetensors` writes it, needs the same names and
/// shapes; a file of kerust's needs the same architecture too.
///
/// # Errors
/// The file cannot be read, is corrupt, or does not fit `M`: one error lists all differences.
pub fn load<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    load_into(&mut *model, path)?;
    Ok(model)
}

/// [`load`] into a model that is there already.
///
/// # Errors
/// As [`load`]; the model is then as before.
pub fn load_into<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<()> {
    let section = SectionMut {
        prefix: "",
        layout: &M::LAYOUT,
        values: model.as_mut_bytes(),
    };
    WeightsFile::open(path)?.load_model_sections::<M>(&mut [section])
}

/// Reads sections of values, and returns the text in the header.
///
/// # Errors
/// The file cannot be read, is corrupt, or does not hold exactly the tensors of the sections. The
/// sections are then as before.
///
/// # Panics
/// When a section does not hold as many bytes as its layout says.
pub fn load_sections(
    path: impl AsRef<Path>,
    sections: &mut [SectionMut<'_>],
) -> Result<BTreeMap<String, String>> {
    let file = WeightsFile::open(path)?;
    file.load_sections(sections)?;
    Ok(file.metadata)
}

/// A file of weights in memory, whose header has been read and whose length is right.
#[derive(Debug)]
pub struct WeightsFile {
    path: PathBuf,
    bytes: Vec<u8>,
    /// Where the values begin.
    data_start: usize,
    tensors: Metadata,
    metadata: BTreeMap<String, String>,
}

impl WeightsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no whole safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let (header_len, tensors) = SafeTensors::read_metadata(&bytes)
            .map_err(|error| broken(path.to_path_buf(), &bytes, &error))?;
        let metadata = tensors.metadata().iter().flatten();
        let metadata = metadata.map(|(key, value)| (key.clone(), value.clone()));
        Ok(Self {
            path: path.to_path_buf(),
            data_start: LENGTH_BYTES + header_len,
            metadata: metadata.collect(),
            tensors,
            bytes,
        })
    }

    /// The text in the header.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Reads sections of values.
    ///
    /// # Errors
    /// The file does not hold exactly the tensors of the sections, which are then as before.
    ///
    /// # Panics
    /// When a section does not hold as many bytes as its layout says.
    pub fn load_sections(&self, sections: &mut [SectionMut<'_>]) -> Result<()> {
        self.load(sections, None, Vec::new())
    }

    /// Reads sections of values that belong to the model `M`, whose architecture must be the
    /// file's, where the file says.
    ///
    /// # Errors
    /// As [`load_sections`](Self::load_sections), and when the architecture is another.
    ///
    /// # Panics
    /// When a section does not hold as many bytes as its layout says.
    pub fn load_model_sections<M: Model>(&self, sections: &mut [SectionMut<'_>]) -> Result<()> {
        let expected = format!("{:016x}", fingerprint(M::LAYERS));
        let is_kerusts = self
            .metadata
            .get(key::FORMAT)
            .is_some_and(|f| f == "kerust");
        let architecture = self.metadata.get(key::ARCHITECTURE);
        let mut differences = Vec::new();
        if is_kerusts && architecture.is_some_and(|found| *found != expected) {
            let layers = self.metadata.get(key::LAYERS).map_or("", String::as_str);
            differences.push(layer_difference(layers, &layer_lines(M::LAYERS)));
        }
        self.load(sections, Some(M::NAME), differences)
    }

    /// Reads sections of values, unless there are differences.
    fn load(
        &self,
        sections: &mut [SectionMut<'_>],
        model: Option<&'static str>,
        mut differences: Vec<Difference>,
    ) -> Result<()> {
        let mut found: Vec<_> = self.tensors.tensors().into_iter().collect();
        found.sort_by_key(|(_, info)| info.data_offsets);
        let expected = sections
            .iter()
            .map(|section| entries(section.prefix, section.layout, section.values.len()));
        let expected: Vec<Vec<Entry>> = expected.collect();
        differences.extend(tensor_differences(&expected.concat(), &found));
        if !differences.is_empty() {
            return Err(WeightsError::Mismatch {
                path: self.path.clone(),
                found: self.metadata.get(key::MODEL).cloned(),
                expected: model,
                differences,
            }
            .into());
        }
        for (section, entries) in sections.iter_mut().zip(&expected) {
            for entry in entries {
                let values = &mut section.values[entry.start..entry.start + entry.bytes];
                self.read_values(entry, values);
            }
        }
        Ok(())
    }

    /// The values of a tensor that is there and of the right size.
    fn read_values(&self, entry: &Entry, values: &mut [u8]) {
        let info = self.tensors.info(&entry.name);
        let (begin, end) = info.expect("the names are checked").data_offsets;
        values.copy_from_slice(&self.bytes[self.data_start + begin..self.data_start + end]);
        // The little end stands first.
        if cfg!(target_endian = "big") {
            let each = values.chunks_exact_mut(entry.dtype.bytes());
            each.for_each(<[u8]>::reverse);
        }
    }
}

/// What is wrong with a file whose header cannot be taken.
fn broken(path: PathBuf, bytes: &[u8], error: &SafeTensorError) -> WeightsError {
    match promised_len(bytes) {
        Some(expected) if expected != bytes.len() => WeightsError::Length {
            path,
            found: bytes.len(),
            expected,
        },
        _ => WeightsError::NotSafetensors {
            path,
            found: match (other_kind(bytes), bytes) {
                (Some(kind), _) => kind.to_owned(),
                (None, [_, _, _, _, _, _, _, _, b'{', ..]) => {
                    format!("a header with a fault ({error})")
                }
                _ => format!("the first bytes {:02x?}", &bytes[..bytes.len().min(8)]),
            },
        },
    }
}

/// The length of the file that the header promises, if these bytes begin as safetensors does.
fn promised_len(bytes: &[u8]) -> Option<usize> {
    let length = bytes.first_chunk::<LENGTH_BYTES>()?;
    let header_len = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let data_start = header_len.checked_add(LENGTH_BYTES)?;
    let header = match bytes.get(LENGTH_BYTES..data_start) {
        Some(header) => header,
        None if bytes.get(LENGTH_BYTES) == Some(&b'{') => return Some(data_start),
        None => return None,
    };
    let header: serde_json::Value = serde_json::from_slice(header).ok()?;
    let ends = header.as_object()?.values();
    let ends = ends.filter_map(|tensor| tensor["data_offsets"][1].as_u64());
    data_start.checked_add(usize::try_from(ends.max().unwrap_or(0)).ok()?)
}
