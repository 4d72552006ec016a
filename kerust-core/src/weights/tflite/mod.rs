//! Models of TensorFlow Lite: `.tflite` files of 8-bit networks.
//!
//! [`import()`] turns a file into a declaration for `model!` and a file with the weights of the model's 8-bit
//! twin; the command `kerust import` of the package `kerust-cli` writes both. [`Graph::read`] returns the
//! tensors, and the operators in the order of execution. All sizes and quantizations are checked, so that code
//! which runs or translates the graph finds only supported operators. Everything else is an error that names the
//! operator and says how to fix it. A damaged file is an error too.
//!
//! # Operators
//!
//! | operator | layer |
//! |---|---|
//! | `CONV_2D`, with groups or dilation | `Conv2D` |
//! | `DEPTHWISE_CONV_2D` | `DepthwiseConv2D` |
//! | `FULLY_CONNECTED`, per tensor or per channel | `Dense` |
//! | `MAX_POOL_2D`, `AVERAGE_POOL_2D` | `MaxPooling2D`, `AveragePooling2D` |
//! | `MEAN` over all places of each channel | `GlobalAveragePooling2D`, `GlobalAveragePooling1D` |
//! | `PAD`, `PADV2` of rows, columns or steps | `ZeroPadding2D`, `ZeroPadding1D` |
//! | `ADD` of two activations | `Add` |
//! | `CONCATENATION` | `Concatenate` |
//! | `RESHAPE`, `SQUEEZE`, `EXPAND_DIMS` | `Reshape`, `Flatten`, where a layer needs another shape |
//! | `SOFTMAX`, `LOGISTIC`, `TANH` | the activations `softmax`, `sigmoid`, `tanh` |
//! | `RELU`, `RELU6`, `LEAKY_RELU` | `ReLU`, `LeakyReLU` |
//! | `QUANTIZE` between 8-bit values | `Rescaling(1.0)`, or a part of `Concatenate` |
//! | `QUANTIZE`, `DEQUANTIZE` at the ends | inputs and outputs of `f32` |
//!
//! Fused `RELU` and `RELU6` are the activation of the layer, and fused `RELU_N1_TO_1` is a layer
//! `Activation(hard_tanh)` behind it. Activations are `INT8` with one scale and zero point, weights are
//! symmetric `INT8` with one scale or one for each output channel, biases are `INT32`.
//!
//! # Arithmetic
//!
//! The arithmetic is that of TensorFlow Lite Micro's reference kernels; see
//! [`kernels::int8`](crate::kernels::int8). The weights file has the numbers that a device needs: the input's
//! zero point is part of the bias, each output channel has a fixed-point multiplier and a shift, and an
//! activation that is not a range is a table of 256 values. They are computed from the scales in the file in
//! `f64`, as TensorFlow Lite Micro does at start-up. A sum that exceeds 32 bits wraps, as it does there.
//!
//! # Damaged files
//!
//! No file can cause a panic. The memory that is used is at most a small multiple of the file's size, since
//! weights that many operators share are refused where their copies would exceed it.

mod bytes;
mod check;
mod error;
mod graph;
mod import;
mod kinds;
mod names;
mod operation;
mod options;
mod tensor;

pub use error::TfliteError;
pub use graph::Graph;
pub use import::{Import, import};
pub use operation::{Kind, Operation};
pub use tensor::{Element, Quantizations, Tensor};
