//! The catalogue: one layer a file.

mod dense;

pub use dense::{Dense, DenseWeights};
