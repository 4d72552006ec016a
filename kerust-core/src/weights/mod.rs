//! Stand-in until the weight files are merged: sections of raw numbers, little-endian.
#![allow(missing_docs)]

use crate::Result;
use crate::error::Error;
use crate::layer::Layout;
use crate::model::Model;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

pub fn save<M: Model>(path: impl AsRef<Path>, model: &M) -> Result<()> {
    save_sections(
        path,
        &[("", &M::LAYOUT, model.as_slice())],
        &BTreeMap::new(),
    )
}

pub fn load<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    load_sections(path, &mut [("", &M::LAYOUT, model.as_mut_slice())])?;
    Ok(model)
}

pub fn save_sections(
    path: impl AsRef<Path>,
    sections: &[(&str, &Layout, &[f32])],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    write_atomically(path, |file| {
        let mut file = BufWriter::new(file);
        let text = format!(
            "{}\0",
            metadata
                .iter()
                .map(|(k, v)| format!("{k}\u{1}{v}\u{2}"))
                .collect::<String>()
        );
        file.write_all(text.as_bytes())?;
        for (_, _, values) in sections {
            file.write_all(bytemuck::cast_slice(values))?;
        }
        file.flush()
    })
}

pub fn load_sections(
    path: impl AsRef<Path>,
    sections: &mut [(&str, &Layout, &mut [f32])],
) -> Result<BTreeMap<String, String>> {
    let path = path.as_ref();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(Error::io("read", path))?;
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut rest = &bytes[end + 1..];
    for (_, _, values) in sections {
        let (these, others) = rest
            .split_at_checked(4 * values.len())
            .ok_or_else(|| Error::Io {
                path: path.into(),
                source: io::ErrorKind::UnexpectedEof.into(),
                doing: "read",
            })?;
        bytemuck::cast_slice_mut(values).copy_from_slice(these);
        rest = others;
    }
    Ok(text
        .split_terminator('\u{2}')
        .filter_map(|pair| pair.split_once('\u{1}'))
        .map(|(key, value)| (key.into(), value.into()))
        .collect())
}

pub fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let beside = path.with_extension("part");
    let result = File::create(&beside).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    result
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(Error::io("write", path))
}
