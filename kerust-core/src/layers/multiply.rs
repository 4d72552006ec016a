//! Product of several inputs.

use super::mask::MaskedSteps;
use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};

/// Multiplies inputs of the same shape, value by value.
///
/// `y = x₀ · x₁ · ..`
///
/// # Shapes
/// inputs and output alike
///
/// # Cost
/// a product for each value of each input after the first; no weights.
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
///         Multiply(a, b) => Dense(3)
///     }
/// }
/// assert_eq!(Net::PARAMS, 2 * 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Multiply;

impl Multiply {
    /// The layer; it has no configuration.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }
}

impl<const N: usize> Forward<(), [f32; N]> for Multiply {
    fn forward(&self, (): &(), x: [&[f32]; N], y: &mut [f32], (): ()) {
        y.fill(1.0);
        x.iter().for_each(|x| scale(y, x));
    }
}

impl<const N: usize> Operation<(), [f32; N]> for Multiply {
    /// The others' product is made anew for each input: by a division, a 0 would hide it.
    fn backward(&self, (): &(), pass: Pass<'_, [f32; N]>, _: Gradient<'_>) {
        for (input, dx) in pass.dx.into_iter().enumerate() {
            let Some(dx) = dx else { continue };
            dx.copy_from_slice(pass.dy);
            for (other, x) in pass.x.iter().enumerate() {
                if other != input {
                    scale(dx, x);
                }
            }
        }
    }
}

/// [`Multiply`] of sequences with masks, as in Keras: what a mask leaves out counts as 1, and a step that all leave out is 0.
#[derive(Clone, Copy, Debug)]
pub struct MaskedMultiply;

impl<const N: usize> Forward<(), ([f32; N], [u8; N])> for MaskedMultiply {
    fn forward(&self, (): &(), (x, masks): ([&[f32]; N], [&[u8]; N]), y: &mut [f32], (): ()) {
        let steps = MaskedSteps::new(x, masks);
        for (step, y) in y.chunks_exact_mut(steps.width()).enumerate() {
            y.fill(f32::from(u8::from(steps.counts_in_any(step))));
            let counted = (0..N).filter(|input| steps.counts(*input, step));
            counted.for_each(|input| scale(y, steps.step(input, step)));
        }
    }
}

impl<const N: usize> Operation<(), ([f32; N], [u8; N])> for MaskedMultiply {
    fn backward(&self, (): &(), pass: Pass<'_, ([f32; N], [u8; N])>, _: Gradient<'_>) {
        let steps = MaskedSteps::new(pass.x.0, pass.x.1);
        let width = steps.width();
        for (input, dx) in pass.dx.0.into_iter().enumerate() {
            let Some(dx) = dx else { continue };
            dx.copy_from_slice(pass.dy);
            for (step, dx) in dx.chunks_exact_mut(width).enumerate() {
                if !steps.counts(input, step) {
                    dx.fill(0.0);
                    continue;
                }
                let others = (0..N).filter(|it| *it != input && steps.counts(*it, step));
                others.for_each(|other| scale(dx, steps.step(other, step)));
            }
        }
    }
}

fn scale(y: &mut [f32], x: &[f32]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y *= x);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        check_merge(&Multiply::new(), [7, 7], 7).unwrap();
        check_merge(&Multiply::new(), [5, 5, 5], 5).unwrap();
    }

    #[test]
    fn a_zero_does_not_hide_the_others() {
        let (mut first, mut second) = ([f32::NAN], [f32::NAN]);
        let pass = Pass {
            x: [&[0.0][..], &[3.0]],
            y: &[0.0][..],
            saved: (),
            dy: &mut [2.0][..],
            dx: [Some(&mut first[..]), Some(&mut second[..])],
            accumulate: false,
        };
        Multiply::new().backward(&(), pass, Gradient::none());
        assert_eq!([first, second], [[6.0], [0.0]]);
    }
}
