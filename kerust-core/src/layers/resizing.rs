//! Resizing layer.

use super::image::{Neighbours, Resample};
use crate::gradient::Gradient;
use crate::kernels::parallel::pairs;
use crate::layer::{Forward, Operation, Pass};
use crate::layers::Interpolation;

/// Gives images another size.
///
/// Pixel `i` of the output lies at `(i + 1/2) * n_in / n_out - 1/2` of the input (half-pixel
/// centres), where the input is read by interpolation, without anti-aliasing, as by Keras.
///
/// # Arguments
/// - `height`: the rows of the output.
/// - `width`: the columns of the output.
/// - `interpolation = bilinear`: how a value between pixels is read, `bilinear` or `nearest`.
///
/// # Shapes
/// input `[H][W][C]`, output `[height][width][C]`
///
/// # Cost
/// `4 * height * width * C` multiply-adds; a quarter of it with the nearest pixel
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Resizing(14, 14) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, (14 * 14 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Resizing {
    input: [usize; 3],
    output: [usize; 2],
    interpolation: Interpolation,
}

impl Resizing {
    /// From images of `[height, width, channels]` to `[height, width]`, bilinear.
    pub const fn new(input: [usize; 3], output: [usize; 2]) -> Self {
        Self {
            input,
            output,
            interpolation: Interpolation::Bilinear,
        }
    }

    /// Sets how a value between pixels is read.
    pub const fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// One image of bytes, each value rounded to the nearest.
    #[cfg(feature = "images")]
    pub(crate) fn resize_bytes(&self, x: &[u8], y: &mut [u8]) {
        let mut values = vec![0.0; y.len()];
        self.resample().forward(x, &mut values);
        for (y, value) in y.iter_mut().zip(values) {
            *y = value.round() as u8;
        }
    }

    fn resample(&self) -> Resample<impl Fn(usize, usize) -> [Neighbours; 2]> {
        let Self { input, output, .. } = *self;
        let interpolation = self.interpolation;
        let scale = |from: usize, to: usize| from as f32 / to as f32;
        let scales = [scale(input[0], output[0]), scale(input[1], output[1])];
        Resample {
            input,
            output,
            fill_value: 0.0,
            neighbours: move |row, column| {
                [
                    neighbours(row, scales[0], input[0], interpolation),
                    neighbours(column, scales[1], input[1], interpolation),
                ]
            },
        }
    }

    const fn lens(&self) -> [usize; 2] {
        let [height, width, channels] = self.input;
        [
            height * width * channels,
            self.output[0] * self.output[1] * channels,
        ]
    }
}

impl Forward<()> for Resizing {
    fn forward(&self, _weights: &(), x: &[f32], y: &mut [f32], (): ()) {
        let (resample, [input, output]) = (self.resample(), self.lens());
        pairs(x, input, y, output, |x, y| resample.forward(x, y));
    }
}

impl Operation<()> for Resizing {
    fn backward(&self, _weights: &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let (resample, [input, output]) = (self.resample(), self.lens());
        for (dx, dy) in dx.chunks_exact_mut(input).zip(pass.dy.chunks_exact(output)) {
            resample.backward(dy, dx);
        }
    }
}

/// The neighbours of pixel `place` in a line of `size` pixels, `scale` times as many as come out.
fn neighbours(place: usize, scale: f32, size: usize, interpolation: Interpolation) -> Neighbours {
    let centre = (place as f32 + 0.5) * scale;
    match interpolation {
        Interpolation::Bilinear => Neighbours::around_clamped(centre - 0.5, size, interpolation),
        // The pixel that the centre lies in: of two equally near, the upper.
        Interpolation::Nearest => {
            let pixel = (centre as usize).min(size - 1);
            Neighbours::around_clamped(pixel as f32, size, interpolation)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    fn resized(layer: Resizing, x: &[f32]) -> Vec<f32> {
        let mut y = vec![f32::NAN; layer.lens()[1]];
        layer.forward(&(), x, &mut y, ());
        y
    }

    #[test]
    fn gradients_match_finite_differences() {
        for interpolation in [Interpolation::Bilinear, Interpolation::Nearest] {
            for (input, output) in [([5, 3, 2], [3, 7]), ([1, 4, 1], [3, 1])] {
                let layer = Resizing::new(input, output).interpolation(interpolation);
                let [input, output] = layer.lens();
                check_operation::<(), _>(&layer, input, output, 0).unwrap();
            }
        }
    }

    #[test]
    fn centres_lie_half_a_pixel_inside() {
        let up = resized(Resizing::new([1, 2, 1], [1, 4]), &[0.0, 4.0]);
        assert_eq!(up, [0.0, 1.0, 3.0, 4.0]);
        let down = resized(Resizing::new([1, 4, 1], [1, 2]), &[0.0, 1.0, 5.0, 9.0]);
        assert_eq!(down, [0.5, 7.0]);
        let nearest = Resizing::new([1, 3, 1], [1, 5]).interpolation(Interpolation::Nearest);
        assert_eq!(
            resized(nearest, &[1.0, 2.0, 3.0]),
            [1.0, 1.0, 2.0, 3.0, 3.0]
        );
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let x: Vec<f32> = (0..5 * 3 * 2).map(|i| i as f32).collect();
        assert_eq!(resized(Resizing::new([5, 3, 2], [5, 3]), &x), x);
    }
}
