//! Stand-in until the weight files are merged: sections of raw numbers, little-endian.
#![allow(missing_docs)]

use crate::Result;
use crate::error::Error;
use crate::layer::Layout;
use crate::model::Model;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

pub struct Section<'a> {
    pub prefix: &'a str,
    pub layout: &'a Layout,
    pub values: &'a [f32],
}

pub struct SectionMut<'a> {
    pub prefix: &'a str,
    pub layout: &'a Layout,
    pub values: &'a mut [f32],
}

pub fn model_metadata<M: Model>() -> BTreeMap<String, String> {
    BTreeMap::from([("model".into(), M::NAME.into())])
}

pub fn save<M: Model>(path: impl AsRef<Path>, model: &M) -> Result<()> {
    let values = model.as_slice();
    let section = Section {
        prefix: "",
        layout: &M::LAYOUT,
        values,
    };
    save_sections(path, &[section], &model_metadata::<M>())
}

pub fn load<M: Model>(path: impl AsRef<Path>) -> Result<Box<M>> {
    let mut model = M::zeroed();
    let section = SectionMut {
        prefix: "",
        layout: &M::LAYOUT,
        values: model.as_mut_slice(),
    };
    WeightsFile::open(path)?.load_model_sections::<M>(&mut [section])?;
    Ok(model)
}

pub fn save_sections(
    path: impl AsRef<Path>,
    sections: &[Section<'_>],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    write_atomically(path, |file| {
        let mut file = BufWriter::new(file);
        for (key, value) in metadata {
            write!(file, "{key}\u{1}{value}\u{2}")?;
        }
        file.write_all(&[0])?;
        for section in sections {
            file.write_all(bytemuck::cast_slice(section.values))?;
        }
        file.flush()
    })
}

pub struct WeightsFile {
    path: PathBuf,
    values: Vec<u8>,
    metadata: BTreeMap<String, String>,
}

impl WeightsFile {
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
        let text = String::from_utf8_lossy(&bytes[..end]);
        let metadata = text
            .split_terminator('\u{2}')
            .filter_map(|pair| pair.split_once('\u{1}'))
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        Ok(Self {
            path: path.into(),
            values: bytes[end + 1..].to_vec(),
            metadata,
        })
    }

    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    pub fn load_model_sections<M: Model>(&self, sections: &mut [SectionMut<'_>]) -> Result<()> {
        let mut rest = &self.values[..];
        for section in sections {
            let bytes = rest.split_at_checked(4 * section.values.len());
            let (these, others) = bytes.ok_or_else(|| {
                Error::io("read", &self.path)(io::ErrorKind::UnexpectedEof.into())
            })?;
            bytemuck::cast_slice_mut(section.values).copy_from_slice(these);
            rest = others;
        }
        Ok(())
    }
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
