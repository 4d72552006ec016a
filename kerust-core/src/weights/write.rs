//! Writes safetensors files.

use super::format::{self, Format};
use super::section::{Section, entries};
use super::{fingerprint::layer_lines, key, write_atomically};
use crate::error::Result;
use crate::model::Model;
use std::collections::BTreeMap;
use std::io::{self, Write};
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
    let header = header(sections, metadata);
    write_atomically(path, |file| {
        file.write_all(&(header.len() as u64).to_le_bytes())?;
        file.write_all(header.as_bytes())?;
        for section in sections {
            write_values(file, section)?;
        }
        Ok(())
    })
}

/// The JSON of a file's header, padded so that the values after it are aligned.
fn header(sections: &[Section<'_>], metadata: &BTreeMap<String, String>) -> String {
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let texts = metadata
        .iter()
        .map(|(key, value)| format!("{}:{}", json(key), json(value)));
    let texts = texts.collect::<Vec<_>>().join(",");
    let mut members = vec![format!("\"__metadata__\":{{{texts}}}")];
    let mut names = std::collections::HashSet::new();
    let mut section_start = 0;
    for section in sections {
        for entry in entries(section.prefix, section.layout, section.values.len()) {
            let begin = section_start + entry.start;
            let end = begin + entry.bytes;
            members.push(format!(
                "{}:{{\"dtype\":\"{}\",\"shape\":{:?},\"data_offsets\":[{begin},{end}]}}",
                json(&entry.name),
                entry.dtype.name(),
                entry.sizes
            ));
            assert!(
                names.insert(entry.name.clone()),
                "two tensors are named `{}`",
                entry.name
            );
        }
        section_start += section.values.len();
    }
    let mut header = format!("{{{}}}", members.join(","));
    let padding = header.len().next_multiple_of(8) - header.len();
    header.extend(std::iter::repeat_n(' ', padding));
    header
}

/// Writes the values in little-endian order.
fn write_values(file: &mut dyn Write, section: &Section<'_>) -> io::Result<()> {
    if cfg!(target_endian = "little") {
        return file.write_all(section.values);
    }
    for entry in entries(section.prefix, section.layout, section.values.len()) {
        let values = &section.values[entry.start..entry.start + entry.bytes];
        for value in values.chunks_exact(entry.dtype.bytes()) {
            let bytes: Vec<u8> = value.iter().rev().copied().collect();
            file.write_all(&bytes)?;
        }
    }
    Ok(())
}
