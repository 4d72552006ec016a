//! One-dimensional transposed convolution.

use super::one_dimension::one_row_of;
use super::{Conv2DTranspose, Conv2DTransposeWeights};
use crate::activation::Activation;
use crate::init::Initializer;
use crate::layer::{LayerData as _, weights};
use crate::shape::Padding;

/// One-dimensional transposed convolution, also called deconvolution.
///
/// The map that takes the gradient of a convolution's output to that of its input, as a layer:
/// `y[t·s + u − p, o] = activation(b[o] + Σ x[t, c] · W[u, o, c])` over all steps, taps and channels that lead
/// there. Zeiler et al. (2010). Initialised by Glorot & Bengio (2010), eq. 16.
///
/// # Arguments
/// - `filters`: the number of output channels.
/// - `kernel_size`: the steps of the window.
/// - `strides = 1`: steps of the output for each step of the input.
/// - `padding = valid`: with `same` the output has `strides` times the input's steps; with `valid` it holds all
///   windows.
/// - `activation = linear`: the function behind the layer, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `use_bias = true`: whether a bias is added.
/// - `kernel_initializer = glorot_uniform`, `bias_initializer = zeros`: how the weights are drawn; see
///   [`init`](crate::init).
/// - `kernel_regularizer`, `bias_regularizer` (optional): penalties on the weights, added to the loss, such
///   as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `activity_regularizer` (optional): a penalty on the output, added to the loss.
/// - `kernel_constraint`, `bias_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// input `[T][IN]`, kernel `[K][OUT][IN]`, bias `[OUT]`, output `[OT][OUT]`, where `OT` is `T * stride` with
/// `same` padding, else `T * stride + max(K - stride, 0)`
///
/// # Cost
/// `T * K * IN * OUT` multiply-adds; `4 * (K * IN + 1) * OUT` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(16, 2) => Conv1DTranspose(8, 4, strides = 2, same, relu) => Conv1D(1, 3, same) }
/// assert_eq!(Wave::PARAMS, (4 * 2 + 1) * 8 + 3 * 8 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv1DTranspose(Conv2DTranspose);

weights! {
    /// The numbers of a [`Conv1DTranspose`], in Keras's order; `BIAS` is `OUT`, or 0 without a bias.
    pub struct Conv1DTransposeWeights<const K: usize, const OUT: usize, const IN: usize, const BIAS: usize = OUT> {
        /// The weight of each tap of the window, from each input to each output.
        pub kernel: [[[f32; IN]; OUT]; K],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl Conv1DTranspose {
    /// A layer over sequences of `input` steps and channels, with Keras's defaults: strides 1, no padding,
    /// linear, Glorot uniform kernel, zero bias.
    pub const fn new(input: [usize; 2], filters: usize, kernel_size: usize) -> Self {
        let image = [1, input[0], input[1]];
        Self(Conv2DTranspose::new(image, filters, [1, kernel_size]))
    }

    /// Sets the steps of the output for each of the input.
    pub const fn strides(mut self, strides: usize) -> Self {
        self.0 = self.0.strides([1, strides]);
        self
    }

    /// Sets what happens at the border of the output.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.0 = self.0.padding(padding);
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
    Conv1DTranspose, <K, OUT, IN, BIAS>,
    Conv1DTransposeWeights<K, OUT, IN, BIAS> => Conv2DTransposeWeights<1, K, OUT, IN, BIAS>, ()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = Conv1DTranspose::new([5, 3], 2, 3)
            .strides(2)
            .activation(Activation::Tanh);
        check_operation::<Conv1DTransposeWeights<3, 2, 3>, _>(&layer, 5 * 3, 11 * 2, 0).unwrap();
        let layer = Conv1DTranspose::new([7, 1], 3, 4)
            .strides(3)
            .padding(Padding::Same);
        check_operation::<Conv1DTransposeWeights<4, 3, 1, 0>, _>(&layer, 7, 21 * 3, 0).unwrap();
    }
}
