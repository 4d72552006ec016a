//! The operators of a model.

use crate::kernels::int8::Fused;
use crate::shape::Window;

/// An operator of a `.tflite`. Tensors are named by their numbers in the file.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Its number in the file.
    pub index: usize,
    /// What it computes.
    pub kind: Kind,
    /// The activations that it reads.
    pub inputs: Vec<usize>,
    /// The activation that it writes.
    pub output: usize,
}

/// What an operator computes. Images are rows, columns, channels, behind a batch of 1.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// `CONV_2D`: the filter is (filters, rows, columns, channels of a group).
    Conv2D {
        /// The weights.
        filter: usize,
        /// The bias, of `INT32`.
        bias: Option<usize>,
        /// The kernel's window.
        window: Window,
        /// Groups of channels.
        groups: usize,
        /// What follows.
        activation: Fused,
    },
    /// `DEPTHWISE_CONV_2D`: the filter is (1, rows, columns, channels · multiplier).
    DepthwiseConv2D {
        /// The weights.
        filter: usize,
        /// The bias, of `INT32`.
        bias: Option<usize>,
        /// The kernel's window.
        window: Window,
        /// Outputs of each channel.
        multiplier: usize,
        /// What follows.
        activation: Fused,
    },
    /// `FULLY_CONNECTED`: the filter is (outputs, inputs), and applied to each run of so many inputs.
    FullyConnected {
        /// The weights.
        filter: usize,
        /// The bias, of `INT32`.
        bias: Option<usize>,
        /// What follows.
        activation: Fused,
    },
    /// `MAX_POOL_2D`.
    MaxPool2D {
        /// The pool's window.
        window: Window,
        /// What follows.
        activation: Fused,
    },
    /// `AVERAGE_POOL_2D`.
    AveragePool2D {
        /// The pool's window.
        window: Window,
        /// What follows.
        activation: Fused,
    },
    /// `MEAN` over all places of each channel.
    Mean,
    /// `PAD`, `PADV2` around an image or along a sequence.
    Pad {
        /// Rows before and after, columns before and after. The steps of a sequence are rows.
        padding: [[usize; 2]; 2],
        /// What the frame is filled with.
        value: i8,
    },
    /// `ADD` of two tensors of one shape.
    Add {
        /// What follows.
        activation: Fused,
    },
    /// `CONCATENATION` of tensors of one quantization.
    Concatenation {
        /// The axis, where the batch is axis 0.
        axis: usize,
    },
    /// `RESHAPE`, `SQUEEZE`, `EXPAND_DIMS`: the same values in another shape.
    Reshape,
    /// `SOFTMAX` over the last axis.
    Softmax {
        /// By what the inputs are multiplied.
        beta: f32,
    },
    /// `LOGISTIC`: the sigmoid.
    Logistic,
    /// `TANH`.
    Tanh,
    /// `RELU`.
    Relu,
    /// `RELU6`, within one quantization.
    Relu6,
    /// `LEAKY_RELU`.
    LeakyRelu {
        /// The slope below 0.
        alpha: f32,
    },
    /// `QUANTIZE`, from `FLOAT32` or from another quantization.
    Quantize,
    /// `DEQUANTIZE` to `FLOAT32`.
    Dequantize,
}
