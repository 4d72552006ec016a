//! Activation functions, with Keras's names, defaults and formulas.
//!
//! Every function is computed by plain arithmetic that compilers must not reorder or fuse. So its results are
//! the same on every target, and a loop of it is vectorized: `exp.rs`, `tanh.rs`, `log1p.rs`, `normal.rs`.

#[cfg(test)]
mod accuracy;
mod exp;
mod function;
mod head;
mod log1p;
mod normal;
mod own;
mod tanh;

use crate::kernels::vectorized;
pub(crate) use exp::{exp, exp_m1};
use function::slope_of_y;
pub(crate) use function::value::{elu, sigmoid};
pub(crate) use function::{slope_of_x, value};
pub use head::*;
pub use own::PointwiseActivation;
pub(crate) use tanh::tanh;

/// The number of partial sums of a row.
const LANES: usize = 16;

/// An activation function, with Keras's defaults.
///
/// # Shapes
/// The output has the shape of the input. [`Softmax`](Self::Softmax) and [`LogSoftmax`](Self::LogSoftmax) are
/// computed over the last axis, all others for each value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Activation {
    /// `y = x`
    Linear,
    /// `y = max(x, 0)`
    Relu,
    /// `y = min(max(x, 0), 6)`
    Relu6,
    /// `y = x` if `x > 0`, otherwise `0.2 * x`
    LeakyRelu,
    /// `y = x` if `x > 0`, otherwise `exp(x) - 1`: Clevert et al. (2016), with alpha 1
    Elu,
    /// `y = s * x` if `x > 0`, otherwise `s * a * (exp(x) - 1)`, with `s` = 1.0507 and `a` = 1.6733:
    /// Klambauer et al. (2017)
    Selu,
    /// `y = max(x, 0) + min(0, exp(x) - 1)`: Barron (2017). With Keras's alpha of 1 it equals `Elu`.
    Celu,
    /// `y = x * (1 + erf(x / √2)) / 2`: Hendrycks & Gimpel (2016), exact, not the approximation with tanh
    Gelu,
    /// `y = x / (1 + exp(-x))`, also called swish
    Silu,
    /// `y = 1 / (1 + exp(-x))`
    Sigmoid,
    /// `y = min(max(x + 3, 0), 6) / 6`
    HardSigmoid,
    /// `y = x * min(max(x + 3, 0), 6) / 6`, also called hard swish
    HardSilu,
    /// `y = tanh(x)`
    Tanh,
    /// `y = ln(1 + exp(x))`
    Softplus,
    /// `y = x / (1 + |x|)`
    Softsign,
    /// `y_i = exp(x_i) / Σ exp(x_j)` over the last axis
    Softmax,
    /// `y_i = x_i - ln Σ exp(x_j)` over the last axis
    LogSoftmax,
    /// `y = exp(x)`
    Exponential,
    /// `y = x * tanh(ln(1 + exp(x)))`: Misra (2020)
    Mish,
}

impl Activation {
    /// Keras's name for each activation, in the order of the variants.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("linear", Self::Linear),
        ("relu", Self::Relu),
        ("relu6", Self::Relu6),
        ("leaky_relu", Self::LeakyRelu),
        ("elu", Self::Elu),
        ("selu", Self::Selu),
        ("celu", Self::Celu),
        ("gelu", Self::Gelu),
        ("silu", Self::Silu),
        ("sigmoid", Self::Sigmoid),
        ("hard_sigmoid", Self::HardSigmoid),
        ("hard_silu", Self::HardSilu),
        ("tanh", Self::Tanh),
        ("softplus", Self::Softplus),
        ("softsign", Self::Softsign),
        ("softmax", Self::Softmax),
        ("log_softmax", Self::LogSoftmax),
        ("exponential", Self::Exponential),
        ("mish", Self::Mish),
    ];

    /// Whether the activation is elementwise and its gradient can be computed from its output, so that a
    /// layer can apply it in place.
    pub const fn from_output(self) -> bool {
        !self.needs_input() && !matches!(self, Self::Softmax | Self::LogSoftmax)
    }

    /// Whether the gradient cannot be computed from the output.
    pub const fn needs_input(self) -> bool {
        matches!(self, Self::Gelu | Self::Silu | Self::HardSilu | Self::Mish)
    }

    /// Applies the activation in place. `features` is the size of the last axis.
    pub fn apply(self, values: &mut [f32], features: usize) {
        match self {
            Self::Linear => {}
            Self::Relu => map(values, value::relu),
            Self::Relu6 => map(values, value::relu6),
            Self::LeakyRelu => map(values, value::leaky_relu),
            Self::Elu | Self::Celu => map(values, elu),
            Self::Selu => map(values, value::selu),
            Self::Gelu => map(values, value::gelu),
            Self::Silu => map(values, value::silu),
            Self::Sigmoid => map(values, sigmoid),
            Self::HardSigmoid => map(values, value::hard_sigmoid),
            Self::HardSilu => map(values, value::hard_silu),
            Self::Tanh => map(values, tanh),
            Self::Softplus => map(values, value::softplus),
            Self::Softsign => map(values, value::softsign),
            Self::Softmax => softmax(values, features),
            Self::LogSoftmax => rows_mut(values, features).for_each(log_softmax),
            Self::Exponential => map(values, exp),
            Self::Mish => map(values, value::mish),
        }
    }

    /// Replaces the gradient of the activations by that of the pre-activations, using only the activations.
    ///
    /// # Panics
    /// Panics for `Gelu`, `Silu`, `HardSilu` and `Mish`, whose gradient cannot be computed from their output.
    pub fn backward(self, y: &[f32], dy: &mut [f32], features: usize) {
        match self {
            Self::Linear => {}
            Self::Relu => scale(y, dy, slope_of_y::relu),
            Self::Relu6 => scale(y, dy, slope_of_y::relu6),
            Self::LeakyRelu => scale(y, dy, slope_of_y::leaky_relu),
            Self::Elu | Self::Celu => scale(y, dy, slope_of_y::elu),
            Self::Selu => scale(y, dy, slope_of_y::selu),
            Self::Sigmoid => scale(y, dy, slope_of_y::sigmoid),
            Self::HardSigmoid => scale(y, dy, slope_of_y::hard_sigmoid),
            Self::Tanh => scale(y, dy, slope_of_y::tanh),
            Self::Softplus => scale(y, dy, slope_of_y::softplus),
            Self::Softsign => scale(y, dy, slope_of_y::softsign),
            Self::Exponential => scale(y, dy, |y| y),
            Self::Softmax => rows(y, dy, features, softmax_backward),
            Self::LogSoftmax => rows(y, dy, features, log_softmax_backward),
            Self::Gelu | Self::Silu | Self::HardSilu | Self::Mish => {
                panic!("the gradient of this activation needs the input: `backward_from_input`")
            }
        }
    }

    /// Writes the gradient of the pre-activations `x` to `dx`. It works for every activation.
    pub fn backward_from_input(
        self,
        x: &[f32],
        y: &[f32],
        dy: &[f32],
        dx: &mut [f32],
        features: usize,
    ) {
        dx.copy_from_slice(dy);
        self.backward_in_place(x, y, dx, features);
    }

    /// [`backward_from_input`](Self::backward_from_input) in place. `x` is not read if the gradient follows
    /// from the output.
    pub(crate) fn backward_in_place(self, x: &[f32], y: &[f32], dy: &mut [f32], features: usize) {
        match self {
            Self::Gelu => scale(x, dy, slope_of_x::gelu),
            Self::Silu => scale(x, dy, slope_of_x::silu),
            Self::HardSilu => scale(x, dy, slope_of_x::hard_silu),
            Self::Mish => scale(x, dy, slope_of_x::mish),
            _ => self.backward(y, dy, features),
        }
    }
}

fn rows_mut(values: &mut [f32], features: usize) -> impl Iterator<Item = &mut [f32]> {
    values.chunks_exact_mut(features.max(1))
}

/// Not inlined, so that all layers with the same activation share one loop.
#[inline(never)]
fn map(values: &mut [f32], function: impl Fn(f32) -> f32) {
    let each = values.iter_mut();
    vectorized(
        #[inline(always)]
        || each.for_each(|value| *value = function(*value)),
    );
}

fn scale(at: &[f32], gradient: &mut [f32], slope: impl Fn(f32) -> f32) {
    let pairs = gradient.iter_mut().zip(at);
    vectorized(
        #[inline(always)]
        || pairs.for_each(|(gradient, at)| *gradient *= slope(*at)),
    );
}

fn rows(y: &[f32], dy: &mut [f32], features: usize, backward: impl Fn(&[f32], &mut [f32])) {
    let pairs = dy.chunks_exact_mut(features).zip(y.chunks_exact(features));
    pairs.for_each(|(dy, y)| backward(y, dy));
}

/// In separate passes over all rows, since the exponential of many values is faster than that of one row.
#[inline(never)]
fn softmax(values: &mut [f32], features: usize) {
    for row in rows_mut(values, features) {
        let peak = peak(row);
        row.iter_mut().for_each(|value| *value -= peak);
    }
    map(values, exp);
    for row in rows_mut(values, features) {
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
    }
}

#[inline(never)]
fn log_softmax(values: &mut [f32]) {
    let peak = peak(values);
    // Several partial sums, which are added in order, because a single sum would not be vectorized.
    let mut sums = [0.0; LANES];
    let lanes = &mut sums;
    vectorized(
        #[inline(always)]
        || {
            for values in values.chunks(LANES) {
                let pairs = lanes.iter_mut().zip(values);
                pairs.for_each(|(sum, value)| *sum += exp(value - peak));
            }
        },
    );
    let sum: f32 = sums.iter().sum();
    // In two steps: `peak + ln(sum)` would lose the digits of the logarithm if the peak is large.
    let log_sum = libm::logf(sum);
    map(values, |value| value - peak - log_sum);
}

/// The maximum, which is subtracted first, because exp(89.0) overflows f32.
fn peak(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

fn softmax_backward(y: &[f32], dy: &mut [f32]) {
    let dot: f32 = dy.iter().zip(y).map(|(dy, y)| dy * y).sum();
    let pairs = dy.iter_mut().zip(y);
    pairs.for_each(|(dy, y)| *dy = y * (*dy - dot));
}

fn log_softmax_backward(y: &[f32], dy: &mut [f32]) {
    let sum: f32 = dy.iter().sum();
    let pairs = dy.iter_mut().zip(y);
    pairs.for_each(|(dy, y)| *dy -= exp(*y) * sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(activation: Activation, x: &[f32]) -> Vec<f32> {
        let mut y = x.to_vec();
        activation.apply(&mut y, x.len());
        y
    }

    #[test]
    fn values_are_those_of_the_formulas() {
        use Activation::*;
        // Computed in float64 from the formulas, at -2, -0.5 and 1.5.
        let cases = [
            (Linear, [-2.0, -0.5, 1.5]),
            (Relu, [0.0, 0.0, 1.5]),
            (Relu6, [0.0, 0.0, 1.5]),
            (LeakyRelu, [-0.4, -0.1, 1.5]),
            (Elu, [-0.864_664_7, -0.393_469_34, 1.5]),
            (Selu, [-1.520_166_9, -0.691_758_2, 1.576_051_5]),
            (Celu, [-0.864_664_7, -0.393_469_34, 1.5]),
            (Gelu, [-0.045_500_264, -0.154_268_77, 1.399_789_2]),
            (Silu, [-0.238_405_84, -0.188_770_33, 1.226_361_7]),
            (Sigmoid, [0.119_202_92, 0.377_540_67, 0.817_574_5]),
            (HardSigmoid, [1.0 / 6.0, 2.5 / 6.0, 0.75]),
            (HardSilu, [-1.0 / 3.0, -1.25 / 6.0, 1.125]),
            (Tanh, [-0.964_027_6, -0.462_117_16, 0.905_148_27]),
            (Softplus, [0.126_928_02, 0.474_077, 1.701_413_2]),
            (Softsign, [-2.0 / 3.0, -1.0 / 3.0, 0.6]),
            (Softmax, [0.025_908_65, 0.116_114_53, 0.857_976_8]),
            (LogSoftmax, [-3.653_178_2, -2.153_178_2, -0.153_178_15]),
            (Exponential, [0.135_335_28, 0.606_530_66, 4.481_689]),
            (Mish, [-0.252_501_5, -0.220_743_77, 1.403_378_3]),
        ];
        assert_eq!(cases.len(), Activation::NAMES.len());
        for (activation, expected) in cases {
            let found = applied(activation, &[-2.0, -0.5, 1.5]);
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-6,
                    "{activation:?}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn large_inputs_give_finite_values_and_gradients() {
        let x = [-80.0, 40.0, -12.0, 20.0, 12.0, -20.0, 80.0, -40.0];
        for &(name, activation) in Activation::NAMES {
            let y = applied(activation, &x);
            assert!(y.iter().all(|y| y.is_finite()), "{name}: {y:?}");
            let mut dx = [f32::NAN; 8];
            activation.backward_from_input(&x, &y, &[1.0; 8], &mut dx, 8);
            assert!(dx.iter().all(|dx| dx.is_finite()), "{name}: {dx:?}");
        }
        assert_eq!(
            applied(Activation::Softplus, &[200.0, -200.0]),
            [200.0, 0.0]
        );
        let logs = applied(Activation::LogSoftmax, &[0.0, -500.0]);
        assert_eq!(logs, [0.0, -500.0]);
    }

    #[test]
    fn vectors_give_the_bits_of_single_values() {
        type Scalar = fn(f32) -> f32;
        let cases: [(Activation, Scalar); 9] = [
            (Activation::Exponential, exp),
            (Activation::Tanh, tanh),
            (Activation::Sigmoid, sigmoid),
            (Activation::Elu, elu),
            (Activation::Selu, value::selu),
            (Activation::Gelu, value::gelu),
            (Activation::Silu, value::silu),
            (Activation::Softplus, value::softplus),
            (Activation::Mish, value::mish),
        ];
        let x: Vec<f32> = accuracy::numbers(-110.0..=110.0, 99_991).collect();
        for (activation, scalar) in cases {
            let mut y = x.clone();
            // The function pointer prevents the vectorization of the single values.
            let scalar = core::hint::black_box(scalar);
            activation.apply(&mut y, 1);
            for (x, y) in x.iter().zip(y) {
                assert_eq!(scalar(*x).to_bits(), y.to_bits(), "{activation:?} of {x}");
            }
        }
    }

    #[test]
    fn not_a_number_is_not_hidden() {
        for &(name, activation) in Activation::NAMES {
            assert!(applied(activation, &[f32::NAN])[0].is_nan(), "{name}");
        }
    }

    #[test]
    fn the_gradient_from_the_output_is_that_from_the_input() {
        let x = [-3.5f32, -1.0, -0.3, 0.4, 2.0, 5.0, 7.0];
        for &(name, activation) in Activation::NAMES {
            if !activation.from_output() {
                continue;
            }
            let y = applied(activation, &x);
            let mut dy = [1.0; 7];
            activation.backward(&y, &mut dy, 1);
            for (x, slope) in x.into_iter().zip(dy) {
                let ends = applied_to_each(activation, [x + 1e-3, x - 1e-3]);
                let expected = (ends[0] - ends[1]) / 2e-3;
                let gap = (slope - expected).abs();
                assert!(
                    gap < 2e-3 * (1.0 + slope),
                    "{name} at {x}: {slope} {expected}"
                );
            }
        }
    }

    fn applied_to_each<const N: usize>(activation: Activation, x: [f32; N]) -> [f32; N] {
        x.map(|x| applied(activation, &[x])[0])
    }

    #[test]
    fn names_stand_in_the_order_of_the_variants() {
        for (place, (name, activation)) in Activation::NAMES.iter().enumerate() {
            assert_eq!(*activation as usize, place);
            let camel: String = name
                .split('_')
                .map(|word| word[..1].to_uppercase() + &word[1..])
                .collect();
            assert_eq!(camel, format!("{activation:?}"));
        }
    }
}
