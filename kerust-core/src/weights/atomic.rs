//! Atomic writing of files.

use super::file_system::{self, Target};
use crate::error::{Error, Result};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The maximum number of links that are followed, as on Linux.
const MOST_LINKS: usize = 40;

/// Writes a file atomically: a reader finds the complete old content or the complete new content at any time,
/// even after a crash.
///
/// `content` writes to a temporary file next to `path`, which is synced and then renamed. On Unix the folder
/// is synced too, so that the new name survives a power failure. On an error the temporary file is removed. A
/// killed process leaves it (`.kerust-*.tmp`) behind, and the next call that writes into the folder removes
/// it.
///
/// A symbolic link is followed: the file that it points to is written, and the link stays. Another hard link
/// to the file keeps the old content. The file's permissions are kept, and its owner if the system allows it.
///
/// # Errors
/// Returns an error if `path` is not a regular file (but a folder, a device or a FIFO), or if the system
/// fails to create, write, sync or rename. The file is then unchanged, unless only the sync of the folder
/// failed: then it has the new content.
pub fn write_atomically(
    path: impl AsRef<Path>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    let (target, existing) = target(path)?;
    let folder = folder_of(&target);
    remove_leftovers(folder);
    let temporary = Temporary::create(folder);
    let temporary = temporary.map_err(Error::io("create a temporary file next to", path))?;
    if let Some(existing) = existing {
        let kept = temporary.take_after(&existing);
        kept.map_err(Error::io("keep the permissions of", path))?;
    }
    let written = temporary.write(content);
    written.map_err(Error::io("write", path))?;
    let synced = file_system::sync(&temporary.file, &temporary.path);
    synced.map_err(Error::io("sync", path))?;
    let renamed = temporary.rename(&target);
    renamed.map_err(Error::io("rename a temporary file to", path))?;
    file_system::sync_folder(folder).map_err(Error::io("sync the folder of", path))
}

/// Returns an error for a path that [`write_atomically`] rejects, as far as that is known in advance.
///
/// # Errors
/// Returns an error if `path` is not a regular file.
pub(crate) fn check_target(path: &Path) -> Result<()> {
    target(path).map(drop)
}

/// The file after following links, and its metadata if it exists.
fn target(path: &Path) -> Result<(PathBuf, Option<Metadata>)> {
    let refused = |found: &str| {
        let message = format!("found {found}, expected a file or an unused name");
        Error::io("write", path)(io::Error::new(io::ErrorKind::InvalidInput, message))
    };
    let inspect = || Error::io("inspect", path);
    if path.as_os_str().is_empty() {
        return Err(refused("an empty path"));
    }
    let mut target = path.to_path_buf();
    let existing = file_system::metadata(path).map_err(inspect())?;
    if let Some(metadata) = &existing {
        if let Some(kind) = other_than_file(metadata) {
            return Err(refused(kind));
        }
    } else if path.file_name().is_none() || ends_in_separator(path) {
        return Err(refused("the path of a folder"));
    }
    // A dangling link is a link too.
    for _ in 0..MOST_LINKS {
        let link = file_system::link_metadata(&target).map_err(inspect())?;
        if !link.is_some_and(|metadata| metadata.is_symlink()) {
            return Ok((target, existing));
        }
        let named = fs::read_link(&target).map_err(inspect())?;
        target = folder_of(&target).join(named);
    }
    Err(refused("too many links"))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn ends_in_separator(path: &Path) -> bool {
    let last = path.as_os_str().as_encoded_bytes().last();
    last.is_some_and(|byte| std::path::is_separator(char::from(*byte)))
}

/// A description of what is there, if it is not a regular file.
pub(super) fn other_than_file(metadata: &Metadata) -> Option<&'static str> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a FIFO");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
    }
    Some(if kind.is_dir() { "a folder" } else { "no file" })
}

/// A file that is removed when dropped, unless it is renamed.
///
/// Its process holds a lock on it, so that other processes do not take it for a leftover.
struct Temporary {
    path: PathBuf,
    file: File,
    is_renamed: std::cell::Cell<bool>,
}

impl Temporary {
    fn create(folder: &Path) -> io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!(".kerust-{}-{number}.tmp", std::process::id());
            let path = folder.join(name);
            let file = match file_system::create_new(&path) {
                Ok(file) => file,
                // A leftover of a process with the same id.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            // Before it was locked, another process may have removed it as a leftover. On a file system
            // without locks, no lock can be taken, and so no file is removed as a leftover.
            let is_taken = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
            if !is_taken && is_named(&file, &path) {
                return Ok(Self {
                    path,
                    file,
                    is_renamed: false.into(),
                });
            }
        }
    }

    /// Gives the file the permissions of the file that it will replace, and its owner if possible.
    fn take_after(&self, existing: &Metadata) -> io::Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            // Only a privileged process can do this; for others the owner is the same already.
            let _ = fchown(&self.file, Some(existing.uid()), Some(existing.gid()));
        }
        file_system::set_permissions(&self.file, &self.path, existing.permissions())
    }

    fn write(&self, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let (file, path) = (&self.file, &*self.path);
        let mut writer = BufWriter::new(Target { file, path });
        content(&mut writer)?;
        writer.flush()
    }

    fn rename(&self, path: &Path) -> io::Result<()> {
        file_system::rename(&self.path, path)?;
        self.is_renamed.set(true);
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.is_renamed.get() {
            // The earlier error is the one to report.
            let _ = file_system::remove(&self.path);
        }
    }
}

/// Whether the file still has a name.
#[cfg(unix)]
fn is_named(file: &File, _path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

#[cfg(not(unix))]
fn is_named(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// Removes the temporary files of killed processes. Errors are ignored, because leftovers do no harm.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let is_file = || entry.file_type().is_ok_and(|kind| kind.is_file());
        if !is_temporary(&entry.file_name()) || !is_file() {
            continue;
        }
        let path = entry.path();
        // A running process holds a lock on its own file.
        if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = file_system::remove(&path);
        }
    }
}

/// Whether a file has a name of a [`Temporary`]: `.kerust-PROCESS-NUMBER.tmp`.
fn is_temporary(name: &OsStr) -> bool {
    let name = name.to_str().and_then(|name| name.strip_prefix(".kerust-"));
    let numbers = name.and_then(|name| name.strip_suffix(".tmp"));
    let numbers = numbers.and_then(|numbers| numbers.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    numbers.is_some_and(|(process, number)| is_number(process) && is_number(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_is_replaced_and_nothing_stays_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for content in [&b"old"[..], b"new"] {
            write_atomically(&path, |file| file.write_all(content)).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn an_error_leaves_the_old_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let outcome = write_atomically(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("the disk is full"))
        });
        let expected = format!("cannot write `{}`: the disk is full", path.display());
        assert_eq!(outcome.unwrap_err().to_string(), expected);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn a_missing_folder_and_a_folder_as_target_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let nowhere = folder.path().join("no/file");
        assert!(write_atomically(nowhere, |_| Ok(())).is_err());
        let message = write_atomically(folder.path(), |_| Ok(())).unwrap_err();
        assert!(message.to_string().contains("found a folder"), "{message}");
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_atomically(&link, |file| file.write_all(b"new")).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_a_file_that_is_not_there_yet() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        fs::create_dir(place("inner")).unwrap();
        symlink("inner", place("folder")).unwrap();
        // Relative to `inner`, where the second link is, although it is reached through `folder`.
        symlink("../new", place("inner/second")).unwrap();
        symlink("folder/second", place("first")).unwrap();
        for content in [&b"old"[..], b"new"] {
            write_atomically(place("first"), |file| file.write_all(content)).unwrap();
            assert!(place("first").is_symlink() && place("inner/second").is_symlink());
            assert!(!place("new").is_symlink());
            assert_eq!(fs::read(place("new")).unwrap(), content);
        }
        symlink("loop", place("loop")).unwrap();
        write_atomically(place("loop"), |_| Ok(())).unwrap_err();
        assert!(place("loop").is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn files_that_are_not_regular_are_rejected_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let fifo = std::process::Command::new("mkfifo")
            .arg(place("fifo"))
            .status();
        assert!(fifo.unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(place("socket")).unwrap();
        std::os::unix::fs::symlink("/dev/null", place("device")).unwrap();
        std::os::unix::fs::symlink(folder.path(), place("folder")).unwrap();
        let before = names(folder.path());
        for (name, kind) in [
            ("fifo", "a FIFO"),
            ("socket", "a socket"),
            ("device", "a device"),
            ("folder", "a folder"),
            ("new/", "the path of a folder"),
        ] {
            let message = write_atomically(place(name), |_| Ok(()))
                .unwrap_err()
                .to_string();
            let path = place(name);
            let expected = format!(
                "cannot write `{}`: found {kind}, expected a file or an unused name",
                path.display()
            );
            assert_eq!(message, expected);
        }
        assert_eq!(names(folder.path()), before);
        let message = write_atomically("", |_| Ok(())).unwrap_err().to_string();
        assert!(message.contains("found an empty path"), "{message}");
    }

    #[test]
    fn leftovers_of_killed_processes_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let others = [
            ".kerust-1.tmp",
            ".kerust-notes-1.tmp",
            ".kerust-1-2.tmp.old",
            "kerust-1-2.tmp",
        ];
        for name in others
            .iter()
            .chain(&[".kerust-1-0.tmp", ".kerust-99-17.tmp"])
        {
            fs::write(place(name), "half").unwrap();
        }
        fs::create_dir(place(".kerust-3-0.tmp")).unwrap();
        // A file of a running process.
        let living = Temporary::create(folder.path()).unwrap();
        write_atomically(place("file"), |file| file.write_all(b"new")).unwrap();
        let living = living.path.file_name().unwrap().to_str().unwrap();
        let mut expected = others.to_vec();
        expected.extend([".kerust-3-0.tmp", "file", living]);
        expected.sort_unstable();
        let mut found = names(folder.path());
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_is_written_exactly_there() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder
            .path()
            .join(OsStr::from_bytes(b"net-\xff\xfe.safetensors"));
        write_atomically(&path, |file| file.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
}
