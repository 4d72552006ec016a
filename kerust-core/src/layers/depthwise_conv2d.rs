//! Two-dimensional convolution of each channel alone.

use super::int8;
use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::int8::Filters;
use crate::kernels::{self, Depthwise};
use crate::layer::{Forward, InPlace, Operation, Pass, weights};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::rng::Rng;
use crate::shape::{Padding, Window};

/// Two-dimensional convolution of each channel alone.
///
/// `y[i, j, c·M + m] = activation(b[c·M + m] + Σ x[i·s + u·d − p, j·s + v·d − p, c] · W[u, v, c, m])` over the
/// window (u, v). Initialised by Glorot & Bengio (2010), eq. 16, with the fans that Keras counts: C
/// and M times the window.
///
/// # Arguments
/// - `kernel_size`: rows and columns of the window, `3x3` or `3`.
/// - `strides = 1`: rows and columns from one window to the next, `2x2` or `2`.
/// - `padding = valid`: `valid` adds nothing at the border; `same` adds zeros, so that strides of 1 keep the size.
/// - `depth_multiplier = 1`: the number of output channels for each input channel.
/// - `dilation_rate = 1`: the distance between two pixels of the window.
/// - `activation = linear`: the function behind the layer, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `use_bias = true`: whether a bias is added.
/// - `depthwise_initializer = glorot_uniform`, `bias_initializer = zeros`: how the weights are drawn; see
///   [`init`](crate::init).
/// - `depthwise_regularizer`, `bias_regularizer` (optional): penalties on the weights, added to the loss,
///   such as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `depthwise_constraint`, `bias_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// input `[H][W][C]`, kernel `[KH][KW][C][M]`, bias `[C * M]`, output `[OH][OW][C * M]` with `OH` and
/// `OW` by [`Window::output`]
///
/// # Cost
/// `OH * OW * KH * KW * C * M` multiply-adds; `4 * (KH * KW + 1) * C * M` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 3) => DepthwiseConv2D(3x3, depth_multiplier = 2) => GlobalAveragePooling2D => Dense(10) }
/// assert_eq!(Net::PARAMS, (3 * 3 + 1) * 3 * 2 + 7 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseConv2D {
    depthwise: Depthwise,
    activation: Activation,
    depthwise_initializer: Initializer,
    bias_initializer: Initializer,
}

weights! {
    /// The numbers of a [`DepthwiseConv2D`], in Keras's order; `BIAS` is `C * M`, or 0 without a bias.
    pub struct DepthwiseConv2DWeights<const KH: usize, const KW: usize, const C: usize, const M: usize, const BIAS: usize> {
        /// The weight of each tap of the window, for each channel and each of its outputs.
        pub kernel: [[[[f32; M]; C]; KW]; KH],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl DepthwiseConv2D {
    /// A layer over images of `input` height, width and channels, each of which leads to
    /// `depth_multiplier` outputs, with Keras's defaults: strides and dilation 1, no padding, linear,
    /// Glorot uniform kernel, zero bias.
    pub const fn new(input: [usize; 3], depth_multiplier: usize, kernel_size: [usize; 2]) -> Self {
        Self {
            depthwise: Depthwise {
                input,
                multiplier: depth_multiplier,
                window: Window {
                    size: kernel_size,
                    strides: [1, 1],
                    padding: Padding::Valid,
                    dilation: [1, 1],
                },
            },
            activation: Activation::Linear,
            depthwise_initializer: Initializer::GLOROT_UNIFORM,
            bias_initializer: Initializer::ZEROS,
        }
    }

    /// Sets the rows and columns from one window to the next.
    pub const fn strides(mut self, strides: [usize; 2]) -> Self {
        self.depthwise.window.strides = strides;
        self
    }

    /// Sets what happens at the border.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.depthwise.window.padding = padding;
        self
    }

    /// Sets the distance between two taps of the window.
    pub const fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.depthwise.window.dilation = dilation;
        self
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets how the kernel is drawn.
    pub const fn depthwise_initializer(mut self, initializer: Initializer) -> Self {
        self.depthwise_initializer = initializer;
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = initializer;
        self
    }
}

impl<const KH: usize, const KW: usize, const C: usize, const M: usize, const BIAS: usize>
    Forward<DepthwiseConv2DWeights<KH, KW, C, M, BIAS>> for DepthwiseConv2D
{
    fn forward(
        &self,
        weights: &DepthwiseConv2DWeights<KH, KW, C, M, BIAS>,
        x: &[f32],
        y: &mut [f32],
        (): (),
    ) {
        let kernel = flat(&weights.kernel);
        self.depthwise
            .forward(x, kernel, &weights.bias, y, self.activation);
    }
}

impl<const KH: usize, const KW: usize, const C: usize, const M: usize, const BIAS: usize>
    Operation<DepthwiseConv2DWeights<KH, KW, C, M, BIAS>> for DepthwiseConv2D
{
    fn init(&self, weights: &mut DepthwiseConv2DWeights<KH, KW, C, M, BIAS>, rng: &mut Rng) {
        let kernel = flat_mut(&mut weights.kernel);
        self.depthwise_initializer
            .fill(kernel, &[KH, KW, C, M], rng);
        self.bias_initializer.fill(&mut weights.bias, &[BIAS], rng);
    }

    fn backward(
        &self,
        weights: &DepthwiseConv2DWeights<KH, KW, C, M, BIAS>,
        pass: Pass<'_>,
        gradient: Gradient<'_>,
    ) {
        kernels::activation_gradient(self.activation, pass.y, pass.dy, C * M);
        if let Some(gradient) = gradient.of::<DepthwiseConv2DWeights<KH, KW, C, M, BIAS>>() {
            self.depthwise.weight_gradient(
                pass.x,
                pass.dy,
                flat_mut(&mut gradient.kernel),
                &mut gradient.bias,
                pass.accumulate,
            );
        }
        if let Some(dx) = pass.dx {
            self.depthwise
                .input_gradient(pass.dy, flat(&weights.kernel), dx);
        }
    }
}

fn flat<const KH: usize, const KW: usize, const C: usize, const M: usize>(
    kernel: &[[[[f32; M]; C]; KW]; KH],
) -> &[f32] {
    kernel.as_flattened().as_flattened().as_flattened()
}

fn flat_mut<const KH: usize, const KW: usize, const C: usize, const M: usize>(
    kernel: &mut [[[[f32; M]; C]; KW]; KH],
) -> &mut [f32] {
    kernel
        .as_flattened_mut()
        .as_flattened_mut()
        .as_flattened_mut()
}

impl DepthwiseConv2D {
    /// The 8-bit kernel, from and to these zero points.
    fn int8(&self, [input, output]: [i8; 2], range: [i8; 2]) -> kernels::int8::Depthwise {
        kernels::int8::Depthwise {
            input: self.depthwise.input,
            multiplier: self.depthwise.multiplier,
            window: self.depthwise.window,
            zero_point: input,
            output: int8::output(output, range),
        }
    }
}

impl<const KH: usize, const KW: usize, const C: usize, const M: usize, const BIAS: usize>
    int8::DepthwiseConv2DWeights<KH, KW, C, M, BIAS>
{
    fn filters(&self) -> Filters<'_> {
        int8::filters(
            self.kernel.as_flattened().as_flattened().as_flattened(),
            self.bias.as_flattened(),
            self.multiplier.as_flattened(),
        )
    }
}

impl<const KH: usize, const KW: usize, const C: usize, const M: usize, const BIAS: usize>
    Forward<int8::DepthwiseConv2DWeights<KH, KW, C, M, BIAS>, i8, i8, i32> for DepthwiseConv2D
{
    fn forward(
        &self,
        weights: &int8::DepthwiseConv2DWeights<KH, KW, C, M, BIAS>,
        x: &[i8],
        y: &mut [i8],
        scratch: &mut [i32],
    ) {
        self.int8(weights.zero_point, weights.range)
            .forward(x, weights.filters(), y, scratch);
    }
}

impl<const KH: usize, const KW: usize, const C: usize, const M: usize, const BIAS: usize>
    InPlace<int8::DepthwiseConv2DWeights<KH, KW, C, M, BIAS>, (), i8, i32> for DepthwiseConv2D
{
    fn forward_in_place(
        &self,
        weights: &int8::DepthwiseConv2DWeights<KH, KW, C, M, BIAS>,
        y: &mut [i8],
        (): (),
        scratch: &mut [i32],
    ) {
        self.int8(weights.zero_point, weights.range)
            .forward_in_place(y, weights.filters(), scratch);
    }
}

impl Int8Layer for DepthwiseConv2D {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::Depthwise {
            input: self.depthwise.input,
            window: self.depthwise.window,
            multiplier: self.depthwise.multiplier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerData;
    use crate::testing::check_operation;

    #[track_caller]
    fn check<W: LayerData>(layer: DepthwiseConv2D, output: [usize; 2])
    where
        DepthwiseConv2D: Operation<W>,
    {
        let Depthwise {
            input,
            multiplier,
            window,
        } = layer.depthwise;
        assert_eq!(window.output(input[0], input[1]), output);
        let outputs = output[0] * output[1] * input[2] * multiplier;
        check_operation::<W, _>(&layer, input.iter().product(), outputs, 0).unwrap();
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = DepthwiseConv2D::new([5, 7, 3], 1, [3, 3]).activation(Activation::Tanh);
        check::<DepthwiseConv2DWeights<3, 3, 3, 1, 3>>(layer, [3, 5]);
    }

    #[test]
    fn gradients_of_many_channels_match() {
        let layer = DepthwiseConv2D::new([2, 3, 43], 1, [2, 2]).padding(Padding::Same);
        check::<DepthwiseConv2DWeights<2, 2, 43, 1, 43>>(layer, [2, 3]);
    }

    #[test]
    fn gradients_with_padding_on_one_side_match() {
        let layer = DepthwiseConv2D::new([6, 4, 1], 3, [3, 3])
            .strides([2, 2])
            .padding(Padding::Same)
            .activation(Activation::Sigmoid);
        check::<DepthwiseConv2DWeights<3, 3, 1, 3, 3>>(layer, [3, 2]);
    }

    #[test]
    fn gradients_of_windows_that_are_not_square_match() {
        let layer = DepthwiseConv2D::new([4, 6, 2], 2, [2, 4])
            .strides([1, 3])
            .padding(Padding::Same);
        check::<DepthwiseConv2DWeights<2, 4, 2, 2, 0>>(layer, [4, 2]);
    }

    #[test]
    fn gradients_of_dilated_windows_match() {
        let layer = DepthwiseConv2D::new([7, 6, 2], 1, [3, 2]).dilation([2, 3]);
        check::<DepthwiseConv2DWeights<3, 2, 2, 1, 2>>(layer, [3, 3]);
        let layer = DepthwiseConv2D::new([7, 6, 2], 1, [3, 2])
            .strides([2, 1])
            .dilation([3, 2])
            .padding(Padding::Same);
        check::<DepthwiseConv2DWeights<3, 2, 2, 1, 2>>(layer, [4, 6]);
    }

    #[test]
    fn gradients_of_a_window_larger_than_the_image_match() {
        let layer = DepthwiseConv2D::new([2, 3, 2], 1, [5, 5]).padding(Padding::Same);
        check::<DepthwiseConv2DWeights<5, 5, 2, 1, 2>>(layer, [2, 3]);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        type Weights = DepthwiseConv2DWeights<3, 3, 43, 1, 43>;
        let layer = DepthwiseConv2D::new([19, 17, 43], 1, [3, 3])
            .strides([2, 1])
            .padding(Padding::Same);
        let run = |threads| -> Vec<u32> {
            let mut weights = Weights::zeroed();
            layer.init(&mut weights, &mut crate::rng::Seed(1).rng());
            let (input, output) = (21 * 19 * 17 * 43, 21 * 10 * 17 * 43);
            let x: Vec<f32> = (0..input)
                .map(|i| (i * 7919 % 1009) as f32 / 500.0)
                .collect();
            let mut dy: Vec<f32> = (0..output).map(|i| (i * 31 % 97) as f32 - 48.0).collect();
            let (mut y, mut dx, mut gradient) =
                (vec![0.0; output], vec![0.0; input], Weights::zeroed());
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| {
                layer.forward(&*weights, &x, &mut y, ());
                let pass = Pass {
                    x: &x[..],
                    y: &y[..],
                    saved: (),
                    dy: &mut dy[..],
                    dx: Some(&mut dx[..]),
                    accumulate: false,
                };
                layer.backward(&weights, pass, Gradient::of_layer(&mut *gradient));
            });
            let all = y.iter().chain(&dx).chain(gradient.as_slice());
            all.map(|value| value.to_bits()).collect()
        };
        let one = run(1);
        assert!(one == run(2));
        assert!(one == run(5));
    }
}
