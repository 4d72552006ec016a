//! Models of TensorFlow Lite: `.tflite` files of 8-bit networks.
//!
//! [`Graph::read`] gives the tensors and the operators in their order of execution, with every size and
//! quantization checked, so that whoever runs or translates the graph finds only what it can. What is
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
