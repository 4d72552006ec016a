//! Dropout of whole channels.

use super::dropout::{Dropout, spatial};
use crate::shape::Shape;

/// Sets whole channels of a sequence to 0 at random in training.
///
/// In training `y[t, c] = x[t, c] * m[c]`, with `m` = 0 at a share of `rate` of the channels of each sequence and
/// `1 / (1 - rate)` elsewhere; else `y = x`. Tompson et al. (2015).
///
/// # Arguments
/// - `rate`: the share of the channels that is dropped, from 0 up to, but without, 1.
///
/// # Shapes
/// input `[T][C]`, output as input; saves `C` values
///
/// # Cost
/// in training one random number for each channel and one product for each value; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => Conv1D(8, 3) => SpatialDropout1D(0.2) => GlobalMaxPooling1D }
/// assert_eq!(Wave::MACS, 62 * 3 * 2 * 8);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SpatialDropout1D(Dropout);

impl SpatialDropout1D {
    /// Drops a share of `rate` of the channels of sequences of `input` steps and channels.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn new(input: [usize; 2], rate: f32) -> Self {
        Self(Dropout::new(rate).noise_shape(Shape::new(&input), &[0]))
    }
}

spatial! { SpatialDropout1D }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Operation;
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    #[test]
    fn a_channel_is_dropped_at_every_step() {
        const CHANNELS: usize = 1_000;
        let layer = SpatialDropout1D::new([3, CHANNELS], 0.3);
        let x = [1.0; 2 * 3 * CHANNELS];
        let (mut y, mut saved) = (vec![f32::NAN; x.len()], vec![f32::NAN; 2 * CHANNELS]);
        let step = Step::new(Seed(1), 2);
        layer.forward_training(&(), &x, &mut y, (), &mut saved, step.layer(3));
        for (y, saved) in y.chunks(3 * CHANNELS).zip(saved.chunks(CHANNELS)) {
            assert!(y.chunks(CHANNELS).all(|step| step == saved));
        }
        let dropped = saved.iter().filter(|factor| **factor == 0.0).count() as f32 / 2_000.0;
        // Five standard errors.
        assert!((dropped - 0.3).abs() < 0.0513, "{dropped}");
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = SpatialDropout1D::new([5, 3], 0.4);
        check_operation::<(), _>(&layer, 15, 15, 3).unwrap();
    }
}
