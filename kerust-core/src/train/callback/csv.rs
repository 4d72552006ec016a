//! The callback that writes the metrics of each epoch to a CSV file.

use super::{Callback, CallbackState, TrainingContext};
use crate::weights::check_target;
use crate::weights::file_system::{self, Target};
use crate::{Error, Result};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Writes a row for each epoch to a CSV file: Keras's `CSVLogger`.
///
/// The columns are the epoch (from 0), then all metrics sorted by name. An epoch without validation has `NA`
/// in the columns of the validation. A resumed training continues its file.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
/// let data: Dataset<Rank1<2>, Rank1<1>> =
///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
/// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
///
/// # let path = std::env::temp_dir().join(format!("log-{}.csv", std::process::id()));
/// model.fit(&data, Fit::epochs(3).callback(CSVLogger::new(&path)).quiet())?;
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct CSVLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    file: Option<File>,
    /// The length of the part of the file that is kept, in bytes.
    len: u64,
    columns: Vec<String>,
}

impl CSVLogger {
    /// Writes to `path`. An existing file is replaced when the training begins.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().into(),
            separator: ',',
            append: false,
            file: None,
            len: 0,
            columns: Vec::new(),
        }
    }

    /// Sets the separator between columns; a comma by default.
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Appends to an existing file.
    pub fn append(mut self) -> Self {
        self.append = true;
        self
    }

    /// Writes a row. If that fails, nothing of the row stays in the file.
    fn write(&mut self, cells: &[String]) -> Result<()> {
        let line = row(cells, self.separator);
        self.add(&line)
    }

    fn add(&mut self, text: &str) -> Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let path = &*self.path;
        if let Err(error) = (Target { file, path }).write_all(text.as_bytes()) {
            // The error of the write is the one to report.
            let _ = file_system::truncate(file, path, self.len);
            return Err(Error::io("write", path)(error));
        }
        self.len += text.len() as u64;
        Ok(())
    }

    /// Ends the line of an earlier training that was killed, to which a row would be added otherwise.
    fn end_line(&mut self) -> Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let is_open = ends_in_line(file, self.len).map_err(Error::io("read", &self.path))?;
        self.cut()?;
        if is_open { self.add("\n") } else { Ok(()) }
    }

    /// Truncates the file to the part that is kept.
    fn cut(&mut self) -> Result<()> {
        if let Some(file) = &self.file {
            let cut = file_system::truncate(file, &self.path, self.len);
            cut.map_err(Error::io("write", &self.path))?;
        }
        Ok(())
    }
}

/// The line of a row. Names with a separator, a quotation mark or a line break are quoted (RFC 4180).
fn row(cells: &[String], separator: char) -> String {
    let cells = cells
        .iter()
        .map(|cell| match cell.contains([separator, '"', '\r', '\n']) {
            true => format!("\"{}\"", cell.replace('"', "\"\"")),
            false => cell.clone(),
        });
    let cells: Vec<String> = cells.collect();
    cells.join(&separator.to_string()) + "\n"
}

/// Whether a file ends within a line, as after a kill.
fn ends_in_line(mut file: &File, len: u64) -> io::Result<bool> {
    if len == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(len - 1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

impl Callback for CSVLogger {
    fn name(&self) -> &'static str {
        "CSVLogger"
    }

    fn state(&self, state: &mut CallbackState) {
        state.insert("len", self.len);
        state.insert("columns", self.columns.join("\n"));
    }

    fn restore(
        &mut self,
        state: &CallbackState,
        _training: &mut TrainingContext<'_>,
    ) -> Result<()> {
        let (Some(file), Some(len)) = (&self.file, state.get::<u64>("len")?) else {
            return Ok(());
        };
        let found = file
            .metadata()
            .map_err(Error::io("read", &self.path))?
            .len();
        // Later rows belong to an epoch that is trained again. A file that is shorter than expected is
        // continued.
        self.len = len.min(found);
        let columns: String = state.get("columns")?.unwrap_or_default();
        if self.len > 0 {
            self.columns = columns.lines().map(String::from).collect();
        }
        Ok(())
    }

    fn on_train_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        check_target(&self.path)?;
        // The file is truncated later, when it is known whether the training is resumed.
        let file = file_system::open_or_create(&self.path);
        let file = file.map_err(Error::io("create", &self.path))?;
        let len = file
            .metadata()
            .map_err(Error::io("read", &self.path))?
            .len();
        self.len = if self.append { len } else { 0 };
        self.file = Some(file);
        self.columns.clear();
        Ok(())
    }

    fn on_epoch_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        self.cut()
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        if self.columns.is_empty() {
            self.end_line()?;
            let mut columns: Vec<String> = training.series().to_vec();
            let added = training.logs().names().map(String::from);
            columns.extend(added.filter(|name| !training.series().contains(name)));
            // Keras's order: sorted by name, with the validation last.
            columns.sort_by_key(|name| (name.starts_with("val_"), name.clone()));
            let mut header = vec!["epoch".into()];
            header.extend(columns.iter().cloned());
            self.columns = columns;
            if self.len == 0 {
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

    fn on_train_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        self.cut()?;
        self.file = None;
        Ok(())
    }
}
