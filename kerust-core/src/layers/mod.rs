//! The catalogue: one layer a file.

mod activation;
mod add;
mod average_pooling2d;
mod concatenate;
mod conv2d;
mod dense;
mod dropout;
mod flatten;
mod global_average_pooling2d;
mod image;
mod max_pooling2d;
mod random_flip;
mod random_rotation;
mod relu;
mod rescaling;
mod reshape;
mod resizing;

pub use activation::Activation;
pub use add::Add;
pub use average_pooling2d::AveragePooling2D;
pub use concatenate::Concatenate;
pub use conv2d::{Conv2D, Conv2DWeights};
pub use dense::{Dense, DenseWeights};
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use image::Interpolation;
pub use max_pooling2d::MaxPooling2D;
pub use random_flip::{Flip, RandomFlip};
pub use random_rotation::{FillMode, RandomRotation};
pub use relu::ReLU;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
pub use resizing::Resizing;
