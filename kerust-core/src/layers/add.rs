//! Sum of several inputs.

use super::int8;
use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::kernels::{self, Epilogue};
use crate::layer::{Forward, Fuse, InPlace, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};

/// Adds inputs of the same shape, value by value.
///
/// `y = x₀ + x₁ + ..`
///
/// # Shapes
/// inputs and output alike
///
/// # Cost
/// an addition for each value of each input after the first; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net {
///         let x = Input(8);
///         let a = x => Dense(16, relu);
///         let b = x => Dense(16, tanh);
///         Add(a, b) => Dense(3)
///     }
/// }
/// assert_eq!(Net::PARAMS, 2 * 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Add {
    activation: Activation,
}

impl Add {
    /// The layer, linear.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self {
            activation: Activation::Linear,
        }
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }
}

impl<const N: usize> Forward<(), [f32; N]> for Add {
    #[inline(always)]
    fn forward(&self, (): &(), x: [&[f32]; N], y: &mut [f32], (): ()) {
        kernels::sum(&x, y, self.activation);
    }
}

impl<const N: usize> Operation<(), [f32; N]> for Add {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; N]>, _: Gradient<'_>) {
        kernels::activation_gradient(self.activation, pass.y, pass.dy, 1);
        for dx in pass.dx.into_iter().flatten() {
            kernels::map(pass.dy, dx, |dy| dy);
        }
    }
}

impl<const N: usize> InPlace<(), [f32; N]> for Add {
    #[inline(always)]
    fn forward_in_place(&self, (): &(), y: &mut [f32], x: [&[f32]; N], (): ()) {
        kernels::sum_in_place(y, &x, self.activation);
    }
}

/// The other input stands where the product is written.
impl Fuse<()> for Add {
    #[inline(always)]
    fn fuse<'l>(&self, (): &(), before: Epilogue<'l>, _line: &'l mut [f32]) -> Epilogue<'l> {
        Epilogue {
            adds: true,
            activation: self.activation,
            ..before
        }
    }
}

impl Forward<int8::AddWeights, [i8; 2], i8> for Add {
    fn forward(&self, weights: &int8::AddWeights, [a, b]: [&[i8]; 2], y: &mut [i8], (): ()) {
        int8::add(weights).forward(a, b, y);
    }
}

impl InPlace<int8::AddWeights, i8, i8> for Add {
    fn forward_in_place(&self, weights: &int8::AddWeights, y: &mut [i8], x: &[i8], (): ()) {
        int8::add(weights).forward_in_place(y, x);
    }
}

impl Int8Layer for Add {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::Add
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        for layer in [Add::new(), Add::new().activation(Activation::Tanh)] {
            check_merge(&layer, [7, 7], 7).unwrap();
            check_merge(&layer, [5, 5, 5], 5).unwrap();
        }
    }

    #[test]
    fn the_first_input_may_be_overwritten() {
        let layer = Add::new().activation(Activation::Relu);
        let x: [Vec<f32>; 3] =
            [3.0, 5.0, 11.0].map(|by| (0..9000).map(|i| i as f32 % by - 6.0).collect());
        let (mut in_place, mut y) = (x[0].clone(), vec![f32::NAN; 9000]);
        layer.forward_in_place(&(), &mut in_place, [&x[1][..], &x[2]], ());
        layer.forward(&(), [&x[0][..], &x[1], &x[2]], &mut y, ());
        assert_eq!(in_place, y);
        let plain = |i: usize| (x[0][i] + x[1][i] + x[2][i]).max(0.0);
        assert!(y.iter().enumerate().all(|(i, y)| *y == plain(i)));
    }
}
