//! The system calls of a save, one function for each.
//!
//! All code that saves or logs uses these functions, so that a test can make any single call fail; see [`faults`]. In
//! a program they only call `std`.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

#[cfg(not(test))]
#[inline(always)]
fn ask(_path: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use faults::ask;

/// The metadata of `path`, following links; `None` if it does not exist.
pub(crate) fn metadata(path: &Path) -> io::Result<Option<Metadata>> {
    ask(path)?;
    found(fs::metadata(path))
}

/// The metadata of `path`, without following links; `None` if it does not exist.
pub(crate) fn link_metadata(path: &Path) -> io::Result<Option<Metadata>> {
    ask(path)?;
    found(fs::symlink_metadata(path))
}

fn found(metadata: io::Result<Metadata>) -> io::Result<Option<Metadata>> {
    match metadata {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn open(path: &Path) -> io::Result<File> {
    ask(path)?;
    File::open(path)
}

pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    ask(path)?;
    File::create_new(path)
}

/// Opens a file for writing, and creates it if it does not exist. Its content stays.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    ask(path)?;
    let mut options = OpenOptions::new();
    options.create(true).read(true).write(true).truncate(false);
    options.open(path)
}

/// Truncates a file, and continues to write at its end.
pub(crate) fn truncate(mut file: &File, path: &Path, len: u64) -> io::Result<()> {
    ask(path)?;
    file.set_len(len)?;
    file.seek(SeekFrom::Start(len)).map(drop)
}

pub(crate) fn set_permissions(file: &File, path: &Path, wanted: Permissions) -> io::Result<()> {
    ask(path)?;
    file.set_permissions(wanted)
}

pub(crate) fn sync(file: &File, path: &Path) -> io::Result<()> {
    ask(path)?;
    file.sync_all()
}

pub(crate) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    ask(to)?;
    fs::rename(from, to)
}

pub(crate) fn remove(path: &Path) -> io::Result<()> {
    ask(path)?;
    fs::remove_file(path)
}

pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    ask(path)?;
    fs::create_dir_all(path)
}

/// Syncs a folder, so that the names in it survive a power failure.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    ask(folder)?;
    let opened = File::open(folder)?;
    sync(&opened, folder)
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// A file that is being written.
pub(crate) struct Target<'a> {
    pub(crate) file: &'a File,
    pub(crate) path: &'a Path,
}

impl Write for Target<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(error) = ask(self.path) {
            // A full disk takes only a part.
            self.file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Simulated failures of system calls in tests.
#[cfg(test)]
pub(crate) mod faults {
    use std::io;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, MutexGuard};

    /// The calls that fail, among those that concern a folder and its contents.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub(crate) enum Fault {
        /// Only the call with this index, from 0.
        Only(usize),
        /// That call and all later ones, as after a kill.
        From(usize),
    }

    struct Plan {
        folder: PathBuf,
        fault: Fault,
        calls: usize,
    }

    static PLANS: Mutex<Vec<Plan>> = Mutex::new(Vec::new());

    fn plans() -> MutexGuard<'static, Vec<Plan>> {
        PLANS
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Calls `work` with a simulated failure. The second result says whether the failure occurred.
    pub(crate) fn with_fault<T>(
        folder: &Path,
        fault: Fault,
        work: impl FnOnce() -> T,
    ) -> (T, bool) {
        let folder = folder.to_path_buf();
        plans().push(Plan {
            folder: folder.clone(),
            fault,
            calls: 0,
        });
        let outcome = work();
        let mut plans = plans();
        let place = plans.iter().position(|plan| plan.folder == folder);
        let plan = plans.swap_remove(place.expect("pushed above"));
        let (Fault::Only(call) | Fault::From(call)) = plan.fault;
        (outcome, plan.calls > call)
    }

    pub(super) fn ask(path: &Path) -> io::Result<()> {
        let mut plans = plans();
        let Some(plan) = plans.iter_mut().find(|plan| path.starts_with(&plan.folder)) else {
            return Ok(());
        };
        let call = plan.calls;
        plan.calls += 1;
        let fails = match plan.fault {
            Fault::Only(number) => call == number,
            Fault::From(number) => call >= number,
        };
        match fails {
            true => Err(io::Error::other("a fault of the test")),
            false => Ok(()),
        }
    }
}
