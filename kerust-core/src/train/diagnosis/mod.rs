//! Why a training does not learn.
//!
//! A [`Watch`] looks at the data before the first step, at some steps of each epoch, and at the course of the losses.
//! It says each thing once, with what was found, the likely cause, and what to write.

mod course;
mod data;
mod steps;

use crate::model::{LayerInfo, Source};
use std::fmt;

pub(super) use steps::Looked;

/// What is noticed about a training.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HintKind {
    /// Inputs are large, and no layer scales them.
    UnscaledInputs,
    /// All labels are one class.
    OneClass,
    /// A column of the inputs is the same in all samples.
    ConstantColumns,
    /// Samples are in the training set and in the validation set.
    SharedSamples,
    /// A class is in the training set or in the validation set alone.
    ClassOnOneSide,
    /// The first loss is far above that of a constant prediction.
    FirstLoss,
    /// The loss stays at that of a constant prediction.
    ConstantPrediction,
    /// Units of a layer answer 0 to every sample.
    DeadUnits,
    /// The gradient of the first layers is nothing beside that of the last ones.
    VanishingGradient,
    /// The gradient is very large.
    ExplodingGradient,
    /// A step moves the weights of a layer by much of what they are.
    LargeUpdates,
    /// A step hardly moves the weights.
    SmallUpdates,
    /// A class is never predicted.
    NeverPredicted,
    /// The loss of the validation rises while that of the training falls.
    Overfitting,
}

/// Something about a training that may be why it does not learn: [`Compiled::hints`](super::Compiled::hints).
#[derive(Clone, PartialEq, Debug)]
pub struct Hint {
    /// What it is about.
    pub kind: HintKind,
    /// What was found, the likely cause, and what to write.
    pub text: String,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// What is known of a training.
pub(super) struct Watch {
    enabled: bool,
    hints: Vec<Hint>,
    /// How many of them have been shown.
    shown: usize,
    layers: &'static [LayerInfo],
    /// The least and the greatest number of large inputs that no layer scales.
    unscaled: Option<[f32; 2]>,
    /// The samples of each class.
    counts: Vec<usize>,
    /// The loss of the best constant prediction, where the loss is a crossentropy without weights.
    constant: Option<f64>,
    /// Epochs in a row whose loss was that.
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

    /// Keeps a hint, unless one of its kind has been given.
    fn say(&mut self, kind: HintKind, text: impl FnOnce() -> String) {
        if self.enabled && !self.hints.iter().any(|hint| hint.kind == kind) {
            self.hints.push(Hint { kind, text: text() });
        }
    }

    /// Whether the input of this number has rows and columns.
    fn is_image(&self, input: usize) -> bool {
        let source = Source::Input(input);
        let mut readers = self
            .layers
            .iter()
            .filter(|layer| layer.sources.contains(&source));
        readers.any(|layer| layer.input.rank() > 1)
    }

    /// Whether a layer that computes with the numbers as they are reads the input of this number.
    fn is_read_unscaled(&self, input: usize) -> bool {
        let mut sources = vec![Source::Input(input)];
        while let Some(source) = sources.pop() {
            let readers = self.layers.iter().enumerate();
            for (number, layer) in readers.filter(|(_, layer)| layer.sources.contains(&source)) {
                match layer.kind {
                    // As they are, or as others of them.
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

/// A number in words: as short as it tells.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 || size < 0.001 && size > 0.0 => format!("{value:.1e}"),
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        _ => format!("{value:.3}"),
    }
}

/// `s` of more than one.
fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
