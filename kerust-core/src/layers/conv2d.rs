//! Two-dimensional convolution.

use super::int8;
use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels;
use crate::kernels::{Convolution, Epilogue};
use crate::layer::{Forward, InPlace, Operation, Pass, Product, weights};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::rng::Rng;
use crate::shape::{Padding, Window};

/// Two-dimensional convolution over images, channels last.
///
/// `y[i, j, o] = activation(b[o] + Σ x[i·s + u·d − p, j·s + v·d − p, c] · W[u, v, c, o])` over the
/// window (u, v) and the input channels c of the output's group: a cross-correlation, as Keras's.
/// Initialised by Glorot & Bengio (2010), eq. 16.
///
/// # Arguments
/// - `filters`: the number of output channels.
/// - `kernel_size`: rows and columns of the window, `3x3` or `3`.
/// - `strides = 1`: rows and columns from one window to the next, `2x2` or `2`.
/// - `padding = valid`: `valid` adds nothing at the border; `same` adds zeros, so that strides of 1 keep the size.
/// - `dilation_rate = 1`: the distance between two pixels of the window.
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
/// input `[H][W][C]`, kernel `[KH][KW][C / groups][OUT]`, bias `[OUT]`, output `[OH][OW][OUT]` with
/// `OH` and `OW` by [`Window::output`]
///
/// # Cost
/// `OH * OW * KH * KW * (C / groups) * OUT` multiply-adds;
/// `4 * (KH * KW * (C / groups) + 1) * OUT` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Conv2D(10, 3x3, same, relu) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, (3 * 3 + 1) * 10 + (28 * 28 * 10 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Conv2D {
    convolution: Convolution,
    activation: Activation,
    kernel_initializer: Initializer,
    bias_initializer: Initializer,
}

weights! {
    /// The numbers of a [`Conv2D`], in Keras's order; `IN` counts the input channels of one group,
    /// `BIAS` is `OUT`, or 0 without a bias.
    pub struct Conv2DWeights<const KH: usize, const KW: usize, const IN: usize, const OUT: usize, const BIAS: usize = OUT> {
        /// The weight of each tap of the window, in each output.
        pub kernel: [[[[f32; OUT]; IN]; KW]; KH],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl Conv2D {
    /// A layer over images of `input` height, width and channels, with Keras's defaults: strides
    /// and dilation 1, no padding, one group, linear, Glorot uniform kernel, zero bias.
    pub const fn new(input: [usize; 3], filters: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            convolution: Convolution {
                input,
                filters,
                window: Window {
                    size: kernel_size,
                    strides: [1, 1],
                    padding: Padding::Valid,
                    dilation: [1, 1],
                },
                groups: 1,
            },
            activation: Activation::Linear,
            kernel_initializer: Initializer::GLOROT_UNIFORM,
            bias_initializer: Initializer::ZEROS,
        }
    }

    /// Sets the rows and columns from one window to the next.
    pub const fn strides(mut self, strides: [usize; 2]) -> Self {
        self.convolution.window.strides = strides;
        self
    }

    /// Sets what happens at the border.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.convolution.window.padding = padding;
        self
    }

    /// Sets the distance between two taps of the window.
    pub const fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.convolution.window.dilation = dilation;
        self
    }

    /// Sets the number of groups; it divides the input channels and the filters.
    pub const fn groups(mut self, groups: usize) -> Self {
        self.convolution.groups = groups;
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
}

impl<const KH: usize, const KW: usize, const IN: usize, const OUT: usize, const BIAS: usize>
    Forward<Conv2DWeights<KH, KW, IN, OUT, BIAS>> for Conv2D
{
    fn forward(
        &self,
        weights: &Conv2DWeights<KH, KW, IN, OUT, BIAS>,
        x: &[f32],
        y: &mut [f32],
        (): (),
    ) {
        let kernel = flat(&weights.kernel);
        self.convolution
            .forward(x, kernel, &weights.bias, y, Epilogue::new(self.activation));
    }
}

impl<const KH: usize, const KW: usize, const IN: usize, const OUT: usize, const BIAS: usize>
    Operation<Conv2DWeights<KH, KW, IN, OUT, BIAS>> for Conv2D
{
    fn init(&self, weights: &mut Conv2DWeights<KH, KW, IN, OUT, BIAS>, rng: &mut Rng) {
        let kernel = flat_mut(&mut weights.kernel);
        self.kernel_initializer
            .fill(kernel, &[KH, KW, IN, OUT], rng);
        self.bias_initializer.fill(&mut weights.bias, &[BIAS], rng);
    }

    fn backward(
        &self,
        weights: &Conv2DWeights<KH, KW, IN, OUT, BIAS>,
        pass: Pass<'_>,
        gradient: Gradient<'_>,
    ) {
        let gradient = gradient.of::<Conv2DWeights<KH, KW, IN, OUT, BIAS>>();
        let weights_gradient = gradient.map(|gradient| {
            let kernel = flat_mut(&mut gradient.kernel);
            [kernel, gradient.bias.as_mut_slice()]
        });
        self.convolution.backward(
            pass,
            flat(&weights.kernel),
            self.activation,
            weights_gradient,
        );
    }
}

impl<const KH: usize, const KW: usize, const IN: usize, const OUT: usize, const BIAS: usize>
    Product<Conv2DWeights<KH, KW, IN, OUT, BIAS>> for Conv2D
{
    // Inlined so that unused activations are dropped from firmware.
    #[inline(always)]
    fn forward_fused(
        &self,
        weights: &Conv2DWeights<KH, KW, IN, OUT, BIAS>,
        x: Option<&[f32]>,
        y: &mut [f32],
        scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        let (kernel, bias) = (flat(&weights.kernel), &weights.bias);
        match x {
            Some(x) => self.convolution.forward(x, kernel, bias, y, epilogue),
            None => self
                .convolution
                .forward_in_place(kernel, bias, y, scratch, epilogue),
        }
    }
}

/// Where the output has the input's sizes; `scratch` holds as many rows of an image as
/// [`Window::rows_kept`] says.
impl<const KH: usize, const KW: usize, const IN: usize, const OUT: usize, const BIAS: usize>
    InPlace<Conv2DWeights<KH, KW, IN, OUT, BIAS>, (), f32, f32> for Conv2D
{
    #[inline(always)]
    fn forward_in_place(
        &self,
        weights: &Conv2DWeights<KH, KW, IN, OUT, BIAS>,
        y: &mut [f32],
        (): (),
        scratch: &mut [f32],
    ) {
        self.forward_fused(weights, None, y, scratch, Epilogue::new(self.activation));
    }
}

fn flat<const KH: usize, const KW: usize, const IN: usize, const OUT: usize>(
    kernel: &[[[[f32; OUT]; IN]; KW]; KH],
) -> &[f32] {
    kernel.as_flattened().as_flattened().as_flattened()
}

fn flat_mut<const KH: usize, const KW: usize, const IN: usize, const OUT: usize>(
    kernel: &mut [[[[f32; OUT]; IN]; KW]; KH],
) -> &mut [f32] {
    kernel
        .as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut()
}

impl Conv2D {
    /// The 8-bit kernel, from and to these zero points.
    fn int8(&self, [input, output]: [i8; 2], range: [i8; 2]) -> kernels::int8::Convolution {
        kernels::int8::Convolution {
            input: self.convolution.input,
            filters: self.convolution.filters,
            window: self.convolution.window,
            groups: self.convolution.groups,
            zero_point: input,
            output: int8::output(output, range),
        }
    }
}

/// Gives the layer the 8-bit arithmetic of convolutions with these weights.
macro_rules! int8 {
    ($($weights:ident <$($size:ident),+> $kernel:ident => $flat:expr;)+) => {$(
        impl<$(const $size: usize),+> Forward<int8::$weights<$($size),+>, i8, i8, i32> for Conv2D {
            fn forward(
                &self,
                weights: &int8::$weights<$($size),+>,
                x: &[i8],
                y: &mut [i8],
                scratch: &mut [i32],
            ) {
                let $kernel = &weights.kernel;
                let filters = int8::filters($flat, &weights.bias, &weights.multiplier);
                self.int8(weights.zero_point, weights.range)
                    .forward(x, filters, y, scratch);
            }
        }

        impl<$(const $size: usize),+> InPlace<int8::$weights<$($size),+>, (), i8, i32> for Conv2D {
            fn forward_in_place(
                &self,
                weights: &int8::$weights<$($size),+>,
                y: &mut [i8],
                (): (),
                scratch: &mut [i32],
            ) {
                let $kernel = &weights.kernel;
                let filters = int8::filters($flat, &weights.bias, &weights.multiplier);
                self.int8(weights.zero_point, weights.range)
                    .forward_in_place(y, filters, scratch);
            }
        }
    )+};
}

int8! {
    Conv2DWeights<KH, KW, IN, OUT, BIAS> kernel => kernel.as_flattened().as_flattened().as_flattened();
    Conv1DWeights<K, IN, OUT, BIAS> kernel => kernel.as_flattened().as_flattened();
}

impl Int8Layer for Conv2D {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::Convolution {
            input: self.convolution.input,
            window: self.convolution.window,
            groups: self.convolution.groups,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerData;
    use crate::testing::check_operation;

    #[track_caller]
    fn check<W: LayerData>(layer: Conv2D, output: [usize; 2])
    where
        Conv2D: Operation<W>,
    {
        let Convolution {
            input,
            filters,
            window,
            ..
        } = layer.convolution;
        assert_eq!(window.output(input[0], input[1]), output);
        let input = input.iter().product();
        check_operation::<W, _>(&layer, input, output[0] * output[1] * filters, 0).unwrap();
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = Conv2D::new([5, 7, 3], 2, [3, 3]).activation(Activation::Tanh);
        check::<Conv2DWeights<3, 3, 3, 2>>(layer, [3, 5]);
    }

    #[test]
    fn gradients_with_padding_on_one_side_match() {
        let layer = Conv2D::new([6, 4, 1], 3, [3, 3])
            .strides([2, 2])
            .padding(Padding::Same)
            .activation(Activation::Sigmoid);
        check::<Conv2DWeights<3, 3, 1, 3>>(layer, [3, 2]);
    }

    #[test]
    fn gradients_of_windows_that_are_not_square_match() {
        let layer = Conv2D::new([4, 6, 2], 5, [2, 4])
            .strides([1, 3])
            .padding(Padding::Same);
        check::<Conv2DWeights<2, 4, 2, 5, 0>>(layer, [4, 2]);
    }

    #[test]
    fn gradients_of_dilated_windows_match() {
        let layer = Conv2D::new([7, 6, 2], 3, [3, 2]).dilation([2, 3]);
        check::<Conv2DWeights<3, 2, 2, 3>>(layer, [3, 3]);
    }

    #[test]
    fn gradients_of_groups_match() {
        let layer = Conv2D::new([4, 3, 6], 4, [3, 3])
            .padding(Padding::Same)
            .groups(2);
        check::<Conv2DWeights<3, 3, 3, 4>>(layer, [4, 3]);
    }

    #[test]
    fn gradients_of_a_single_tap_match() {
        let layer = Conv2D::new([3, 4, 3], 2, [1, 1]);
        check::<Conv2DWeights<1, 1, 3, 2>>(layer, [3, 4]);
        let layer = Conv2D::new([5, 4, 3], 2, [1, 1]).strides([2, 3]);
        check::<Conv2DWeights<1, 1, 3, 2>>(layer, [3, 2]);
    }
}
