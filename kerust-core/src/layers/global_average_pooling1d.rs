//! Average over all steps.

use super::GlobalAveragePooling2D;
use super::int8;
use crate::element::Elements;
use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};
use core::marker::PhantomData;

/// Takes the average of each channel over all steps.
///
/// `y[c] = Σ x[t, c] / T`, and with a mask m `y[c] = Σ m[t]·x[t, c] / Σ m[t]`
///
/// With a mask it is the average of the steps that count. A sample of which no step counts gives 0, where Keras
/// gives NaN.
///
/// `X` is `f32`, or `(f32, u8)` with a mask.
///
/// # Shapes
/// input `[T][C]`, output `[C]`
///
/// # Cost
/// `T * C` additions; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => Conv1D(8, 3, relu) => GlobalAveragePooling1D => Dense(4) }
/// assert_eq!(Wave::PARAMS, (3 * 2 + 1) * 8 + 9 * 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GlobalAveragePooling1D<X = f32> {
    all: GlobalAveragePooling2D,
    input: [usize; 2],
    inputs: PhantomData<X>,
}

impl<X> GlobalAveragePooling1D<X> {
    /// A layer over sequences of `input` steps and channels.
    pub const fn new(input: [usize; 2]) -> Self {
        Self {
            all: GlobalAveragePooling2D::new([1, input[0], input[1]]),
            input,
            inputs: PhantomData,
        }
    }

    /// Calls `each` with the number of each sample, its mask, and the share of a step that counts.
    fn each_sample(&self, mask: &[u8], mut each: impl FnMut(usize, &[u8], f32)) {
        for (sample, mask) in mask.chunks_exact(self.input[0].max(1)).enumerate() {
            let valid = mask.iter().filter(|valid| **valid != 0).count();
            each(sample, mask, 1.0 / valid.max(1) as f32);
        }
    }
}

impl Forward<()> for GlobalAveragePooling1D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        self.all.forward(&(), x, y, ());
    }
}

impl Operation<()> for GlobalAveragePooling1D {
    fn backward(&self, (): &(), pass: Pass<'_>, gradient: Gradient<'_>) {
        self.all.backward(&(), pass, gradient);
    }
}

impl Forward<(), (f32, u8)> for GlobalAveragePooling1D<(f32, u8)> {
    fn forward(
        &self,
        (): &(),
        (x, mask): <(f32, u8) as Elements>::Slices<'_>,
        y: &mut [f32],
        (): (),
    ) {
        let [steps, channels] = self.input;
        y.fill(0.0);
        self.each_sample(mask, |sample, mask, share| {
            let Some(y) = y.get_mut(sample * channels..(sample + 1) * channels) else {
                return;
            };
            let first = sample * steps;
            for (step, _) in mask.iter().enumerate().filter(|(_, valid)| **valid != 0) {
                let x = x.get((first + step) * channels..).unwrap_or_default();
                y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
            }
            y.iter_mut().for_each(|y| *y *= share);
        });
    }
}

impl Operation<(), (f32, u8)> for GlobalAveragePooling1D<(f32, u8)> {
    fn backward(&self, (): &(), pass: Pass<'_, (f32, u8)>, _: Gradient<'_>) {
        let ((_, mask), (Some(dx), _)) = (pass.x, pass.dx) else {
            return;
        };
        let [steps, channels] = self.input;
        dx.fill(0.0);
        self.each_sample(mask, |sample, mask, share| {
            let dy = pass.dy.get(sample * channels..(sample + 1) * channels);
            for (step, _) in mask.iter().enumerate().filter(|(_, valid)| **valid != 0) {
                let first = (sample * steps + step) * channels;
                let dx = dx.get_mut(first..).unwrap_or_default();
                let values = dx.iter_mut().zip(dy.unwrap_or_default());
                values.for_each(|(dx, dy)| *dx = dy * share);
            }
        });
    }
}

impl Forward<int8::MeanWeights, i8, i8> for GlobalAveragePooling1D {
    fn forward(&self, weights: &int8::MeanWeights, x: &[i8], y: &mut [i8], (): ()) {
        self.all.forward(weights, x, y, ());
    }
}

impl Int8Layer for GlobalAveragePooling1D {
    fn operation(&self) -> Int8Operation<'_> {
        self.all.operation()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        check_operation(&<GlobalAveragePooling1D>::new([17, 3]), 17 * 3, 3, 0).unwrap();
        check_operation(&<GlobalAveragePooling1D>::new([1, 3]), 3, 3, 0).unwrap();
    }

    #[test]
    fn steps_that_a_mask_leaves_out_do_not_count() {
        let layer = GlobalAveragePooling1D::<(f32, u8)>::new([3, 2]);
        let x: [f32; 12] = [1.0, 2.0, 9.0, 9.0, 3.0, 6.0, 7.0, 7.0, 7.0, 7.0, 7.0, 7.0];
        let mask = [1, 0, 1, 0, 0, 0];
        let mut y = [f32::NAN; 4];
        layer.forward(&(), (&x, &mask), &mut y, ());
        assert_eq!(y, [2.0, 4.0, 0.0, 0.0]);
        let mut dx = [f32::NAN; 12];
        let pass = Pass {
            x: (&x[..], &mask[..]),
            y: &y[..],
            saved: (),
            dy: &mut [2.0, 4.0, 1.0, 1.0][..],
            dx: (Some(&mut dx[..]), None),
            accumulate: false,
        };
        layer.backward(&(), pass, Gradient::none());
        assert_eq!(dx[..6], [1.0, 2.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(dx[6..], [0.0; 6]);
    }
}
