//! Writes the numbers of each epoch to a table.

use super::{Callback, Training};
use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a line for each epoch to a CSV file: Keras's `CSVLogger`.
///
/// The columns are the epoch (from 0), then all numbers by name; an epoch that was not validated
/// has `NA` in the columns of the validation.
pub struct CSVLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    file: Option<File>,
    columns: Vec<String>,
}

impl CSVLogger {
    /// Writes to `path`, which is replaced when the training begins.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().into(),
            separator: ',',
            append: false,
            file: None,
            columns: Vec::new(),
        }
    }

    /// What stands between two columns; a comma unless set.
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Adds to a file that is there.
    pub fn append(mut self) -> Self {
        self.append = true;
        self
    }

    fn write(&mut self, cells: &[String]) -> Result<()> {
        let line = cells.join(&self.separator.to_string());
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        writeln!(file, "{line}").map_err(Error::io("write", &self.path))
    }
}

impl Callback for CSVLogger {
    fn on_train_begin(&mut self, _training: &mut Training<'_>) -> Result<()> {
        let file = OpenOptions::new()
            .create(true)
            .write(true)
            .append(self.append)
            .truncate(!self.append)
            .open(&self.path)
            .map_err(Error::io("create", &self.path))?;
        self.file = Some(file);
        self.columns.clear();
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut Training<'_>) -> Result<()> {
        if self.columns.is_empty() {
            let mut columns: Vec<String> = training.series().to_vec();
            let added = training.logs().names().map(String::from);
            columns.extend(added.filter(|name| !training.series().contains(name)));
            // Keras's order: sorted, the validation behind.
            columns.sort_by_key(|name| (name.starts_with("val_"), name.clone()));
            let mut header = vec!["epoch".into()];
            header.extend(columns.iter().cloned());
            self.columns = columns;
            let file = self.file.as_ref().map(File::metadata).transpose();
            let length = file.map_err(Error::io("read", &self.path))?;
            if length.is_none_or(|file| file.len() == 0) {
                self.write(&header)?;
            }
        }
        let logs = training.logs();
        let mut cells = vec![training.epoch().to_string()];
        cells.extend(self.columns.iter().map(|name| match logs.value(name) {
            Some(value) => value.to_string(),
            None => "NA".into(),
        }));
        self.write(&cells)
    }

    fn on_train_end(&mut self, _training: &mut Training<'_>) -> Result<()> {
        self.file = None;
        Ok(())
    }
}
