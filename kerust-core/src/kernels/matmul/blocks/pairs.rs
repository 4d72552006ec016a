//! Computes two rows of an image's output at a time, for outputs with one vector of channels.
//!
//! With a single vector of columns, a tile (`tile.rs`) needs a load for every multiply-add, which is more
//! than the machine can sustain. But the windows of two neighbouring output rows share most rows of the
//! image: row `u` of the upper window is row `u - 1` of the lower one. So each row of the image is read once,
//! and each of its values is multiplied by two rows of the kernel, for two sums. Each sum is still added in
//! ascending order.

use super::super::{Product, Start};
use super::registers::Registers;
use super::tile::First;
use super::{DEPTH, ends};
use core::hint::black_box;
use core::ops::Range;

/// The maximum number of pixels in a tile.
const PIXELS: usize = 12;

/// The minimum number of pixels in a tile.
const FEWEST: usize = 4;

/// A product of windows, computed in pairs of output rows.
pub(super) struct Pairs {
    /// The first window.
    a: *const f32,
    /// The distance between two rows of the image, which is also that between two output rows, in values.
    row: usize,
    /// The distance between two windows, in values.
    pixel: usize,
    /// The number of windows in an output row.
    width: usize,
    /// The number of rows of a window.
    height: usize,
    /// The number of taps in a row of a window, and the distance between two taps in values.
    taps: usize,
    tap: usize,
    b: *const f32,
    b_stride: usize,
    c: *mut f32,
    c_stride: usize,
    /// The number of output columns.
    lanes: usize,
    first: First,
    line: Option<[*const f32; 2]>,
    adds: bool,
    relu: bool,
}

impl Pairs {
    /// The pairs of output rows at the start of these rows of the product, and the number of product rows
    /// that they cover.
    pub(super) fn of<S: Registers>(
        product: &Product<'_>,
        rows: &Range<usize>,
        c: *mut f32,
        c_stride: usize,
    ) -> Option<(Self, usize)> {
        let Product { a, b, start, .. } = product;
        let ([1, _, width], [1, height, taps]) = (a.rows.sizes, a.columns.sizes) else {
            return None;
        };
        let lanes = b.columns.len();
        let windows = height > 1 && a.rows.strides[1] == a.columns.strides[1];
        let narrow = lanes <= S::LANES && b.columns.strides[2] == 1 && width >= FEWEST;
        let whole = rows.start.is_multiple_of(width) && a.columns.len() <= 2 * DEPTH;
        let pairs = rows.len() / (2 * width).max(1);
        if !windows || !narrow || !whole || pairs == 0 {
            return None;
        }
        let (line, relu) = ends(product, 0..lanes);
        let pairs_of = Self {
            a: a.values[a.rows.cursor(rows.start).offset..].as_ptr(),
            row: a.rows.strides[1],
            pixel: a.rows.strides[2],
            width,
            height,
            taps,
            tap: a.columns.strides[2],
            b: b.values.as_ptr(),
            b_stride: b.rows.strides[2],
            c: c.wrapping_add(rows.start * c_stride),
            c_stride,
            lanes,
            first: match start {
                Start::Zero => First::Zero,
                Start::Bias(bias) => First::Bias(bias.as_ptr()),
                Start::Sum => First::Sum,
            },
            line,
            adds: product.epilogue.adds,
            relu,
        };
        Some((pairs_of, pairs * 2 * width))
    }

    /// Computes the pairs of the first `rows` rows of the product.
    ///
    /// # Safety
    /// The machine has `S`; the operands fit their views and each other, and `c` has the rows.
    pub(super) unsafe fn run<S: Registers>(&self, rows: usize) {
        // SAFETY: the caller's promises.
        unsafe {
            S::enter(
                #[inline(always)]
                || {
                    for pair in 0..rows / (2 * self.width) {
                        self.pair::<S>(pair);
                    }
                },
            );
        }
    }

    /// # Safety
    /// The same as for [`run`](Self::run).
    #[inline(always)]
    unsafe fn pair<S: Registers>(&self, pair: usize) {
        let most = (self.width / 4 * 4).min(S::SUMS / 2 / 4 * 4);
        let mut done = 0;
        while done < self.width {
            let left = self.width - done;
            let even = left.div_ceil(left.div_ceil(PIXELS)).next_multiple_of(4);
            let pixels = even.min(most);
            // The last tile of a row is aligned with its end, and skips the pixels that are done.
            let first = done.min(self.width - pixels);
            let window = 2 * pair * self.row + first * self.pixel;
            let output = 2 * pair * self.width + first;
            let tile = Tile {
                pairs: self,
                a: self.a.wrapping_add(window),
                c: self.c.wrapping_add(output * self.c_stride),
                done: done - first,
            };
            // SAFETY: the caller's promises; the tile's pixels are the row's.
            unsafe {
                match pixels {
                    12 if const { S::SUMS >= 24 } => tile.run::<S, 12>(),
                    8 if const { S::SUMS >= 16 } => tile.run::<S, 8>(),
                    _ => tile.run::<S, 4>(),
                }
            }
            done = first + pixels;
        }
    }
}

/// Some pixels of two output rows.
struct Tile<'a> {
    pairs: &'a Pairs,
    a: *const f32,
    /// The output of the first pixel in the upper row.
    c: *mut f32,
    /// The number of pixels that another tile has written.
    done: usize,
}

impl Tile<'_> {
    /// # Safety
    /// The same as for [`Pairs::run`].
    #[inline(always)]
    unsafe fn run<S: Registers, const PIXELS: usize>(&self) {
        let pairs = self.pairs;
        let c = [0, pairs.width].map(|below| self.c.wrapping_add(below * pairs.c_stride));
        // SAFETY: the caller's promises are those of each function called.
        unsafe {
            let mask = S::mask(pairs.lanes);
            let start = match pairs.first {
                First::Bias(bias) => S::load_masked(bias, mask),
                First::Zero | First::Sum => S::zero(),
            };
            let mut sums = [[start; 2]; PIXELS];
            let before =
                |i: usize, row: usize| S::load_masked(c[row].add(i * pairs.c_stride), mask);
            if let First::Sum = pairs.first {
                for (i, sums) in sums.iter_mut().enumerate() {
                    *sums = [before(i, 0), before(i, 1)];
                }
            }
            // The upper window begins and ends one image row before the lower one.
            let row = |u: usize| {
                let taps = [1, 0].map(|below| u.wrapping_sub(below).wrapping_mul(pairs.taps));
                Row {
                    a: self.a.wrapping_add(u * pairs.row),
                    kernel: taps.map(|tap| pairs.b.wrapping_add(tap.wrapping_mul(pairs.b_stride))),
                }
            };
            row(0).pass::<S, PIXELS, true, false>(pairs, &mut sums, mask);
            for u in 1..pairs.height {
                row(u).pass::<S, PIXELS, true, true>(pairs, &mut sums, mask);
            }
            row(pairs.height).pass::<S, PIXELS, false, true>(pairs, &mut sums, mask);
            if let Some(line) = pairs.line {
                let (factor, shift) =
                    (S::load_masked(line[0], mask), S::load_masked(line[1], mask));
                for sum in sums.as_flattened_mut() {
                    *sum = S::add(S::mul(*sum, factor), shift);
                }
            }
            if pairs.adds {
                for (i, sums) in sums.iter_mut().enumerate() {
                    sums[0] = S::add(sums[0], before(i, 0));
                    sums[1] = S::add(sums[1], before(i, 1));
                }
            }
            if pairs.relu {
                for sum in sums.as_flattened_mut() {
                    *sum = S::relu(*sum);
                }
            }
            for (i, sums) in sums.iter().enumerate() {
                // A condition in a loop of constant length, so that the sums stay in registers.
                if i < self.done {
                    continue;
                }
                S::store_masked(c[0].add(i * pairs.c_stride), mask, sums[0]);
                S::store_masked(c[1].add(i * pairs.c_stride), mask, sums[1]);
            }
        }
    }
}

/// A row of the image under some windows, and the rows of the kernel for the lower and the upper windows.
struct Row {
    a: *const f32,
    kernel: [*const f32; 2],
}

impl Row {
    /// Adds the products for the upper window, the lower one, or both.
    ///
    /// # Safety
    /// The same as for [`Pairs::run`].
    #[inline(always)]
    unsafe fn pass<S: Registers, const PIXELS: usize, const ABOVE: bool, const BELOW: bool>(
        self,
        pairs: &Pairs,
        sums: &mut [[S::Vector; 2]; PIXELS],
        mask: S::Mask,
    ) {
        let [mut below, mut above] = self.kernel;
        // Four pixels are addressed from each pointer. The pointers are hidden from the compiler, which would
        // otherwise keep twelve addresses and spill some.
        let mut quads = [0, 4, 8].map(|i| black_box(self.a.wrapping_add(i * pairs.pixel)));
        let steps = [(); 3].map(|()| black_box(pairs.tap));
        let pixels = [0, pairs.pixel, 2 * pairs.pixel, black_box(3 * pairs.pixel)];
        for _ in 0..pairs.taps {
            // SAFETY: the caller's promises; a row of the kernel is read where its window lies.
            unsafe {
                let [mut of_above, mut of_below] = [S::zero(); 2];
                if ABOVE {
                    of_above = S::load_masked(above, mask);
                }
                if BELOW {
                    of_below = S::load_masked(below, mask);
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let x = S::splat(quads[i / 4].wrapping_add(pixels[i % 4]));
                    if ABOVE {
                        sums[0] = S::fma(x, of_above, sums[0]);
                    }
                    if BELOW {
                        sums[1] = S::fma(x, of_below, sums[1]);
                    }
                }
            }
            // After the last tap these may point beyond the operands.
            for (quad, step) in quads.iter_mut().zip(steps) {
                *quad = quad.wrapping_add(step);
            }
            below = below.wrapping_add(pairs.b_stride);
            above = above.wrapping_add(pairs.b_stride);
        }
    }
}
