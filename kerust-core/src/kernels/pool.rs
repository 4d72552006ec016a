//! Pooling: what a window holds, channel by channel.
//!
//! Taps beside the image take no part: they are no maximum, and an average is over real pixels, as
//! in Keras. Work is divided over images.
//!
//! # How it computes
//! The windows of an output row that lie side by side inside the image are one [`Run`], and each at its
//! border is one of its own. For a block of channels a run passes from window to window, and what it makes
//! of a window stays in registers.

use super::isa::vectorized;
use super::parallel;
use super::walk::Walk;
use crate::shape::Window;

/// Channels whose shares are counted together.
const CHANNELS: usize = 32;

/// Multiply-adds that take as long as one tap of a pool: it is bound by memory.
const TAP_MACS: usize = 4;

/// Does `$work` for the first channel of each block of channels, whose number is a constant. Where
/// `$again` says that some may be done again, the last block begins before the end of the one before.
macro_rules! blocks {
    ($channels:expr, $again:expr, |$first:ident, $count:ident| $work:expr) => {
        let (channels, again, mut $first) = ($channels, $again, 0);
        #[cfg(feature = "std")]
        blocks!(channels, again, $first, $count, $work, 16 8);
        blocks!(channels, again, $first, $count, $work, 4 1);
    };
    ($channels:ident, $again:ident, $first:ident, $count:ident, $work:expr, $($size:literal)+) => {$(
        while $first < $channels {
            const $count: usize = $size;
            if $first + $count > $channels {
                if !$again || $count > $channels {
                    break;
                }
                $first = $channels - $count;
            }
            $work;
            $first += $count;
        }
    )+};
}

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
        self.forward(x, y, f32::NEG_INFINITY, larger, |peak, _| peak);
    }

    /// `y` is the average of each window.
    pub fn average(&self, x: &[f32], y: &mut [f32]) {
        self.forward(x, y, 0.0, |sum, x| sum + x, |sum, pixels| sum / pixels);
    }

    /// `y` is `end` of what `fold` makes of a window's values, in order, and of their number.
    #[inline(always)]
    fn forward(
        &self,
        x: &[f32],
        y: &mut [f32],
        start: f32,
        fold: impl Fn(f32, f32) -> f32 + Copy + Sync,
        end: impl Fn(f32, f32) -> f32 + Copy + Sync,
    ) {
        let macs = self.macs(y.len());
        parallel::chunks(y, self.output_len(), macs, |image, y| {
            let x = self.image(x, image);
            self.each_run(
                [x.len(), y.len()],
                #[inline(always)]
                |run| {
                    let (x, y) = (x.as_ptr(), y.as_mut_ptr());
                    blocks!(run.channels, true, |first, COUNT| {
                        // SAFETY: the run lies inside both images.
                        unsafe {
                            let (x, y) = (x.add(first), y.add(first));
                            match [run.rows, run.columns] {
                                #[cfg(feature = "std")]
                                [2, 2] => run.forward::<COUNT, 2>(x, y, start, fold, end),
                                _ => run.forward::<COUNT, 0>(x, y, start, fold, end),
                            }
                        }
                    });
                },
            );
        });
    }

    /// `dx` is `dy` at the first maximum of each window.
    pub fn maximum_gradient(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let macs = self.macs(dy.len());
        let Window { size, strides, .. } = self.window;
        let apart = size[0] <= strides[0] && size[1] <= strides[1];
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            let x = self.image(x, image);
            let dy = &dy[image * self.output_len()..][..self.output_len()];
            if !self.covers() {
                dx.fill(0.0);
            }
            self.each_run(
                [x.len().min(dx.len()), dy.len()],
                #[inline(always)]
                |run| {
                    let (x, dy, dx) = (x.as_ptr(), dy.as_ptr(), dx.as_mut_ptr());
                    blocks!(run.channels, apart, |first, COUNT| {
                        // SAFETY: the run lies inside all images.
                        unsafe {
                            let (x, dy, dx) = (x.add(first), dy.add(first), dx.add(first));
                            match [run.rows, run.columns] {
                                #[cfg(feature = "std")]
                                [2, 2] if apart => {
                                    run.to_first_maximum::<COUNT, 2, true>(x, dy, dx)
                                }
                                _ if apart => run.to_first_maximum::<COUNT, 0, true>(x, dy, dx),
                                _ => run.to_first_maximum::<COUNT, 0, false>(x, dy, dx),
                            }
                        }
                    });
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

    /// `dx` is an equal share of `dy` at each pixel of each window.
    pub fn average_gradient(&self, dy: &[f32], dx: &mut [f32]) {
        let macs = self.macs(dy.len());
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            let dy = &dy[image * self.output_len()..][..self.output_len()];
            dx.fill(0.0);
            self.each_run(
                [dx.len(), dy.len()],
                #[inline(always)]
                |run| {
                    let (dx, dy) = (dx.as_mut_ptr(), dy.as_ptr());
                    blocks!(run.channels, false, |first, COUNT| {
                        // SAFETY: the run lies inside both images.
                        unsafe { run.to_all::<COUNT>(dy.add(first), dx.add(first)) };
                    });
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

    /// Whether every pixel lies in exactly one window.
    fn covers(&self) -> bool {
        let Window { size, strides, .. } = self.window;
        let [height, width, _] = self.input;
        let windows = self.window.output(height, width);
        let before = self.window.padding_before(height, width);
        let reach = |axis: usize| windows[axis] * strides[axis] - before[axis];
        size == strides && reach(0) >= height && reach(1) >= width
    }

    /// Calls `work` with all windows, row by row, of an image and an output of these lengths.
    #[inline(always)]
    fn each_run(&self, lens: [usize; 2], mut work: impl FnMut(&Run)) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let walk = Walk::new(self.window, self.input);
        let whole = walk.whole(columns, 1);
        let mut run = Run {
            corner: 0,
            output: 0,
            windows: 1,
            rows: 0,
            columns: 0,
            row: width * channels,
            step: self.window.strides[1] * channels,
            channels,
        };
        vectorized(
            #[inline(always)]
            || {
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
                        check!(run.lies_in(lens), "an image of a pool has another size");
                        work(&run);
                        run.output += run.windows * channels;
                        j += run.windows;
                    }
                }
            },
        );
    }
}

/// Windows side by side, of which as many rows and columns lie inside the image.
struct Run {
    /// Where the first window begins in the image, and its output.
    corner: usize,
    output: usize,
    windows: usize,
    /// Rows and columns of a window.
    rows: usize,
    columns: usize,
    /// Values of a row of the image, from a window to the next, and of a pixel.
    row: usize,
    step: usize,
    channels: usize,
}

impl Run {
    /// Whether all windows lie inside an image and an output of these lengths.
    fn lies_in(&self, [image, output]: [usize; 2]) -> bool {
        let last = self.corner + self.windows.saturating_sub(1) * self.step;
        let end = last + self.rows.saturating_sub(1) * self.row + self.columns * self.channels;
        end <= image && self.output + self.windows * self.channels <= output
    }

    /// Rows and columns of a window: `SIDE`, or the run's.
    #[inline(always)]
    fn size<const SIDE: usize>(&self) -> [usize; 2] {
        if SIDE > 0 {
            [SIDE; 2]
        } else {
            [self.rows, self.columns]
        }
    }

    /// What `fold` makes of the window at `corner`, from `start` on.
    ///
    /// # Safety
    /// The window lies inside the image, and so do `COUNT` channels of each pixel.
    #[inline(always)]
    unsafe fn fold<const COUNT: usize, const SIDE: usize>(
        &self,
        x: *const f32,
        start: f32,
        fold: impl Fn(f32, f32) -> f32,
    ) -> [f32; COUNT] {
        let mut folded = [start; COUNT];
        let [rows, columns] = self.size::<SIDE>();
        for u in 0..rows {
            for v in 0..columns {
                // SAFETY: the caller's promise.
                let x = unsafe {
                    &*x.add(u * self.row + v * self.channels)
                        .cast::<[f32; COUNT]>()
                };
                for (folded, x) in folded.iter_mut().zip(x) {
                    *folded = fold(*folded, *x);
                }
            }
        }
        folded
    }

    /// [`Pooling::forward`] of some channels.
    ///
    /// # Safety
    /// The run lies inside both images, and so do `COUNT` channels of each pixel.
    #[inline(always)]
    unsafe fn forward<const COUNT: usize, const SIDE: usize>(
        &self,
        x: *const f32,
        y: *mut f32,
        start: f32,
        fold: impl Fn(f32, f32) -> f32 + Copy,
        end: impl Fn(f32, f32) -> f32,
    ) {
        let pixels = (self.rows * self.columns) as f32;
        for window in 0..self.windows {
            // SAFETY: the caller's promise.
            unsafe {
                let mut y_values =
                    self.fold::<COUNT, SIDE>(x.add(self.corner + window * self.step), start, fold);
                for value in &mut y_values {
                    *value = end(*value, pixels);
                }
                y.add(self.output + window * self.channels)
                    .cast::<[f32; COUNT]>()
                    .write(y_values);
            }
        }
    }

    /// Gives each channel's `dy` to the first of the taps that holds the channel's maximum. Where windows
    /// lie `APART`, nothing need stand in `dx`; else it is added.
    ///
    /// # Safety
    /// The run lies inside the images, and so do `COUNT` channels of each pixel.
    #[inline(always)]
    unsafe fn to_first_maximum<const COUNT: usize, const SIDE: usize, const APART: bool>(
        &self,
        x: *const f32,
        dy: *const f32,
        dx: *mut f32,
    ) {
        for window in 0..self.windows {
            let corner = self.corner + window * self.step;
            // SAFETY: the caller's promise.
            unsafe {
                let peaks = self.fold::<COUNT, SIDE>(x.add(corner), f32::NEG_INFINITY, larger);
                let dy = dy.add(self.output + window * self.channels);
                let mut left = dy.cast::<[f32; COUNT]>().read();
                let [rows, columns] = self.size::<SIDE>();
                for u in 0..rows {
                    for v in 0..columns {
                        let tap = corner + u * self.row + v * self.channels;
                        let x = &*x.add(tap).cast::<[f32; COUNT]>();
                        let dx = &mut *dx.add(tap).cast::<[f32; COUNT]>();
                        for i in 0..COUNT {
                            let before = if APART { 0.0 } else { dx[i] };
                            // Once given away, what is left is zero.
                            let hit = x[i] == peaks[i];
                            dx[i] = before + if hit { left[i] } else { 0.0 };
                            left[i] = if hit { 0.0 } else { left[i] };
                        }
                    }
                }
            }
        }
    }

    /// Adds an equal share of each channel's `dy` to all taps.
    ///
    /// # Safety
    /// The run lies inside both images, and so do `COUNT` channels of each pixel.
    #[inline(always)]
    unsafe fn to_all<const COUNT: usize>(&self, dy: *const f32, dx: *mut f32) {
        let pixels = (self.rows * self.columns) as f32;
        for window in 0..self.windows {
            let corner = self.corner + window * self.step;
            // SAFETY: the caller's promise.
            unsafe {
                let dy = dy.add(self.output + window * self.channels);
                let mut share = dy.cast::<[f32; COUNT]>().read();
                share.iter_mut().for_each(|share| *share /= pixels);
                for u in 0..self.rows {
                    for v in 0..self.columns {
                        let tap = corner + u * self.row + v * self.channels;
                        let dx = &mut *dx.add(tap).cast::<[f32; COUNT]>();
                        dx.iter_mut()
                            .zip(share)
                            .for_each(|(dx, share)| *dx += share);
                    }
                }
            }
        }
    }
}

/// The larger number, the first of equals.
#[inline(always)]
fn larger(peak: f32, x: f32) -> f32 {
    if x > peak { x } else { peak }
}
