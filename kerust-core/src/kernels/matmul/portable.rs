//! Portable matrix products without a heap, for firmware.
//!
//! Some rows of `c` are computed at a time, run by run and block by block of columns. A run is a stretch of
//! the summed axis on which both operands are evenly spaced. The size of a block and the code for it depend
//! on the machine.

use super::view::{Axis, Cursor};
use super::{Product, Start};
use crate::kernels::machine::{self, ROWS};
use core::mem::MaybeUninit;
use core::ops::Range;

/// A block of sums over one run: `to[i][j] = from[i][j] + Σ x[i][p] · w[p][j]`.
pub(crate) struct SumBlock {
    /// The number of rows. Further entries of the arrays are unused.
    pub(crate) rows: usize,
    /// The first column.
    pub(crate) first: usize,
    /// The number of columns, as chosen by the machine.
    pub(crate) columns: usize,
    /// The start values of the sums of each row.
    pub(crate) from: [*const f32; ROWS],
    /// The destination of the sums of each row.
    pub(crate) to: [*mut f32; ROWS],
    /// The first value of each row of `x`.
    pub(crate) x: [*const f32; ROWS],
    /// The first row of `w`.
    pub(crate) w: *const f32,
    /// The distance between two taps in values, of `x` and of `w`.
    pub(crate) steps: [usize; 2],
    /// The distance between two columns of `w` in values.
    pub(crate) across: usize,
    /// The number of taps, which can be 0.
    pub(crate) taps: usize,
}

/// The end of a row of sums: `y[j] = max(sums[j] · factor[j] + shift[j] + y[j], 0)`, with only the requested
/// parts.
pub(crate) struct End {
    pub(crate) columns: usize,
    pub(crate) sums: *const f32,
    /// Can be the same as the sums.
    pub(crate) y: *mut f32,
    /// The factors and the shifts.
    pub(crate) line: Option<[*const f32; 2]>,
    pub(crate) adds: bool,
    pub(crate) relu: bool,
}

/// The number of columns whose sums are stored separately, while the output holds the values to be added.
const ASIDE: usize = 16;

/// `c = epilogue(start + a·b)` for some rows of `a`, which become the rows of `c`, `stride` apart.
///
/// Every output is a chain of additions in the order of the summed axis, as in every kernel.
///
/// # Safety
/// [`Product::fits`] must be true, and `c` must have space for the rows.
pub(super) unsafe fn product(
    product: &Product<'_>,
    rows: Range<usize>,
    c: *mut f32,
    stride: usize,
) {
    let all = product.b.columns.len();
    let width = if product.epilogue.adds { ASIDE } else { all };
    let mut first = 0;
    while first < all {
        let columns = first..all.min(first + width);
        // SAFETY: the caller's promises.
        unsafe { strip(product, rows.clone(), columns, c, stride) };
        first += width;
    }
}

/// Some columns of a [`product`].
///
/// # Safety
/// The same as for [`product`]. If values are added, there are at most [`ASIDE`] columns.
unsafe fn strip(
    Product {
        a,
        b,
        start,
        epilogue,
    }: &Product<'_>,
    rows: Range<usize>,
    columns: Range<usize>,
    c: *mut f32,
    stride: usize,
) {
    let mut aside = MaybeUninit::<[[f32; ASIDE]; ROWS]>::uninit();
    let mut c = c.wrapping_add(columns.start);
    let mut run = SumBlock {
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
    let line = epilogue.columns(columns.clone()).line;
    let mut end = End {
        columns: columns.len(),
        sums: c,
        y: c,
        line: (!line[0].is_empty()).then(|| line.map(<[f32]>::as_ptr)),
        adds: epilogue.adds,
        relu: epilogue.relu(),
    };
    let w = run.w.wrapping_add(columns.start * run.across);
    let mut row = a.rows.cursor(rows.start);
    let mut left = rows.len();
    while left > 0 {
        run.rows = if left < ROWS { 1 } else { ROWS };
        end.y = c;
        for i in 0..run.rows.min(ROWS) {
            run.x[i] = a.values.as_ptr().wrapping_add(row.offset);
            run.to[i] = if epilogue.adds {
                aside.as_mut_ptr().cast::<f32>().wrapping_add(i * ASIDE)
            } else {
                c
            };
            run.from[i] = match start {
                Start::Bias(bias) => bias.as_ptr().wrapping_add(columns.start),
                Start::Sum => c,
                Start::Zero => {
                    // SAFETY: there is space for the row.
                    unsafe { run.to[i].write_bytes(0, columns.len()) };
                    run.to[i]
                }
            };
            row.advance(&a.rows, 1);
            c = c.wrapping_add(stride);
        }
        // SAFETY: these rows and columns are some of the caller's.
        unsafe { band(&mut run, [&a.columns, &b.rows], w, columns.len()) };
        if end.line.is_some() || end.adds || end.relu {
            for sums in run.to.iter().take(run.rows) {
                end.sums = *sums;
                // SAFETY: as above; a line has all columns.
                unsafe { machine::end(&end) };
                end.y = end.y.wrapping_add(stride);
            }
        }
        left -= run.rows;
    }
}

/// All runs and columns of the rows of `run`.
///
/// # Safety
/// The same as for [`product`].
unsafe fn band(run: &mut SumBlock, [along, down]: [&Axis; 2], w: *const f32, columns: usize) {
    let (mut x_at, mut w_at) = (Cursor::START, Cursor::START);
    let mut left = along.len();
    loop {
        run.taps = x_at.run(along).min(w_at.run(down)).min(left);
        run.w = w.wrapping_add(w_at.offset);
        run.first = 0;
        while run.first < columns {
            run.columns = machine::columns(run.rows, columns - run.first);
            // SAFETY: the taps are on both axes, whose elements are all inside of the values.
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
