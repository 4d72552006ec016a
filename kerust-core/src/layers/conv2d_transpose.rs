//! Two-dimensional transposed convolution.

use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::{self, Convolution, Epilogue};
use crate::layer::{Forward, Operation, Pass, weights};
use crate::rng::Rng;
use crate::shape::{Padding, Window};

/// Two-dimensional transposed convolution, also called deconvolution.
///
/// The map that takes the gradient of a convolution's output to that of its input, as a layer:
/// `y[i·s + u − p, j·s + v − p, o] = activation(b[o] + Σ x[i, j, c] · W[u, v, o, c])` over all pixels, taps
/// and channels that lead there. Zeiler et al. (2010). Initialised by Glorot & Bengio (2010), eq. 16.
///
/// # Arguments
/// - `filters`: the number of output channels.
/// - `kernel_size`: rows and columns of the window, `3x3` or `3`.
/// - `strides = 1`: rows and columns of the output for each of the input.
/// - `padding = valid`: with `same` the output is `strides` times as large as the input; with `valid` it holds all
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
/// input `[H][W][IN]`, kernel `[KH][KW][OUT][IN]`, bias `[OUT]`, output `[OH][OW][OUT]`, where `OH` is
/// `H * stride` with `same` padding, else `H * stride + max(KH - stride, 0)`, and `OW` likewise
///
/// # Cost
/// `H * W * KH * KW * IN * OUT` multiply-adds; `4 * (KH * KW * IN + 1) * OUT` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(7, 7, 8) => Conv2DTranspose(4, 3x3, strides = 2, same, relu) => Conv2D(1, 3x3, same) }
/// assert_eq!(Net::PARAMS, (3 * 3 * 8 + 1) * 4 + 3 * 3 * 4 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv2DTranspose {
    input: [usize; 3],
    filters: usize,
    window: Window,
    activation: Activation,
    kernel_initializer: Initializer,
    bias_initializer: Initializer,
}

weights! {
    /// The numbers of a [`Conv2DTranspose`], in Keras's order; `BIAS` is `OUT`, or 0 without a bias.
    pub struct Conv2DTransposeWeights<const KH: usize, const KW: usize, const OUT: usize, const IN: usize, const BIAS: usize = OUT> {
        /// The weight of each tap of the window, from each input to each output.
        pub kernel: [[[[f32; IN]; OUT]; KW]; KH],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl Conv2DTranspose {
    /// A layer over images of `input` height, width and channels, with Keras's defaults: strides 1, no
    /// padding, linear, Glorot uniform kernel, zero bias.
    pub const fn new(input: [usize; 3], filters: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            input,
            filters,
            window: Window {
                size: kernel_size,
                strides: [1, 1],
                padding: Padding::Valid,
                dilation: [1, 1],
            },
            activation: Activation::Linear,
            kernel_initializer: Initializer::GLOROT_UNIFORM,
            bias_initializer: Initializer::ZEROS,
        }
    }

    /// Sets the rows and columns of the output for each of the input.
    pub const fn strides(mut self, strides: [usize; 2]) -> Self {
        self.window.strides = strides;
        self
    }

    /// Sets what happens at the border of the output.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.window.padding = padding;
        self
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets how the kernel is drawn.
    pub const fn kernel_initializer(mut self, initializer: Initializer) -> Self {
        self.kernel_initializer = initializer;
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = initializer;
        self
    }

    /// The convolution from this layer's output to its input.
    fn transposed(&self) -> Convolution {
        let [height, width, channels] = self.input;
        let (window, beyond) = (self.window, |axis: usize| match self.window.padding {
            Padding::Same | Padding::Causal => 0,
            Padding::Valid => self.window.size[axis].saturating_sub(self.window.strides[axis]),
        });
        Convolution {
            input: [
                height * window.strides[0] + beyond(0),
                width * window.strides[1] + beyond(1),
                self.filters,
            ],
            filters: channels,
            window,
            groups: 1,
        }
    }
}

impl<const KH: usize, const KW: usize, const OUT: usize, const IN: usize, const BIAS: usize>
    Forward<Conv2DTransposeWeights<KH, KW, OUT, IN, BIAS>> for Conv2DTranspose
{
    fn forward(
        &self,
        weights: &Conv2DTransposeWeights<KH, KW, OUT, IN, BIAS>,
        x: &[f32],
        y: &mut [f32],
        (): (),
    ) {
        self.transposed()
            .input_gradient(x, flat(&weights.kernel), y);
        kernels::add_bias(y, &weights.bias);
        kernels::activate(self.activation, y, OUT);
    }
}

impl<const KH: usize, const KW: usize, const OUT: usize, const IN: usize, const BIAS: usize>
    Operation<Conv2DTransposeWeights<KH, KW, OUT, IN, BIAS>> for Conv2DTranspose
{
    fn init(&self, weights: &mut Conv2DTransposeWeights<KH, KW, OUT, IN, BIAS>, rng: &mut Rng) {
        let kernel = flat_mut(&mut weights.kernel);
        self.kernel_initializer
            .fill(kernel, &[KH, KW, OUT, IN], rng);
        self.bias_initializer.fill(&mut weights.bias, &[BIAS], rng);
    }

    fn backward(
        &self,
        weights: &Conv2DTransposeWeights<KH, KW, OUT, IN, BIAS>,
        pass: Pass<'_>,
        gradient: Gradient<'_>,
    ) {
        kernels::activation_gradient(self.activation, pass.y, pass.dy, OUT);
        let convolution = self.transposed();
        if let Some(gradient) = gradient.of::<Conv2DTransposeWeights<KH, KW, OUT, IN, BIAS>>() {
            let dkernel = flat_mut(&mut gradient.kernel);
            convolution.weight_gradient(pass.dy, pass.x, dkernel, &mut [], pass.accumulate);
            kernels::column_sums(pass.dy, &mut gradient.bias, OUT, pass.accumulate);
        }
        if let Some(dx) = pass.dx {
            convolution.forward(
                pass.dy,
                flat(&weights.kernel),
                &[],
                dx,
                Epilogue::new(Activation::Linear),
            );
        }
    }
}

fn flat<const KH: usize, const KW: usize, const OUT: usize, const IN: usize>(
    kernel: &[[[[f32; IN]; OUT]; KW]; KH],
) -> &[f32] {
    kernel.as_flattened().as_flattened().as_flattened()
}

fn flat_mut<const KH: usize, const KW: usize, const OUT: usize, const IN: usize>(
    kernel: &mut [[[[f32; IN]; OUT]; KW]; KH],
) -> &mut [f32] {
    kernel
        .as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerData;
    use crate::testing::check_operation;

    #[track_caller]
    fn check<W: LayerData>(layer: Conv2DTranspose, output: [usize; 2])
    where
        Conv2DTranspose: Operation<W>,
    {
        let Convolution { input, window, .. } = layer.transposed();
        assert_eq!([input[0], input[1]], output);
        let back = window.output(input[0], input[1]);
        assert_eq!(back, [layer.input[0], layer.input[1]]);
        let len = layer.input.iter().product();
        check_operation::<W, _>(&layer, len, input.iter().product(), 0).unwrap();
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = Conv2DTranspose::new([4, 3, 3], 2, [3, 3]).activation(Activation::Tanh);
        check::<Conv2DTransposeWeights<3, 3, 2, 3>>(layer, [6, 5]);
    }

    #[test]
    fn gradients_with_strides_and_padding_match() {
        let layer = Conv2DTranspose::new([3, 2, 2], 3, [3, 3])
            .strides([2, 2])
            .padding(Padding::Same)
            .activation(Activation::Sigmoid);
        check::<Conv2DTransposeWeights<3, 3, 3, 2>>(layer, [6, 4]);
    }

    #[test]
    fn gradients_of_windows_that_are_not_square_match() {
        let layer = Conv2DTranspose::new([2, 3, 1], 5, [2, 4]).strides([1, 3]);
        check::<Conv2DTransposeWeights<2, 4, 5, 1, 0>>(layer, [3, 10]);
    }

    #[test]
    fn gradients_with_strides_beyond_the_window_match() {
        let layer = Conv2DTranspose::new([2, 3, 2], 1, [2, 1]).strides([3, 2]);
        check::<Conv2DTransposeWeights<2, 1, 1, 2>>(layer, [6, 6]);
    }
}
