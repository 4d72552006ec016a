//! Products in safe loops, for every target, without heap.

use super::Start;
use super::view::Matrix;
use core::ops::Range;

/// `c = start + a·b` for some rows of `a`, which become the rows of `c`, `stride` apart.
///
/// Every output is one chain of additions in the order of the summed axis, as in every kernel.
pub(super) fn product(
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    rows: Range<usize>,
    c: &mut [f32],
    stride: usize,
) {
    let mut row = a.rows.cursor(rows.start);
    let mut left = rows.len();
    let mut c = c;
    while left > 0 {
        let height = if left >= 4 { 4 } else { 1 };
        let mut offsets = [0; 4];
        for offset in &mut offsets[..height] {
            *offset = row.offset;
            row.advance(&a.rows, 1);
        }
        if height == 4 {
            band::<4>(a, b, start, offsets, c, stride);
        } else {
            band::<1>(a, b, start, [offsets[0]], c, stride);
        }
        left -= height;
        if left > 0 {
            c = &mut c[height * stride..];
        }
    }
}

/// `M` rows, in strips as wide as fit.
fn band<const M: usize>(
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    rows: [usize; M],
    c: &mut [f32],
    stride: usize,
) {
    let (mut j, columns) = (0, b.columns.len());
    while j < columns {
        let width = columns - j;
        if width >= 8 {
            strip::<M, 8>(a, b, start, rows, j, c, stride);
            j += 8;
        } else if width >= 4 {
            strip::<M, 4>(a, b, start, rows, j, c, stride);
            j += 4;
        } else {
            strip::<M, 1>(a, b, start, rows, j, c, stride);
            j += 1;
        }
    }
}

/// `M` × `N` outputs, whose sums stay in registers.
fn strip<const M: usize, const N: usize>(
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    rows: [usize; M],
    j: usize,
    c: &mut [f32],
    stride: usize,
) {
    let mut sums = [[0.0; N]; M];
    for (i, sums) in sums.iter_mut().enumerate() {
        match start {
            Start::Zero => {}
            Start::Bias(bias) => sums.copy_from_slice(&bias[j..j + N]),
            Start::Sum => sums.copy_from_slice(&c[i * stride + j..][..N]),
        }
    }
    let (down, across) = (b.rows.strides[2], b.columns.strides[2]);
    let mut at = a.columns.cursor(0);
    for p in 0..a.columns.len() {
        let row = &b.values[p * down + j * across..];
        let mut w = [0.0; N];
        if across == 1 {
            w.copy_from_slice(&row[..N]);
        } else {
            let strided = w.iter_mut().enumerate();
            strided.for_each(|(q, w)| *w = row[q * across]);
        }
        for (sums, row) in sums.iter_mut().zip(rows) {
            let x = a.values[row + at.offset];
            sums.iter_mut().zip(w).for_each(|(sum, w)| *sum += x * w);
        }
        at.advance(&a.columns, 1);
    }
    for (i, sums) in sums.iter().enumerate() {
        c[i * stride + j..][..N].copy_from_slice(sums);
    }
}
