//! The callback that writes files for TensorBoard.

use super::events::{Events, Histogram, Summary};
use super::{Callback, TrainingContext};
use crate::layer::Layout;
use crate::model::Source;
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// Writes the metrics of each epoch for TensorBoard: Keras's `TensorBoard`.
///
/// The folder gets `train`, and `validation` if there is a validation or an evaluation, each with an event file for
/// every training. The names are Keras's: `epoch_loss`, `epoch_accuracy`, `epoch_learning_rate`,
/// `evaluation_loss_vs_iterations`, and with [`update_freq`](Self::update_freq) `batch_loss`. The graph of the layers is
/// shown too.
///
/// ```no_run
/// # use kerust_core::train::TensorBoard;
/// let board = TensorBoard::new("logs/first").histogram_freq(1).update_freq(100);
/// // tensorboard --logdir logs
/// ```
pub struct TensorBoard {
    log_dir: PathBuf,
    histogram_freq: usize,
    update_freq: Option<usize>,
    write_graph: bool,
    batches: u64,
    train: Option<Events>,
    validation: Option<Events>,
}

impl TensorBoard {
    /// Writes into a folder, which is created if it does not exist. The files of earlier trainings stay.
    pub fn new(log_dir: impl AsRef<Path>) -> Self {
        Self {
            log_dir: log_dir.as_ref().into(),
            histogram_freq: 0,
            update_freq: None,
            write_graph: true,
            batches: 0,
            train: None,
            validation: None,
        }
    }

    /// Sets the number of epochs between two histograms of all weights. 0, the default, writes none.
    pub fn histogram_freq(mut self, epochs: usize) -> Self {
        self.histogram_freq = epochs;
        self
    }

    /// Writes the metrics after every this many batches too. By default they are written after each epoch only.
    ///
    /// # Panics
    /// Panics if it is 0.
    #[track_caller]
    pub fn update_freq(mut self, batches: usize) -> Self {
        assert!(batches > 0, "`update_freq` is 0, expected at least 1");
        self.update_freq = Some(batches);
        self
    }

    /// Sets whether the graph of the layers is written. Enabled by default.
    pub fn write_graph(mut self, write_graph: bool) -> Self {
        self.write_graph = write_graph;
        self
    }

    /// Writes to the file of the training, which is created first if there is none.
    fn write_train(&mut self, step: u64, values: &[(String, Summary)]) -> Result<()> {
        let folder = self.log_dir.join("train");
        write(&mut self.train, &folder, step, values)
    }

    fn write_validation(&mut self, step: u64, values: &[(String, Summary)]) -> Result<()> {
        let folder = self.log_dir.join("validation");
        write(&mut self.validation, &folder, step, values)
    }
}

fn write(
    events: &mut Option<Events>,
    folder: &Path,
    step: u64,
    values: &[(String, Summary)],
) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    let events = match events {
        Some(events) => events,
        None => {
            let created = Events::create(folder);
            events.insert(created.map_err(Error::io("create a file in", folder))?)
        }
    };
    let written = events.write(step, values);
    written.map_err(Error::io("write", folder))
}

impl Callback for TensorBoard {
    fn name(&self) -> &'static str {
        "TensorBoard"
    }

    fn on_train_begin(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        (self.train, self.validation, self.batches) = (None, None, 0);
        if self.write_graph {
            let graph = Summary::Graph(graph(training));
            self.write_train(0, &[("keras".to_owned(), graph)])?;
        }
        Ok(())
    }

    fn on_train_batch_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        self.batches += 1;
        let Some(update_freq) = self.update_freq else {
            return Ok(());
        };
        if !self.batches.is_multiple_of(update_freq as u64) {
            return Ok(());
        }
        let logs = training.logs().iter();
        let values =
            logs.map(|(name, value)| (format!("batch_{name}"), Summary::Scalar(value as f32)));
        let values: Vec<_> = values.collect();
        self.write_train(self.batches, &values)
    }

    fn on_test_end(&mut self, training: &mut TrainingContext<'_>) -> Result<()> {
        // In a training, the logs hold the metrics of the epoch too.
        let logs = || training.logs().iter();
        let is_validation = logs().any(|(name, _)| name.starts_with("val_"));
        let named = logs().filter_map(|(name, value)| match is_validation {
            true => Some((name.strip_prefix("val_")?, value)),
            false => Some((name, value)),
        });
        let values = named.map(|(name, value)| {
            let name = format!("evaluation_{name}_vs_iterations");
            (name, Summary::Scalar(value as f32))
        });
        let values: Vec<_> = values.collect();
        self.write_validation(training.optimizer_steps(), &values)
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
        self.write_train(epoch as u64, &of_train)?;
        self.write_validation(epoch as u64, &of_validation)
    }

    fn on_train_end(&mut self, _training: &mut TrainingContext<'_>) -> Result<()> {
        (self.train, self.validation) = (None, None);
        Ok(())
    }
}

/// A histogram of each tensor of a layout, whose values follow each other in `weights`.
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

/// The layers as the configuration of a functional model, from which TensorBoard draws the conceptual graph. It reads the
/// format of Keras 3.
fn graph(training: &TrainingContext<'_>) -> String {
    let (inputs, layers) = (training.inputs(), training.layers());
    let name = |source: &Source| match source {
        Source::Input(input) => inputs.get(*input).map_or("input", |(name, _)| name),
        Source::Layer(layer) => layers.get(*layer).map_or("", |layer| layer.name),
    };
    let described = |name: &str, kind: &str, sources: Vec<&str>| {
        let sources: Vec<String> = sources
            .into_iter()
            .map(|source| {
                format!(
                    "{{\"class_name\":\"__keras_tensor__\",\"config\":{{\"keras_history\":[{source:?},0,0]}}}}"
                )
            })
            .collect();
        let nodes = match sources.is_empty() {
            true => String::new(),
            false => format!("{{\"args\":[{}],\"kwargs\":{{}}}}", sources.join(",")),
        };
        format!(
            "{{\"class_name\":{kind:?},\"name\":{name:?},\"config\":{{\"name\":{name:?},\
             \"dtype\":\"float32\"}},\"inbound_nodes\":[{nodes}]}}"
        )
    };
    let ends = |names: &mut dyn Iterator<Item = &str>| {
        let ends: Vec<String> = names.map(|name| format!("[{name:?},0,0]")).collect();
        ends.join(",")
    };
    let of_inputs = inputs.iter();
    let of_inputs = of_inputs.map(|(name, _)| described(name, "InputLayer", Vec::new()));
    let of_layers = layers.iter().map(|layer| {
        let sources = layer.sources.iter().map(name).collect();
        described(layer.name, layer.kind, sources)
    });
    let all: Vec<String> = of_inputs.chain(of_layers).collect();
    let is_read = |number: usize| {
        let mut sources = layers.iter().flat_map(|layer| layer.sources);
        sources.any(|source| *source == Source::Layer(number))
    };
    let unread = layers.iter().enumerate();
    let unread = unread.filter(|(number, _)| !is_read(*number));
    format!(
        "{{\"class_name\":\"Functional\",\"config\":{{\"name\":{:?},\"layers\":[{}],\
         \"input_layers\":[{}],\"output_layers\":[{}]}}}}",
        training.model(),
        all.join(","),
        ends(&mut inputs.iter().map(|(name, _)| *name)),
        ends(&mut unread.map(|(_, layer)| layer.name)),
    )
}
