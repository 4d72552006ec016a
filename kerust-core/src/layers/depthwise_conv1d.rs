//! One-dimensional convolution of each channel alone.

use super::one_dimension::one_row_of;
use super::{DepthwiseConv2D, DepthwiseConv2DWeights};
use crate::activation::Activation;
use crate::init::Initializer;
use crate::layer::{LayerData as _, weights};
use crate::shape::Padding;

/// One-dimensional convolution of each channel alone.
///
/// `y[t, c·M + m] = activation(b[c·M + m] + Σ x[t·s + u·d − p, c] · W[u, c, m])` over the window u. Initialised
/// by Glorot & Bengio (2010), eq. 16, with the fans that Keras counts: C and M times the window.
///
/// # Arguments
/// - `kernel_size`: the steps of the window.
/// - `strides = 1`: steps from one window to the next.
/// - `padding = valid`: `valid` adds nothing at the border; `same` adds zeros, so that strides of 1 keep the size.
/// - `depth_multiplier = 1`: the number of output channels for each input channel.
/// - `dilation_rate = 1`: the distance between two steps of the window.
/// - `activation = linear`: the function behind the layer, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `use_bias = true`: whether a bias is added.
/// - `depthwise_initializer = glorot_uniform`, `bias_initializer = zeros`: how the weights are drawn; see
///   [`init`](crate::init).
/// - `depthwise_regularizer`, `bias_regularizer` (optional): penalties on the weights, added to the loss,
///   such as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `activity_regularizer` (optional): a penalty on the output, added to the loss.
/// - `depthwise_constraint`, `bias_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// input `[T][C]`, kernel `[K][C][M]`, bias `[C * M]`, output `[OT][C * M]` with `OT` by
/// [`Window::output`](crate::shape::Window::output)
///
/// # Cost
/// `OT * K * C * M` multiply-adds; `4 * (K + 1) * C * M` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => DepthwiseConv1D(5, same, depth_multiplier = 3) => GlobalMaxPooling1D => Dense(4) }
/// assert_eq!(Wave::PARAMS, (5 + 1) * 2 * 3 + 7 * 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseConv1D(DepthwiseConv2D);

weights! {
    /// The numbers of a [`DepthwiseConv1D`], in Keras's order; `BIAS` is `C * M`, or 0 without a bias.
    pub struct DepthwiseConv1DWeights<const K: usize, const C: usize, const M: usize, const BIAS: usize> {
        /// The weight of each tap of the window, for each channel and each of its outputs.
        pub kernel: [[[f32; M]; C]; K],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl DepthwiseConv1D {
    /// A layer over sequences of `input` steps and channels, each of which leads to `depth_multiplier` outputs,
    /// with Keras's defaults: strides and dilation 1, no padding, linear, Glorot uniform kernel, zero bias.
    pub const fn new(input: [usize; 2], depth_multiplier: usize, kernel_size: usize) -> Self {
        let image = [1, input[0], input[1]];
        Self(DepthwiseConv2D::new(
            image,
            depth_multiplier,
            [1, kernel_size],
        ))
    }

    /// Sets the steps from one window to the next.
    pub const fn strides(mut self, strides: usize) -> Self {
        self.0 = self.0.strides([1, strides]);
        self
    }

    /// Sets what happens at the border.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.0 = self.0.padding(padding);
        self
    }

    /// Sets the distance between two taps of the window.
    pub const fn dilation(mut self, dilation: usize) -> Self {
        self.0 = self.0.dilation([1, dilation]);
        self
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.0 = self.0.activation(activation);
        self
    }

    /// Sets how the kernel is drawn.
    pub const fn depthwise_initializer(mut self, initializer: Initializer) -> Self {
        self.0 = self.0.depthwise_initializer(initializer);
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.0 = self.0.bias_initializer(initializer);
        self
    }
}

one_row_of! {
    DepthwiseConv1D, <K, C, M, BIAS>,
    DepthwiseConv1DWeights<K, C, M, BIAS> => DepthwiseConv2DWeights<1, K, C, M, BIAS>, ()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = DepthwiseConv1D::new([7, 3], 2, 3)
            .strides(2)
            .padding(Padding::Same)
            .activation(Activation::Tanh);
        check_operation::<DepthwiseConv1DWeights<3, 3, 2, 6>, _>(&layer, 7 * 3, 4 * 6, 0).unwrap();
        let layer = DepthwiseConv1D::new([17, 1], 1, 2).dilation(3);
        check_operation::<DepthwiseConv1DWeights<2, 1, 1, 0>, _>(&layer, 17, 14, 0).unwrap();
    }
}
