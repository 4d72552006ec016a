//! Matrices as strided views of slices, so that operands need not be copied.
//!
//! The element (i, j) of a [`Matrix`] is at `rows.offset(i) + columns.offset(j)`. An [`Axis`] has up to three
//! levels, so that the matrix of a convolution's windows (im2col: one row for each output pixel, one column
//! for each row, column and channel of the kernel) is a view of the image itself.

/// The mapping from an index along one axis of a matrix to an offset: the index `(i0 * sizes[1] + i1) *
/// sizes[2] + i2` has the offset `i0 * strides[0] + i1 * strides[1] + i2 * strides[2]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    pub(super) sizes: [usize; 3],
    pub(super) strides: [usize; 3],
}

impl Axis {
    /// `len` elements, `stride` apart.
    pub(crate) const fn plain(len: usize, stride: usize) -> Self {
        Self {
            sizes: [1, 1, len],
            strides: [0, 0, stride],
        }
    }

    /// Three nested levels, the innermost last. Levels that continue each other are merged, so that the
    /// innermost runs are long.
    pub(crate) const fn nested(sizes: [usize; 3], strides: [usize; 3]) -> Self {
        let ([n0, n1, n2], [s0, s1, s2]) = (sizes, strides);
        if n1 == 1 || s1 == n2 * s2 {
            if n0 == 1 || s0 == n1 * n2 * s2 {
                return Self::plain(n0 * n1 * n2, s2);
            }
            return Self {
                sizes: [1, n0, n1 * n2],
                strides: [0, s0, s2],
            };
        }
        Self { sizes, strides }
    }

    /// The number of elements.
    pub(crate) const fn len(&self) -> usize {
        self.sizes[0] * self.sizes[1] * self.sizes[2]
    }

    /// Whether there is no element.
    fn is_empty(&self) -> bool {
        self.sizes.contains(&0)
    }

    /// The largest offset on an axis that is not empty. One that overflows is larger than any slice.
    pub(super) fn largest_offset(&self) -> usize {
        let levels = self.sizes.iter().zip(self.strides);
        levels.fold(0, |offset: usize, (size, stride)| {
            offset.saturating_add((size - 1).saturating_mul(stride))
        })
    }

    /// A position on the axis, from which it can be walked.
    pub(super) fn cursor(&self, index: usize) -> Cursor {
        if index == 0 {
            return Cursor::START;
        }
        // An empty axis has no positions and is never walked.
        let [_, n1, n2] = self.sizes.map(|size| size.max(1));
        // A checked division cannot panic.
        let divide = |index: usize, by| index.checked_div(by).unwrap_or(0);
        let (line, i2) = (divide(index, n2), index.checked_rem(n2).unwrap_or(0));
        let (i0, i1) = (divide(line, n1), line.checked_rem(n1).unwrap_or(0));
        Cursor {
            offset: i0 * self.strides[0] + i1 * self.strides[1] + i2 * self.strides[2],
            i1,
            i2,
        }
    }
}

/// A position on an [`Axis`]. Walking needs no division, which for the nine columns of a 3×3 kernel would
/// cost more than the products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub(super) offset: usize,
    i1: usize,
    i2: usize,
}

impl Cursor {
    /// The start of any axis.
    pub(super) const START: Self = Self {
        offset: 0,
        i1: 0,
        i2: 0,
    };

    /// The number of elements, including this one, in the current evenly spaced run.
    #[inline(always)]
    pub(super) fn run(&self, axis: &Axis) -> usize {
        axis.sizes[2] - self.i2
    }

    /// Walks `steps` elements, at most [`run`](Self::run). The offset is meaningless after the end of the
    /// axis.
    #[inline(always)]
    pub(super) fn advance(&mut self, axis: &Axis, steps: usize) {
        let ([_, n1, n2], [s0, s1, s2]) = (axis.sizes, axis.strides);
        self.i2 += steps;
        self.offset = self.offset.wrapping_add(steps * s2);
        if self.i2 == n2 {
            self.i2 = 0;
            self.i1 += 1;
            self.offset = self.offset.wrapping_add(s1).wrapping_sub(n2 * s2);
            if self.i1 == n1 {
                self.i1 = 0;
                self.offset = self.offset.wrapping_add(s0).wrapping_sub(n1 * s1);
            }
        }
    }
}

/// A matrix view.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
}

impl<'a> Matrix<'a> {
    /// A row-major matrix.
    pub(crate) const fn row_major(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self {
            values,
            rows: Axis::plain(rows, columns),
            columns: Axis::plain(columns, 1),
        }
    }

    /// The transposed matrix, with the same values.
    pub(crate) const fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
        }
    }

    /// Whether all elements are inside of the values.
    pub(super) fn fits(&self) -> bool {
        self.rows.is_empty()
            || self.columns.is_empty()
            || self
                .rows
                .largest_offset()
                .saturating_add(self.columns.largest_offset())
                < self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_visits_the_offsets_of_the_three_levels() {
        let (sizes, strides) = ([2, 3, 2], [100, 10, 2]);
        let axis = Axis::nested(sizes, strides);
        let mut cursor = axis.cursor(0);
        for index in 0..axis.len() {
            let (i0, i1, i2) = (index / 6, index / 2 % 3, index % 2);
            let expected = i0 * 100 + i1 * 10 + i2 * 2;
            assert_eq!(cursor.offset, expected);
            assert_eq!(axis.cursor(index).offset, expected);
            cursor.advance(&axis, 1);
        }
    }

    #[test]
    fn levels_that_continue_each_other_are_one() {
        assert_eq!(Axis::nested([2, 3, 4], [12, 4, 1]).sizes, [1, 1, 24]);
        assert_eq!(Axis::nested([2, 3, 4], [50, 4, 1]).sizes, [1, 2, 12]);
        assert_eq!(Axis::nested([2, 1, 4], [50, 7, 1]).sizes, [1, 2, 4]);
        assert_eq!(Axis::nested([1, 3, 4], [0, 4, 1]).sizes, [1, 1, 12]);
    }
}
