//! The register tile: a few rows × a few vectors of the output, while the summed axis passes.
//!
//! For each step `p` of the summed axis, `sums[i][j] += a[i][p] * b[p][j]`: one load for each vector
//! of `b`, one broadcast for each row of `a`, and ROWS × VECTORS multiply-adds. At least eight sums
//! hide the latency of a multiply-add (4 cycles, two a cycle), and the more rows, the fewer loads
//! for each of them. On AVX-512, 14 × 2 sums, two vectors of `b` and one broadcast fill 31 of the 32
//! registers. A single vector needs a load for every multiply-add, as many as the machine has time for:
//! there, the tile of 16 rows takes evenly spaced rows only, whose places take few registers.

use super::registers::Registers;
use crate::kernels::matmul::view::{Axis, Cursor};
use core::hint::black_box;

/// The most rows of a tile.
pub(super) const ROWS: usize = 16;

/// The most rows of a tile of one vector whose rows may lie anywhere.
pub(super) const SCATTERED_ROWS: usize = 12;

/// How far ahead of a lone row `b` is asked for: 4 KB.
const AHEAD: usize = 1024;

/// From this many steps on, a tile asks for the outputs of the next one.
const LONG: usize = 32;

/// Whether a tile takes evenly spaced rows only, and all of them.
pub(super) const fn is_even(rows: usize, vectors: usize) -> bool {
    vectors == 1 && rows > SCATTERED_ROWS
}

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
    /// The factor and the shift of each column of the tile.
    pub(super) line: Option<[*const f32; 2]>,
    /// Whether what stands in the output is added to the sums.
    pub(super) adds: bool,
    /// Whether a sum below zero ends as zero.
    pub(super) relu: bool,
}

/// `c = epilogue(first + a·b)` for some tiles of `ROWS` rows. Short sums (nine products in a 3×3 kernel) take as
/// long as a call does, so one call serves many tiles.
///
/// # Safety
/// The machine has `S`; all offsets into `a`, `b`, `c` and the bias lie inside them.
#[inline(always)]
pub(super) unsafe fn tile<S: Registers, const ROWS: usize, const VECTORS: usize>(t: &Tile<'_>) {
    // SAFETY: the caller's promises are those of each function called.
    unsafe {
        let mask = S::mask(t.last_lanes);
        let load = |from, j| load::<S, VECTORS>(from, j, mask);
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
            debug_assert!(const { !is_even(ROWS, VECTORS) } || row.run(t.rows) >= ROWS);
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

            if left > 0 && t.depth >= LONG {
                // The next tile's outputs, which stores would wait for.
                for i in 0..ROWS {
                    S::prefetch(c.wrapping_add((ROWS + i) * t.c_stride));
                }
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
                // Behind the last step pointers may point beyond the operands.
                if const { is_even(ROWS, VECTORS) } {
                    // Hidden from a compiler that would hold sixteen places and spill a third of them.
                    let row = t.rows.strides[2];
                    let mut quads = [a; 4];
                    for (quad, rows) in quads.iter_mut().zip(rows.chunks_exact(4)) {
                        *quad = black_box(a.wrapping_add(rows[0]));
                    }
                    let rows = [0, row, 2 * row, black_box(3 * row)];
                    for _ in 0..run {
                        let row = |i: usize| quads[i / 4].wrapping_add(rows[i % 4]);
                        step::<S, ROWS, VECTORS>(&mut sums, b, mask, row);
                        for quad in &mut quads {
                            *quad = quad.wrapping_add(stride);
                        }
                        b = b.wrapping_add(t.b_stride);
                    }
                } else {
                    for _ in 0..run {
                        if ROWS == 1 {
                            // A lone row is done with a line of `b` before the next one is there.
                            for j in 0..VECTORS {
                                S::prefetch(b.wrapping_add(AHEAD + j * S::LANES));
                            }
                        }
                        step::<S, ROWS, VECTORS>(&mut sums, b, mask, |i| a.wrapping_add(rows[i]));
                        a = a.wrapping_add(stride);
                        b = b.wrapping_add(t.b_stride);
                    }
                }
                at.advance(t.steps, run);
                left -= run;
            }

            if let Some([factor, shift]) = t.line {
                for j in 0..VECTORS {
                    let (factor, shift) = (load(factor, j), load(shift, j));
                    for sums in &mut sums {
                        sums[j] = S::add(S::mul(sums[j], factor), shift);
                    }
                }
            }
            if t.adds {
                for (i, sums) in sums.iter_mut().enumerate() {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = S::add(*sum, load(c.add(i.min(last) * t.c_stride), j));
                    }
                }
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

/// A step of the summed axis: `sums[i][j] += a[i] * b[j]`, with `a[i]` at `row(i)`.
///
/// # Safety
/// The machine has `S`; the row of `b` and the values of `a` can be read.
#[inline(always)]
unsafe fn step<S: Registers, const ROWS: usize, const VECTORS: usize>(
    sums: &mut [[S::Vector; VECTORS]; ROWS],
    b: *const f32,
    mask: S::Mask,
    row: impl Fn(usize) -> *const f32,
) {
    // SAFETY: the caller's promises.
    unsafe {
        let mut vectors = [S::zero(); VECTORS];
        for (j, vector) in vectors.iter_mut().enumerate() {
            *vector = load::<S, VECTORS>(b, j, mask);
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            let x = S::splat(row(i));
            for (sum, vector) in sums.iter_mut().zip(vectors) {
                *sum = S::fma(x, vector, *sum);
            }
        }
    }
}

/// Vector `j` of a row of the tile; the last may be short.
///
/// # Safety
/// The machine has `S`; the row can be read.
#[inline(always)]
unsafe fn load<S: Registers, const VECTORS: usize>(
    row: *const f32,
    j: usize,
    mask: S::Mask,
) -> S::Vector {
    // SAFETY: the caller's promises.
    unsafe {
        if j + 1 == VECTORS {
            S::load_masked(row.add(j * S::LANES), mask)
        } else {
            S::load(row.add(j * S::LANES))
        }
    }
}
