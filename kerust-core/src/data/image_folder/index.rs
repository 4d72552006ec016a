//! The classes of a folder and the images of a class, in the same order on all platforms.

use super::{ImageFolderFault, refuse};
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// The extensions of files that are read as images: Keras's, and WebP.
pub(super) const ENDINGS: [&str; 6] = ["bmp", "gif", "jpeg", "jpg", "png", "webp"];

/// The class folders, sorted by the bytes of their names. Hidden folders are ignored.
pub(super) fn class_folders(path: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("read", path))? {
        let entry = entry.map_err(Error::io("read", path))?;
        let name = entry.file_name();
        // `is_dir` of the path follows a link to a folder.
        if entry.path().is_dir() && !name.as_encoded_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Err(refuse(path, ImageFolderFault::NoClassFolders));
    }
    names.sort_by(|a, b| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
    let named = |name: OsString| (name.to_string_lossy().into_owned(), path.join(name));
    Ok(names.into_iter().map(named).collect())
}

/// The images in a class folder and its subfolders: folders sorted by the bytes of their relative paths, then
/// files sorted by the bytes of their names, as in Keras.
pub(super) fn images(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut endings = BTreeSet::new();
    let mut images = Vec::new();
    let mut walked = vec![(Vec::new(), folder.to_path_buf())];
    let mut next = 0;
    while next < walked.len() {
        let (relative, folder) = walked[next].clone();
        next += 1;
        for entry in fs::read_dir(&folder).map_err(Error::io("read", &folder))? {
            let entry = entry.map_err(Error::io("read", &folder))?;
            let kind = entry.file_type().map_err(Error::io("read", entry.path()))?;
            let (name, path) = (entry.file_name(), entry.path());
            if kind.is_dir() {
                let relative = [&relative[..], b"/", name.as_encoded_bytes()].concat();
                walked.push((relative, path));
                continue;
            }
            // A link to a folder could create a cycle.
            if path.is_dir() {
                continue;
            }
            let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
            match ending.as_deref() {
                Some(ending) if ENDINGS.contains(&ending) => {
                    let name = name.as_encoded_bytes().to_vec();
                    images.push(((relative.clone(), name), path));
                }
                ending => {
                    endings.insert(ending.map_or("no ending".into(), |e| format!(".{e}")));
                }
            }
        }
    }
    if images.is_empty() {
        let skipped = endings.into_iter().collect();
        return Err(refuse(folder, ImageFolderFault::NoImages { skipped }));
    }
    images.sort();
    Ok(images.into_iter().map(|(_, path)| path).collect())
}
