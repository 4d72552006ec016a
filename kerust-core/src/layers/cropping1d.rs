//! Steps cut off a sequence.

use crate::gradient::Gradient;
use crate::kernels::copy;
use crate::kernels::parallel::pairs;
use crate::layer::{Forward, Operation, Pass};

/// Cuts steps off both ends of a sequence.
///
/// `y[t, c] = x[t + before, c]`
///
/// # Arguments
/// - `cropping = 1`: the steps at each end, or `(before, after)`.
///
/// # Shapes
/// input `[T][C]`, output `[T - before - after][C]`
///
/// # Cost
/// a copy of each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(8, 2) => Cropping1D((1, 2)) => Flatten => Dense(1) }
/// assert_eq!(Wave::PARAMS, (8 - 1 - 2) * 2 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cropping1D {
    input: [usize; 2],
    cropping: [usize; 2],
}

impl Cropping1D {
    /// A layer over sequences of `input` steps and channels that cuts off `cropping` steps before and after.
    pub const fn new(input: [usize; 2], cropping: [usize; 2]) -> Self {
        Self { input, cropping }
    }

    /// Values of a sequence, where those that stay begin, and how many they are.
    const fn places(&self) -> [usize; 3] {
        let [steps, channels] = self.input;
        let [before, after] = self.cropping;
        let left = steps.saturating_sub(before.saturating_add(after));
        [steps * channels, before * channels, left * channels]
    }
}

impl Forward<()> for Cropping1D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        let [len, first, left] = self.places();
        pairs(x, len, y, left, |x, y| {
            if let Some(x) = x.get(first..first + left) {
                copy(x, y);
            }
        });
    }
}

impl Operation<()> for Cropping1D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let [len, first, left] = self.places();
        dx.fill(0.0);
        for (dx, dy) in dx.chunks_exact_mut(len).zip(pass.dy.chunks_exact(left)) {
            dx[first..first + left].copy_from_slice(dy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn steps_are_cut_off_on_both_sides() {
        let layer = Cropping1D::new([4, 1], [1, 2]);
        let mut y = [f32::NAN; 2];
        layer.forward(&(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &mut y, ());
        assert_eq!(y, [2.0, 6.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_operation(&Cropping1D::new([7, 3], [2, 1]), 21, 12, 0).unwrap();
        check_operation(&Cropping1D::new([3, 1], [0, 0]), 3, 3, 0).unwrap();
    }
}
