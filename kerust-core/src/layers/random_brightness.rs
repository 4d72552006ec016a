//! RandomBrightness layer.
//!
//! In training `y = min(max(x + d, low), high)`, with one `d` drawn uniformly for each image, as a share of the range
//! of values; else `y = x`.

use super::affine::sorted;
use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;
use rand::RngExt;

/// Images made lighter or darker at random in training: `RandomBrightness(factor, value_range)`.
///
/// # Arguments
/// - `factor`: what is added, as a fraction of the range of values from -1 to 1: a number in both directions, or the ends
///   of a range, `(-0.2, 0.3)`.
/// - `value_range` (optional): the least and the greatest value of a pixel; `(0, 255)` if left out. Behind
///   `Rescaling(1.0 / 255)` it is `(0, 1)`.
///
/// # Shapes
/// input and output `[H][W][C]`; saves one value
///
/// # Cost
/// in training one addition for each value; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net: Input(28, 28, 1) => RandomBrightness(0.2, value_range = (0, 1)) => Flatten => Dense(10)
/// }
///
/// assert_eq!(Net::MACS, 784 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomBrightness {
    sizes: [usize; 3],
    factor: [f32; 2],
    value_range: [f32; 2],
}

impl RandomBrightness {
    /// Images of `[height, width, channels]` and values from 0 to 255, to which a share of these between the ends of
    /// this range is added.
    pub const fn new(sizes: [usize; 3], factor: [f32; 2]) -> Self {
        Self {
            sizes,
            factor: sorted(factor),
            value_range: [0.0, 255.0],
        }
    }

    /// Sets the least and the greatest value.
    pub const fn value_range(mut self, value_range: [f32; 2]) -> Self {
        self.value_range = sorted(value_range);
        self
    }

    /// Adds a share of the range of values to an image.
    pub fn brighten(&self, share: f32, x: &[f32], y: &mut [f32]) {
        let [low, high] = self.value_range;
        let added = share * (high - low);
        let values = y.iter_mut().zip(x);
        values.for_each(|(y, x)| *y = (x + added).clamp(low, high));
    }
}

impl Forward<()> for RandomBrightness {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for RandomBrightness {
    fn forward_training(
        &self,
        (): &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        if step.is_inference() {
            return self.forward(&(), x, y, ());
        }
        let (mut rng, len) = (step.rng(saved.len()), self.sizes.iter().product());
        let [lower, upper] = self.factor;
        let images = x.chunks_exact(len).zip(y.chunks_exact_mut(len));
        for ((x, y), share) in images.zip(saved) {
            *share = lower + (upper - lower) * rng.random::<f32>();
            self.brighten(*share, x, y);
        }
    }

    fn backward(&self, (): &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let ([low, high], len) = (self.value_range, self.sizes.iter().product());
        let images = dx.chunks_exact_mut(len).zip(pass.dy.chunks_exact(len));
        for (((dx, dy), x), share) in images.zip(pass.x.chunks_exact(len)).zip(pass.saved) {
            let added = *share * (high - low);
            for ((dx, dy), x) in dx.iter_mut().zip(dy).zip(x) {
                *dx = if (low..=high).contains(&(x + added)) {
                    *dy
                } else {
                    0.0
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = RandomBrightness::new([3, 2, 5], [-0.4, 0.4]).value_range([-2.0, 2.0]);
        check_operation::<(), _>(&layer, 30, 30, 1).unwrap();
    }

    #[test]
    fn values_stay_in_their_range() {
        let mut y = [f32::NAN; 3];
        RandomBrightness::new([1, 1, 3], [0.0, 0.0]).brighten(0.2, &[0.0, 100.0, 250.0], &mut y);
        assert_eq!(y, [51.0, 151.0, 255.0]);
    }
}
