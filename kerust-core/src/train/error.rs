//! The errors of a training.

use super::History;
use super::logs::Names;
use std::fmt;
use std::path::{Path, PathBuf};

/// The reason why a training cannot start or continue.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum TrainError {
    /// A data set without a sample.
    EmptyDataset {
        /// Which data set: `the training set`.
        which: &'static str,
    },
    /// A model that cannot be quantized.
    Quantization {
        /// What was found, where, and what was expected.
        message: String,
    },
    /// A model without a layer that learns from data.
    NothingToAdapt {
        /// The model's name.
        model: &'static str,
    },
    /// A path does not name any part of the model.
    UnknownPath {
        /// The path.
        path: String,
        /// The most similar path.
        nearest: String,
    },
    /// A part cannot be unfrozen, because it is frozen in the declaration.
    FrozenInDeclaration {
        /// Its path.
        path: String,
    },
    /// A setting is 0, but must be at least 1.
    Zero {
        /// The setting: `batch_size`.
        setting: &'static str,
    },
    /// A number is outside of its range.
    OutOfRange {
        /// The setting: `validation_split`.
        setting: &'static str,
        /// What was found.
        found: f64,
        /// What was expected: `a fraction of at least 0 and below 1`.
        expected: &'static str,
    },
    /// `validation_split` leaves no samples for training, or none for validation.
    Split {
        /// The fraction.
        fraction: f64,
        /// The total number of samples.
        samples: usize,
        /// The number of samples left for training.
        train: usize,
    },
    /// The number of sample weights differs from the number of samples.
    Weights {
        /// The number of weights.
        found: usize,
        /// The number of samples.
        expected: usize,
        /// The number of labels in a sample, one for each step.
        steps: usize,
    },
    /// A weight of a sample or of a class is NaN or infinite.
    Weight {
        /// Which weights: `sample_weight`.
        setting: &'static str,
        /// The index of the sample or of the class, from 0.
        place: usize,
        /// The weight.
        found: f32,
    },
    /// Both `validation_data` and `validation_split` are set.
    TwoValidations,
    /// The loss is NaN or infinite. The step has not changed the model.
    NotFinite {
        /// The epoch, from 0.
        epoch: usize,
        /// The step in the epoch, from 0.
        step: usize,
        /// The loss.
        loss: f64,
        /// The completed epochs.
        history: Box<History>,
    },
    /// A callback monitors a metric that does not exist.
    UnknownSeries {
        /// The callback: `EarlyStopping`.
        callback: &'static str,
        /// The requested name.
        found: String,
        /// The existing names.
        known: Vec<String>,
    },
    /// A callback monitors a metric that does not say whether higher is better.
    Direction {
        /// The callback: `EarlyStopping`.
        callback: &'static str,
        /// The metric.
        monitor: String,
    },
    /// A callback sets the learning rate of an optimizer with a schedule.
    Scheduled,
    /// A callback swaps the weights with averages that the optimizer does not keep.
    NoAverages,
    /// A file name contains a placeholder that cannot be filled in.
    Placeholder {
        /// The placeholder: `{val_los:.2f}`.
        found: String,
        /// The existing names.
        known: Vec<String>,
    },
    /// A file does not contain the state of a training.
    NoState {
        /// The file.
        path: PathBuf,
    },
    /// A state file belongs to another training.
    State {
        /// The part that differs: `optimizer`.
        what: &'static str,
        /// The value in the file.
        found: String,
        /// The value in this training.
        expected: String,
    },
    /// The threads could not be started.
    Threads {
        /// The requested number.
        threads: usize,
        /// The reason.
        reason: String,
    },
}

impl TrainError {
    pub(crate) fn is_not_finite(&self) -> bool {
        match self {
            Self::NotFinite { .. } => true,
            Self::Weight { found, .. } => !found.is_finite(),
            Self::OutOfRange { found, .. } => !found.is_finite(),
            _ => false,
        }
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::NoState { path } => Some(path),
            _ => None,
        }
    }

    pub(crate) fn history(&self) -> Option<&History> {
        match self {
            Self::NotFinite { history, .. } => Some(history),
            _ => None,
        }
    }
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyDataset { which } => {
                write!(f, "{which} is empty: found 0 samples, expected at least 1")
            }
            Self::Quantization { message } => {
                write!(f, "the model cannot be quantized: {message}")
            }
            Self::NothingToAdapt { model } => write!(
                f,
                "`{model}` has no layer that learns from data: expected a `Normalization` without `mean` and `variance`"
            ),
            Self::UnknownPath { path, nearest } => write!(
                f,
                "`{path}` is not a part of the model; did you mean `{nearest}`?"
            ),
            Self::FrozenInDeclaration { path } => write!(
                f,
                "`{path}` is frozen in the model's declaration, so it has no gradient; remove \
                 `trainable = false` to train it"
            ),
            Self::Zero { setting } => write!(f, "`{setting}` is 0, expected at least 1"),
            Self::OutOfRange {
                setting,
                found,
                expected,
            } => write!(f, "`{setting}` is {found}, expected {expected}"),
            Self::Split {
                fraction,
                samples,
                train,
            } => write!(
                f,
                "`validation_split({fraction})` splits {samples} samples into {train} to train on \
                 and {} to validate on, expected at least 1 in each",
                samples - train
            ),
            Self::Weights {
                found,
                expected,
                steps,
            } => {
                write!(
                    f,
                    "expected {expected} sample weights, one for each sample, "
                )?;
                if *steps > 1 {
                    write!(
                        f,
                        "or {}, one for each step, ",
                        expected.saturating_mul(*steps)
                    )?;
                }
                write!(f, "found {found}")
            }
            Self::TwoValidations => write!(
                f,
                "found both `validation_data` and `validation_split`, expected one of them"
            ),
            Self::Weight {
                setting,
                place,
                found,
            } => write!(
                f,
                "`{setting}` is {found} at index {place}, expected a finite number"
            ),
            Self::NotFinite {
                epoch, step, loss, ..
            } => write!(
                f,
                "the loss is {loss} in step {} of epoch {}, expected a finite number: try a \
                 smaller learning rate, or `clipnorm`; `TerminateOnNaN` ends a training without an error",
                step + 1,
                epoch + 1
            ),
            Self::UnknownSeries {
                callback,
                found,
                known,
            } => write!(
                f,
                "`{callback}` monitors `{found}`, expected one of {}",
                Names(known.iter().map(String::as_str))
            ),
            Self::Direction { callback, monitor } => write!(
                f,
                "`{callback}` does not know whether a higher value of `{monitor}` is better, expected \
                 `.mode(Mode::Max)` or `.mode(Mode::Min)`"
            ),
            Self::Scheduled => write!(
                f,
                "a callback sets the learning rate, but the optimizer has a schedule, expected a \
                 number"
            ),
            Self::NoAverages => write!(
                f,
                "a callback exchanges the weights with their moving averages, but the optimizer keeps none, \
                 expected `.use_ema(true)`"
            ),
            Self::Placeholder { found, known } => write!(
                f,
                "a file's name holds `{found}`, expected one of {}",
                Names(known.iter().map(String::as_str))
            ),
            Self::NoState { path } => write!(
                f,
                "`{}` holds no training state: found only weights, expected a file of `save_state`",
                path.display()
            ),
            Self::State {
                what,
                found,
                expected,
            } => write!(
                f,
                "the state belongs to another training: its `{what}` is `{found}`, expected `{expected}`"
            ),
            Self::Threads { threads, reason } => {
                write!(f, "cannot start {threads} threads: {reason}")
            }
        }
    }
}

impl std::error::Error for TrainError {}
