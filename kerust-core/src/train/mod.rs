//! Training: `compile`, `fit`, `evaluate`, callbacks and histories.

mod before_compile;
mod callback;
mod callback_list;
mod class_weight;
mod compiled;
mod error;
mod fit;
mod history;
mod order;
mod pool;
mod predict;
mod progress;
mod report;
mod run;
mod session;
mod state;
mod step;
mod trainee;
mod workflow;

use crate::Result;

pub use before_compile::BeforeCompile;
pub use callback::{
    BackupAndRestore, CSVLogger, Callback, EarlyStopping, LambdaCallback, LearningRateScheduler,
    Mode, ModelCheckpoint, ReduceLROnPlateau, Training,
};
pub use class_weight::Classes;
pub use compiled::Compiled;
pub use error::TrainError;
pub use fit::Fit;
pub use history::History;
pub use progress::Verbosity;
pub use report::Report;
pub use workflow::Workflow;
