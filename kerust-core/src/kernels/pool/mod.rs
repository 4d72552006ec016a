//! Pooling kernels, for each channel.
//!
//! As in Keras, taps outside of the image are ignored: they are not a maximum, and an average is over real
//! pixels only. Work is divided over images.
//!
//! # How it computes
//! The consecutive windows of an output row that are inside of the image form one [`Windows`], and each window at
//! the border is a run of its own. For a vector of channels, a run is processed window by window, and the
//! result of a window stays in registers. If windows do not overlap, a gradient is written, otherwise added.

mod work;

use super::parallel;
use super::simd;
use super::walk::Walk;
use crate::shape::Window;
use work::{Forward, Gradient, Windows};

/// The number of channels whose shares are counted together.
const CHANNELS: usize = 32;

/// The number of multiply-adds that take as long as one tap of a pool, which is limited by memory.
const TAP_MACS: usize = 4;

/// The message about sizes with which no kernel can compute.
#[cfg(feature = "std")]
const SIZES: &str = "the sizes of a pool do not fit each other, or overflow";

/// The sizes of a pooling.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// The window of the pooling.
    pub window: Window,
}

impl Pooling {
    /// Writes the maximum of each window to `y`.
    pub fn maximum(&self, x: &[f32], y: &mut [f32]) {
        self.forward::<false>(x, y);
    }

    /// Writes the average of each window to `y`.
    pub fn average(&self, x: &[f32], y: &mut [f32]) {
        self.forward::<true>(x, y);
    }

    #[inline(always)]
    fn forward<const AVERAGE: bool>(&self, x: &[f32], y: &mut [f32]) {
        check!(self.window.fits(self.input), "{SIZES}");
        let macs = self.macs(y.len());
        parallel::chunks(y, self.output_len(), macs, |image, y| {
            let x = self.image(x, image);
            simd::run(Forward::<AVERAGE> {
                pooling: self,
                x,
                y,
            });
        });
    }

    /// A window over all pixels of an image.
    #[cfg(feature = "std")]
    pub(crate) const fn of_all(pixels: usize, channels: usize) -> Self {
        Self {
            input: [1, pixels, channels],
            window: Window {
                size: [1, pixels],
                ..Window::PIXEL
            },
        }
    }

    /// Adds each value of `dy` at the first maximum of its window; `dx` is 0 elsewhere.
    pub fn maximum_gradient(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        check!(self.window.fits(self.input), "{SIZES}");
        let macs = self.macs(dy.len());
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            let x = self.image(x, image);
            self.gradient::<false>(x, dy, image, dx);
        });
    }

    /// For a window that covers the whole image: writes an equal share of `dy` to `dx` at each pixel that
    /// equals `y`.
    pub fn global_maximum_gradient(&self, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
        check!(self.window.fits(self.input), "{SIZES}");
        let (channels, macs) = (self.input[2], dx.len() * TAP_MACS);
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            let x = self.image(x, image);
            let (y, dy) = (&y[image * channels..], &dy[image * channels..]);
            for first in (0..channels).step_by(CHANNELS) {
                let run = first..channels.min(first + CHANNELS);
                let (y, dy) = (&y[run.clone()], &dy[run.clone()]);
                let mut shares = [0.0; CHANNELS];
                for x in x.chunks_exact(channels) {
                    let hits = shares.iter_mut().zip(x[run.clone()].iter().zip(y));
                    hits.for_each(|(count, (x, y))| *count += f32::from(u8::from(x == y)));
                }
                let pairs = shares.iter_mut().zip(dy);
                pairs.for_each(|(share, dy)| *share = dy / *share);
                for (dx, x) in dx.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                    let pixels = dx[run.clone()].iter_mut().zip(x[run.clone()].iter().zip(y));
                    for ((dx, (x, y)), share) in pixels.zip(&shares) {
                        *dx = if x == y { *share } else { 0.0 };
                    }
                }
            }
        });
    }

    /// Distributes each value of `dy` equally over the pixels of its window.
    pub fn average_gradient(&self, dy: &[f32], dx: &mut [f32]) {
        check!(self.window.fits(self.input), "{SIZES}");
        let macs = self.macs(dy.len());
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            self.gradient::<true>(&[], dy, image, dx);
        });
    }

    /// The gradient of one image.
    #[inline(always)]
    fn gradient<const AVERAGE: bool>(&self, x: &[f32], dy: &[f32], image: usize, dx: &mut [f32]) {
        let dy = &dy[image * self.output_len()..][..self.output_len()];
        simd::run(Gradient::<AVERAGE> {
            pooling: self,
            x,
            dy,
            dx,
        });
    }

    fn input_len(&self) -> usize {
        self.input.iter().product()
    }

    fn output_len(&self) -> usize {
        let [rows, columns] = self.window.output(self.input[0], self.input[1]);
        rows * columns * self.input[2]
    }

    fn macs(&self, outputs: usize) -> usize {
        outputs * self.window.size[0] * self.window.size[1] * TAP_MACS
    }

    fn image<'a>(&self, x: &'a [f32], image: usize) -> &'a [f32] {
        let mut images = x.chunks_exact(self.input_len().max(1));
        images.nth(image).unwrap_or_default()
    }

    /// Whether no pixel is in two windows.
    fn apart(&self) -> bool {
        let Window { size, strides, .. } = self.window;
        size[0] <= strides[0] && size[1] <= strides[1]
    }

    /// Whether every pixel is in a window.
    fn covers(&self) -> bool {
        let Window { size, strides, .. } = self.window;
        let [height, width, _] = self.input;
        let windows = self.window.output(height, width);
        let before = self.window.padding_before(height, width);
        let reach = |axis: usize| windows[axis] * strides[axis] - before[axis];
        size[0] >= strides[0] && size[1] >= strides[1] && reach(0) >= height && reach(1) >= width
    }

    /// Calls `work` with all windows, row by row, for an image and an output of these lengths.
    #[inline(always)]
    fn each_run(&self, [image, output]: [usize; 2], mut work: impl FnMut(&Windows)) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        check!(
            self.input_len() <= image && self.output_len() <= output,
            "an image of a pool has another size"
        );
        let walk = Walk::new(self.window, self.input);
        let whole = walk.whole(columns, 1);
        let mut run = Windows {
            corner: 0,
            output: 0,
            windows: 1,
            rows: 0,
            columns: 0,
            row: width * channels,
            step: self.window.strides[1] * channels,
            channels,
        };
        for i in 0..rows {
            let u = walk.inside(i, 0);
            let mut j = 0;
            while j < columns {
                let v = walk.inside(j, 1);
                run.windows = if j == whole.start {
                    whole.len().max(1)
                } else {
                    1
                };
                (run.rows, run.columns) = (u.len(), v.len());
                let pixel = walk.under(i, u.start, 0) * width + walk.under(j, v.start, 1);
                run.corner = pixel * channels;
                work(&run);
                run.output += run.windows * channels;
                j += run.windows;
            }
        }
    }
}

#[cfg(test)]
mod tests;
