//! Packing: copies a panel of `b` so that its rows are contiguous.
//!
//! A panel is `depth` rows of `width` values. The copy is worth its cost if the rows of `b` are far apart and
//! used by many rows of `a`. It is required if `b` is transposed, because a tile loads rows.

use super::registers::Registers;

/// A block of a strided matrix.
pub(super) struct Strided {
    pub(super) values: *const f32,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

/// Copies a block into a panel whose rows are `width` apart.
///
/// # Safety
/// The machine has `S`, the block lies inside its matrix, and the panel has `rows * width` values,
/// where `width` is a multiple of the lanes and holds the columns.
pub(super) unsafe fn pack<S: Registers>(from: &Strided, panel: *mut f32, width: usize) {
    // SAFETY: the caller's promises.
    unsafe {
        if from.column_stride == 1 {
            for i in 0..from.rows {
                let row = from.values.add(i * from.row_stride);
                row.copy_to_nonoverlapping(panel.add(i * width), from.columns);
            }
        } else if from.row_stride == 1 {
            S::enter(
                #[inline(always)]
                || transposed::<S>(from, panel, width),
            );
        } else {
            for i in 0..from.rows {
                for j in 0..from.columns {
                    let value = from
                        .values
                        .add(i * from.row_stride + j * from.column_stride);
                    *panel.add(i * width + j) = *value;
                }
            }
        }
    }
}

/// Copies a block whose columns are contiguous, by transposing squares of vectors in registers.
///
/// # Safety
/// As for [`pack`], with a row stride of 1.
#[inline(always)]
unsafe fn transposed<S: Registers>(from: &Strided, panel: *mut f32, width: usize) {
    // SAFETY: the caller's promises. Masks keep the loads inside the matrix, and the panel's width is a
    // multiple of the lanes.
    unsafe {
        for j in (0..from.columns).step_by(S::LANES) {
            let across = S::LANES.min(from.columns - j);
            for i in (0..from.rows).step_by(S::LANES) {
                let down = S::LANES.min(from.rows - i);
                let mask = S::mask(down);
                let mut square = [S::zero(); 16];
                let corner = from.values.add(j * from.column_stride + i);
                if across == S::LANES {
                    for (q, vector) in square[..S::LANES].iter_mut().enumerate() {
                        *vector = S::load_masked(corner.add(q * from.column_stride), mask);
                    }
                } else {
                    for (q, vector) in square[..across].iter_mut().enumerate() {
                        *vector = S::load_masked(corner.add(q * from.column_stride), mask);
                    }
                }
                S::transpose(&mut square);
                let to = panel.add(i * width + j);
                if down == S::LANES {
                    for (p, vector) in square[..S::LANES].iter().enumerate() {
                        S::store(to.add(p * width), *vector);
                    }
                } else {
                    for (p, vector) in square[..down].iter().enumerate() {
                        S::store(to.add(p * width), *vector);
                    }
                }
            }
        }
    }
}
