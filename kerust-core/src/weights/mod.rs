//! Weights in files: safetensors, checked against the model before anything is changed.
//!
//! A file holds one tensor for each array of the model's data, with its element type (`F32` for trainable
//! weights; also `I8` and `I32` in quantized models). Tensors are named by the path of fields
//! (`dense_1.kernel`), and have Keras's layouts and the order of the model's memory, so that the data of the
//! file are the memory image of the model. The header also contains the architecture of the model.

mod architecture;
#[cfg(feature = "std")]
mod atomic;
#[cfg(feature = "std")]
mod convert;
#[cfg(feature = "std")]
mod difference;
mod embed;
#[cfg(feature = "std")]
mod error;
mod fault;
#[cfg(all(test, feature = "std"))]
mod faults;
#[cfg(feature = "std")]
pub(crate) mod file_system;
mod fingerprint;
#[cfg(feature = "std")]
mod format;
mod header;
mod json;
#[cfg(feature = "keras")]
pub mod keras;
mod keys;
mod name;
mod numbers;
#[cfg(feature = "std")]
mod partial;
#[cfg(feature = "std")]
mod read;
#[cfg(feature = "std")]
mod section;
#[cfg(feature = "tflite")]
pub mod tflite;
mod verify;
#[cfg(feature = "std")]
mod write;

#[cfg(feature = "std")]
pub(crate) use atomic::check_target;
#[cfg(feature = "std")]
pub use atomic::write_atomically;
#[cfg(feature = "std")]
pub use difference::Difference;
pub use embed::{embedded, embedded_data};
#[cfg(feature = "std")]
pub(crate) use error::WeightsError;
pub use fingerprint::fingerprint;
#[cfg(feature = "std")]
pub(crate) use format::{check_save, check_save_state};
#[cfg(feature = "std")]
pub use partial::{LoadReport, load_partial_into};
#[cfg(feature = "std")]
pub use read::{WeightsFile, load, load_converted, load_into, load_sections};
#[cfg(feature = "std")]
pub(crate) use section::entries;
#[cfg(feature = "std")]
pub use section::{Section, SectionMut};
pub use verify::{CorruptWeights, Embedded, checksum, verify_embedded};
#[cfg(feature = "std")]
pub(crate) use write::save_with_metadata;
#[cfg(feature = "std")]
pub use write::{model_metadata, save, save_sections};

/// The keys of the metadata in a file's header.
mod key {
    /// `kerust`.
    pub(super) const FORMAT: &str = "format";
    /// The version of kerust that wrote the file.
    #[cfg(feature = "std")]
    pub(super) const VERSION: &str = "kerust_version";
    /// The model's name.
    pub(super) const MODEL: &str = "model";
    /// The [`fingerprint`](super::fingerprint) as 16 hexadecimal digits.
    pub(super) const ARCHITECTURE: &str = "architecture";
    /// The text that the fingerprint is computed from, one line for each layer.
    pub(super) const LAYERS: &str = "layers";
    /// The optimizer, if the file is the state of a training.
    pub(super) const OPTIMIZER: &str = "training.optimizer";
    /// The prefix of the names of a state's tensors that are not weights.
    pub(super) const OPTIMIZERS: &str = "optimizer.";
}
