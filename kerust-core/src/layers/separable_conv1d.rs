//! One-dimensional convolution of each channel alone, then of all channels at each step.

use super::one_dimension::one_row_of;
use super::{SeparableConv2D, SeparableConv2DWeights};
use crate::activation::Activation;
use crate::init::Initializer;
use crate::layer::{LayerData as _, weights};
use crate::shape::Padding;

/// One-dimensional depthwise separable convolution.
///
/// `z[t, c·M + m] = Σ x[t·s + u·d − p, c] · D[u, c, m]` over the window u, and `y[t, o] = activation(b[o] +
/// Σ z[t, k] · P[k, o])` over all k. Chollet (2017). Initialised by Glorot & Bengio (2010), eq. 16.
///
/// # Arguments
/// - `filters`: the number of output channels.
/// - `kernel_size`: the steps of the window.
/// - `strides = 1`: steps from one window to the next.
/// - `padding = valid`: `valid` adds nothing at the border; `same` adds zeros, so that strides of 1 keep the size.
/// - `dilation_rate = 1`: the distance between two steps of the window.
/// - `depth_multiplier = 1`: the number of channels between the two parts, for each input channel.
/// - `activation = linear`: the function behind the layer, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `use_bias = true`: whether a bias is added.
/// - `depthwise_initializer = glorot_uniform`, `pointwise_initializer = glorot_uniform`,
///   `bias_initializer = zeros`: how the weights are drawn; see [`init`](crate::init).
/// - `depthwise_regularizer`, `pointwise_regularizer`, `bias_regularizer` (optional): penalties on the weights, added
///   to the loss, such as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `activity_regularizer` (optional): a penalty on the output, added to the loss.
/// - `depthwise_constraint`, `pointwise_constraint`, `bias_constraint` (optional): limits on the weights after each
///   step, such as `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// input `[T][C]`, depthwise kernel `[K][C][M]`, pointwise kernel `[1][C * M][OUT]`, bias `[OUT]`, output
/// `[OT][OUT]` with `OT` by [`Window::output`](crate::shape::Window::output); saves `OT * C * M` values
///
/// # Cost
/// `OT * C * M * (K + OUT)` multiply-adds; `4 * (C * M * (K + OUT) + OUT)` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => SeparableConv1D(8, 5, same, relu) => GlobalMaxPooling1D => Dense(4) }
/// assert_eq!(Wave::PARAMS, 5 * 2 + 2 * 8 + 8 + 9 * 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SeparableConv1D(SeparableConv2D);

weights! {
    /// The numbers of a [`SeparableConv1D`], in Keras's order; `CM` is `C * M`, and `BIAS` is `OUT`, or 0
    /// without a bias.
    pub struct SeparableConv1DWeights<const K: usize, const C: usize, const M: usize, const CM: usize, const OUT: usize, const BIAS: usize> {
        /// The weight of each tap of the window, for each channel and each of its outputs.
        pub depthwise_kernel: [[[f32; M]; C]; K],
        /// The weight of each of those in each output.
        pub pointwise_kernel: [[[f32; OUT]; CM]; 1],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl SeparableConv1D {
    /// A layer over sequences of `input` steps and channels, each of which leads to `depth_multiplier` values
    /// before the channels are summed, with Keras's defaults: strides and dilation 1, no padding, linear,
    /// Glorot uniform kernels, zero bias.
    pub const fn new(
        input: [usize; 2],
        filters: usize,
        depth_multiplier: usize,
        kernel_size: usize,
    ) -> Self {
        let (image, window) = ([1, input[0], input[1]], [1, kernel_size]);
        Self(SeparableConv2D::new(
            image,
            filters,
            depth_multiplier,
            window,
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

    /// Sets how the depthwise kernel is drawn.
    pub const fn depthwise_initializer(mut self, initializer: Initializer) -> Self {
        self.0 = self.0.depthwise_initializer(initializer);
        self
    }

    /// Sets how the pointwise kernel is drawn.
    pub const fn pointwise_initializer(mut self, initializer: Initializer) -> Self {
        self.0 = self.0.pointwise_initializer(initializer);
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.0 = self.0.bias_initializer(initializer);
        self
    }
}

one_row_of! {
    SeparableConv1D, <K, C, M, CM, OUT, BIAS>,
    SeparableConv1DWeights<K, C, M, CM, OUT, BIAS>
        => SeparableConv2DWeights<1, K, C, M, CM, OUT, BIAS>, f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = SeparableConv1D::new([7, 3], 5, 2, 3)
            .padding(Padding::Same)
            .activation(Activation::Tanh);
        check_operation::<SeparableConv1DWeights<3, 3, 2, 6, 5, 5>, _>(&layer, 21, 35, 42).unwrap();
        let layer = SeparableConv1D::new([17, 1], 3, 1, 2).strides(3);
        check_operation::<SeparableConv1DWeights<2, 1, 1, 1, 3, 0>, _>(&layer, 17, 18, 6).unwrap();
    }
}
