//! The catalogue: one layer a file.

mod activation;
mod dense;
mod dropout;
mod flatten;
mod image;
mod random_flip;
mod random_rotation;
mod relu;
mod rescaling;
mod reshape;
mod resizing;

pub use activation::Activation;
pub use dense::{Dense, DenseWeights};
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use image::Interpolation;
pub use random_flip::{Flip, RandomFlip};
pub use random_rotation::{FillMode, RandomRotation};
pub use relu::ReLU;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
pub use resizing::Resizing;
