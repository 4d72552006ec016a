//! Images read between their pixels.

/// How a value between pixels is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Interpolation {
    /// The four pixels around, by their nearness on both axes.
    #[default]
    Bilinear,
    /// The nearest pixel.
    Nearest,
}

/// The two pixels around a place on one axis, with their weights; `None` is outside of the image.
#[derive(Clone, Copy)]
pub(super) struct Neighbours([(Option<usize>, f32); 2]);

impl Neighbours {
    /// Pixel `lower` and, with `weight`, pixel `upper`.
    pub(super) fn between(lower: Option<usize>, upper: Option<usize>, weight: f32) -> Self {
        Self([(lower, 1.0 - weight), (upper, weight)])
    }

    /// One pixel alone.
    pub(super) fn one(pixel: Option<usize>) -> Self {
        Self([(pixel, 1.0), (None, 0.0)])
    }
}

/// A linear map from images of the sizes `[height, width, channels]` to images of `[rows, columns]`
/// and as many channels: each pixel of the output is a mean of pixels around a place in the input.
pub(super) struct Resample<P> {
    pub(super) input: [usize; 3],
    pub(super) output: [usize; 2],
    /// What a pixel outside of the input reads as.
    pub(super) fill_value: f32,
    /// The neighbours, by row and column of the input, of a row and column of the output.
    pub(super) neighbours: P,
}

impl<P: Fn(usize, usize) -> [Neighbours; 2]> Resample<P> {
    /// One image: `y = A·x`, where pixels outside of `x` are `fill_value`.
    pub(super) fn forward(&self, x: &[f32], y: &mut [f32]) {
        self.for_each_weight(|output, input, weight, is_first| {
            let Some(y) = y.get_mut(output) else { return };
            if is_first {
                y.fill(0.0);
            }
            match input.and_then(|input| x.get(input)) {
                Some(x) => y.iter_mut().zip(x).for_each(|(y, x)| *y += weight * x),
                None => y.iter_mut().for_each(|y| *y += weight * self.fill_value),
            }
        });
    }

    /// One image: `dx = Aᵀ·dy`.
    pub(super) fn backward(&self, dy: &[f32], dx: &mut [f32]) {
        dx.fill(0.0);
        self.for_each_weight(|output, input, weight, _| {
            if let (Some(dx), Some(dy)) =
                (input.and_then(|input| dx.get_mut(input)), dy.get(output))
            {
                dx.iter_mut()
                    .zip(dy)
                    .for_each(|(dx, dy)| *dx += weight * dy);
            }
        });
    }

    /// Calls `visit` with the range of an output pixel, that of an input pixel, the weight of the
    /// one in the other, and whether it is the first of the output pixel.
    fn for_each_weight(
        &self,
        mut visit: impl FnMut(core::ops::Range<usize>, Option<core::ops::Range<usize>>, f32, bool),
    ) {
        let [_, width, channels] = self.input;
        let [rows, columns] = self.output;
        let range = |pixel: usize| pixel * channels..(pixel + 1) * channels;
        for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)))
        {
            let [vertical, horizontal] = (self.neighbours)(row, column);
            let mut is_first = true;
            for (y, y_weight) in vertical.0 {
                for (x, x_weight) in horizontal.0 {
                    let weight = y_weight * x_weight;
                    // A pixel of weight 0 is not read: it may be no number.
                    if weight != 0.0 {
                        let input = y.zip(x).map(|(y, x)| range(y * width + x));
                        visit(range(row * columns + column), input, weight, is_first);
                        is_first = false;
                    }
                }
            }
        }
    }
}
