//! Sums over the rows of a matrix.

use super::isa::vectorized;

/// Values that are summed side by side: long enough to hide the latency of an addition, however few
/// columns there are.
const WIDE: usize = 128;

/// `sums_j = Σ_i rows_ij`, or added to what stands there; nothing when `sums` is empty.
///
/// Few columns are summed as several rows at once, whose sums are added in order at the end: a fixed
/// order, that of no other kernel.
pub fn column_sums(rows: &[f32], sums: &mut [f32], columns: usize, accumulate: bool) {
    if !accumulate {
        sums.fill(0.0);
    }
    if sums.is_empty() || columns == 0 {
        return;
    }
    vectorized(
        #[inline(always)]
        || {
            if columns > WIDE / 2 {
                return add_rows(rows, sums, columns);
            }
            let mut wide = [0.0; WIDE];
            let wide = &mut wide[..WIDE / columns * columns];
            add_rows(rows, wide, wide.len());
            let whole = rows.len() / wide.len() * wide.len();
            add_rows(wide, sums, columns);
            add_rows(&rows[whole..], sums, columns);
        },
    );
}

/// `d += part`: two gradients of one value, or a residual's sum made in place.
///
/// # Panics
/// When the lengths differ.
pub fn sum_into(d: &mut [f32], part: &[f32]) {
    assert_eq!(d.len(), part.len(), "sums are made of equal lengths");
    vectorized(
        #[inline(always)]
        || d.iter_mut().zip(part).for_each(|(d, part)| *d += part),
    );
}

#[inline(always)]
fn add_rows(rows: &[f32], sums: &mut [f32], columns: usize) {
    for row in rows.chunks_exact(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
}
