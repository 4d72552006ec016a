//! RandomContrast layer.
//!
//! In training `y = min(max((x − mean) · f + mean, low), high)`, with the mean of each channel of an image, and one
//! `f` drawn uniformly for each image; else `y = x`.

use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;
use rand::RngExt;

/// Images of more or less contrast at random in training: `RandomContrast(factor, value_range)`.
///
/// # Arguments
/// - `factor`: from 0 to 1. A number `f` draws factors from 1 to `1 + f`, and a pair `(l, u)` from `1 - l` to `1 + u`,
///   as Keras does.
/// - `value_range` (optional): the least and the greatest value of a pixel; `(0, 255)` if left out. Behind
///   `Rescaling(1.0 / 255)` it is `(0, 1)`.
///
/// # Shapes
/// input and output `[H][W][C]`; saves one value
///
/// # Cost
/// in training two passes over each image; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net:
///         Input(28, 28, 1) => RandomContrast((0.2, 0.3), value_range = (0, 1)) => Flatten => Dense(10)
/// }
///
/// assert_eq!(Net::MACS, 784 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomContrast {
    sizes: [usize; 3],
    /// The least and the greatest factor.
    factors: [f32; 2],
    value_range: [f32; 2],
}

impl RandomContrast {
    /// The smallest and the largest factor of a layer with Keras's `factor = (lower, upper)`: from `1 - lower` to
    /// `1 + upper`.
    pub const fn factors(lower: f32, upper: f32) -> [f32; 2] {
        [1.0 - f32::min(lower, upper), 1.0 + f32::max(lower, upper)]
    }

    /// Images of `[height, width, channels]` and values from 0 to 255, whose distances from the mean are multiplied
    /// with a factor between these.
    pub const fn new(sizes: [usize; 3], factors: [f32; 2]) -> Self {
        Self {
            sizes,
            factors,
            value_range: [0.0, 255.0],
        }
    }

    /// Sets the least and the greatest value.
    pub const fn value_range(mut self, value_range: [f32; 2]) -> Self {
        self.value_range = value_range;
        self
    }

    /// Multiplies the distances of the values of an image from the mean of their channel.
    pub fn adjust(&self, factor: f32, x: &[f32], y: &mut [f32]) {
        let [low, high] = self.value_range;
        self.stretch(factor, x, y);
        y.iter_mut().for_each(|y| *y = y.max(low).min(high));
    }

    /// The same, without limits.
    fn stretch(&self, factor: f32, x: &[f32], y: &mut [f32]) {
        let [height, width, channels] = self.sizes;
        for channel in 0..channels {
            let values = x.iter().skip(channel).step_by(channels);
            let mean = values.sum::<f32>() / (height * width) as f32;
            let values = y.iter_mut().zip(x).skip(channel).step_by(channels);
            values.for_each(|(y, x)| *y = (x - mean) * factor + mean);
        }
    }
}

impl Forward<()> for RandomContrast {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for RandomContrast {
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
        let [lower, upper] = self.factors;
        let images = x.chunks_exact(len).zip(y.chunks_exact_mut(len));
        for ((x, y), factor) in images.zip(saved) {
            *factor = lower + (upper - lower) * rng.random::<f32>();
            self.adjust(*factor, x, y);
        }
    }

    fn backward(&self, (): &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let ([low, high], len) = (self.value_range, self.sizes.iter().product());
        let images = pass.dy.chunks_exact_mut(len).zip(dx.chunks_exact_mut(len));
        for (((dy, dx), x), factor) in images.zip(pass.x.chunks_exact(len)).zip(pass.saved) {
            self.stretch(*factor, x, dx);
            for (dy, y) in dy.iter_mut().zip(&*dx) {
                if !(low..=high).contains(y) {
                    *dy = 0.0;
                }
            }
            // The map without limits is its own transpose.
            self.stretch(*factor, dy, dx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = RandomContrast::new([3, 2, 5], [0.6, 1.4]).value_range([-3.0, 3.0]);
        check_operation::<(), _>(&layer, 30, 30, 1).unwrap();
    }

    #[test]
    fn distances_from_the_mean_are_multiplied_within_the_range() {
        let mut y = [f32::NAN; 4];
        let layer = RandomContrast::new([2, 1, 2], [1.0, 1.0]);
        layer.adjust(2.0, &[10.0, 0.0, 30.0, 250.0], &mut y);
        assert_eq!(y, [0.0, 0.0, 40.0, 255.0]);
    }
}
