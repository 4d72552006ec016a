//! Two-dimensional convolution of each channel alone, then of all channels in each pixel.

use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::{self, Depthwise, Kernels, Separable};
use crate::layer::{Forward, Operation, Pass, weights};
use crate::rng::{LayerStep, Rng};
use crate::shape::{Padding, Window};

/// Two-dimensional depthwise separable convolution.
///
/// `z[i, j, c·M + m] = Σ x[i·s + u·d − p, j·s + v·d − p, c] · D[u, v, c, m]` over the window (u, v), and
/// `y[i, j, o] = activation(b[o] + Σ z[i, j, k] · P[k, o])` over all k. Chollet (2017). Initialised by
/// Glorot & Bengio (2010), eq. 16.
///
/// # Arguments
/// - `filters`: the number of output channels.
/// - `kernel_size`: rows and columns of the window, `3x3` or `3`.
/// - `strides = 1`: rows and columns from one window to the next, `2x2` or `2`.
/// - `padding = valid`: `valid` adds nothing at the border; `same` adds zeros, so that strides of 1 keep the size.
/// - `dilation_rate = 1`: the distance between two pixels of the window.
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
/// input `[H][W][C]`, depthwise kernel `[KH][KW][C][M]`, pointwise kernel `[1][1][C * M][OUT]`, bias
/// `[OUT]`, output `[OH][OW][OUT]` with `OH` and `OW` by [`Window::output`]; saves `OH * OW * C * M`
/// values
///
/// # Cost
/// `OH * OW * C * M * (KH * KW + OUT)` multiply-adds;
/// `4 * (C * M * (KH * KW + OUT) + OUT)` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 3) => SeparableConv2D(8, 3x3, same, relu) => GlobalAveragePooling2D => Dense(10) }
/// assert_eq!(Net::PARAMS, 3 * 3 * 3 + 3 * 8 + 8 + 9 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SeparableConv2D {
    separable: Separable,
    activation: Activation,
    depthwise_initializer: Initializer,
    pointwise_initializer: Initializer,
    bias_initializer: Initializer,
}

weights! {
    /// The numbers of a [`SeparableConv2D`], in Keras's order; `CM` is `C * M`, and `BIAS` is `OUT`, or 0
    /// without a bias.
    pub struct SeparableConv2DWeights<const KH: usize, const KW: usize, const C: usize, const M: usize, const CM: usize, const OUT: usize, const BIAS: usize> {
        /// The weight of each tap of the window, for each channel and each of its outputs.
        pub depthwise_kernel: [[[[f32; M]; C]; KW]; KH],
        /// The weight of each of those in each output.
        pub pointwise_kernel: [[[[f32; OUT]; CM]; 1]; 1],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl SeparableConv2D {
    /// A layer over images of `input` height, width and channels, each of which leads to
    /// `depth_multiplier` values before the channels are summed, with Keras's defaults: strides and
    /// dilation 1, no padding, linear, Glorot uniform kernels, zero bias.
    pub const fn new(
        input: [usize; 3],
        filters: usize,
        depth_multiplier: usize,
        kernel_size: [usize; 2],
    ) -> Self {
        Self {
            separable: Separable {
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
                filters,
            },
            activation: Activation::Linear,
            depthwise_initializer: Initializer::GLOROT_UNIFORM,
            pointwise_initializer: Initializer::GLOROT_UNIFORM,
            bias_initializer: Initializer::ZEROS,
        }
    }

    /// Sets the rows and columns from one window to the next.
    pub const fn strides(mut self, strides: [usize; 2]) -> Self {
        self.separable.depthwise.window.strides = strides;
        self
    }

    /// Sets what happens at the border.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.separable.depthwise.window.padding = padding;
        self
    }

    /// Sets the distance between two taps of the window.
    pub const fn dilation(mut self, dilation: [usize; 2]) -> Self {
        self.separable.depthwise.window.dilation = dilation;
        self
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets how the depthwise kernel is drawn.
    pub const fn depthwise_initializer(mut self, initializer: Initializer) -> Self {
        self.depthwise_initializer = initializer;
        self
    }

    /// Sets how the pointwise kernel is drawn.
    pub const fn pointwise_initializer(mut self, initializer: Initializer) -> Self {
        self.pointwise_initializer = initializer;
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = initializer;
        self
    }
}

impl<
    const KH: usize,
    const KW: usize,
    const C: usize,
    const M: usize,
    const CM: usize,
    const OUT: usize,
    const BIAS: usize,
> Forward<SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>> for SeparableConv2D
{
    fn forward(
        &self,
        weights: &SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>,
        x: &[f32],
        y: &mut [f32],
        (): (),
    ) {
        self.separable
            .forward(x, kernels_of(weights), &weights.bias, y, self.activation);
    }
}

impl<
    const KH: usize,
    const KW: usize,
    const C: usize,
    const M: usize,
    const CM: usize,
    const OUT: usize,
    const BIAS: usize,
> Operation<SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>, f32, f32, (), f32>
    for SeparableConv2D
{
    fn init(
        &self,
        weights: &mut SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>,
        rng: &mut Rng,
    ) {
        let depthwise = flat_mut(&mut weights.depthwise_kernel);
        self.depthwise_initializer
            .fill(depthwise, &[KH, KW, C, M], rng);
        let pointwise = flat_mut(&mut weights.pointwise_kernel);
        self.pointwise_initializer
            .fill(pointwise, &[1, 1, CM, OUT], rng);
        self.bias_initializer.fill(&mut weights.bias, &[BIAS], rng);
    }

    fn forward_training(
        &self,
        weights: &SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>,
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        _step: LayerStep<'_>,
    ) {
        let kernels = kernels_of(weights);
        let depthwise = &self.separable.depthwise;
        depthwise.forward(x, kernels.depthwise, &[], saved, Activation::Linear);
        let sizes = [CM, OUT];
        kernels::dense(
            saved,
            kernels.pointwise,
            &weights.bias,
            y,
            sizes,
            kernels::Epilogue::new(self.activation),
        );
    }

    fn backward(
        &self,
        weights: &SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>,
        pass: Pass<'_, f32, f32, f32>,
        gradient: Gradient<'_>,
    ) {
        kernels::activation_gradient(self.activation, pass.y, pass.dy, OUT);
        let gradient = gradient.of::<SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>>();
        let ddepthwise = gradient.map(|gradient| {
            let dpointwise = flat_mut(&mut gradient.pointwise_kernel);
            let (halfway, adds) = (&*pass.saved, pass.accumulate);
            kernels::dense_weight_gradient(halfway, pass.dy, dpointwise, CM, OUT, adds);
            kernels::column_sums(pass.dy, &mut gradient.bias, OUT, adds);
            flat_mut(&mut gradient.depthwise_kernel)
        });
        self.separable.depthwise_gradient(
            pass.x,
            pass.dy,
            kernels_of(weights),
            ddepthwise,
            pass.dx,
            pass.accumulate,
        );
    }
}

fn kernels_of<
    const KH: usize,
    const KW: usize,
    const C: usize,
    const M: usize,
    const CM: usize,
    const OUT: usize,
    const BIAS: usize,
>(
    weights: &SeparableConv2DWeights<KH, KW, C, M, CM, OUT, BIAS>,
) -> Kernels<&[f32]> {
    Kernels {
        depthwise: flat(&weights.depthwise_kernel),
        pointwise: flat(&weights.pointwise_kernel),
    }
}

fn flat<const A: usize, const B: usize, const C: usize, const D: usize>(
    kernel: &[[[[f32; D]; C]; B]; A],
) -> &[f32] {
    kernel.as_flattened().as_flattened().as_flattened()
}

fn flat_mut<const A: usize, const B: usize, const C: usize, const D: usize>(
    kernel: &mut [[[[f32; D]; C]; B]; A],
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
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    #[track_caller]
    fn check<W: LayerData>(layer: SeparableConv2D, output: [usize; 2])
    where
        SeparableConv2D: Operation<W, f32, f32, (), f32>,
    {
        let Separable { depthwise, filters } = layer.separable;
        let [height, width, channels] = depthwise.input;
        assert_eq!(depthwise.window.output(height, width), output);
        let pixels = output[0] * output[1];
        let (input, between) = (height * width * channels, channels * depthwise.multiplier);
        check_operation::<W, _>(&layer, input, pixels * filters, pixels * between).unwrap();

        let mut weights = W::zeroed();
        layer.init(&mut weights, &mut Seed(1).rng());
        let x: Vec<f32> = (0..2 * input).map(|i| (i * 7 % 11) as f32 / 8.0).collect();
        let (mut y, mut trained) = (
            vec![f32::NAN; 2 * pixels * filters],
            vec![f32::NAN; 2 * pixels * filters],
        );
        let mut saved = vec![f32::NAN; 2 * pixels * between];
        let step = Step::new(Seed(1), 0);
        layer.forward(&weights, &x, &mut y, ());
        layer.forward_training(&weights, &x, &mut trained, (), &mut saved, step.layer(0));
        assert_eq!(y, trained);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = SeparableConv2D::new([5, 7, 3], 2, 1, [3, 3]).activation(Activation::Tanh);
        check::<SeparableConv2DWeights<3, 3, 3, 1, 3, 2, 2>>(layer, [3, 5]);
    }

    #[test]
    fn gradients_with_padding_on_one_side_match() {
        let layer = SeparableConv2D::new([6, 4, 2], 3, 2, [3, 3])
            .strides([2, 2])
            .padding(Padding::Same)
            .activation(Activation::Sigmoid);
        check::<SeparableConv2DWeights<3, 3, 2, 2, 4, 3, 3>>(layer, [3, 2]);
    }

    #[test]
    fn gradients_of_dilated_windows_that_are_not_square_match() {
        let layer = SeparableConv2D::new([7, 6, 1], 5, 1, [3, 2]).dilation([2, 3]);
        check::<SeparableConv2DWeights<3, 2, 1, 1, 1, 5, 0>>(layer, [3, 3]);
    }
}
