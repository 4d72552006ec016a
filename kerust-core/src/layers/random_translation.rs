//! RandomTranslation layer.
//!
//! In training each image is moved down and to the right by shares of its height and width, drawn uniformly, else not.

use super::affine::{Affine, moves, sorted};

/// Images moved at random in training: `RandomTranslation(height_factor, width_factor, fill_mode, interpolation,
/// fill_value)`.
///
/// # Arguments
/// - `height_factor`, `width_factor`: how far down and to the right, as fractions of the height and of the width from -1
///   to 1: a number in both directions, or the ends of a range, `(-0.2, 0.3)`.
/// - `fill_mode = reflect`: what lies around an image: `reflect`, `constant`, `wrap` or `nearest`.
/// - `interpolation = bilinear`: how a value between pixels is read: `bilinear` or `nearest`.
/// - `fill_value = 0`: what lies around an image with `constant`.
///
/// # Shapes
/// input and output `[H][W][C]`; saves two values
///
/// # Cost
/// in training `4 * H * W * C` multiply-adds; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net:
///         Input(28, 28, 1)
///         => RandomTranslation(0.1, (-0.2, 0.2), fill_mode = constant)
///         => Flatten
///         => Dense(10)
/// }
///
/// assert_eq!(Net::MACS, 784 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomTranslation {
    affine: Affine,
    /// The ends of both shares: down, and to the right.
    ranges: [[f32; 2]; 2],
}

impl RandomTranslation {
    /// Images of `[height, width, channels]`, moved down and to the right by shares between the ends of these ranges.
    pub const fn new(sizes: [usize; 3], height: [f32; 2], width: [f32; 2]) -> Self {
        Self {
            affine: Affine::new(sizes),
            ranges: [sorted(height), sorted(width)],
        }
    }

    /// Moves one image down and to the right by these shares.
    pub fn translate(&self, shares: [f32; 2], x: &[f32], y: &mut [f32]) {
        self.affine.resample(self.map(shares)).forward(x, y);
    }

    fn map(&self, [down, right]: [f32; 2]) -> [[f32; 2]; 2] {
        let [height, width, _] = self.affine.sizes;
        [
            [1.0, -(right * width as f32)],
            [1.0, -(down * height as f32)],
        ]
    }
}

moves! { RandomTranslation }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Operation;
    use crate::layers::{FillMode, Interpolation};
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = RandomTranslation::new([5, 3, 2], [-0.4, 0.4], [0.1, 0.6]);
        check_operation::<(), _>(&layer, 30, 30, 2).unwrap();
        let nearest = layer.interpolation(Interpolation::Nearest);
        let constant = nearest.fill_mode(FillMode::Constant).fill_value(0.5);
        check_operation::<(), _>(&constant, 30, 30, 2).unwrap();
    }

    #[test]
    fn an_image_moves_down_and_to_the_right() {
        let layer = RandomTranslation::new([2, 2, 1], [0.0, 0.0], [0.0, 0.0]);
        let (x, mut y) = ([1.0, 2.0, 3.0, 4.0], [f32::NAN; 4]);
        let layer = layer.fill_mode(FillMode::Constant).fill_value(9.0);
        layer.translate([0.5, 0.0], &x, &mut y);
        assert_eq!(y, [9.0, 9.0, 1.0, 2.0]);
        layer.translate([0.0, -0.5], &x, &mut y);
        assert_eq!(y, [2.0, 9.0, 4.0, 9.0]);
    }

    #[test]
    fn shares_are_spread_over_the_ranges() {
        let (mut y, mut saved) = (vec![0.0; 1000], vec![f32::NAN; 2000]);
        let layer = RandomTranslation::new([1, 1, 1], [0.3, -0.1], [0.5, 1.0]);
        let step = Step::new(Seed(1), 0).over(0, 1000).layer(0);
        layer.forward_training(&(), &[2.0; 1000], &mut y, (), &mut saved, step);
        for (place, [low, high]) in [[-0.1, 0.3], [0.5, 1.0]].into_iter().enumerate() {
            let drawn = || saved.iter().skip(place).step_by(2);
            assert!(drawn().all(|share| (low..high).contains(share)));
            let mean = drawn().sum::<f32>() / 1000.0;
            // Five standard errors.
            let middle = (low + high) / 2.0;
            assert!((mean - middle).abs() < 0.0457 * (high - low), "{mean}");
        }
    }
}
