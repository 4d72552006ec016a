//! Models of TensorFlow Lite: `.tflite` files of 8-bit networks.
//!
//! [`Graph::read`] returns the tensors, and the operators in the order of execution. All sizes and
//! quantizations are checked, so that code which runs or translates the graph finds only supported operators.
//! Everything else is an error that names the operator and says how to fix it. A damaged file is an error
//! too.
//! not read is an error that names the operator and says what to do. A damaged file is an error too.

mod bytes;
mod check;
mod error;
mod graph;
mod kinds;
mod names;
mod operation;
mod options;
mod tensor;

pub use error::TfliteError;
pub use graph::Graph;
pub use operation::{Kind, Operation};
pub use tensor::{Element, Quantizations, Tensor};
