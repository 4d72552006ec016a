//! Compares every built-in layer with Keras: outputs, and the gradients of input and weights.

use crate::golden::{Tensors, assert_close};
use kerust::__private::memory::Memory;
use kerust::activation::Linear;
use kerust::gradient::Gradient;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::rng::Step;
use kerust::tensor::StaticShape;

/// Tolerances for `f32` sums in another order.
const TOLERANCE: f32 = 2e-5;

/// `y = x · scale + shift`, around the tested layer. Before it, the gradient of `shift` is the gradient of
/// the layer's input; after it, it keeps the layer's activation inside the model.
pub struct Probe;

macro_rules! probe {
    ($name:ident, $shape:ident, $array:ty, <$($size:ident),+>) => {
        #[derive(LayerData)]
        #[repr(C)]
        pub struct $name<$(const $size: usize),+> {
            scale: $array,
            shift: $array,
        }

        impl<$(const $size: usize),+> Build<$shape<$($size),+>> for Probe {
            type Layer = $name<$($size),+>;
        }

        impl<$(const $size: usize),+> Layer for $name<$($size),+> {
            type Input = $shape<$($size),+>;
            type Output = $shape<$($size),+>;

            fn init(&mut self, _rng: &mut Rng) {
                kerust::layer::LayerData::as_mut_slice(&mut self.scale).fill(1.0);
            }

            fn forward(&self, x: &[f32], y: &mut [f32]) {
                y.copy_from_slice(x);
            }

            fn backward(&self, _x: &[f32], _y: &[f32], dy: &[f32], dx: &mut [f32], gradient: &mut Self) {
                dx.copy_from_slice(dy);
                let shift = kerust::layer::LayerData::as_mut_slice(&mut gradient.shift);
                shift.iter_mut().zip(dy).for_each(|(shift, dy)| *shift += dy);
            }
        }
    };
}
probe!(Probe1, Rank1, [f32; N], <N>);
probe!(Probe2, Rank2, [[f32; W]; H], <H, W>);
probe!(Probe3, Rank3, [[[f32; C]; W]; H], <H, W, C>);
probe!(Probe4, Rank4, [[[[f32; C]; W]; H]; D], <D, H, W, C>);

/// Compares the model `Probe => layer => Probe` with the golden values of `case` in a file.
pub fn check<M, X, S>(file: &str, case: &str)
where
    M: Train<Input = X, Heads = Head<Linear, S>>,
    X: StaticShape,
    S: StaticShape,
{
    let golden = Tensors::open(file);
    let tensor = |name: &str| golden.find(&format!("{case}.{name}"));
    // By name, or by number in Keras's order.
    let all = |names: [&str; 3]| -> Vec<f32> {
        let [kernel, bias, number] = names;
        let numbered = (0..8).filter_map(|place| tensor(&format!("{number}{place}")));
        let named = [tensor(kernel), tensor(bias)].into_iter().flatten();
        named.chain(numbered).flatten().collect()
    };
    let (x, y) = (tensor("x").unwrap(), tensor("y").unwrap());
    let batch = x.len() / X::LEN;

    let mut net = M::zeroed();
    let weights = all(["kernel", "bias", "w"]);
    net.as_mut_slice()[2 * X::LEN..][..weights.len()].copy_from_slice(&weights);

    let mut arena = vec![0.0; batch * M::ARENA_LEN];
    let mut found = vec![f32::NAN; batch * S::LEN];
    net.logits(&x, &mut Memory::new(&mut arena, batch), &mut found);
    assert_close(&format!("{case}.y"), &found, &y, TOLERANCE);

    let (Some(dy), Some(dx)) = (tensor("dy"), tensor("dx")) else {
        return;
    };
    let step = Step::new(Seed(1), 0);
    let mut training = vec![f32::NAN; M::TRAINING_LEN];
    let mut memory = Memory::new(&mut training, 1);
    let mut sums = vec![0.0; M::LAYOUT.len()];
    for sample in 0..batch {
        let (input, output) = (&x[sample * X::LEN..][..X::LEN], sample * S::LEN);
        net.forward_training(input, &mut memory, step);
        M::heads(&mut memory)
            .gradient
            .copy_from_slice(&dy[output..][..S::LEN]);
        let mut gradient = M::zeroed();
        let all = Gradient::of_layer(&mut *gradient);
        net.backward(input, &mut memory, all, None, false);
        let found = &gradient.as_slice()[X::LEN..2 * X::LEN];
        let name = format!("{case}.dx of sample {sample}");
        assert_close(&name, found, &dx[sample * X::LEN..][..X::LEN], TOLERANCE);
        sums.iter_mut()
            .zip(gradient.as_slice())
            .for_each(|(sum, part)| *sum += part);
    }
    let expected = all(["d_kernel", "d_bias", "d_w"]);
    let found = &sums[2 * X::LEN..][..expected.len()];
    assert_close(&format!("{case}.d_weights"), found, &expected, TOLERANCE);
}

macro_rules! equal_keras {
    ($file:literal: $($case:ident: $input:ident $sizes:tt => $($layer:ident $(($($argument:tt)*))?)=>+;)+) => {$(
        mod $case {
            use super::*;

            model! { Net: $input $sizes => Probe => $($layer $(($($argument)*))? =>)+ Probe }

            #[test]
            fn equals_keras() {
                check::<Net, _, _>($file, stringify!($case));
            }
        }
    )+};
}

pub(crate) use equal_keras;

equal_keras! {
    "layers.safetensors":
    dense_linear: Input(7) => Dense(5);
    dense_relu: Input(7) => Dense(5, relu);
    dense_no_bias: Input(7) => Dense(5, use_bias = false);
    activation_linear: Input(11) => Activation(linear);
    activation_relu: Input(11) => Activation(relu);
    activation_relu6: Input(11) => Activation(relu6);
    activation_leaky_relu: Input(11) => Activation(leaky_relu);
    activation_elu: Input(11) => Activation(elu);
    activation_selu: Input(11) => Activation(selu);
    activation_celu: Input(11) => Activation(celu);
    activation_gelu: Input(11) => Activation(gelu);
    activation_silu: Input(11) => Activation(silu);
    activation_sigmoid: Input(11) => Activation(sigmoid);
    activation_hard_sigmoid: Input(11) => Activation(hard_sigmoid);
    activation_hard_silu: Input(11) => Activation(hard_silu);
    activation_tanh: Input(11) => Activation(tanh);
    activation_softplus: Input(11) => Activation(softplus);
    activation_softsign: Input(11) => Activation(softsign);
    activation_softmax: Input(11) => Activation(softmax);
    activation_log_softmax: Input(11) => Activation(log_softmax);
    activation_exponential: Input(11) => Activation(exponential);
    activation_mish: Input(11) => Activation(mish);
    extreme_sigmoid: Input(4) => Activation(sigmoid);
    extreme_softplus: Input(4) => Activation(softplus);
    extreme_softmax: Input(4) => Activation(softmax);
    extreme_log_softmax: Input(4) => Activation(log_softmax);
    extreme_mish: Input(4) => Activation(mish);
    extreme_tanh: Input(4) => Activation(tanh);
    extreme_exponential: Input(4) => Activation(exponential);
    softmax: Input(6) => Softmax;
    relu: Input(8) => ReLU;
    relu_capped: Input(11) => ReLU(max_value = 6.0, negative_slope = 0.1, threshold = 0.5);
    leaky_relu: Input(11) => LeakyReLU;
    leaky_relu_slope: Input(11) => LeakyReLU(0.1);
    conv2d_same_3x3: Input(7, 5, 3) => Conv2D(4, 3x3, same);
    conv2d_valid_3x3: Input(7, 5, 3) => Conv2D(4, 3x3);
    conv2d_stride2_same_even: Input(8, 6, 2) => Conv2D(3, 3x3, strides = 2, same);
    conv2d_stride2_same_odd: Input(7, 5, 2) => Conv2D(3, 3x3, strides = 2, same);
    conv2d_stride2_valid: Input(8, 7, 2) => Conv2D(3, 3x3, strides = 2x2, valid);
    conv2d_stride_2x1_valid: Input(8, 7, 2) => Conv2D(3, 3x3, strides = 2x1);
    conv2d_kernel_2x4_same: Input(6, 7, 2) => Conv2D(3, 2x4, same);
    conv2d_kernel_1x1: Input(4, 5, 3) => Conv2D(5, 1x1);
    conv2d_kernel_5x5_same_on_4x4: Input(4, 4, 2) => Conv2D(3, 5x5, same);
    conv2d_dilation2_same: Input(9, 9, 2) => Conv2D(3, 3x3, same, dilation_rate = 2);
    conv2d_dilation2_valid: Input(9, 9, 2) => Conv2D(3, 3x3, dilation_rate = 2x2);
    conv2d_groups2: Input(6, 5, 4) => Conv2D(6, 3x3, same, groups = 2);
    conv2d_one_channel: Input(6, 5, 1) => Conv2D(1, 3x3, same);
    conv2d_no_bias: Input(5, 5, 2) => Conv2D(4, 3x3, same, use_bias = false);
    conv2d_relu: Input(5, 5, 2) => Conv2D(4, 3x3, same, activation = relu);
    max_pooling2d_2x2_valid_even: Input(6, 6, 3) => MaxPooling2D(2x2);
    max_pooling2d_2x2_valid_odd: Input(7, 5, 3) => MaxPooling2D;
    max_pooling2d_3x3_stride2_same: Input(7, 8, 3) => MaxPooling2D(3x3, strides = 2, same);
    max_pooling2d_2x2_stride1_same: Input(5, 6, 3) => MaxPooling2D(2, strides = 1, same);
    max_pooling2d_ties: Input(7, 6, 2) => MaxPooling2D(3x3, strides = 2x2, same);
    average_pooling2d_2x2_valid_even: Input(6, 6, 3) => AveragePooling2D(2x2);
    average_pooling2d_2x2_valid_odd: Input(7, 5, 3) => AveragePooling2D(2x2);
    average_pooling2d_3x3_stride2_same: Input(7, 8, 3) => AveragePooling2D(3x3, 2x2, same);
    average_pooling2d_2x2_stride1_same: Input(5, 6, 3) => AveragePooling2D(2x2, 1, same);
    global_average_pooling2d: Input(5, 4, 3) => GlobalAveragePooling2D;
    flatten: Input(3, 4, 2) => Flatten;
    reshape: Input(3, 4, 2) => Reshape(4, -1);
    rescaling: Input(3, 4, 2) => Rescaling(1.0 / 127.5, -1.0);
    resizing_bilinear_down: Input(6, 8, 3) => Resizing(4, 5);
    resizing_bilinear_up: Input(6, 8, 3) => Resizing(9, 13);
    resizing_nearest_down: Input(6, 8, 3) => Resizing(4, 5, interpolation = nearest);
}
