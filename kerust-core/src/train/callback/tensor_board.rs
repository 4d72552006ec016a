//! Writes what TensorBoard shows.

use super::events::{Events, Histogram, Summary};
use super::{Callback, TrainingContext};
use crate::layer::Layout;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Writes the numbers of each epoch for TensorBoard: Keras's `TensorBoard`.
///
/// The folder has `train`, and `validation` where there is one, each with an event file of every training. The names
/// are Keras's: `epoch_loss`, `epoch_accuracy`, `epoch_learning_rate`.
///
/// ```no_run
/// # use kerust_core::train::TensorBoard;
/// let board = TensorBoard::new("logs/first").histogram_freq(1);
/// // tensorboard --logdir logs
/// ```
pub struct TensorBoard {
    log_dir: PathBuf,
    histogram_freq: usize,
    train: Option<Events>,
    validation: Option<Events>,
}

impl TensorBoard {
    /// Writes into a folder, which is made if need be. Earlier trainings that are there stay.
    pub fn new(log_dir: impl AsRef<Path>) -> Self {
        Self {
            log_dir: log_dir.as_ref().into(),
            histogram_freq: 0,
            train: None,
            validation: None,
        }
    }

    /// Writes histograms of all weights every so many epochs; 0, the default, writes none.
    pub fn histogram_freq(mut self, epochs: usize) -> Self {
        self.histogram_freq = epochs;
        self
    }

    fn create(&self, folder: &str) -> Result<Events> {
        let folder = self.log_dir.join(folder);
        Events::create(&folder).map_err(Error::io("create a file in", &folder))
    }
}

impl Callback for TensorBoard {
    fn name(&self) -> &'static str {
        "TensorBoard"
    }

    fn on_train_begin(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        self.train = Some(self.create("train")?);
        self.validation = None;
        Ok(())
    }

    fn on_epoch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        let epoch = training.epoch();
        let (mut of_train, mut of_validation) = (Vec::new(), Vec::new());
        for (name, value) in training.logs().iter() {
            let value = Summary::Scalar(value as f32);
            match name.strip_prefix("val_") {
                Some(name) => of_validation.push((format!("epoch_{name}"), value)),
                None => of_train.push((format!("epoch_{name}"), value)),
            }
        }
        let learning_rate = "epoch_learning_rate";
        if of_train.iter().all(|(name, _)| name != learning_rate) {
            let value = Summary::Scalar(training.learning_rate());
            of_train.push((learning_rate.to_owned(), value));
        }
        if self.histogram_freq > 0 && epoch.is_multiple_of(self.histogram_freq) {
            let mut weights = training.weights();
            histograms(training.layout(), "", &mut weights, &mut of_train);
        }
        if self.validation.is_none() && !of_validation.is_empty() {
            self.validation = Some(self.create("validation")?);
        }
        let files = [&mut self.train, &mut self.validation];
        for (events, values) in files.into_iter().zip([of_train, of_validation]) {
            if let Some(events) = events {
                let written = events.write(epoch as u64, &values);
                written.map_err(Error::io("write", &self.log_dir))?;
            }
        }
        Ok(())
    }

    fn on_train_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        (self.train, self.validation) = (None, None);
        Ok(())
    }
}

/// A histogram of each tensor, whose values stand one behind the other.
fn histograms(
    layout: &Layout,
    path: &str,
    weights: &mut &[f32],
    into: &mut Vec<(String, Summary)>,
) {
    match layout {
        Layout::Tensor(..) => {
            let (values, rest) = weights.split_at(layout.len().min(weights.len()));
            *weights = rest;
            if !values.is_empty() {
                let histogram = Histogram::of(values);
                into.push((format!("{path}/histogram"), Summary::Histogram(histogram)));
            }
        }
        Layout::Parts(parts) => {
            for part in *parts {
                let path = match path {
                    "" => part.name.to_owned(),
                    path => format!("{path}/{}", part.name),
                };
                histograms(&part.layout, &path, weights, into);
            }
        }
    }
}
