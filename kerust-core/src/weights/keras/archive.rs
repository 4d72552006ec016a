//! Reads the contents of any kind of Keras file.

use super::stored::{Stored, StoredLayer};
use super::walk::Walk;
use super::{config, legacy, version3};
use crate::error::Error;
use crate::weights::WeightsError;
use hdf5_pure::File;
use std::io::{Cursor, Read};
use std::path::Path;

/// The entries of a `.keras` file with the weights and the model's configuration.
const WEIGHTS_ENTRY: &str = "model.weights.h5";
const CONFIG_ENTRY: &str = "config.json";

/// The contents of a file, and the length of its HDF5 part in bytes.
pub(super) fn open(path: &Path) -> crate::error::Result<(Stored, u64)> {
    let bytes = read(path).map_err(Error::io("read", path))?;
    Ok(stored(path, bytes)?)
}

/// Reads a regular file, after reserving the memory for it.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    bytes
        .try_reserve_exact(len)
        .map_err(std::io::Error::other)?;
    let file = std::fs::File::open(path)?;
    file.take(metadata.len()).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn stored(path: &Path, bytes: Vec<u8>) -> Result<(Stored, u64), WeightsError> {
    let refuse = |found: String| WeightsError::NotKeras {
        path: path.to_path_buf(),
        found,
    };
    let (bytes, config) = match bytes[..] {
        [b'P', b'K', 3, 4, ..] => entries(bytes).map_err(refuse)?,
        _ => (bytes, None),
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
    let mut stored = with_room(|| layers(bytes, config.as_deref())).map_err(refuse)?;
    stored.layers.iter_mut().for_each(StoredLayer::forget_count);
    if stored.layers.is_empty() {
        return Err(refuse("an HDF5 file without weights of layers".to_owned()));
    }
    Ok((stored, found as u64))
}

/// The stack size for reading a file. Types can be nested 8,000 times in the 64 KiB of a header message, and
/// hdf5-pure needs a stack frame for each, of 20 KB without optimization.
const STACK_BYTES: usize = if cfg!(target_pointer_width = "64") {
    256 << 20
} else {
    32 << 20
};

/// Calls a function on such a stack. Only the used part takes memory.
fn with_room<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        let thread = thread
            .spawn_scoped(scope, work)
            .map_err(|error| format!("a file for which no thread can be had ({error})"))?;
        match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The index of attributes that are stored outside of their header (HDF5 File Format Specification 3.0,
/// section III.A.2), which Keras never writes. The length of such an attribute, and thus of its type, is not
/// limited.
const DENSE_ATTRIBUTES: [&[u8]; 2] = [b"BTHD\0\x08", b"BTHD\0\x09"];

/// The layers of a file, and its graph.
fn layers(bytes: Vec<u8>, config: Option<&str>) -> Result<Stored, String> {
    let dense = bytes
        .windows(6)
        .position(|it| DENSE_ATTRIBUTES.contains(&it));
    if let Some(place) = dense {
        return Err(format!(
            "an HDF5 file with attributes outside their header (at byte {place})"
        ));
    }
    let mut walk = Walk::new(bytes.len());
    let file = File::from_bytes(bytes).map_err(|error| super::stored::fault("/", error))?;
    if let Some(legacy) = legacy::Legacy::open(&file, &mut walk)? {
        let mut graph = legacy.config().and_then(config::graph);
        let (layers, tree) = legacy.layers(graph.as_mut(), &mut walk)?;
        return Ok(Stored {
            layers,
            tree,
            is_ordered: true,
            graph,
            is_named: true,
            is_kerusts: false,
        });
    }
    let version3::File {
        layers,
        tree,
        is_named,
        is_kerusts,
    } = version3::read(&file, &mut walk)?;
    let mut graph = config.and_then(config::graph);
    graph = graph.and_then(|mut graph| config::link(&mut graph, &tree).then_some(graph));
    Ok(Stored {
        layers,
        tree,
        is_ordered: false,
        graph,
        is_named,
        is_kerusts,
    })
}

/// The weights and the configuration in a `.keras`, or a description of another kind of archive.
fn entries(archive: Vec<u8>) -> Result<(Vec<u8>, Option<String>), String> {
    let fault = |fault: &dyn core::fmt::Display| format!("a zip archive with a fault ({fault})");
    let len = archive.len();
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).map_err(|error| fault(&error))?;
    let mut entry = |name: &str| {
        let entry = match archive.by_name(name) {
            Ok(entry) => entry,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(format!("a zip archive with a fault at `{name}` ({error})")),
        };
        // Keras does not compress them, so no entry can be larger than the archive.
        if entry.size() > len as u64 {
            let size = entry.size();
            let fault = format!("{size} bytes in an archive of {len}");
            return Err(format!("a zip archive with a fault at `{name}` ({fault})"));
        }
        let mut bytes = Vec::new();
        let read = entry.take(len as u64).read_to_end(&mut bytes);
        read.map_err(|error| format!("a zip archive with a fault at `{name}` ({error})"))?;
        Ok(Some(bytes))
    };
    let Some(weights) = entry(WEIGHTS_ENTRY)? else {
        return Err(format!("a zip archive without `{WEIGHTS_ENTRY}`"));
    };
    let config = entry(CONFIG_ENTRY)?;
    Ok((
        weights,
        config.and_then(|bytes| String::from_utf8(bytes).ok()),
    ))
}

/// The kind of a file that is not HDF5.
fn other_kind(bytes: &[u8]) -> String {
    match bytes {
        [] => "an empty file".to_owned(),
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "a NumPy array".to_owned(),
        [_, _, _, _, _, _, _, _, b'{', ..] => "what seems to be a safetensors file".to_owned(),
        _ => format!("the first bytes {:02x?}", &bytes[..bytes.len().min(8)]),
    }
}

/// The length of the file according to the superblock of HDF5 (HDF5 File Format Specification 3.0, section
/// II.A), for the common address widths.
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
