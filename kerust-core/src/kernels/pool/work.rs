//! The operations on the windows, for a vector of channels at a time.

use super::Pooling;
use crate::kernels::simd::{Scalar, Simd, Work};

/// Up to this number of channels are added one by one, because reading a masked vector again is slow.
const FEW: usize = 4;

/// Consecutive windows for which the same rows and columns are inside of the image.
pub(super) struct Windows {
    /// The offset of the first window in the image, and of its output.
    pub(super) corner: usize,
    pub(super) output: usize,
    pub(super) windows: usize,
    /// The rows and columns of a window.
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// The distances in values between two rows of the image, two windows, and two pixels.
    pub(super) row: usize,
    pub(super) step: usize,
    pub(super) channels: usize,
}

impl Windows {
    /// Calls `work` with the offset of each window's corner and of its output, for each vector of channels.
    /// The last vector has a mask.
    #[inline(always)]
    fn each_vector<S: Simd>(&self, mut work: impl FnMut(usize, usize, Option<S::Mask>)) {
        let (mut corner, mut output) = (self.corner, self.output);
        let rest = self.channels % S::LANES;
        // SAFETY: the machine has `S`, since a vector of it is in use.
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

    /// The maximum or the sum of a window.
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

    /// The divisor of an average.
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
pub(super) struct Forward<'a, const AVERAGE: bool> {
    pub(super) pooling: &'a Pooling,
    pub(super) x: &'a [f32],
    pub(super) y: &'a mut [f32],
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
    run: &Windows,
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
pub(super) struct Gradient<'a, const AVERAGE: bool> {
    pub(super) pooling: &'a Pooling,
    /// Empty for an average.
    pub(super) x: &'a [f32],
    pub(super) dy: &'a [f32],
    pub(super) dx: &'a mut [f32],
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
        let apart = self.pooling.apart();
        if !(apart && self.pooling.covers()) {
            self.dx.fill(0.0);
        }
        let (x, dy, dx) = (self.x.as_ptr(), self.dy.as_ptr(), self.dx.as_mut_ptr());
        self.pooling.each_run(
            lens,
            #[inline(always)]
            |run| {
                // SAFETY: the caller has `S`; the run lies inside the images.
                unsafe {
                    match [run.rows, run.columns] {
                        [2, 2] if apart => gradient::<S, 2, AVERAGE, true>(run, x, dy, dx),
                        _ if apart => gradient::<S, 0, AVERAGE, true>(run, x, dy, dx),
                        _ if run.channels <= FEW => {
                            gradient::<Scalar, 0, AVERAGE, false>(run, x, dy, dx);
                        }
                        _ => gradient::<S, 0, AVERAGE, false>(run, x, dy, dx),
                    }
                }
            },
        );
    }
}

/// The gradient of a run: all of `dy` at the first maximum, or equal shares.
///
/// # Safety
/// The machine has `S`; the run lies inside the images.
#[inline(always)]
unsafe fn gradient<S: Simd, const SIDE: usize, const AVERAGE: bool, const APART: bool>(
    run: &Windows,
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
                        // Zero is added too, so that the result is never -0.
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
