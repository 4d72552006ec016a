//! Minimum of several inputs.

use super::mask::MaskedSteps;
use super::maximum::{of_counted, to_first_counted_peak, to_first_peak};
use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, Operation, Pass};

/// Takes the minimum of inputs of the same shape, value by value.
///
/// `y = min(x₀, x₁, ..)`. Among equal values the first one takes the gradient, as in Keras on TensorFlow.
///
/// # Shapes
/// inputs and output alike
///
/// # Cost
/// a comparison for each value of each input after the first; no weights.
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
///         Minimum(a, b) => Dense(3)
///     }
/// }
/// assert_eq!(Net::PARAMS, 2 * 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Minimum;

impl Minimum {
    /// The layer; it has no configuration.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }
}

impl<const N: usize> Forward<(), [f32; N]> for Minimum {
    fn forward(&self, (): &(), x: [&[f32]; N], y: &mut [f32], (): ()) {
        let Some((first, rest)) = x.split_first() else {
            return y.fill(f32::INFINITY);
        };
        kernels::copy(first, y);
        rest.iter().for_each(|x| lower(y, x));
    }
}

impl<const N: usize> Operation<(), [f32; N]> for Minimum {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; N]>, _: Gradient<'_>) {
        to_first_peak(pass);
    }
}

/// `y = min(y, x)`. NaN stays, and of equals the first: their zeros may have different signs.
fn lower(y: &mut [f32], x: &[f32]) {
    let pairs = y.iter_mut().zip(x);
    pairs.for_each(|(y, x)| *y = if *x < *y || x.is_nan() { *x } else { *y });
}

/// [`Minimum`] of sequences with masks, as in Keras: what a mask leaves out is ignored; where all do, the first input is taken.
#[derive(Clone, Copy, Debug)]
pub struct MaskedMinimum;

impl<const N: usize> Forward<(), ([f32; N], [u8; N])> for MaskedMinimum {
    fn forward(&self, (): &(), (x, masks): ([&[f32]; N], [&[u8]; N]), y: &mut [f32], (): ()) {
        of_counted(&MaskedSteps::new(x, masks), y, lower);
    }
}

impl<const N: usize> Operation<(), ([f32; N], [u8; N])> for MaskedMinimum {
    fn backward(&self, (): &(), pass: Pass<'_, ([f32; N], [u8; N])>, _: Gradient<'_>) {
        to_first_counted_peak(pass);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Minimum::new(), [7, 7], 7).unwrap();
        check_merge(&Minimum::new(), [5, 5, 5], 5).unwrap();
    }

    #[test]
    fn of_equals_the_first_takes_the_gradient() {
        let x: [&[f32]; 3] = [&[5.0, 2.0], &[5.0, 5.0], &[5.0, 5.0]];
        let mut y = [f32::NAN; 2];
        Minimum::new().forward(&(), x, &mut y, ());
        let [mut first, mut second, mut third] = [[f32::NAN; 2]; 3];
        let pass = Pass {
            x,
            y: &y[..],
            saved: (),
            dy: &mut [1.0, 1.0][..],
            dx: [&mut first, &mut second, &mut third].map(|dx| Some(&mut dx[..])),
            accumulate: false,
        };
        Minimum::new().backward(&(), pass, Gradient::none());
        assert_eq!([first, second, third], [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]);
    }
}
