//! CenterCrop layer.
//!
//! The middle of an image. Where the image is smaller than that along an axis, the largest part of it that has the
//! aspect asked for is resized.

use super::Cropping2D;
use super::image::{Interpolation, Neighbours, Resample};
use crate::gradient::Gradient;
use crate::kernels::parallel::pairs;
use crate::layer::{Forward, Operation, Pass};

/// The middle of images: `CenterCrop(height, width)`.
///
/// # Arguments
/// - `height`, `width`: the sizes that are cut out of the middle. A smaller image is enlarged, bilinearly, after what does
///   not fit the aspect is cut off.
///
/// # Shapes
/// input `[H][W][C]`, output `[height][width][C]`
///
/// # Cost
/// a copy of each value; of smaller images `4 * height * width * C` multiply-adds
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(32, 32, 3) => CenterCrop(24, 24) => Flatten => Dense(10) }
///
/// assert_eq!(Net::MACS, 24 * 24 * 3 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CenterCrop {
    input: [usize; 3],
    output: [usize; 2],
}

impl CenterCrop {
    /// From images of `[height, width, channels]` to `[height, width]`.
    pub const fn new(input: [usize; 3], output: [usize; 2]) -> Self {
        Self { input, output }
    }

    /// Where it only cuts: the layer that does.
    const fn cropping(&self) -> Option<Cropping2D> {
        let ([height, width, _], [rows, columns]) = (self.input, self.output);
        if height < rows || width < columns {
            return None;
        }
        let (top, left) = ((height - rows) / 2, (width - columns) / 2);
        Some(Cropping2D::new(
            self.input,
            [[top, height - rows - top], [left, width - columns - left]],
        ))
    }

    /// The part that has the aspect of the output, resized.
    fn resample(&self) -> Resample<impl Fn(usize, usize) -> [Neighbours; 2]> {
        let ([height, width, _], [rows, columns]) = (self.input, self.output);
        let part = [
            (width * rows / columns.max(1)).clamp(1, height.max(1)),
            (height * columns / rows.max(1)).clamp(1, width.max(1)),
        ];
        let first = [(height - part[0]) / 2, (width - part[1]) / 2];
        let axis = move |place: usize, axis: usize, size: usize| {
            let scale = part[axis] as f32 / size as f32;
            let at = (place as f32 + 0.5) * scale - 0.5;
            Neighbours::within(at, first[axis], part[axis], Interpolation::Bilinear)
        };
        Resample {
            input: self.input,
            output: self.output,
            fill_value: 0.0,
            neighbours: move |row, column| [axis(row, 0, rows), axis(column, 1, columns)],
        }
    }

    const fn lens(&self) -> [usize; 2] {
        let ([height, width, channels], [rows, columns]) = (self.input, self.output);
        [height * width * channels, rows * columns * channels]
    }
}

impl Forward<()> for CenterCrop {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        if let Some(cropping) = self.cropping() {
            return cropping.forward(&(), x, y, ());
        }
        let (resample, [input, output]) = (self.resample(), self.lens());
        pairs(x, input, y, output, |x, y| resample.forward(x, y));
    }
}

impl Operation<()> for CenterCrop {
    fn backward(&self, (): &(), pass: Pass<'_>, gradient: Gradient<'_>) {
        if let Some(cropping) = self.cropping() {
            return cropping.backward(&(), pass, gradient);
        }
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

    #[test]
    fn gradients_match_finite_differences() {
        for (input, output) in [
            ([5, 4, 2], [2, 3]),
            ([3, 5, 2], [4, 4]),
            ([1, 1, 3], [2, 3]),
        ] {
            let layer = CenterCrop::new(input, output);
            let [input, output] = layer.lens();
            check_operation::<(), _>(&layer, input, output, 0).unwrap();
        }
    }

    #[test]
    fn of_an_odd_rest_the_larger_half_is_cut_off_behind() {
        let mut y = [f32::NAN; 2];
        CenterCrop::new([1, 5, 1], [1, 2]).forward(&(), &[1.0, 2.0, 3.0, 4.0, 5.0], &mut y, ());
        assert_eq!(y, [2.0, 3.0]);
    }
}
