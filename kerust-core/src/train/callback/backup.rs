//! The callback that makes an interrupted training resumable.

use super::{Callback, TrainingContext};
use crate::weights::{self, file_system};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Saves the state of the training to a file, and resumes an interrupted training from it: Keras's
/// `BackupAndRestore`.
///
/// The file is written before the first epoch and after each epoch, atomically. It is removed at the end,
/// unless the training ends with an error. It includes the state of all callbacks, in whatever order they
/// were added.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// # let path = std::env::temp_dir().join(format!("backup-{}.safetensors", std::process::id()));
/// model.fit(&data, Fit::epochs(3).callback(BackupAndRestore::new(&path)).quiet())?;
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct BackupAndRestore {
    path: PathBuf,
    delete_checkpoint: bool,
}

impl BackupAndRestore {
    /// Saves the state to `path`.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().into(),
            delete_checkpoint: true,
        }
    }

    /// Sets whether the file is removed at the end of the training. Enabled by default.
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
    fn name(&self) -> &'static str {
        "BackupAndRestore"
    }

    fn on_train_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        weights::check_save_state(&self.path)?;
        if self.is_there()? {
            return training.resume(&self.path);
        }
        // An interruption in the first epoch then finds a state to resume from, so files written next to the
        // training are not written twice.
        training.save_state(&self.path);
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        training.save_state(&self.path);
        Ok(())
    }

    fn on_train_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        if self.delete_checkpoint && !training.failed() && self.is_there()? {
            file_system::remove(&self.path).map_err(Error::io("remove", &self.path))?;
        }
        Ok(())
    }
}
