//! A kernel that is copied into panels for the products of all steps.
//!
//! It is copied once per pass, so that the columns that a product processes together are contiguous. Rows
//! that are far apart would map to the same lines of the first-level cache, and a transposed kernel would
//! have to be packed at every step.

use crate::kernels::Epilogue;
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use core::ops::Range;

/// The number of columns in a panel: those of a product's tile.
#[cfg(feature = "std")]
const WIDTH: usize = 32;

/// The number of samples from which on a copy is worth its cost.
#[cfg(feature = "std")]
const SAMPLES: usize = 4;

/// A matrix of weights, which may be copied into panels.
#[derive(Clone, Copy)]
pub(super) struct Panels<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    layout: Layout,
}

#[derive(Clone, Copy, PartialEq)]
enum Layout {
    RowMajor,
    Transposed,
    #[cfg(feature = "std")]
    Panels,
}

impl<'a> Panels<'a> {
    /// A row-major matrix as it is.
    pub(super) fn plain(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self {
            values,
            rows,
            columns,
            layout: Layout::RowMajor,
        }
    }

    /// The transposed matrix.
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            layout: Layout::Transposed,
            ..self
        }
    }

    /// Calls `work` with the matrix, copied into panels if there are enough `samples`. `groups` are the
    /// ranges of columns that the products use.
    pub(super) fn arranged<T>(
        self,
        samples: usize,
        groups: impl Iterator<Item = Range<usize>>,
        work: impl FnOnce(Panels<'_>) -> T,
    ) -> T {
        #[cfg(feature = "std")]
        if samples >= SAMPLES {
            use crate::kernels::scratch;
            return scratch::with(scratch::Use::Kernel, self.values.len(), |values| {
                let mut rest = &mut *values;
                for group in groups {
                    for first in group.clone().step_by(WIDTH) {
                        let columns = first..group.end.min(first + WIDTH);
                        let panel;
                        (panel, rest) = rest.split_at_mut(self.rows * columns.len());
                        self.copy(columns, panel);
                    }
                }
                work(Panels {
                    values,
                    layout: Layout::Panels,
                    ..self
                })
            });
        }
        let _ = (samples, groups);
        work(self)
    }

    /// Copies some columns of a matrix that is not in panels.
    #[cfg(feature = "std")]
    fn copy(&self, columns: Range<usize>, panel: &mut [f32]) {
        let width = columns.len();
        if self.layout == Layout::RowMajor {
            let rows = self.values.chunks_exact(self.columns);
            for (to, from) in panel.chunks_exact_mut(width).zip(rows) {
                to.copy_from_slice(&from[columns.clone()]);
            }
            return;
        }
        let sources = self.values[columns.start * self.rows..].chunks_exact(self.rows);
        for (column, source) in sources.take(width).enumerate() {
            let to = panel[column..].iter_mut().step_by(width);
            to.zip(source).for_each(|(to, from)| *to = *from);
        }
    }

    /// `c = start + a·b` on the calling thread, where `b` is some rows of a group of columns. `a` is
    /// (samples, rows), with rows `along` apart. The rows of `c` are `stride` apart.
    pub(super) fn product(
        &self,
        (a, along): (&[f32], usize),
        samples: usize,
        [rows, columns]: [Range<usize>; 2],
        start: Start<'_>,
        c: &mut [f32],
        stride: usize,
    ) {
        let a = Matrix {
            values: a,
            rows: Axis::plain(samples, along),
            columns: Axis::plain(rows.len(), 1),
        };
        let run = |b, start, c: &mut [f32]| {
            let epilogue = Epilogue::NONE;
            Product {
                a,
                b,
                start,
                epilogue,
            }
            .run_here(c, stride);
        };
        let steps = match self.layout {
            Layout::RowMajor => [self.columns, 1],
            Layout::Transposed => [1, self.rows],
            #[cfg(feature = "std")]
            Layout::Panels => {
                for first in columns.clone().step_by(WIDTH) {
                    let width = WIDTH.min(columns.end - first);
                    let b = Matrix {
                        values: &self.values[first * self.rows + rows.start * width..],
                        rows: Axis::plain(rows.len(), width),
                        columns: Axis::plain(width, 1),
                    };
                    let place = first - columns.start;
                    let start = match start {
                        Start::Bias(bias) => Start::Bias(&bias[place..place + width]),
                        other => other,
                    };
                    run(b, start, &mut c[place..]);
                }
                return;
            }
        };
        let [down, across] = steps;
        let corner = rows.start * down + columns.start * across;
        let b = Matrix {
            values: self.values.get(corner..).unwrap_or_default(),
            rows: Axis::plain(rows.len(), down),
            columns: Axis::plain(columns.len(), across),
        };
        run(b, start, c);
    }
}
