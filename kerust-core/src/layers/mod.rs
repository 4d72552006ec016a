//! The catalogue: one layer a file.

mod average_pooling2d;
mod conv2d;
mod dense;
mod global_average_pooling2d;
mod max_pooling2d;

pub use average_pooling2d::AveragePooling2D;
pub use conv2d::{Conv2D, Conv2DWeights};
pub use dense::{Dense, DenseWeights};
pub use global_average_pooling2d::GlobalAveragePooling2D;
pub use max_pooling2d::MaxPooling2D;
