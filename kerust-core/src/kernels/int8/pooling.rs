//! `MaxPooling2D` and `AveragePooling2D`.

use super::dot::CHANNELS;
use super::{Output, Rows, from};
use crate::kernels::vectorized;
use crate::kernels::walk::Walk;
use crate::shape::Window;

/// A pool, channels last. Input and output have the same quantization.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// The pool's window.
    pub window: Window,
    /// The output's range.
    pub output: Output,
}

impl Pooling {
    /// `y` is the maximum of each window, for every image that there is.
    pub fn maximum(&self, x: &[i8], y: &mut [i8]) {
        self.forward(x, y, |x, i, y| self.maximum_row(x, i, y));
    }

    /// `y` is the average of each window, for every image that there is.
    pub fn average(&self, x: &[i8], y: &mut [i8]) {
        self.forward(x, y, |x, i, y| self.average_row(x, i, y));
    }

    /// Row `i` of an image's maxima, from the rows of the input that its window spans.
    pub fn maximum_row(&self, x: Rows<'_>, i: usize, y: &mut [i8]) {
        self.row::<false>(x, i, y);
    }

    /// Row `i` of an image's averages, from the rows of the input that its window spans. An average is
    /// over the pixels inside the image, and halves are rounded away from zero.
    pub fn average_row(&self, x: Rows<'_>, i: usize, y: &mut [i8]) {
        self.row::<true>(x, i, y);
    }

    fn forward(&self, x: &[i8], y: &mut [i8], row: impl Fn(Rows<'_>, usize, &mut [i8])) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let (x_len, y_row) = (height * width * channels, columns * channels);
        check!(
            x.len() * rows * y_row == y.len() * x_len,
            "as many output images as input images"
        );
        let mut images = x.chunks_exact(x_len.max(1));
        for y in y.chunks_exact_mut((rows * y_row).max(1)) {
            let x = Rows::new(images.next().unwrap_or_default(), width * channels);
            for (i, y) in y.chunks_exact_mut(y_row.max(1)).enumerate() {
                row(x, i, y);
            }
        }
    }

    #[inline(always)]
    fn row<const AVERAGE: bool>(&self, x: Rows<'_>, i: usize, y: &mut [i8]) {
        let (walk, channels) = (Walk::new(self.window, self.input), self.input[2]);
        let rows = walk.inside(i, 0);
        vectorized(
            #[inline(always)]
            || {
                for (j, y) in y.chunks_exact_mut(channels.max(1)).enumerate() {
                    let columns = walk.inside(j, 1);
                    let count = rows.len() * columns.len();
                    let pixels = || {
                        rows.clone().flat_map(|u| {
                            let row = x.get(walk.under(i, u, 0));
                            let columns = columns.clone();
                            columns.map(move |v| from(row, walk.under(j, v, 1) * channels))
                        })
                    };
                    let mut first = 0;
                    while first + CHANNELS[0] <= channels {
                        self.block::<AVERAGE, { CHANNELS[0] }>(pixels(), count, first, y);
                        first += CHANNELS[0];
                    }
                    while first + CHANNELS[1] <= channels {
                        self.block::<AVERAGE, { CHANNELS[1] }>(pixels(), count, first, y);
                        first += CHANNELS[1];
                    }
                    while first < channels {
                        self.block::<AVERAGE, 1>(pixels(), count, first, y);
                        first += 1;
                    }
                }
            },
        );
    }

    /// `N` channels of a pixel.
    #[inline(always)]
    fn block<'a, const AVERAGE: bool, const N: usize>(
        &self,
        pixels: impl Iterator<Item = &'a [i8]>,
        count: usize,
        first: usize,
        y: &mut [i8],
    ) {
        let mut held = [if AVERAGE { 0 } else { i32::from(i8::MIN) }; N];
        for pixel in pixels {
            let values = from(pixel, first).first_chunk::<N>().into_iter().flatten();
            for (held, value) in held.iter_mut().zip(values) {
                let value = i32::from(*value);
                *held = if AVERAGE {
                    held.wrapping_add(value)
                } else {
                    value.max(*held)
                };
            }
        }
        for (y, held) in y.iter_mut().skip(first).zip(held) {
            let value = if AVERAGE { average(held, count) } else { held };
            *y = self.output.hold(value);
        }
    }
}

/// The quotient, halves rounded away from zero.
#[inline(always)]
fn average(sum: i32, count: usize) -> i32 {
    let count = count as i32;
    let half = count / 2;
    let nudged = sum.wrapping_add(if sum > 0 { half } else { -half });
    nudged.checked_div(count).unwrap_or(0)
}
