//! From the bytes of a file to its HDF5, whatever kind of Keras's files it is.

use super::stored::StoredLayer;
use super::{legacy, version3};
use crate::weights::WeightsError;
use hdf5_pure::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// The entry of a `.keras` that holds the weights.
const WEIGHTS_ENTRY: &str = "model.weights.h5";

/// The layers with weights.
pub(super) fn layers(path: &Path, bytes: Vec<u8>) -> Result<Vec<StoredLayer>, WeightsError> {
    let refuse = |found: String| WeightsError::NotKeras {
        path: path.to_path_buf(),
        found,
    };
    let bytes = match bytes[..] {
        [b'P', b'K', 3, 4, ..] => entry(bytes).map_err(refuse)?,
        _ => bytes,
    };
    if !hdf5_pure::is_hdf5_bytes(&bytes) {
        return Err(refuse(other_kind(&bytes)));
    }
    let found = bytes.len();
    if let Some(expected) = promised_len(&bytes).filter(|expected| *expected > found) {
        return Err(WeightsError::Length {
            path: path.to_path_buf(),
            found,
            expected,
        });
    }
    let layers = File::from_bytes(bytes).and_then(|file| {
        if legacy::is_legacy(&file)? {
            legacy::layers(&file)
        } else {
            version3::layers(&file)
        }
    });
    let layers = layers.map_err(|fault| refuse(format!("an HDF5 file with a fault ({fault})")))?;
    if layers.is_empty() {
        return Err(refuse("an HDF5 file without weights of layers".to_owned()));
    }
    Ok(layers)
}

/// The weights in a `.keras`, or what the archive is instead.
fn entry(archive: Vec<u8>) -> Result<Vec<u8>, String> {
    let fault = |fault: &dyn core::fmt::Display| format!("a zip archive with a fault ({fault})");
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).map_err(|error| fault(&error))?;
    let mut entry = match archive.by_name(WEIGHTS_ENTRY) {
        Ok(entry) => entry,
        Err(zip::result::ZipError::FileNotFound) => {
            return Err(format!("a zip archive without `{WEIGHTS_ENTRY}`"));
        }
        Err(error) => return Err(fault(&error)),
    };
    let mut bytes = Vec::new();
    entry
        .read_to_end(&mut bytes)
        .map_err(|error| fault(&error))?;
    Ok(bytes)
}

/// What a file is that is no HDF5.
fn other_kind(bytes: &[u8]) -> String {
    match bytes {
        [] => "an empty file".to_owned(),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "a NumPy array".to_owned(),
        [_, _, _, _, _, _, _, _, b'{', ..] => "what seems to be a safetensors file".to_owned(),
        _ => format!("the first bytes {:02x?}", &bytes[..bytes.len().min(8)]),
    }
}

/// The length that the superblock of an HDF5 file promises (HDF5 File Format Specification 3.0,
/// section II.A), for the widths of addresses that are in use.
fn promised_len(bytes: &[u8]) -> Option<usize> {
    let (width, end) = match bytes.get(8)? {
        0 => (*bytes.get(13)?, 40),
        1 => (*bytes.get(13)?, 44),
        _ => (*bytes.get(9)?, 28),
    };
    if width != 8 {
        return None;
    }
    let end = bytes.get(end..)?.first_chunk()?;
    usize::try_from(u64::from_le_bytes(*end)).ok()
}
