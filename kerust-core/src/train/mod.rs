//! The training loop, its history and its callbacks.

mod error;

pub use error::TrainError;
