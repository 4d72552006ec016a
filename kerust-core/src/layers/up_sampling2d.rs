//! Images made larger by whole factors.

use super::{Interpolation, Resizing};
use crate::gradient::Gradient;
use crate::kernels::copy;
use crate::kernels::parallel::pairs;
use crate::kernels::sum_into;
use crate::layer::{Forward, Operation, Pass};

/// Makes images larger by whole factors.
///
/// With the nearest pixel `y[i, j, c] = x[i / rows, j / columns, c]`, with integer division; bilinear as
/// [`Resizing`].
///
/// # Arguments
/// - `size = 2`: the factors of the rows and of the columns, `2x3` or `2`.
/// - `interpolation = nearest`: how a value between pixels is read, `bilinear` or `nearest`.
///
/// # Shapes
/// input `[H][W][C]`, output `[H * rows][W * columns][C]`
///
/// # Cost
/// a copy of each value of the output, or `4` multiply-adds for each when bilinear; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(7, 7, 4) => UpSampling2D(2) => Conv2D(1, 3x3, same) }
/// assert_eq!(Net::PARAMS, 3 * 3 * 4 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UpSampling2D {
    input: [usize; 3],
    size: [usize; 2],
    interpolation: Interpolation,
}

impl UpSampling2D {
    /// A layer over images of `input` height, width and channels, with `size` rows and columns for
    /// each; nearest pixel by default, as in Keras.
    pub const fn new(input: [usize; 3], size: [usize; 2]) -> Self {
        Self {
            input,
            size,
            interpolation: Interpolation::Nearest,
        }
    }

    /// Sets how a value between pixels is read.
    pub const fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// The layer that reads between pixels.
    const fn resizing(&self) -> Resizing {
        let Self { input, size, .. } = *self;
        Resizing::new(input, [input[0] * size[0], input[1] * size[1]])
            .interpolation(self.interpolation)
    }

    /// Values of a row of the input, and of the rows of the output that it becomes.
    const fn rows(&self) -> [usize; 2] {
        let row = self.input[1] * self.input[2];
        [row, row * self.size[1] * self.size[0]]
    }
}

impl Forward<()> for UpSampling2D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        if self.interpolation == Interpolation::Bilinear {
            return self.resizing().forward(&(), x, y, ());
        }
        let ([row, rows], channels) = (self.rows(), self.input[2]);
        pairs(x, row, y, rows, |x, y| {
            for y in y.chunks_exact_mut((row * self.size[1]).max(1)) {
                pairs(x, channels, y, self.size[1] * channels, |x, y| {
                    y.chunks_exact_mut(channels.max(1)).for_each(|y| copy(x, y));
                });
            }
        });
    }
}

impl Operation<()> for UpSampling2D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        if self.interpolation == Interpolation::Bilinear {
            return self.resizing().backward(&(), pass, Gradient::none());
        }
        let Some(dx) = pass.dx else { return };
        let ([row, rows], channels) = (self.rows(), self.input[2]);
        dx.fill(0.0);
        for (dx, dy) in dx.chunks_exact_mut(row).zip(pass.dy.chunks_exact(rows)) {
            for dy in dy.chunks_exact(row * self.size[1]) {
                let pixels = dy.chunks_exact(self.size[1] * channels);
                for (dx, dy) in dx.chunks_exact_mut(channels).zip(pixels) {
                    dy.chunks_exact(channels).for_each(|dy| sum_into(dx, dy));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn each_pixel_becomes_a_block() {
        let layer = UpSampling2D::new([1, 2, 1], [2, 3]);
        let mut y = [f32::NAN; 12];
        layer.forward(&(), &[1.0, 2.0], &mut y, ());
        let row = [1.0, 1.0, 1.0, 2.0, 2.0, 2.0];
        assert_eq!([&y[..6], &y[6..]], [row, row]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        for interpolation in [Interpolation::Nearest, Interpolation::Bilinear] {
            for (input, size) in [
                ([3, 5, 2], [2, 3]),
                ([2, 1, 3], [1, 1]),
                ([1, 4, 1], [3, 2]),
            ] {
                let layer = UpSampling2D::new(input, size).interpolation(interpolation);
                let len: usize = input.iter().product();
                check_operation(&layer, len, len * size[0] * size[1], 0).unwrap();
            }
        }
    }
}
