//! Writes safetensors files.

use super::format::{self, Format};
use super::section::{Section, entries};
use super::{fingerprint::layer_lines, key, write_atomically};
use crate::element::Dtype;
use crate::error::Result;
use crate::model::Model;
#[cfg(feature = "tflite")]
use crate::quantize::Tensors;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

/// Writes a model's weights to a file.
///
/// The format is safetensors. With the feature `keras`, a path that ends in `.weights.h5` is written as by
/// `weights::keras::save`. The file is written atomically (see [`write_atomically`]), and the same weights
/// give the same bytes.
///
/// # Errors
/// Returns an error if the path has the extension of a format that kerust cannot write (`.keras`, `.h5`), or
/// the file cannot be written. An existing file is unchanged in that case.
pub fn save<M: Model>(path: impl AsRef<Path>, model: &M) -> Result<()> {
    let path = path.as_ref();
    match format::of(path)? {
        Format::Safetensors => {}
        #[cfg(feature = "keras")]
        Format::Keras => return super::keras::save(path, model),
    }
    write_model(path, model, &model_metadata::<M>())
}

/// Like [`save`] as safetensors, with more metadata in the header.
///
/// # Errors
/// Returns an error if the path has the extension of another format, or the file cannot be written.
pub(crate) fn save_with_metadata<M: Model>(
    path: impl AsRef<Path>,
    model: &M,
    more: BTreeMap<String, String>,
) -> Result<()> {
    let mut metadata = model_metadata::<M>();
    metadata.extend(more);
    write_model(path.as_ref(), model, &metadata)
}

fn write_model<M: Model>(
    path: &Path,
    model: &M,
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let section = Section {
        prefix: "",
        layout: &M::LAYOUT,
        values: &model.to_bytes(),
    };
    save_sections(path, &[section], metadata)
}

/// The metadata in a file's header for the architecture of `M`.
pub fn model_metadata<M: Model>() -> BTreeMap<String, String> {
    let architecture = format!("{:016x}", super::fingerprint(M::LAYERS));
    BTreeMap::from(
        [
            (key::FORMAT, "kerust".to_owned()),
            (key::VERSION, env!("CARGO_PKG_VERSION").to_owned()),
            (key::MODEL, M::NAME.to_owned()),
            (key::ARCHITECTURE, architecture),
            (key::LAYERS, layer_lines(M::LAYERS)),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    )
}

/// Writes sections of values, and metadata for the header.
///
/// The file is written atomically, and the same values give the same bytes.
///
/// # Errors
/// Returns an error if the path has the extension of another format, or the file cannot be written. An
/// existing file is unchanged in that case.
///
/// # Panics
/// Panics when the size of a section differs from that of its layout, or two tensors have the same name.
pub fn save_sections(
    path: impl AsRef<Path>,
    sections: &[Section<'_>],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let path = path.as_ref();
    format::check_safetensors(path)?;
    let header = header_of(sections, metadata);
    write_atomically(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        for section in sections {
            write_values(file, section)?;
        }
        Ok(())
    })
}

/// The header of a file with these sections.
fn header_of(sections: &[Section<'_>], metadata: &BTreeMap<String, String>) -> String {
    let mut start = 0;
    let mut tensors = Vec::new();
    for section in sections {
        for entry in entries(section.prefix, section.layout, section.values.len()) {
            let begin = start + entry.start;
            tensors.push((
                entry.name,
                entry.dtype,
                entry.sizes,
                begin..begin + entry.bytes,
            ));
        }
        start += section.values.len();
    }
    let tensors = tensors.iter();
    header(
        tensors.map(|(name, dtype, sizes, range)| (&**name, *dtype, *sizes, range.clone())),
        metadata,
    )
}

/// The JSON of a file's header, padded so that the values after it are aligned. Each tensor has a name, an element
/// type, its sizes, and the range of its bytes.
fn header<'a>(
    tensors: impl Iterator<Item = (&'a str, Dtype, &'a [usize], Range<usize>)>,
    metadata: &BTreeMap<String, String>,
) -> String {
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let texts = metadata
        .iter()
        .map(|(key, value)| format!("{}:{}", json(key), json(value)));
    let texts = texts.collect::<Vec<_>>().join(",");
    let mut members = vec![format!("\"__metadata__\":{{{texts}}}")];
    let mut names = HashSet::new();
    for (name, dtype, sizes, Range { start, end }) in tensors {
        members.push(format!(
            "{}:{{\"dtype\":\"{}\",\"shape\":{sizes:?},\"data_offsets\":[{start},{end}]}}",
            json(name),
            dtype.name()
        ));
        assert!(names.insert(name), "two tensors are named `{name}`");
    }
    let mut header = format!("{{{}}}", members.join(","));
    let padding = header.len().next_multiple_of(8) - header.len();
    header.extend(std::iter::repeat_n(' ', padding));
    header
}

/// The bytes of a file with these tensors.
///
/// # Panics
/// Panics when two tensors have the same name.
#[cfg(feature = "tflite")]
pub(super) fn safetensors(metadata: &BTreeMap<String, String>, tensors: &Tensors) -> Vec<u8> {
    let mut place = 0;
    let described = tensors.all().iter().map(|tensor| {
        let start = place;
        place += tensor.bytes.len();
        (&*tensor.name, tensor.dtype, &*tensor.sizes, start..place)
    });
    let header = header(described, metadata);
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    for tensor in tensors.all() {
        file.extend(little_endian(&tensor.bytes, tensor.dtype).iter());
    }
    file
}

/// Writes the values of a section.
fn write_values(file: &mut dyn Write, section: &Section<'_>) -> io::Result<()> {
    if cfg!(target_endian = "little") {
        return file.write_all(section.values);
    }
    for entry in entries(section.prefix, section.layout, section.values.len()) {
        let values = &section.values[entry.start..entry.start + entry.bytes];
        file.write_all(&little_endian(values, entry.dtype))?;
    }
    Ok(())
}

/// Values in little-endian order.
fn little_endian(values: &[u8], dtype: Dtype) -> Cow<'_, [u8]> {
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(values);
    }
    let values = values.chunks_exact(dtype.bytes());
    Cow::Owned(
        values
            .flat_map(|value| value.iter().rev())
            .copied()
            .collect(),
    )
}
