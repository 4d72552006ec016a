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
/// - `crop_to_aspect_ratio = false`: whether the image is first cropped to the aspect ratio of the output, so that it is
///   not distorted.
/// - `pad_to_aspect_ratio = false`: whether the image is first padded to the aspect ratio of the output, by the same number
///   of pixels on both sides.
/// - `fill_value = 0`: the value of the padding.
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
    aspect: Aspect,
    fill_value: f32,
}

/// What is done to an image of another aspect ratio.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Aspect {
    Stretch,
    Crop,
    Pad,
}

impl Resizing {
    /// From images of `[height, width, channels]` to `[height, width]`, bilinear.
    pub const fn new(input: [usize; 3], output: [usize; 2]) -> Self {
        Self {
            input,
            output,
            interpolation: Interpolation::Bilinear,
            aspect: Aspect::Stretch,
            fill_value: 0.0,
        }
    }

    /// Sets how a value between pixels is read.
    pub const fn interpolation(mut self, interpolation: Interpolation) -> Self {
        self.interpolation = interpolation;
        self
    }

    /// Crops the center of an image to the aspect ratio of the output first.
    pub const fn crop_to_aspect_ratio(mut self) -> Self {
        self.aspect = Aspect::Crop;
        self
    }

    /// Pads an image to the aspect ratio of the output first.
    pub const fn pad_to_aspect_ratio(mut self) -> Self {
        self.aspect = Aspect::Pad;
        self
    }

    /// Sets the value of the padding.
    pub const fn fill_value(mut self, fill_value: f32) -> Self {
        self.fill_value = fill_value;
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

    /// The part of an axis of the input that becomes the output: the pixels that are cropped before it, those that are
    /// padded before it, and its length.
    fn part(&self, axis: usize) -> (usize, usize, usize) {
        let ([height, width, _], [rows, columns]) = (self.input, self.output);
        let (len, wanted) = match axis {
            0 => (height, width * rows / columns.max(1)),
            _ => (width, height * columns / rows.max(1)),
        };
        match self.aspect {
            Aspect::Stretch => (0, 0, len),
            Aspect::Crop => {
                let part = wanted.clamp(1, len.max(1));
                ((len - part) / 2, 0, part)
            }
            Aspect::Pad => {
                let padded = (wanted.max(len) - len) / 2;
                (0, padded, len + 2 * padded)
            }
        }
    }

    fn resample(&self) -> Resample<impl Fn(usize, usize) -> [Neighbours; 2]> {
        let Self {
            input,
            output,
            interpolation,
            fill_value,
            ..
        } = *self;
        let parts = [self.part(0), self.part(1)];
        let axis = move |place: usize, axis: usize| {
            let (cropped, padded, len) = parts[axis];
            let centre = (place as f32 + 0.5) * (len as f32 / output[axis] as f32);
            let at = match interpolation {
                Interpolation::Bilinear => centre - 0.5,
                // The pixel that the centre lies in: of two equally near ones, the upper one.
                Interpolation::Nearest => centre as usize as f32,
            };
            match padded {
                0 => Neighbours::within(at, cropped, len, interpolation),
                _ => {
                    let at = at.min(len as f32 - 1.0).max(0.0);
                    Neighbours::around(at - padded as f32, input[axis], interpolation)
                }
            }
        };
        Resample {
            input,
            output,
            fill_value,
            neighbours: move |row, column| [axis(row, 0), axis(column, 1)],
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
                let [cropped, padded] = [layer.crop_to_aspect_ratio(), layer.pad_to_aspect_ratio()];
                for layer in [layer, cropped, padded] {
                    let [input, output] = layer.lens();
                    check_operation::<(), _>(&layer, input, output, 0).unwrap();
                }
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
    fn an_image_is_cropped_or_padded_to_the_aspect_ratio() {
        let (layer, x) = (Resizing::new([1, 4, 1], [2, 2]), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(resized(layer.crop_to_aspect_ratio(), &x), [2.0; 4]);
        // Three rows, of which the middle one is the image.
        let padded = resized(layer.pad_to_aspect_ratio().fill_value(9.0), &x);
        assert_eq!(padded, [7.125, 7.625, 7.125, 7.625]);
    }

    #[test]
    fn the_same_size_is_the_same_image() {
        let x: Vec<f32> = (0..5 * 3 * 2).map(|i| i as f32).collect();
        assert_eq!(resized(Resizing::new([5, 3, 2], [5, 3]), &x), x);
    }
}
