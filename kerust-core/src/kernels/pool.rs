//! Pooling: what a window holds, channel by channel.
//!
//! Taps beside the image take no part: they are no maximum, and an average is over real pixels, as
//! in Keras. Work is divided over images.
//!
//! # How it computes
//! The windows of an output row that lie side by side inside the image are one [`Run`], and each at its
//! border is one of its own. For a vector of channels a run passes from window to window, and what it makes
//! of a window stays in registers. Where windows lie apart, a gradient is written, and else added.

use super::parallel;
use super::simd::{self, Simd, Work};
use super::walk::Walk;
use crate::shape::Window;

/// Channels whose shares are counted together.
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
        self.forward::<false>(x, y);
    }

    /// `y` is the average of each window.
    pub fn average(&self, x: &[f32], y: &mut [f32]) {
        self.forward::<true>(x, y);
    }

    #[inline(always)]
    fn forward<const AVERAGE: bool>(&self, x: &[f32], y: &mut [f32]) {
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

    /// `dx` is `dy` at the first maximum of each window.
    pub fn maximum_gradient(&self, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        let macs = self.macs(dy.len());
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            let x = self.image(x, image);
            self.gradient::<false>(x, dy, image, dx);
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
            self.gradient::<true>(&[], dy, image, dx);
        });
    }

    /// The gradient of one image.
    #[inline(always)]
    fn gradient<const AVERAGE: bool>(&self, x: &[f32], dy: &[f32], image: usize, dx: &mut [f32]) {
        let dy = &dy[image * self.output_len()..][..self.output_len()];
        let Window { size, strides, .. } = self.window;
        let apart = size[0] <= strides[0] && size[1] <= strides[1];
        if !(apart && self.covers()) {
            dx.fill(0.0);
        }
        simd::run(Gradient::<AVERAGE> {
            pooling: self,
            apart,
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

    /// Whether every pixel lies in a window.
    fn covers(&self) -> bool {
        let Window { size, strides, .. } = self.window;
        let [height, width, _] = self.input;
        let windows = self.window.output(height, width);
        let before = self.window.padding_before(height, width);
        let reach = |axis: usize| windows[axis] * strides[axis] - before[axis];
        size[0] >= strides[0] && size[1] >= strides[1] && reach(0) >= height && reach(1) >= width
    }

    /// Calls `work` with all windows, row by row, of an image and an output of these lengths.
    #[inline(always)]
    fn each_run(&self, [image, output]: [usize; 2], mut work: impl FnMut(&Run)) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        check!(
            self.input_len() <= image && self.output_len() <= output,
            "an image of a pool has another size"
        );
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

/// Windows side by side, of which the same rows and columns lie inside the image.
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
    /// Calls `work` with the offset of each window's corner and of its output, for each vector of channels,
    /// and with the mask of the last.
    #[inline(always)]
    fn each_vector<S: Simd>(&self, mut work: impl FnMut(usize, usize, Option<S::Mask>)) {
        let (mut corner, mut output) = (self.corner, self.output);
        let rest = self.channels % S::LANES;
        // SAFETY: `S` is there, for a vector of it is worked with.
        let mask = unsafe { S::mask(rest.max(1)) };
        for _ in 0..self.windows {
            let end = output + self.channels - rest;
            let mut at = corner;
            while output < end {
                work(at, output, None);
                at += S::LANES;
                output += S::LANES;
            }
            if rest > 0 {
                work(at, output, Some(mask));
                output += rest;
            }
            corner += self.step;
        }
    }

    /// Calls `work` with the offset of each tap of a window of `SIDE` × `SIDE`, or of the run's size.
    #[inline(always)]
    fn each_tap<const SIDE: usize>(&self, corner: usize, mut work: impl FnMut(usize)) {
        let (rows, columns) = match SIDE {
            0 => (self.rows, self.columns),
            _ => (SIDE, SIDE),
        };
        for u in 0..rows {
            for v in 0..columns {
                work(corner + u * self.row + v * self.channels);
            }
        }
    }

    /// A window's maximum or sum.
    ///
    /// # Safety
    /// The machine has `S`; the window lies inside the image.
    #[inline(always)]
    unsafe fn fold<S: Simd, const SIDE: usize, const AVERAGE: bool>(
        &self,
        x: *const f32,
        corner: usize,
        mask: Option<S::Mask>,
    ) -> S::Vector {
        // SAFETY: the caller's promises.
        unsafe {
            let start = if AVERAGE { 0.0 } else { f32::NEG_INFINITY };
            let mut folded = S::splat(&start);
            self.each_tap::<SIDE>(corner, |tap| {
                let x = load::<S>(x.add(tap), mask);
                folded = match AVERAGE {
                    true => S::add(folded, x),
                    false => S::larger(folded, x),
                };
            });
            folded
        }
    }

    /// What an average is divided by.
    fn pixels(&self) -> f32 {
        (self.rows * self.columns) as f32
    }
}

/// # Safety
/// The machine has `S`, and the vector's values, or the mask's, can be read.
#[inline(always)]
unsafe fn load<S: Simd>(from: *const f32, mask: Option<S::Mask>) -> S::Vector {
    // SAFETY: the caller's promises.
    unsafe {
        match mask {
            None => S::load(from),
            Some(mask) => S::load_masked(from, mask),
        }
    }
}

/// # Safety
/// The machine has `S`, and there is room for the vector, or for the mask's values.
#[inline(always)]
unsafe fn store<S: Simd>(to: *mut f32, mask: Option<S::Mask>, x: S::Vector) {
    // SAFETY: the caller's promises.
    unsafe {
        match mask {
            None => S::store(to, x),
            Some(mask) => S::store_masked(to, mask, x),
        }
    }
}

/// The maxima or averages of one image.
struct Forward<'a, const AVERAGE: bool> {
    pooling: &'a Pooling,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl<const AVERAGE: bool> Work for Forward<'_, AVERAGE> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (x, y) = (self.x.as_ptr(), self.y.as_mut_ptr());
        let lens = [self.x.len(), self.y.len()];
        self.pooling.each_run(
            lens,
            #[inline(always)]
            |run| {
                // SAFETY: the caller has `S`; the run lies inside both images.
                unsafe {
                    match [run.rows, run.columns] {
                        #[cfg(feature = "std")]
                        [2, 2] => forward::<S, 2, AVERAGE>(run, x, y),
                        _ => forward::<S, 0, AVERAGE>(run, x, y),
                    }
                }
            },
        );
    }
}

/// The maxima or averages of a run.
///
/// # Safety
/// The machine has `S`; the run lies inside both images.
#[inline(always)]
unsafe fn forward<S: Simd, const SIDE: usize, const AVERAGE: bool>(
    run: &Run,
    x: *const f32,
    y: *mut f32,
) {
    // SAFETY: the caller's promises.
    unsafe {
        let pixels = S::splat(&run.pixels());
        run.each_vector::<S>(
            #[inline(always)]
            |corner, output, mask| {
                let mut folded = run.fold::<S, SIDE, AVERAGE>(x, corner, mask);
                if AVERAGE {
                    folded = S::div(folded, pixels);
                }
                store::<S>(y.add(output), mask, folded);
            },
        );
    }
}

/// The gradient of one image.
struct Gradient<'a, const AVERAGE: bool> {
    pooling: &'a Pooling,
    /// Whether no pixel lies in two windows: what stands in `dx` is overwritten.
    apart: bool,
    /// Nothing for an average.
    x: &'a [f32],
    dy: &'a [f32],
    dx: &'a mut [f32],
}

impl<const AVERAGE: bool> Work for Gradient<'_, AVERAGE> {
    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let len = if AVERAGE {
            self.dx.len()
        } else {
            self.dx.len().min(self.x.len())
        };
        let lens = [len, self.dy.len()];
        let (x, dy, dx) = (self.x.as_ptr(), self.dy.as_ptr(), self.dx.as_mut_ptr());
        self.pooling.each_run(
            lens,
            #[inline(always)]
            |run| {
                // SAFETY: the caller has `S`; the run lies inside the images.
                unsafe {
                    match [run.rows, run.columns] {
                        [2, 2] if self.apart => gradient::<S, 2, AVERAGE, true>(run, x, dy, dx),
                        _ if self.apart => gradient::<S, 0, AVERAGE, true>(run, x, dy, dx),
                        _ => gradient::<S, 0, AVERAGE, false>(run, x, dy, dx),
                    }
                }
            },
        );
    }
}

/// The gradient of a run: the whole of `dy` at the first maximum, or equal shares.
///
/// # Safety
/// The machine has `S`; the run lies inside the images.
#[inline(always)]
unsafe fn gradient<S: Simd, const SIDE: usize, const AVERAGE: bool, const APART: bool>(
    run: &Run,
    x: *const f32,
    dy: *const f32,
    dx: *mut f32,
) {
    // SAFETY: the caller's promises.
    unsafe {
        let pixels = S::splat(&run.pixels());
        run.each_vector::<S>(
            #[inline(always)]
            |corner, output, mask| {
                let mut left = load::<S>(dy.add(output), mask);
                let mut peak = S::zero();
                if AVERAGE {
                    left = S::div(left, pixels);
                } else {
                    peak = run.fold::<S, SIDE, false>(x, corner, mask);
                }
                run.each_tap::<SIDE>(
                    corner,
                    #[inline(always)]
                    |tap| {
                        let mut given = left;
                        if !AVERAGE {
                            let x = load::<S>(x.add(tap), mask);
                            [given, left] = S::split(x, peak, left);
                        }
                        // Zero is added too: what is written is never -0.
                        let before = if APART {
                            S::zero()
                        } else {
                            load::<S>(dx.add(tap), mask)
                        };
                        store::<S>(dx.add(tap), mask, S::add(before, given));
                    },
                );
            },
        );
    }
}
