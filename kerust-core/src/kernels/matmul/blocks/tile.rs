//! The register tile: some rows × some vectors of the output, for which the summed axis is processed.
//!
//! For each step `p` of the summed axis, `sums[i][j] += a[i][p] * b[p][j]`: one load for each vector of `b`,
//! one broadcast for each row of `a`, and ROWS × VECTORS multiply-adds. At least eight sums hide the latency
//! of a multiply-add (4 cycles, two per cycle), and with more rows there are fewer loads for each
//! multiply-add. On AVX-512, 14 × 2 sums, two vectors of `b` and one broadcast value fill 31 of the 32
//! registers. A tile with a single vector needs a load for every multiply-add, which is the maximum that the
//! machine can sustain. Therefore its version with 16 rows takes only evenly spaced rows, whose addresses
//! need few registers.

use super::registers::Registers;
use crate::kernels::matmul::view::{Axis, Cursor};
use core::hint::black_box;

/// The maximum number of rows of a tile.
pub(super) const ROWS: usize = 16;

/// The maximum number of rows of a tile with one vector if the rows can be anywhere.
pub(super) const SCATTERED_ROWS: usize = 12;

/// The prefetch distance in `b` for a single row: 4 KB.
const AHEAD: usize = 1024;

/// The prefetch distance in a transposed `a`, in rows of the product.
const AHEAD_ROWS: usize = 84;

/// From this number of steps on, a tile prefetches the outputs of the next tile.
const LONG: usize = 32;

/// Whether a tile takes only evenly spaced rows, and all of them.
pub(super) const fn is_even(rows: usize, vectors: usize) -> bool {
    vectors == 1 && rows > SCATTERED_ROWS
}

/// The start values of the sums of a tile.
#[derive(Clone, Copy)]
pub(super) enum First {
    Zero,
    /// A value for each column of the tile.
    Bias(*const f32),
    /// The values in the output.
    Sum,
}

/// Several tiles, one below the other.
pub(super) struct Tile<'a> {
    /// The number of tiles.
    pub(super) count: usize,
    /// The rows of the last tile. A tile with more rows computes its last row several times.
    pub(super) last_rows: usize,
    pub(super) a: *const f32,
    /// The rows of `a`, and the index of the first one.
    pub(super) rows: &'a Axis,
    pub(super) row: Cursor,
    /// The summed axis of `a`, and the start and the number of steps of this block on it.
    pub(super) steps: &'a Axis,
    pub(super) from: Cursor,
    pub(super) depth: usize,
    /// The first row of `b`'s panel, and the distance between its rows.
    pub(super) b: *const f32,
    pub(super) b_stride: usize,
    pub(super) c: *mut f32,
    pub(super) c_stride: usize,
    /// The number of columns in the last vector, in `1..=LANES`.
    pub(super) last_lanes: usize,
    pub(super) first: First,
    /// The factor and the shift of each column of the tile.
    pub(super) line: Option<[*const f32; 2]>,
    /// Whether the values in the output are added to the sums.
    pub(super) adds: bool,
    /// Whether negative sums are replaced by zero.
    pub(super) relu: bool,
}

/// `c = epilogue(first + a·b)` for several tiles of `ROWS` rows. Short sums (nine products in a 3×3 kernel)
/// take only as long as a function call, so one call computes many tiles.
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
                // The stores of the next tile would wait for these cache lines.
                for i in 0..ROWS {
                    for j in 0..VECTORS {
                        let output = c.wrapping_add((ROWS + i) * t.c_stride + j * S::LANES);
                        S::prefetch_to_write(output);
                    }
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
            // The rows of a transposed matrix lie beside each other, and its steps so far apart that no processor
            // foresees them.
            let ahead = match t.rows.strides[2] {
                1 => rows[0].wrapping_add(AHEAD_ROWS),
                _ => rows[0],
            };
            let (mut at, mut left, mut b) = (t.from, t.depth, t.b);
            while left > 0 {
                let run = at.run(t.steps).min(left);
                let mut a = t.a.add(at.offset);
                // After the last step pointers may point beyond the operands.
                if const { is_even(ROWS, VECTORS) } {
                    // Hidden from the compiler, which would otherwise keep sixteen addresses and spill a
                    // third of them.
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
                            // A single row is finished with a cache line of `b` before the next one arrives.
                            for j in 0..VECTORS {
                                S::prefetch(b.wrapping_add(AHEAD + j * S::LANES));
                            }
                        }
                        if ROWS > SCATTERED_ROWS {
                            S::prefetch(a.wrapping_add(ahead));
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
                // A condition in a loop of constant length, so that the sums stay in registers.
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
            // After the last tile this may point beyond the output.
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

/// Vector `j` of a row of the tile. The last one may be short.
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
