//! Pooling: what a window holds, channel by channel.
//!
//! Taps beside the image take no part: they are no maximum, and an average is over real pixels, as
//! in Keras. Work is divided over images.

use super::isa::vectorized;
use super::parallel;
use crate::shape::Window;
use core::ops::Range;

/// Channels that are looked at together; their maxima stay in registers.
const CHANNELS: usize = 32;

/// Multiply-adds that take as long as one tap of a pool: it is bound by memory.
const TAP_MACS: usize = 4;

/// The sizes of a pooling.
#[derive(Clone, Copy, Debug)]
pub struct Pooling {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// The pool's window.
    pub window: Window,
}

impl Pooling {
    /// `y` is the maximum of each window.
    pub fn maximum(&self, x: &[f32], y: &mut [f32]) {
        let macs = self.macs(y.len());
        parallel::chunks(y, self.output_len(), macs, |image, y| {
            let x = self.image(x, image);
            vectorized(
                #[inline(always)]
                || {
                    self.each_window(
                        #[inline(always)]
                        |output, rows, columns| {
                            self.each_block(
                                #[inline(always)]
                                |first, count| {
                                    let taps = self.taps(rows.clone(), columns.clone(), first);
                                    let peaks = peaks(x, count, taps);
                                    let y = y.get_mut(output + first..output + first + count);
                                    let y = y.unwrap_or_default().iter_mut();
                                    y.zip(peaks).for_each(|(y, peak)| *y = peak);
                                },
                            );
                        },
                    );
                },
            );
        });
    }

    /// `dx` is `dy` at the first maximum of each window.
    pub fn maximum_gradient(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let macs = self.macs(dy.len());
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            let x = self.image(x, image);
            let dy = &dy[image * self.output_len()..][..self.output_len()];
            dx.fill(0.0);
            vectorized(
                #[inline(always)]
                || {
                    self.each_window(
                        #[inline(always)]
                        |output, rows, columns| {
                            self.each_block(
                                #[inline(always)]
                                |first, count| {
                                    let dy = &dy[output + first..][..count];
                                    let taps = self.taps(rows.clone(), columns.clone(), first);
                                    to_first_maximum(x, dx, dy, count, taps);
                                },
                            );
                        },
                    );
                },
            );
        });
    }

    /// Where the window is the whole image: `dx` is an equal share of `dy` at each pixel that equals
    /// `y`.
    pub fn global_maximum_gradient(&self, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
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

    /// `y` is the average of each window.
    pub fn average(&self, x: &[f32], y: &mut [f32]) {
        let macs = self.macs(y.len());
        parallel::chunks(y, self.output_len(), macs, |image, y| {
            let x = self.image(x, image);
            vectorized(
                #[inline(always)]
                || {
                    self.each_window(
                        #[inline(always)]
                        |output, rows, columns| {
                            let y = y.get_mut(output..output + self.input[2]);
                            let y = y.unwrap_or_default();
                            let pixels = (rows.len() * columns.len()) as f32;
                            y.fill(0.0);
                            self.taps(rows, columns, 0).each(
                                #[inline(always)]
                                |tap| {
                                    let x = x.get(tap..).unwrap_or_default();
                                    y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
                                },
                            );
                            y.iter_mut().for_each(|y| *y /= pixels);
                        },
                    );
                },
            );
        });
    }

    /// `dx` is an equal share of `dy` at each pixel of each window.
    pub fn average_gradient(&self, dy: &[f32], dx: &mut [f32]) {
        let macs = self.macs(dy.len());
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            let dy = &dy[image * self.output_len()..][..self.output_len()];
            dx.fill(0.0);
            vectorized(
                #[inline(always)]
                || {
                    self.each_window(
                        #[inline(always)]
                        |output, rows, columns| {
                            let dy = &dy[output..output + self.input[2]];
                            let pixels = (rows.len() * columns.len()) as f32;
                            self.taps(rows, columns, 0).each(
                                #[inline(always)]
                                |tap| {
                                    let pairs = dx[tap..].iter_mut().zip(dy);
                                    pairs.for_each(|(dx, dy)| *dx += dy / pixels);
                                },
                            );
                        },
                    );
                },
            );
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

    /// Calls `work` with the offset of each output pixel, and the rows and columns of its window
    /// that lie inside the image. A pool is not dilated.
    #[inline(always)]
    fn each_window(&self, mut work: impl FnMut(usize, Range<usize>, Range<usize>)) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let before = self.window.padding_before(height, width);
        let inside = |place: usize, axis: usize| {
            let start = place * self.window.strides[axis];
            let end = (start + self.window.size[axis]).saturating_sub(before[axis]);
            start.saturating_sub(before[axis])..end.min(self.input[axis])
        };
        let mut output = 0;
        for i in 0..rows {
            let rows = inside(i, 0);
            for j in 0..columns {
                work(output, rows.clone(), inside(j, 1));
                output += channels;
            }
        }
    }

    /// Calls `work` with the first and the number of the channels of each block.
    #[inline(always)]
    fn each_block(&self, mut work: impl FnMut(usize, usize)) {
        let channels = self.input[2];
        let whole = channels / CHANNELS * CHANNELS;
        for first in (0..whole).step_by(CHANNELS) {
            // A constant, for which the loops are compiled apart.
            work(first, CHANNELS);
        }
        if whole < channels {
            work(whole, channels - whole);
        }
    }

    /// The taps of a window, from channel `first` on.
    #[inline(always)]
    fn taps(&self, rows: Range<usize>, columns: Range<usize>, first: usize) -> Taps {
        let [_, width, channels] = self.input;
        Taps {
            corner: (rows.start * width + columns.start) * channels + first,
            rows: rows.len(),
            columns: columns.len(),
            row: width * channels,
            channels,
        }
    }
}

/// The pixels of a window, as offsets.
#[derive(Clone, Copy)]
struct Taps {
    corner: usize,
    rows: usize,
    columns: usize,
    /// Values of a row.
    row: usize,
    channels: usize,
}

impl Taps {
    /// Calls `work` with the offset of each pixel, row by row.
    #[inline(always)]
    fn each(self, mut work: impl FnMut(usize)) {
        for i in 0..self.rows {
            for j in 0..self.columns {
                work(self.corner + i * self.row + j * self.channels);
            }
        }
    }
}

/// The maximum of each channel.
#[inline(always)]
fn peaks(x: &[f32], count: usize, taps: Taps) -> [f32; CHANNELS] {
    let mut peaks = [f32::NEG_INFINITY; CHANNELS];
    taps.each(
        #[inline(always)]
        |tap| {
            let x = x.get(tap..tap + count).unwrap_or_default();
            let pairs = peaks.iter_mut().zip(x);
            pairs.for_each(|(peak, x)| *peak = if *x > *peak { *x } else { *peak });
        },
    );
    peaks
}

/// Adds each channel's `dy` to `dx` at the first of the taps that holds the channel's maximum.
#[inline(always)]
fn to_first_maximum(x: &[f32], dx: &mut [f32], dy: &[f32], count: usize, taps: Taps) {
    let peaks = peaks(x, count, taps);
    let mut left = [0.0; CHANNELS];
    left[..count].copy_from_slice(&dy[..count]);
    taps.each(
        #[inline(always)]
        |tap| {
            let channels = dx[tap..][..count].iter_mut().zip(&x[tap..][..count]);
            for ((dx, x), (peak, left)) in channels.zip(peaks[..count].iter().zip(&mut left)) {
                // Once given away, what is left is zero.
                let hit = *x == *peak;
                *dx += if hit { *left } else { 0.0 };
                *left = if hit { 0.0 } else { *left };
            }
        },
    );
}
