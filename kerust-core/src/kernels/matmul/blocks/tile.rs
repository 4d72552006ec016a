//! The register tile: a few rows × a few vectors of the output, while the summed axis passes.
//!
//! For each step `p` of the summed axis, `sums[i][j] += a[i][p] * b[p][j]`: one load for each vector
//! of `b`, one broadcast for each row of `a`, and ROWS × VECTORS multiply-adds. At least eight sums
//! hide the latency of a multiply-add (4 cycles, two a cycle), and the more rows, the fewer loads
//! for each of them. On AVX-512, 14 × 2 sums, two vectors of `b` and one broadcast fill 31 of the 32
//! registers.

use super::simd::Simd;
use crate::kernels::matmul::view::{Axis, Cursor};

/// The most rows of a tile.
pub(super) const ROWS: usize = 16;

/// What the sums of a tile start from.
#[derive(Clone, Copy)]
pub(super) enum First {
    Zero,
    /// A value for each column of the tile.
    Bias(*const f32),
    /// What stands in the output.
    Sum,
}

/// The work of some tiles, one below the other.
pub(super) struct Tile<'a> {
    /// How many tiles.
    pub(super) count: usize,
    /// Rows of the last of them: a tile that is higher computes its last row several times.
    pub(super) last_rows: usize,
    pub(super) a: *const f32,
    /// The rows of `a`, and the first of them.
    pub(super) rows: &'a Axis,
    pub(super) row: Cursor,
    /// The summed axis of `a`, where on it this block starts, and how many steps it has.
    pub(super) steps: &'a Axis,
    pub(super) from: Cursor,
    pub(super) depth: usize,
    /// The first row of `b`'s panel, and the distance of its rows.
    pub(super) b: *const f32,
    pub(super) b_stride: usize,
    pub(super) c: *mut f32,
    pub(super) c_stride: usize,
    /// Columns in the last vector, of `1..=LANES`.
    pub(super) last_lanes: usize,
    pub(super) first: First,
    /// Whether a sum below zero ends as zero.
    pub(super) relu: bool,
}

/// `c = first + a·b` for some tiles of `ROWS` rows. Short sums (nine products in a 3×3 kernel) take as
/// long as a call does, so one call serves many tiles.
///
/// # Safety
/// The machine has `S`; all offsets into `a`, `b`, `c` and the bias lie inside them.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, const ROWS: usize, const VECTORS: usize>(t: &Tile<'_>) {
    // SAFETY: the caller's promises are those of each function called.
    unsafe {
        let mask = S::mask(t.last_lanes);
        let load = |from: *const f32, j: usize| {
            if j + 1 == VECTORS {
                S::load_masked(from.add(j * S::LANES), mask)
            } else {
                S::load(from.add(j * S::LANES))
            }
        };
        let mut start = [S::zero(); VECTORS];
        if let First::Bias(bias) = t.first {
            for (j, start) in start.iter_mut().enumerate() {
                *start = load(bias, j);
            }
        }

        let (mut row, mut c) = (t.row, t.c);
        for left in (0..t.count).rev() {
            let last = if left == 0 { t.last_rows } else { ROWS } - 1;
            let mut rows = [0; ROWS];
            if row.run(t.rows) >= ROWS {
                for (i, offset) in rows.iter_mut().enumerate() {
                    *offset = row.offset.wrapping_add(i * t.rows.strides[2]);
                }
                row.advance(t.rows, ROWS);
            } else {
                for (i, offset) in rows.iter_mut().enumerate() {
                    *offset = row.offset;
                    if i < last {
                        row.advance(t.rows, 1);
                    }
                }
                row.advance(t.rows, 1);
            }

            let mut sums = [start; ROWS];
            if let First::Sum = t.first {
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = load(c.add(i.min(last) * t.c_stride), j);
                    }
                }
            }

            let stride = t.steps.strides[2];
            let (mut at, mut left, mut b) = (t.from, t.depth, t.b);
            while left > 0 {
                let run = at.run(t.steps).min(left);
                let mut a = t.a.add(at.offset);
                for _ in 0..run {
                    let mut vectors = [S::zero(); VECTORS];
                    for (j, vector) in vectors.iter_mut().enumerate() {
                        *vector = load(b, j);
                    }
                    for (sums, offset) in sums.iter_mut().zip(rows) {
                        let x = S::splat(a.add(offset));
                        for (sum, vector) in sums.iter_mut().zip(vectors) {
                            *sum = S::fma(x, vector, *sum);
                        }
                    }
                    // Behind the last step these may point beyond the operand.
                    a = a.wrapping_add(stride);
                    b = b.wrapping_add(t.b_stride);
                }
                at.advance(t.steps, run);
                left -= run;
            }

            if t.relu {
                for sum in sums.as_flattened_mut() {
                    *sum = S::relu(*sum);
                }
            }
            for (i, sums) in sums.iter().enumerate() {
                // A condition in a loop of constant length: the sums stay in registers.
                if i > last {
                    break;
                }
                let c = c.add(i * t.c_stride);
                for (j, sum) in sums.iter().enumerate() {
                    if j + 1 == VECTORS {
                        S::store_masked(c.add(j * S::LANES), mask, *sum);
                    } else {
                        S::store(c.add(j * S::LANES), *sum);
                    }
                }
            }
            // Behind the last tile this may point beyond the output.
            c = c.wrapping_add(ROWS * t.c_stride);
        }
    }
}
