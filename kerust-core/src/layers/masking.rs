//! Steps that are padding.

use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};

/// Masks the steps whose features all have one value.
///
/// `m[t] = 1` where a feature of step t is not `mask_value`, else 0, and `y[t, c] = x[t, c] · m[t]`
///
/// Those steps become 0, and a mask goes with the output; layers that know masks leave the steps out.
///
/// # Arguments
/// - `mask_value = 0`: the value of all features of a step that is left out.
///
/// # Shapes
/// input `[T][F]`, output `[T][F]` and a mask `[T]`
///
/// # Cost
/// one pass over the values
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Steps: Input(20, 3) => Masking(mask_value = -1.0) => LSTM(8) => Dense(2, softmax) }
/// assert_eq!(Steps::PARAMS, (3 + 8 + 1) * 32 + 9 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Masking {
    mask_value: f32,
    features: usize,
}

impl Masking {
    /// A layer over steps of `features` values.
    pub const fn new(features: usize, mask_value: f32) -> Self {
        Self {
            mask_value,
            features,
        }
    }
}

impl Forward<(), f32, (f32, u8)> for Masking {
    fn forward(&self, (): &(), x: &[f32], (y, mask): (&mut [f32], &mut [u8]), (): ()) {
        let width = self.features.max(1);
        let steps = x.chunks_exact(width).zip(y.chunks_exact_mut(width));
        for ((x, y), mask) in steps.zip(mask) {
            let is_valid = x.iter().any(|x| *x != self.mask_value);
            *mask = u8::from(is_valid);
            for (y, x) in y.iter_mut().zip(x) {
                // As in Keras, a product: what is not finite stays so.
                *y = x * f32::from(*mask);
            }
        }
    }
}

impl Operation<(), f32, (f32, u8)> for Masking {
    fn backward(&self, (): &(), pass: Pass<'_, f32, (f32, u8)>, _: Gradient<'_>) {
        let ((_, mask), (dy, _)) = (pass.y, pass.dy);
        let Some(dx) = pass.dx else { return };
        let width = self.features.max(1);
        let steps = dx.chunks_exact_mut(width).zip(dy.chunks_exact(width));
        for ((dx, dy), mask) in steps.zip(mask) {
            for (dx, dy) in dx.iter_mut().zip(dy) {
                *dx = dy * f32::from(*mask);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_value_become_0_and_have_no_gradient() {
        let (mut y, mut mask) = ([f32::NAN; 6], [9; 3]);
        let x = [2.0, 2.0, 2.0, 1.0, 0.0, 0.0];
        Masking::new(2, 2.0).forward(&(), &x, (&mut y, &mut mask), ());
        assert_eq!(y, [0.0, 0.0, 2.0, 1.0, 0.0, 0.0]);
        assert_eq!(mask, [0, 1, 1]);
        let mut dx = [f32::NAN; 6];
        let pass = Pass {
            x: &x[..],
            y: (&y[..], &mask[..]),
            saved: (),
            dy: (&mut [1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..], &mut [][..]),
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        Masking::new(2, 2.0).backward(&(), pass, Gradient::none());
        assert_eq!(dx, [0.0, 0.0, 3.0, 4.0, 5.0, 6.0]);
    }
}
