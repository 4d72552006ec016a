//! RandomZoom layer.
//!
//! In training each image is read around its centre at distances that are multiplied by factors drawn uniformly, else
//! it stays: a factor below 1 shows less of it, larger.

use super::affine::{Affine, moves, sorted};

/// Images zoomed at random in training: `RandomZoom(height_factor, width_factor, fill_mode, interpolation,
/// fill_value)`.
///
/// # Arguments
/// - `height_factor`: by how much more of the height is seen, from -1 (zoomed in) to 1 (zoomed out): a number in both
///   directions, or the ends of a range, `(-0.2, 0.3)`.
/// - `width_factor` (optional): the same for the width; if left out, that of the height, so that the aspect stays.
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
/// model! { pub Net: Input(28, 28, 1) => RandomZoom((-0.2, 0.1)) => Flatten => Dense(10) }
///
/// assert_eq!(Net::MACS, 784 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomZoom {
    affine: Affine,
    /// The ends of both shares, of the height and of the width.
    ranges: [[f32; 2]; 2],
    keeps_aspect: bool,
}

impl RandomZoom {
    /// Images of `[height, width, channels]`, of which shares more between the ends of this range are seen.
    pub const fn new(sizes: [usize; 3], height: [f32; 2]) -> Self {
        Self {
            affine: Affine::new(sizes),
            ranges: [sorted(height); 2],
            keeps_aspect: true,
        }
    }

    /// Sets the ends of the range of the width, whose share is then drawn by itself.
    pub const fn width_factor(mut self, width: [f32; 2]) -> Self {
        self.ranges[1] = sorted(width);
        self.keeps_aspect = false;
        self
    }

    /// Zooms one image by these shares of the height and of the width.
    pub fn zoom(&self, shares: [f32; 2], x: &[f32], y: &mut [f32]) {
        self.affine.resample(self.map(shares)).forward(x, y);
    }

    fn map(&self, [height, width]: [f32; 2]) -> [[f32; 2]; 2] {
        let width = if self.keeps_aspect { height } else { width };
        let around = |share: f32, size: usize| {
            let factor = 1.0 + share;
            [factor, (size as f32 - 1.0) / 2.0 * (1.0 - factor)]
        };
        let [rows, columns, _] = self.affine.sizes;
        [around(width, columns), around(height, rows)]
    }
}

moves! { RandomZoom }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Interpolation;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = RandomZoom::new([5, 3, 2], [-0.4, 0.4]);
        check_operation::<(), _>(&layer, 30, 30, 2).unwrap();
        let wide = layer
            .width_factor([0.5, 0.1])
            .interpolation(Interpolation::Nearest);
        check_operation::<(), _>(&wide, 30, 30, 2).unwrap();
    }

    #[test]
    fn a_zoom_of_a_half_shows_the_middle() {
        let layer = RandomZoom::new([1, 5, 1], [0.0, 0.0]);
        let (x, mut y) = ([0.0, 2.0, 4.0, 6.0, 8.0], [f32::NAN; 5]);
        layer.zoom([-0.5, 0.3], &x, &mut y);
        assert_eq!(y, [2.0, 3.0, 4.0, 5.0, 6.0]);
    }
}
