//! Hints about trainings that do not learn.
//!
//! A [`Watch`] checks the data before the first step, some steps of each epoch, and the course of the losses.
//! It reports each problem once, with what was found, the likely cause, and code to try.

mod course;
mod data;
mod steps;

use crate::model::{LayerInfo, Source};
use std::fmt;

pub(super) use steps::Looked;

/// The kinds of problems that a [`Hint`] reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HintKind {
    /// Inputs are large and no layer scales them.
    UnscaledInputs,
    /// All labels have the same class.
    OneClass,
    /// A column of the inputs has the same value in all samples.
    ConstantColumns,
    /// Some samples are in both the training set and the validation set.
    SharedSamples,
    /// A class occurs only in the training set, or only in the validation set.
    ClassOnOneSide,
    /// The first loss is far above that of a constant prediction.
    FirstLoss,
    /// The loss stays at that of a constant prediction.
    ConstantPrediction,
    /// Units of a layer output 0 for every sample.
    DeadUnits,
    /// The gradient of the first layers is tiny compared to that of the last layers.
    VanishingGradient,
    /// The gradient is very large.
    ExplodingGradient,
    /// A step changes the weights of a layer by a large fraction.
    LargeUpdates,
    /// A step hardly changes the weights.
    SmallUpdates,
    /// A class is never predicted.
    NeverPredicted,
    /// The validation loss rises while the training loss falls.
    Overfitting,
}

/// A possible reason why a training does not learn; see [`Compiled::hints`](super::Compiled::hints).
#[derive(Clone, PartialEq, Debug)]
pub struct Hint {
    /// The kind of problem.
    pub kind: HintKind,
    /// The message: what was found, the likely cause, and code to try.
    pub text: String,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// The observations of a training.
pub(super) struct Watch {
    enabled: bool,
    hints: Vec<Hint>,
    /// The number of hints that have been shown.
    shown: usize,
    layers: &'static [LayerInfo],
    /// The minimum and the maximum of a large input that no layer scales.
    unscaled: Option<[f32; 2]>,
    /// The number of samples of each class.
    counts: Vec<usize>,
    /// The loss of the best constant prediction, if the loss is a crossentropy without weights.
    constant: Option<f64>,
    /// The number of consecutive epochs with that loss.
    constant_epochs: usize,
    /// The loss of the first step.
    first_loss: Option<f64>,
    looked: Looked,
}

impl Watch {
    pub(super) fn new(enabled: bool, layers: &'static [LayerInfo]) -> Self {
        Self {
            enabled,
            hints: Vec::new(),
            shown: 0,
            layers,
            unscaled: None,
            counts: Vec::new(),
            constant: None,
            constant_epochs: 0,
            first_loss: None,
            looked: Looked::default(),
        }
    }

    /// The hints that have not been shown yet.
    pub(super) fn unshown(&mut self) -> &[Hint] {
        let from = std::mem::replace(&mut self.shown, self.hints.len());
        &self.hints[from..]
    }

    pub(super) fn into_hints(self) -> Vec<Hint> {
        self.hints
    }

    /// Adds a hint, unless there is one of the same kind.
    fn say(&mut self, kind: HintKind, text: impl FnOnce() -> String) {
        if self.enabled && !self.hints.iter().any(|hint| hint.kind == kind) {
            self.hints.push(Hint { kind, text: text() });
        }
    }

    /// Whether the input with this index has rows and columns.
    fn is_image(&self, input: usize) -> bool {
        let source = Source::Input(input);
        let mut readers = self
            .layers
            .iter()
            .filter(|layer| layer.sources.contains(&source));
        readers.any(|layer| layer.input.rank() > 1)
    }

    /// Whether the input with this index is read by a layer that computes with its unscaled values.
    fn is_read_unscaled(&self, input: usize) -> bool {
        let mut sources = vec![Source::Input(input)];
        while let Some(source) = sources.pop() {
            let readers = self.layers.iter().enumerate();
            for (number, layer) in readers.filter(|(_, layer)| layer.sources.contains(&source)) {
                match layer.kind {
                    // These layers pass the values on without scaling them.
                    "Flatten" | "Reshape" | "Permute" | "Resizing" | "ZeroPadding2D"
                    | "Cropping2D" | "CenterCrop" | "Dropout" | "SpatialDropout2D"
                    | "MaxPooling2D" | "AveragePooling2D" | "UpSampling2D" | "Concatenate"
                    | "RepeatVector" => sources.push(Source::Layer(number)),
                    kind if kind.starts_with("Random") => sources.push(Source::Layer(number)),
                    "Dense" | "Conv1D" | "Conv2D" | "DepthwiseConv2D" | "SeparableConv2D"
                    | "LSTM" | "GRU" | "SimpleRNN" => return true,
                    _ => {}
                }
            }
        }
        false
    }
}

/// Formats a number briefly.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 || size < 0.001 && size > 0.0 => format!("{value:.1e}"),
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.3}"),
    }
}

/// The plural ending `s`, unless `count` is 1.
fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
