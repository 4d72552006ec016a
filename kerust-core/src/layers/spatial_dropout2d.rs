//! Dropout of whole channels of images.
//!
//! In training `y[i, j, c] = x[i, j, c] * m[c]`, with `m` = 0 at a share of `rate` of the channels of each image
//! and `1 / (1 - rate)` elsewhere; else `y = x`. Tompson et al. (2015).

use super::dropout::{Dropout, spatial};
use crate::shape::Shape;

/// Sets channels to 0 at random in training, each at all pixels: `SpatialDropout2D(rate)`.
///
/// # Arguments
/// - `rate`: the fraction of the channels that are dropped, from 0 to 1.
///
/// # Shapes
/// input `[H][W][C]`, output as input; saves `C` values
///
/// # Cost
/// in training one random number for each channel and one product for each value; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net: Input(28, 28, 1) => Conv2D(8, 3x3, relu) => SpatialDropout2D(0.2) => Flatten => Dense(10)
/// }
///
/// assert_eq!(Net::MACS, 26 * 26 * 8 * 9 + 26 * 26 * 8 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SpatialDropout2D(Dropout);

impl SpatialDropout2D {
    /// Drops a share of `rate` of the channels of images of `input` height, width and channels.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn new(input: [usize; 3], rate: f32) -> Self {
        Self(Dropout::new(rate).noise_shape(Shape::new(&input), &[0, 1]))
    }
}

spatial! { SpatialDropout2D }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Operation;
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    #[test]
    fn a_channel_is_dropped_at_every_pixel() {
        const CHANNELS: usize = 1_000;
        let layer = SpatialDropout2D::new([3, 1, CHANNELS], 0.3);
        let (mut y, mut saved) = (vec![f32::NAN; 6 * CHANNELS], vec![f32::NAN; 2 * CHANNELS]);
        let step = Step::new(Seed(1), 2).over(0, 2).layer(3);
        layer.forward_training(&(), &[1.0; 6 * CHANNELS], &mut y, (), &mut saved, step);
        for (image, factors) in y.chunks(3 * CHANNELS).zip(saved.chunks(CHANNELS)) {
            assert!(image.chunks(CHANNELS).all(|pixel| pixel == factors));
        }
        let dropped = saved.iter().filter(|factor| **factor == 0.0).count() as f32;
        // Five standard errors.
        assert!((dropped / 2_000.0 - 0.3).abs() < 0.052, "{dropped}");
        assert_ne!(saved[..CHANNELS], saved[CHANNELS..]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = SpatialDropout2D::new([3, 2, 5], 0.4);
        check_operation::<(), _>(&layer, 30, 30, 5).unwrap();
    }
}
