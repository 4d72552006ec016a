//! The operators of a model.

use crate::kernels::int8::Fused;
use crate::shape::Window;

/// An operator of a `.tflite` file. Tensors are given by their indices in the file.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Its index in the file.
    pub index: usize,
    /// Its name in TensorFlow Lite: `CONV_2D`.
    pub name: &'static str,
    /// What it computes.
    pub kind: Kind,
    /// The indices of the activations that it reads.
    pub inputs: Vec<usize>,
    /// The index of the activation that it writes.
    pub output: usize,
}

/// The operation of an operator. Images have the axes batch (of size 1), rows, columns, channels.
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
        /// The fused activation.
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
        /// The number of outputs for each channel.
        multiplier: usize,
        /// The fused activation.
        activation: Fused,
    },
    /// `FULLY_CONNECTED`: the filter is (outputs, inputs), and is applied along the last axis.
    FullyConnected {
        /// The weights.
        filter: usize,
        /// The bias, of `INT32`.
        bias: Option<usize>,
        /// The fused activation.
        activation: Fused,
    },
    /// `MAX_POOL_2D`.
    MaxPool2D {
        /// The window of the pooling.
        window: Window,
        /// The fused activation.
        activation: Fused,
    },
    /// `AVERAGE_POOL_2D`.
    AveragePool2D {
        /// The window of the pooling.
        window: Window,
        /// The fused activation.
        activation: Fused,
    },
    /// `MEAN` over all positions of each channel.
    Mean,
    /// `PAD`, `PADV2` around an image or along a sequence.
    Pad {
        /// Rows before and after, columns before and after. The steps of a sequence count as rows.
        padding: [[usize; 2]; 2],
        /// The padding value.
        value: i8,
    },
    /// `ADD` of two tensors with the same shape.
    Add {
        /// The fused activation.
        activation: Fused,
    },
    /// `CONCATENATION` of tensors with the same quantization.
    Concatenation {
        /// The axis; axis 0 is the batch.
        axis: usize,
    },
    /// `RESHAPE`, `SQUEEZE`, `EXPAND_DIMS`: the same values with another shape.
    Reshape,
    /// `SOFTMAX` over the last axis.
    Softmax {
        /// The factor of the inputs.
        beta: f32,
    },
    /// `LOGISTIC`: the sigmoid.
    Logistic,
    /// `TANH`.
    Tanh,
    /// `RELU`.
    Relu,
    /// `RELU6`, with the same quantization of input and output.
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
