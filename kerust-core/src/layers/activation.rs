//! Activation layer.

use super::int8;
use crate::activation;
use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{BackwardInPlace, Forward, InPlace, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};

/// Applies an activation function.
///
/// `y = f(x)`. Most layers take an `activation` of their own; this one stands behind a merge, or behind a layer
/// without that argument.
///
/// # Arguments
/// - `activation`: the function, one of [`Activation::NAMES`](crate::activation::Activation::NAMES): `relu`,
///   `tanh`, ..., or one of Keras's other activations: `hard_tanh`, `celu(0.5)`, `sparsemax`, `glu`, ..., or the path of a
///   [custom one](crate::activation::PointwiseActivation): `own::Snake(2.0)`
///
/// # Shapes
/// output as input; softmax, log_softmax and sparsemax run over the last axis, of `features` values; glu halves it
///
/// # Cost
/// one evaluation of the function for each value
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(8) => Dense(16) => Activation(tanh) => Dense(3) }
/// assert_eq!(Net::PARAMS, 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Activation {
    activation: activation::Activation,
    features: usize,
}

impl Activation {
    /// The activation over values whose last axis has `features`.
    pub const fn new(activation: activation::Activation, features: usize) -> Self {
        Self {
            activation,
            features,
        }
    }
}

impl Forward<()> for Activation {
    fn forward(&self, _weights: &(), x: &[f32], y: &mut [f32], (): ()) {
        kernels::activated(self.activation, x, y, self.features);
    }
}

impl Operation<()> for Activation {
    fn backward(&self, _weights: &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            let values = [pass.x, pass.y, pass.dy];
            kernels::activated_gradient(self.activation, values, dx, self.features);
        }
    }
}

/// # Panics
/// With an activation whose gradient is not in its output: gelu, silu, hard_silu and mish.
impl BackwardInPlace<()> for Activation {
    fn backward_in_place(&self, (): &(), y: &[f32], dy: &mut [f32]) {
        kernels::activation_gradient(self.activation, y, dy, self.features);
    }
}

impl InPlace<()> for Activation {
    fn forward_in_place(&self, _weights: &(), y: &mut [f32], (): (), (): ()) {
        kernels::activate(self.activation, y, self.features);
    }
}

int8::tabulated!(Activation);

/// The activation is softmax.
impl Forward<int8::SoftmaxWeights, i8, i8> for Activation {
    fn forward(&self, weights: &int8::SoftmaxWeights, x: &[i8], y: &mut [i8], (): ()) {
        int8::softmax(weights, self.features).forward(x, y);
    }
}

/// The activation is softmax.
impl InPlace<int8::SoftmaxWeights, (), i8> for Activation {
    fn forward_in_place(&self, weights: &int8::SoftmaxWeights, y: &mut [i8], (): (), (): ()) {
        int8::softmax(weights, self.features).forward_in_place(y);
    }
}

impl Int8Layer for Activation {
    fn operation(&self) -> Int8Operation<'_> {
        match self.activation {
            activation::Activation::Softmax => Int8Operation::Softmax {
                classes: self.features,
            },
            activation::Activation::Sigmoid => Int8Operation::Sigmoid,
            activation::Activation::Tanh => Int8Operation::Tanh,
            _ => Int8Operation::Elementwise,
        }
    }

    fn value(&self, x: f32) -> f32 {
        let mut y = [x];
        self.activation.apply(&mut y, 1);
        y[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_in_place, check_operation};

    #[test]
    fn gradients_match_finite_differences() {
        use activation::Activation::{LeakyRelu, Relu, Relu6, Selu};
        for &(name, activation) in activation::Activation::NAMES {
            // The inputs lie in ±1, where these have a kink.
            if [LeakyRelu, Relu, Relu6, Selu].contains(&activation) {
                continue;
            }
            let layer = Activation::new(activation, 5);
            let gap = check_operation::<(), _>(&layer, 15, 15, 0);
            assert!(gap.is_ok(), "{name}: {gap:?}");
        }
    }

    #[test]
    fn the_input_may_be_overwritten() {
        for &(_, activation) in activation::Activation::NAMES {
            check_in_place(&Activation::new(activation, 5), &(), 5);
        }
    }

    #[test]
    fn gradients_of_kinked_functions_are_slopes_of_both_sides() {
        use activation::Activation::{LeakyRelu, Relu, Relu6, Selu};
        let x = [-2.0, 3.0, 7.0];
        for (activation, wanted) in [
            (Relu, [0.0, 1.0, 1.0]),
            (Relu6, [0.0, 1.0, 0.0]),
            (LeakyRelu, [0.2, 1.0, 1.0]),
            (Selu, [0.237_932_86, 1.050_701, 1.050_701]),
        ] {
            let layer = Activation::new(activation, 3);
            let (mut y, mut dx) = ([0.0; 3], [f32::NAN; 3]);
            layer.forward(&(), &x, &mut y, ());
            let pass = Pass {
                x: &x[..],
                y: &y[..],
                saved: (),
                dy: &mut [1.0; 3][..],
                dx: Some(&mut dx[..]),
                accumulate: false,
            };
            layer.backward(&(), pass, Gradient::none());
            for (found, wanted) in dx.iter().zip(wanted) {
                assert!((found - wanted).abs() < 1e-6, "{activation:?}: {dx:?}");
            }
        }
    }
}
