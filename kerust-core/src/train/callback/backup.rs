//! Lets a training that was interrupted go on.

use super::{Callback, Training};
use crate::weights::{self, file_system};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Keeps the state of the training in a file, and takes it up from there: Keras's
/// `BackupAndRestore`.
///
/// The file is written after each epoch, as a whole or not at all, and removed at the end.
pub struct BackupAndRestore {
    path: PathBuf,
    delete_checkpoint: bool,
}

impl BackupAndRestore {
    /// Keeps the state in `path`.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().into(),
            delete_checkpoint: true,
        }
    }

    /// Whether the file is removed at the end of the training. Enabled by default.
    pub fn delete_checkpoint(mut self, delete: bool) -> Self {
        self.delete_checkpoint = delete;
        self
    }

    fn is_there(&self) -> Result<bool> {
        let metadata = file_system::metadata(&self.path);
        let metadata = metadata.map_err(Error::io("inspect", &self.path))?;
        Ok(metadata.is_some())
    }
}

impl Callback for BackupAndRestore {
    fn on_train_begin(&mut self, training: &mut Training<'_>) -> Result<()> {
        weights::check_save_state(&self.path)?;
        match self.is_there()? {
            true => training.resume(&self.path),
            false => Ok(()),
        }
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        training.save_state(&self.path)
    }

    fn on_train_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        if self.delete_checkpoint && self.is_there()? {
            file_system::remove(&self.path).map_err(Error::io("remove", &self.path))?;
        }
        Ok(())
    }
}
