//! RandomErasing layer.

use super::affine::sorted;
use crate::gradient::Gradient;
use crate::init::RandomNormal;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;
use rand::RngExt;

/// Replaces a rectangle of each image at random in training: Zhong et al. (2017).
///
/// In training, a probability is drawn from the range of `factor` for each image, and with this probability a rectangle is
/// replaced. Its height and its width are `sqrt(s)` times those of the image, with an `s` drawn from the range of `scale`
/// for each. In inference `y = x`.
///
/// # Arguments
/// - `factor = 1`: from 0 to 1. A number `f` draws probabilities from 0 to `f`, and a pair `(l, u)` from `l` to `u`.
/// - `scale = (0.02, 0.33)`: the range of the squared relative sizes of a rectangle, from 0 to 1. A number `s` stands for
///   `(0, s)`.
/// - `fill_value` (optional): the value of a rectangle, or one for each of three channels. Normal noise times the upper end of
///   `value_range` if left out.
/// - `value_range` (optional): the least and the greatest value of a pixel, to which fill values are clipped; `(0, 255)` if
///   left out.
///
/// # Shapes
/// input and output `[H][W][C]`; saves four values
///
/// # Cost
/// in training a copy of each image; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => RandomErasing(0.5, fill_value = 0) => Flatten => Dense(10) }
/// assert_eq!(Net::MACS, 784 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomErasing {
    sizes: [usize; 3],
    factor: [f32; 2],
    scale: [f32; 2],
    fill: Fill,
    value_range: [f32; 2],
}

/// The value of a rectangle.
#[derive(Clone, Copy, Debug)]
enum Fill {
    Noise,
    Value([f32; 3]),
}

impl RandomErasing {
    /// Images of `[height, width, channels]`.
    pub const fn new(sizes: [usize; 3]) -> Self {
        Self {
            sizes,
            factor: [0.0, 1.0],
            scale: [0.02, 0.33],
            fill: Fill::Noise,
            value_range: [0.0, 255.0],
        }
    }

    /// Sets the range of the probability.
    pub const fn factor(mut self, factor: [f32; 2]) -> Self {
        self.factor = sorted(factor);
        self
    }

    /// Sets the range of the squared relative sizes of a rectangle.
    pub const fn scale(mut self, scale: [f32; 2]) -> Self {
        self.scale = sorted(scale);
        self
    }

    /// Sets the value of a rectangle, for each of three channels. Images of other channels take the first.
    pub const fn fill_value(mut self, fill_value: [f32; 3]) -> Self {
        self.fill = Fill::Value(fill_value);
        self
    }

    /// Sets the least and the greatest value of a pixel.
    pub const fn value_range(mut self, value_range: [f32; 2]) -> Self {
        self.value_range = value_range;
        self
    }

    /// Replaces the values of an image in a rectangle, from `[top, left]` up to `[bottom, right]`. `fill` gives the value for
    /// a channel, which is clipped.
    pub fn erase(
        &self,
        rectangle: [[f32; 2]; 2],
        mut fill: impl FnMut(usize) -> f32,
        y: &mut [f32],
    ) {
        let [low, high] = self.value_range;
        for (place, y) in y.iter_mut().enumerate() {
            if self.is_inside(rectangle, place) {
                *y = fill(place % self.sizes[2].max(1)).max(low).min(high);
            }
        }
    }

    /// Whether the value at `place` of an image lies in a rectangle.
    fn is_inside(&self, [[top, left], [bottom, right]]: [[f32; 2]; 2], place: usize) -> bool {
        let [_, width, channels] = self.sizes;
        let pixel = place / channels.max(1);
        let (row, column) = ((pixel / width.max(1)) as f32, (pixel % width.max(1)) as f32);
        row >= top && row < bottom && column >= left && column < right
    }

    fn len(&self) -> usize {
        self.sizes.iter().product()
    }
}

impl Forward<()> for RandomErasing {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for RandomErasing {
    fn forward_training(
        &self,
        (): &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        y.copy_from_slice(x);
        if step.is_inference() {
            return saved.fill(0.0);
        }
        let [height, width, channels] = self.sizes;
        let images = y.chunks_exact_mut(self.len().max(1)).enumerate();
        for ((sample, y), rectangle) in images.zip(saved.as_chunks_mut::<4>().0) {
            // The noise is drawn for the values of the rectangle only, so the count of numbers differs.
            let mut rng = step.sample_rng(sample);
            let mut between =
                |[lower, upper]: [f32; 2]| lower + (upper - lower) * rng.random::<f32>();
            let [rows, columns] = [height, width].map(|len| {
                let len = len as f32;
                let part = libm::sqrtf(between(self.scale)) * len;
                let start = between([0.0, 1.0]) * (len - part);
                [start, start + part]
            });
            let probability = between(self.factor);
            if between([0.0, 1.0]) >= probability {
                rectangle.fill(0.0);
                continue;
            }
            let ends = [[rows[0], columns[0]], [rows[1], columns[1]]];
            *rectangle = [rows[0], columns[0], rows[1], columns[1]];
            match self.fill {
                Fill::Noise => {
                    let noise = RandomNormal {
                        mean: 0.0,
                        stddev: self.value_range[1],
                    };
                    let mut drawn = [0.0];
                    self.erase(
                        ends,
                        |_| {
                            noise.fill(&mut drawn, &mut rng);
                            drawn[0]
                        },
                        y,
                    );
                }
                Fill::Value(values) => {
                    let of = |channel: usize| values[if channels == 3 { channel } else { 0 }];
                    self.erase(ends, of, y);
                }
            }
        }
    }

    fn backward(&self, (): &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        dx.copy_from_slice(pass.dy);
        let images = dx.chunks_exact_mut(self.len().max(1));
        for (dx, [top, left, bottom, right]) in images.zip(pass.saved.as_chunks::<4>().0) {
            for (place, dx) in dx.iter_mut().enumerate() {
                if self.is_inside([[*top, *left], [*bottom, *right]], place) {
                    *dx = 0.0;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = RandomErasing::new([3, 4, 2])
            .factor([1.0, 1.0])
            .scale([0.3, 0.6]);
        check_operation::<(), _>(&layer, 24, 24, 4).unwrap();
        let layer = layer.fill_value([0.5; 3]);
        check_operation::<(), _>(&layer, 24, 24, 4).unwrap();
    }

    #[test]
    fn half_of_the_images_lose_a_rectangle_of_the_given_size() {
        let layer = RandomErasing::new([10, 10, 1])
            .scale([0.25, 0.25])
            .fill_value([7.0; 3]);
        let (x, mut y) = (vec![1.0; 100 * 400], vec![f32::NAN; 100 * 400]);
        let mut saved = vec![f32::NAN; 4 * 400];
        let step = Step::new(Seed(1), 0).over(0, 400).layer(0);
        layer.forward_training(&(), &x, &mut y, (), &mut saved, step);
        let counts = y
            .chunks_exact(100)
            .map(|y| y.iter().filter(|y| **y == 7.0).count());
        let counts: Vec<usize> = counts.collect();
        // Half the height and half the width, wherever it begins.
        assert!(
            counts.iter().all(|count| [0, 25].contains(count)),
            "{counts:?}"
        );
        let erased = counts.iter().filter(|count| **count > 0).count();
        // The mean of the probability is 1/2; four standard errors.
        assert!((160..=240).contains(&erased), "{erased}");
    }
}
