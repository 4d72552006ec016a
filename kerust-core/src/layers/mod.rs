//! The catalogue: one layer a file.

mod activation;
mod dense;
mod dropout;
mod flatten;
mod relu;
mod rescaling;
mod reshape;

pub use activation::Activation;
pub use dense::{Dense, DenseWeights};
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use relu::ReLU;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
