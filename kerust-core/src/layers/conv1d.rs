//! One-dimensional convolution.

use super::int8;
use super::one_dimension::one_row_of;
use super::{Conv2D, Conv2DWeights};
use crate::activation::Activation;
use crate::init::Initializer;
use crate::kernels::Epilogue;
use crate::layer::Forward;
use crate::layer::{LayerData as _, Product, weights};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::shape::Padding;

/// One-dimensional convolution over sequences, channels last.
///
/// `y[t, o] = activation(b[o] + Σ x[t·s + u·d − p, c] · W[u, c, o])` over the window u and the input channels c
/// of the output's group: a cross-correlation, as Keras's. With `causal` padding p is the window's whole reach,
/// so that `y[t]` sees nothing behind step t·s: van den Oord et al. (2016), section 2.1. Initialised by Glorot &
/// Bengio (2010), eq. 16.
///
/// # Arguments
/// - `filters`: the number of output channels.
/// - `kernel_size`: the steps of the window.
/// - `strides = 1`: steps from one window to the next.
/// - `padding = valid`: `valid` adds nothing; `same` adds zeros at both ends, so that strides of 1 keep the length;
///   `causal` adds them before the first step, so that no output sees a later step.
/// - `dilation_rate = 1`: the distance between two steps of the window.
/// - `groups = 1`: the number of groups of channels, each with filters of its own; it divides the input channels
///   and `filters`.
/// - `activation = linear`: the function behind the layer, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `use_bias = true`: whether a bias is added.
/// - `kernel_initializer = glorot_uniform`, `bias_initializer = zeros`: how the weights are drawn; see
///   [`init`](crate::init).
/// - `kernel_regularizer`, `bias_regularizer` (optional): penalties on the weights, added to the loss, such
///   as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `kernel_constraint`, `bias_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// input `[T][C]`, kernel `[K][C / groups][OUT]`, bias `[OUT]`, output `[OT][OUT]` with `OT` by
/// [`Window::output`](crate::shape::Window::output)
///
/// # Cost
/// `OT * K * (C / groups) * OUT` multiply-adds; `4 * (K * (C / groups) + 1) * OUT` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => Conv1D(8, 3, causal, relu, dilation_rate = 2) => GlobalMaxPooling1D => Dense(4) }
/// assert_eq!(Wave::PARAMS, (3 * 2 + 1) * 8 + 9 * 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv1D(Conv2D);

weights! {
    /// The numbers of a [`Conv1D`], in Keras's order; `IN` counts the input channels of one group, `BIAS` is
    /// `OUT`, or 0 without a bias.
    pub struct Conv1DWeights<const K: usize, const IN: usize, const OUT: usize, const BIAS: usize = OUT> {
        /// The weight of each tap of the window, in each output.
        pub kernel: [[[f32; OUT]; IN]; K],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl Conv1D {
    /// A layer over sequences of `input` steps and channels, with Keras's defaults: strides and dilation 1, no
    /// padding, one group, linear, Glorot uniform kernel, zero bias.
    pub const fn new(input: [usize; 2], filters: usize, kernel_size: usize) -> Self {
        Self(Conv2D::new(
            [1, input[0], input[1]],
            filters,
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

    /// Sets the number of groups; it divides the input channels and the filters.
    pub const fn groups(mut self, groups: usize) -> Self {
        self.0 = self.0.groups(groups);
        self
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.0 = self.0.activation(activation);
        self
    }

    /// Sets how the kernel is drawn.
    pub const fn kernel_initializer(mut self, initializer: Initializer) -> Self {
        self.0 = self.0.kernel_initializer(initializer);
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.0 = self.0.bias_initializer(initializer);
        self
    }
}

one_row_of! {
    Conv1D, <K, IN, OUT, BIAS>,
    Conv1DWeights<K, IN, OUT, BIAS> => Conv2DWeights<1, K, IN, OUT, BIAS>, ()
}

impl<const K: usize, const IN: usize, const OUT: usize, const BIAS: usize>
    Product<Conv1DWeights<K, IN, OUT, BIAS>> for Conv1D
{
    // Inlined so that unused activations are dropped from firmware.
    #[inline(always)]
    fn forward_fused(
        &self,
        weights: &Conv1DWeights<K, IN, OUT, BIAS>,
        x: Option<&[f32]>,
        y: &mut [f32],
        scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        if let Some(weights) = Conv2DWeights::<1, K, IN, OUT, BIAS>::from_slice(weights.as_slice())
        {
            self.0.forward_fused(weights, x, y, scratch, epilogue);
        }
    }
}

impl<const K: usize, const IN: usize, const OUT: usize, const BIAS: usize>
    Forward<int8::Conv1DWeights<K, IN, OUT, BIAS>, i8, i8, i32> for Conv1D
{
    fn forward(
        &self,
        weights: &int8::Conv1DWeights<K, IN, OUT, BIAS>,
        x: &[i8],
        y: &mut [i8],
        scratch: &mut [i32],
    ) {
        self.0.forward(weights, x, y, scratch);
    }
}

impl Int8Layer for Conv1D {
    fn operation(&self) -> Int8Operation<'_> {
        self.0.operation()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Forward;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = Conv1D::new([7, 3], 2, 3).activation(Activation::Tanh);
        check_operation::<Conv1DWeights<3, 3, 2>, _>(&layer, 7 * 3, 5 * 2, 0).unwrap();
        let layer = Conv1D::new([17, 4], 6, 3)
            .strides(2)
            .padding(Padding::Same)
            .groups(2);
        check_operation::<Conv1DWeights<3, 2, 6, 0>, _>(&layer, 17 * 4, 9 * 6, 0).unwrap();
    }

    #[test]
    fn gradients_of_causal_windows_match() {
        for (strides, dilation, steps) in [(1, 1, 7), (1, 3, 7), (3, 1, 3)] {
            let layer = Conv1D::new([7, 2], 3, 3)
                .padding(Padding::Causal)
                .strides(strides)
                .dilation(dilation);
            check_operation::<Conv1DWeights<3, 2, 3>, _>(&layer, 7 * 2, steps * 3, 0).unwrap();
        }
    }

    #[test]
    fn a_causal_output_sees_nothing_behind_its_step() {
        let layer = Conv1D::new([5, 1], 1, 2).padding(Padding::Causal);
        let weights = Conv1DWeights::<2, 1, 1> {
            kernel: [[[10.0]], [[1.0]]],
            bias: [0.0],
        };
        let mut y = [f32::NAN; 5];
        layer.forward(&weights, &[1.0, 2.0, 3.0, 4.0, 5.0], &mut y, ());
        assert_eq!(y, [1.0, 12.0, 23.0, 34.0, 45.0]);
    }
}
