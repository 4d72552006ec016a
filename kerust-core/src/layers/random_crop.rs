//! RandomCrop layer.

use super::Resizing;
use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;
use rand::RngExt;

/// Cuts a part of each image out at a random place in training.
///
/// In training, `y` is the part of `[height][width]` that begins at a row and a column drawn uniformly for each image. In
/// inference, and for images that are not larger than the part along both axes, the center of the image that has the
/// aspect ratio of the output is resized, as by `Resizing(height, width, crop_to_aspect_ratio = true)`.
///
/// # Arguments
/// - `height`: the rows of the output.
/// - `width`: the columns of the output.
///
/// # Shapes
/// input `[H][W][C]`, output `[height][width][C]`; saves two values
///
/// # Cost
/// in training a copy of each value; in inference `4 * height * width * C` multiply-adds
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net: Input(32, 32, 3) => ZeroPadding2D(4) => RandomCrop(32, 32) => Flatten => Dense(10)
/// }
/// assert_eq!(Net::PARAMS, (32 * 32 * 3 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RandomCrop {
    input: [usize; 3],
    output: [usize; 2],
}

impl RandomCrop {
    /// From images of `[height, width, channels]` to `[height, width]`.
    pub const fn new(input: [usize; 3], output: [usize; 2]) -> Self {
        Self { input, output }
    }

    /// Copies the part of an image that begins at `first`, a row and a column.
    pub fn crop(&self, first: [usize; 2], x: &[f32], y: &mut [f32]) {
        let row_len = self.output[1] * self.input[2];
        for (row, y) in y.chunks_exact_mut(row_len.max(1)).enumerate() {
            y.copy_from_slice(&x[self.start(first, row)..][..row_len]);
        }
    }

    /// The place in an image at which row `row` of the part that begins at `first` begins.
    const fn start(&self, first: [usize; 2], row: usize) -> usize {
        ((first[0] + row) * self.input[1] + first[1]) * self.input[2]
    }

    /// The number of rows and columns at which a part can begin. `None` if the image is not larger than the output.
    fn places(&self) -> Option<[usize; 2]> {
        let ([height, width, _], [rows, columns]) = (self.input, self.output);
        (height > rows && width > columns).then(|| [height - rows + 1, width - columns + 1])
    }

    const fn resizing(&self) -> Resizing {
        Resizing::new(self.input, self.output).crop_to_aspect_ratio()
    }

    const fn lens(&self) -> [usize; 2] {
        let ([height, width, channels], [rows, columns]) = (self.input, self.output);
        [height * width * channels, rows * columns * channels]
    }
}

impl Forward<()> for RandomCrop {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        self.resizing().forward(&(), x, y, ());
    }
}

impl Operation<(), f32, f32, (), f32> for RandomCrop {
    fn forward_training(
        &self,
        (): &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let Some(places) = self.places().filter(|_| !step.is_inference()) else {
            // Says that the image was resized.
            saved.fill(-1.0);
            return self.forward(&(), x, y, ());
        };
        let (mut rng, [input, output]) = (step.rng(saved.len()), self.lens());
        let images = x.chunks_exact(input).zip(y.chunks_exact_mut(output));
        for ((x, y), drawn) in images.zip(saved.as_chunks_mut::<2>().0) {
            let first = places.map(|places| {
                let place = (rng.random::<f32>() * places as f32) as usize;
                place.min(places - 1)
            });
            *drawn = first.map(|place| place as f32);
            self.crop(first, x, y);
        }
    }

    fn backward(&self, (): &(), pass: Pass<'_, f32, f32, f32>, gradient: Gradient<'_>) {
        if pass.saved.first().is_some_and(|first| *first < 0.0) {
            let pass = Pass {
                x: pass.x,
                y: pass.y,
                saved: (),
                dy: pass.dy,
                dx: pass.dx,
                accumulate: pass.accumulate,
            };
            return self.resizing().backward(&(), pass, gradient);
        }
        let Some(dx) = pass.dx else { return };
        let [input, output] = self.lens();
        let row_len = (self.output[1] * self.input[2]).max(1);
        dx.fill(0.0);
        let images = dx.chunks_exact_mut(input).zip(pass.dy.chunks_exact(output));
        for ((dx, dy), drawn) in images.zip(pass.saved.as_chunks::<2>().0) {
            let first = drawn.map(|place| place as usize);
            for (row, dy) in dy.chunks_exact(row_len).enumerate() {
                dx[self.start(first, row)..][..row_len].copy_from_slice(dy);
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
        for (input, output) in [
            ([5, 4, 2], [3, 3]),
            ([3, 5, 1], [3, 2]),
            ([2, 2, 1], [3, 5]),
        ] {
            let layer = RandomCrop::new(input, output);
            let [input, output] = layer.lens();
            check_operation::<(), _>(&layer, input, output, 2).unwrap();
        }
    }

    #[test]
    fn each_place_is_drawn_and_nothing_outside_of_the_image() {
        let layer = RandomCrop::new([4, 3, 1], [3, 1]);
        let x: Vec<f32> = (0..12 * 200).map(|value| (value % 12) as f32).collect();
        let (mut y, mut saved) = (vec![f32::NAN; 3 * 200], vec![f32::NAN; 2 * 200]);
        let step = Step::new(Seed(1), 0).over(0, 200).layer(0);
        layer.forward_training(&(), &x, &mut y, (), &mut saved, step);
        let mut firsts: Vec<u8> = y.chunks_exact(3).map(|part| part[0] as u8).collect();
        assert!(y.chunks_exact(3).all(|part| part[1] == part[0] + 3.0));
        firsts.sort_unstable();
        firsts.dedup();
        assert_eq!(firsts, [0, 1, 2, 3, 4, 5]);
    }
}
