//! Blocks of columns that are processed in lanes.

use crate::kernels::isa::vectorized;

/// The number of columns, or of repetitions of a few columns, that are processed together.
pub(super) const LANES: usize = 128;

/// Some columns of a matrix, or several rows of a narrow matrix as one.
#[derive(Clone, Copy)]
pub(super) struct Block {
    columns: usize,
    first: usize,
    width: usize,
    /// The distance between two rows of lanes in values.
    stride: usize,
}

/// Calls `work` with the blocks that cover `columns`.
#[inline(always)]
pub(super) fn each_block(columns: usize, mut work: impl FnMut(Block)) {
    vectorized(
        #[inline(always)]
        || {
            if columns == 0 {
                return;
            }
            let stride = if columns <= LANES / 2 {
                LANES / columns * columns
            } else {
                columns
            };
            let mut first = 0;
            while first < stride {
                let width = LANES.min(stride - first);
                work(Block {
                    columns,
                    first,
                    width,
                    stride,
                });
                first += width;
            }
        },
    );
}

impl Block {
    /// A value for each lane, from its column.
    #[inline(always)]
    pub(super) fn lanes(self, value: impl Fn(usize) -> f32) -> [f32; LANES] {
        let mut lanes = [0.0; LANES];
        let distinct = self.width.min(self.columns);
        for (lane, place) in lanes[..distinct].iter_mut().enumerate() {
            *place = value(self.first + lane);
        }
        for lane in distinct..self.width {
            lanes[lane] = lanes[lane - distinct];
        }
        lanes
    }

    /// The rows of the block's lanes. The last row of a narrow matrix may be shorter.
    #[inline(always)]
    pub(super) fn rows(self, values: &[f32]) -> impl Iterator<Item = &[f32]> {
        let rows = values.chunks(self.stride);
        rows.map(move |row| &row[self.first..row.len().min(self.first + self.width)])
    }

    #[inline(always)]
    pub(super) fn rows_mut(self, values: &mut [f32]) -> impl Iterator<Item = &mut [f32]> {
        let rows = values.chunks_mut(self.stride);
        rows.map(move |row| {
            let end = row.len().min(self.first + self.width);
            &mut row[self.first..end]
        })
    }

    /// Adds the lanes to their columns.
    #[inline(always)]
    pub(super) fn fold(self, lanes: &[f32; LANES], sums: &mut [f32]) {
        for row in lanes[..self.width].chunks(self.columns) {
            let sums = sums[self.first..].iter_mut();
            sums.zip(row).for_each(|(sum, lane)| *sum += lane);
        }
    }
}
