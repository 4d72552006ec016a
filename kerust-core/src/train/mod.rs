//! Training: `compile`, `fit`, `evaluate`, callbacks and histories.

mod adapt;
mod before_compile;
mod build;
mod callback;
mod callback_list;
mod classification;
mod compiled;
mod diagnosis;
mod error;
mod exchange;
mod fit;
mod freeze;
mod history;
mod inference;
mod logs;
mod order;
mod own_loop;
mod pool;
mod predict;
mod progress;
mod run;
mod session;
mod state;
mod step;
mod trainee;
mod trial;
mod workflow;

use crate::Result;

pub use crate::data::Classes;
pub use before_compile::BeforeCompile;
pub use callback::{
    BackupAndRestore, CSVLogger, Callback, CallbackState, EarlyStopping, LambdaCallback,
    LearningRateScheduler, Mode, ModelCheckpoint, ReduceLROnPlateau, SwapEMAWeights, TensorBoard,
    TerminateOnNaN, TrainingContext,
};
pub use classification::{
    ClassScores, ClassificationReport, Classifies, ConfusionMatrix, Judgement,
};
pub use compiled::Compiled;
pub use diagnosis::{Hint, HintKind};
pub(crate) use error::TrainError;
pub use exchange::Exchange;
pub use fit::Fit;
pub use history::History;
pub use inference::Inference;
pub use logs::Logs;
pub use own_loop::StepGradient;
pub use progress::Verbosity;
pub use trial::{LearningRates, OverfitCheck};
pub use workflow::Workflow;
