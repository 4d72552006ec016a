//! Products for every target, without heap: what firmware runs.
//!
//! Some rows of `c` are summed run by run, a run being a stretch of the summed axis on which both
//! operands are evenly spaced, and block by block of columns. How large a block is, and what sums it, is
//! the machine's.

use super::view::{Axis, Cursor};
use super::{Product, Start};
use crate::kernels::Tail;
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

/// Columns whose sums stand aside while the values that are added to them stand in the output.
const ASIDE: usize = 16;

/// `c = tail(start + a·b)` for some rows of `a`, which become the rows of `c`, `stride` apart.
///
/// Every output is one chain of additions in the order of the summed axis, as in every kernel.
///
/// # Safety
/// [`Product::fits`], and `c` has room for the rows.
pub(super) unsafe fn product(
    Product { a, b, start, tail }: &Product<'_>,
    rows: Range<usize>,
    mut c: *mut f32,
    stride: usize,
) {
    let columns = b.columns.len();
    let mut aside = [[0.0; ASIDE]; ROWS];
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
        let mut x = run.x;
        for x in x.iter_mut().take(run.rows) {
            *x = a.values.as_ptr().wrapping_add(row.offset);
            row.advance(&a.rows, 1);
        }
        let mut first = 0;
        while first < columns {
            let width = if tail.adds {
                ASIDE.min(columns - first)
            } else {
                columns
            };
            run.x = x;
            for (i, aside) in aside.iter_mut().enumerate().take(run.rows) {
                let c = c.wrapping_add(i * stride + first);
                run.to[i] = if tail.adds { aside.as_mut_ptr() } else { c };
                run.from[i] = match start {
                    Start::Bias(bias) => bias.as_ptr().wrapping_add(first),
                    Start::Sum => c,
                    Start::Zero => {
                        // SAFETY: there is room for so many columns.
                        unsafe { run.to[i].write_bytes(0, width) };
                        run.to[i]
                    }
                };
            }
            let w = b.values.as_ptr().wrapping_add(first * run.across);
            // SAFETY: these rows and columns are some of the caller's.
            unsafe { band(&mut run, [&a.columns, &b.rows], w, width) };
            for i in 0..run.rows.min(ROWS) {
                let c = c.wrapping_add(i * stride + first);
                // SAFETY: as above; the line has all columns.
                unsafe { end(tail, first, width, run.to[i], c) };
            }
            first += width;
        }
        c = c.wrapping_add(run.rows * stride);
        left -= run.rows;
    }
}

/// Writes the tail of some columns' sums, from column `first` of the line on.
///
/// # Safety
/// The sums and the output have so many columns, and a line that is there has them from `first` on.
unsafe fn end(tail: &Tail<'_>, first: usize, columns: usize, sums: *const f32, c: *mut f32) {
    let line = tail.columns(first..first + columns).line;
    let (relu, has_line) = (tail.relu(), !line[0].is_empty());
    if !(relu || has_line || tail.adds) {
        return;
    }
    let [factor, shift] = line.map(<[f32]>::as_ptr);
    for j in 0..columns {
        // SAFETY: the caller's promises.
        unsafe {
            let mut y = *sums.add(j);
            if has_line {
                y = y * *factor.add(j) + *shift.add(j);
            }
            if tail.adds {
                y += *c.add(j);
            }
            *c.add(j) = if relu && y < 0.0 { 0.0 } else { y };
        }
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
