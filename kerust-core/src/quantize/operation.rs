//! What a layer does, as the quantizer sees it.

use crate::shape::Window;

/// A layer that has 8-bit arithmetic.
///
/// Implemented by the configurations of [`layers`](crate::layers) that an `#[int8]` model may have.
pub trait Int8Layer: Sync {
    /// What it computes.
    fn operation(&self) -> Int8Operation<'_>;

    /// The output for one input, where it is an elementwise layer.
    fn value(&self, x: f32) -> f32 {
        x
    }
}

/// What a layer computes. Images have a height, a width and channels; a sequence is an image of one row.
#[derive(Clone, Copy, Debug)]
pub enum Int8Operation<'a> {
    /// A matrix product over the last axis.
    Dense,
    /// A convolution.
    Convolution {
        /// Height, width and channels of the input.
        input: [usize; 3],
        /// The kernel's window.
        window: Window,
        /// Groups of channels.
        groups: usize,
    },
    /// A convolution of each channel alone.
    Depthwise {
        /// Height, width and channels of the input.
        input: [usize; 3],
        /// The kernel's window.
        window: Window,
        /// Outputs of each channel.
        multiplier: usize,
    },
    /// A factor and a shift for each channel.
    BatchNormalization {
        /// What is added to the variance.
        epsilon: f32,
    },
    /// The maximum of each window.
    MaxPooling {
        /// Height, width and channels of the input.
        input: [usize; 3],
        /// The window.
        window: Window,
    },
    /// The average of each window.
    AveragePooling {
        /// Height, width and channels of the input.
        input: [usize; 3],
        /// The window.
        window: Window,
    },
    /// The average of each channel.
    Mean {
        /// Pixels of an image, or steps of a sequence.
        places: usize,
        /// The number of channels.
        channels: usize,
    },
    /// Zeros around an image.
    Padding {
        /// Height, width and channels of the input.
        input: [usize; 3],
        /// Rows before and after, columns before and after.
        padding: [[usize; 2]; 2],
    },
    /// The sum of two inputs.
    Add,
    /// Inputs side by side.
    Concatenate {
        /// For each input, the values that lie together in the output.
        runs: &'a [usize],
    },
    /// Softmax over the last axis.
    Softmax {
        /// Its size.
        classes: usize,
    },
    /// The sigmoid.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// `x` above 0, `negative_slope · x` below.
    LeakyRelu {
        /// The slope below 0.
        negative_slope: f32,
    },
    /// Another function of each value.
    Elementwise,
}
