//! Products for every target, without heap: what firmware runs.
//!
//! Some rows of `c` are summed run by run, a run being a stretch of the summed axis on which both
//! operands are evenly spaced, and block by block of columns. How large a block is, and what sums it, is
//! the machine's.

use super::view::{Axis, Cursor};
use super::{Product, Start};
use crate::kernels::machine::{self, ROWS};
use core::mem::MaybeUninit;
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

/// What becomes of a row of sums: `y[j] = max(sums[j] · factor[j] + shift[j] + y[j], 0)`, each part where
/// it is asked for.
pub(crate) struct End {
    pub(crate) columns: usize,
    pub(crate) sums: *const f32,
    /// May be where the sums stand.
    pub(crate) y: *mut f32,
    /// The factors and the shifts.
    pub(crate) line: Option<[*const f32; 2]>,
    pub(crate) adds: bool,
    pub(crate) relu: bool,
}

/// Columns whose sums stand aside, while the values that are added to them stand in the output.
const ASIDE: usize = 16;

/// `c = epilogue(start + a·b)` for some rows of `a`, which become the rows of `c`, `stride` apart.
///
/// Every output is one chain of additions in the order of the summed axis, as in every kernel.
///
/// # Safety
/// [`Product::fits`], and `c` has room for the rows.
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
/// As of [`product`]; where values are added, there are at most [`ASIDE`] columns.
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
                    // SAFETY: there is room for the row.
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
