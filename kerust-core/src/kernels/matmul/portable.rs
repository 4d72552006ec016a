//! Products for every target, without heap: what firmware runs.
//!
//! Some rows of `c` are summed run by run, a run being a stretch of the summed axis on which both
//! operands are evenly spaced, and block by block of columns. How large a block is, and what sums it, is
//! the machine's.

use super::view::{Axis, Cursor};
use super::{Product, Start};
use crate::kernels::machine::{self, ROWS};
use core::ops::Range;

/// A block of sums over one run: `to[i][j] = from[i][j] + Σ x[i][p] · w[p][j]`.
pub(crate) struct Run {
    /// Rows; those beyond stand idle in the arrays.
    pub(crate) rows: usize,
    /// The first column.
    pub(crate) first: usize,
    /// Columns, as many as the machine asked for.
    pub(crate) columns: usize,
    /// What the sums of each row start from, or where they go.
    pub(crate) from: [*const f32; ROWS],
    /// Where the sums of each row go.
    pub(crate) to: [*mut f32; ROWS],
    /// The first value of each row of `x`.
    pub(crate) x: [*const f32; ROWS],
    /// The first row of `w`.
    pub(crate) w: *const f32,
    /// Values from one tap to the next: of `x`, and of `w`.
    pub(crate) steps: [usize; 2],
    /// Values from one column of `w` to the next.
    pub(crate) across: usize,
    /// The taps; there may be none.
    pub(crate) taps: usize,
}

/// `c = start + a·b` for some rows of `a`, which become the rows of `c`, `stride` apart.
///
/// Every output is one chain of additions in the order of the summed axis, as in every kernel.
///
/// # Safety
/// [`Product::fits`], and `c` has room for the rows.
pub(super) unsafe fn product(
    Product { a, b, start, .. }: &Product<'_>,
    rows: Range<usize>,
    mut c: *mut f32,
    stride: usize,
) {
    let columns = b.columns.len();
    let mut run = Run {
        rows: 0,
        first: 0,
        columns: 0,
        from: [c; ROWS],
        to: [c; ROWS],
        x: [a.values.as_ptr(); ROWS],
        w: b.values.as_ptr(),
        steps: [a.columns.strides[2], b.rows.strides[2]],
        across: b.columns.strides[2],
        taps: 0,
    };
    let mut row = a.rows.cursor(rows.start);
    let mut left = rows.len();
    while left > 0 {
        run.rows = if left < ROWS { 1 } else { ROWS };
        for i in 0..run.rows.min(ROWS) {
            run.x[i] = a.values.as_ptr().wrapping_add(row.offset);
            run.to[i] = c;
            run.from[i] = match start {
                Start::Bias(bias) => bias.as_ptr(),
                Start::Sum => c,
                Start::Zero => {
                    // SAFETY: `c` has room for the row.
                    unsafe { c.write_bytes(0, columns) };
                    c
                }
            };
            row.advance(&a.rows, 1);
            c = c.wrapping_add(stride);
        }
        // SAFETY: these rows are some of the caller's.
        unsafe { band(&mut run, [&a.columns, &b.rows], b.values.as_ptr(), columns) };
        left -= run.rows;
    }
}

/// All runs and columns of the rows of `run`.
///
/// # Safety
/// As of [`product`].
unsafe fn band(run: &mut Run, [along, down]: [&Axis; 2], w: *const f32, columns: usize) {
    let (mut x_at, mut w_at) = (Cursor::START, Cursor::START);
    let mut left = along.len();
    loop {
        run.taps = x_at.run(along).min(w_at.run(down)).min(left);
        run.w = w.wrapping_add(w_at.offset);
        run.first = 0;
        while run.first < columns {
            run.columns = machine::columns(run.rows, columns - run.first);
            // SAFETY: the taps lie on both axes, whose every element lies inside the values.
            unsafe { machine::run(run) };
            run.first += run.columns;
        }
        left -= run.taps;
        if left == 0 {
            return;
        }
        let before = x_at.offset;
        x_at.advance(along, run.taps);
        w_at.advance(down, run.taps);
        for i in 0..run.rows.min(ROWS) {
            run.x[i] = run.x[i].wrapping_add(x_at.offset).wrapping_sub(before);
            run.from[i] = run.to[i];
        }
    }
}
