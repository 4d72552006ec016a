//! Batch-normalization kernels.

use super::block::{Block, LANES, each_block};
use super::{VALUE_MACS, block_of};
use crate::activation::Activation;
use crate::kernels::Epilogue;
use crate::kernels::elementwise::CHUNK_LEN;
#[cfg(not(feature = "std"))]
use crate::kernels::elementwise::copy;
use crate::kernels::machine::sqrt;
use crate::kernels::parallel::{self, Shared};
use crate::kernels::reduce::{column_sums, in_chunks, sum_in_chunks};
#[cfg(feature = "std")]
use crate::kernels::vectorized;
use core::ops::Range;

/// The mean and the population variance (divided by the number of rows) of each column. `x` is (rows,
/// columns), and both results have a value for each column.
///
/// Each chunk of rows is read twice while it is in the cache, and its moments are combined with those of the
/// earlier rows: Chan, Golub and LeVeque (1983), equation 2.1.
pub fn moments(x: &[f32], mean: &mut [f32], variance: &mut [f32]) {
    let columns = mean.len();
    let rows = x.len() / columns.max(1);
    mean.fill(0.0);
    variance.fill(0.0);
    let reduce = |rows: Range<usize>, [mean, squares]: [&mut [f32]; 2], _| {
        let x = block_of(x, rows.clone(), columns);
        column_sums(x, mean, columns, false);
        mean.iter_mut().for_each(|mean| *mean /= rows.len() as f32);
        squares_around(mean, x, squares);
    };
    let join = |rows: Range<usize>, [mean, squares]: [&mut [f32]; 2], part: [&[f32]; 2]| {
        // The earlier rows, and these rows, as shares of both.
        let share = rows.len() as f32 / rows.end as f32;
        let both = mean
            .iter_mut()
            .zip(squares)
            .zip(part[0].iter().zip(part[1]));
        for ((mean, squares), (part_mean, part_squares)) in both {
            let gap = part_mean - *mean;
            *mean += gap * share;
            *squares += part_squares + gap * gap * share * rows.start as f32;
        }
    };
    in_chunks(
        rows,
        x.len() * VALUE_MACS,
        [mean, &mut *variance],
        reduce,
        join,
    );
    variance
        .iter_mut()
        .for_each(|squares| *squares /= rows as f32);
}

/// Keras's `epsilon()`, which it adds to the number of rows that a mask leaves.
const MASK_EPSILON: f64 = 1e-7;

/// The number of rows that count, as Keras has it.
fn counted(mask: &[u8]) -> f64 {
    mask.iter().filter(|row| **row != 0).count() as f64 + MASK_EPSILON
}

/// [`moments`] of the rows whose mask is not 0.
pub fn masked_moments(x: &[f32], mask: &[u8], mean: &mut [f32], variance: &mut [f32]) {
    const WIDTH: usize = 16;
    let columns = mean.len().max(1);
    let count = counted(mask);
    let rows = || {
        let rows = x.chunks_exact(columns).zip(mask);
        rows.filter(|(_, mask)| **mask != 0).map(|(row, _)| row)
    };
    let moments = mean.chunks_mut(WIDTH).zip(variance.chunks_mut(WIDTH));
    for (block, (mean, variance)) in moments.enumerate() {
        let first = block * WIDTH;
        let last = first + mean.len();
        let mut sums = [0.0; WIDTH];
        for row in rows() {
            let values = sums.iter_mut().zip(&row[first..last]);
            values.for_each(|(sum, x)| *sum += f64::from(*x));
        }
        let of_mean = mean.iter_mut().zip(sums);
        of_mean.for_each(|(mean, sum)| *mean = (sum / count) as f32);
        let mut squares = [0.0; WIDTH];
        for row in rows() {
            let values = squares.iter_mut().zip(&row[first..last]).zip(&*mean);
            values.for_each(|((sum, x), mean)| {
                let gap = f64::from(x - mean);
                *sum += gap * gap;
            });
        }
        let of_variance = variance.iter_mut().zip(squares);
        of_variance.for_each(|(variance, sum)| *variance = (sum / count) as f32);
    }
}

/// The sums of squared differences from `centre`, for each column.
fn squares_around(centre: &[f32], x: &[f32], sums: &mut [f32]) {
    each_block(
        centre.len(),
        #[inline(always)]
        |block: Block| {
            let (centre, mut squares) = (block.lanes(|column| centre[column]), [0.0; LANES]);
            for x in block.rows(x) {
                let lanes = squares.iter_mut().zip(x).zip(&centre);
                lanes.for_each(|((sum, x), centre)| *sum += (x - centre) * (x - centre));
            }
            block.fold(&squares, sums);
        },
    );
}

/// `y = gamma · (x − mean) / sqrt(variance + epsilon) + beta`, for each column. Every slice has a value for
/// each column.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a> {
    /// The mean.
    pub mean: &'a [f32],
    /// The variance.
    pub variance: &'a [f32],
    /// The scale. If it is empty, the scale is 1.
    pub gamma: &'a [f32],
    /// Keeps the divisor from 0.
    pub epsilon: f32,
    /// The activation after it. It must be elementwise, with a gradient that follows from its output.
    pub activation: Activation,
}

impl BatchNorm<'_> {
    /// `activation(y)`, with `beta` added unless it is empty, computed as `x · a + (beta − mean · a)` with
    /// Keras's rounding. Inlined so that unused activations are dropped from firmware.
    #[cfg_attr(not(feature = "std"), inline(always))]
    pub fn forward(&self, x: &[f32], beta: &[f32], y: &mut [f32]) {
        self.each_chunk(y, |first, y| {
            let x = x.get(first..first + y.len()).unwrap_or_default();
            self.normalized(beta, x, y);
            self.activation.apply(y, 1);
        });
    }

    /// Like [`forward`](Self::forward), in place.
    #[cfg_attr(not(feature = "std"), inline(always))]
    pub fn forward_in_place(&self, beta: &[f32], y: &mut [f32]) {
        self.each_chunk(y, |_, y| {
            self.normalize(beta, y);
            self.activation.apply(y, 1);
        });
    }

    /// The gradient of the input if the moments do not depend on it: `dx = dy · gamma / sqrt(variance +
    /// epsilon)`. `dy` is replaced by the gradient before the activation.
    pub fn fixed_input_gradient(&self, y: &[f32], dy: &mut [f32], dx: &mut [f32]) {
        let columns = self.mean.len().max(1);
        super::super::activation_gradient(self.activation, y, dy, columns);
        for (dy, dx) in dy.chunks_exact(columns).zip(dx.chunks_exact_mut(columns)) {
            for (column, (dy, dx)) in dy.iter().zip(dx).enumerate() {
                *dx = dy * self.line(column, &[])[0];
            }
        }
    }

    /// [`forward`](Self::forward) as the epilogue of a product. `line` holds two values for each column.
    #[inline(always)]
    pub fn epilogue<'l>(&self, beta: &[f32], line: &'l mut [f32]) -> Epilogue<'l> {
        Epilogue {
            line: self.lines(beta, line),
            // Visible where the product is called, so that unused activations are dropped from firmware.
            ..Epilogue::new(self.activation)
        }
    }

    /// The factors and the shifts of all columns.
    #[inline(never)]
    fn lines<'l>(&self, beta: &[f32], line: &'l mut [f32]) -> [&'l [f32]; 2] {
        let columns = self.mean.len();
        let (factors, shifts) = line.split_at_mut(columns.min(line.len()));
        let shifts = shifts.get_mut(..columns).unwrap_or_default();
        self.write_lines(beta, factors, shifts);
        [factors, shifts]
    }

    /// [`line`](Self::line) for each column, in vectorized passes.
    #[cfg(feature = "std")]
    fn write_lines(&self, beta: &[f32], factors: &mut [f32], shifts: &mut [f32]) {
        if beta.is_empty() {
            shifts.fill(0.0);
        }
        vectorized(
            #[inline(always)]
            || {
                let of = factors.iter_mut().zip(self.variance);
                of.for_each(|(factor, variance)| *factor = 1.0 / sqrt(variance + self.epsilon));
                let of = factors.iter_mut().zip(self.gamma);
                of.for_each(|(factor, gamma)| *factor *= gamma);
                let of = shifts.iter_mut().zip(beta);
                of.for_each(|(shift, beta)| *shift = *beta);
                let of = shifts.iter_mut().zip(self.mean.iter().zip(&*factors));
                of.for_each(|(shift, (mean, factor))| *shift -= mean * factor);
            },
        );
    }

    #[cfg(not(feature = "std"))]
    fn write_lines(&self, beta: &[f32], factors: &mut [f32], shifts: &mut [f32]) {
        let lines = factors.iter_mut().zip(shifts).enumerate();
        lines.for_each(|(column, (factor, shift))| [*factor, *shift] = self.line(column, beta));
    }

    /// Calls `work` with chunks of whole rows, and their offsets.
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn each_chunk(&self, y: &mut [f32], work: impl Fn(usize, &mut [f32]) + Sync) {
        let macs = y.len() * VALUE_MACS;
        let len = CHUNK_LEN.next_multiple_of(self.mean.len().max(1));
        parallel::chunks(y, len, macs, |chunk, y| work(chunk * len, y));
    }

    #[cfg(feature = "std")]
    fn normalized(&self, beta: &[f32], x: &[f32], y: &mut [f32]) {
        self.each_line(
            beta,
            #[inline(always)]
            |block, [factors, shifts]| {
                for (x, y) in block.rows(x).zip(block.rows_mut(y)) {
                    let lines = factors.iter().zip(&shifts);
                    for ((y, x), (factor, shift)) in y.iter_mut().zip(x).zip(lines) {
                        *y = x * factor + shift;
                    }
                }
            },
        );
    }

    #[cfg(feature = "std")]
    fn normalize(&self, beta: &[f32], y: &mut [f32]) {
        self.each_line(
            beta,
            #[inline(always)]
            |block, [factors, shifts]| {
                for y in block.rows_mut(y) {
                    let lanes = y.iter_mut().zip(factors.iter().zip(&shifts));
                    lanes.for_each(|(y, (factor, shift))| *y = *y * factor + shift);
                }
            },
        );
    }

    /// Calls `work` with the lines of each block's lanes.
    #[cfg(feature = "std")]
    #[inline(always)]
    fn each_line(&self, beta: &[f32], mut work: impl FnMut(Block, [[f32; LANES]; 2])) {
        each_block(
            self.mean.len(),
            #[inline(always)]
            |block: Block| {
                let factors = block.lanes(|column| self.line(column, beta)[0]);
                let shifts = block.lanes(|column| self.line(column, beta)[1]);
                work(block, [factors, shifts]);
            },
        );
    }

    #[cfg(not(feature = "std"))]
    fn normalized(&self, beta: &[f32], x: &[f32], y: &mut [f32]) {
        copy(x, y);
        self.normalize(beta, y);
    }

    /// Column by column, without lanes, for a small stack.
    #[cfg(not(feature = "std"))]
    fn normalize(&self, beta: &[f32], y: &mut [f32]) {
        let columns = self.mean.len();
        for column in 0..columns {
            let [factor, shift] = self.line(column, beta);
            let values = y.get_mut(column..).unwrap_or_default();
            for y in values.iter_mut().step_by(columns.max(1)) {
                *y = *y * factor + shift;
            }
        }
    }

    /// The factor and the shift of a column.
    #[inline(always)]
    fn line(&self, column: usize, beta: &[f32]) -> [f32; 2] {
        let factor = self.inverse(column) * self.scale(column);
        let [mean, beta] = [self.mean, beta].map(|of| of.get(column).copied().unwrap_or(0.0));
        [factor, beta - mean * factor]
    }

    /// The gradients of gamma and beta, if the mean and the variance are those of `x`. `dy` is replaced by
    /// the gradient before the activation.
    pub fn weight_gradient(
        &self,
        x: &[f32],
        y: &[f32],
        dy: &mut [f32],
        [dgamma, dbeta]: [&mut [f32]; 2],
    ) {
        let columns = self.mean.len();
        let dy = Shared::new(dy);
        let add = |rows: Range<usize>, [dgamma, dbeta]: [&mut [f32]; 2], _| {
            let range = rows.start * columns..rows.end * columns;
            let x = &x[range.clone()];
            // SAFETY: the ranges of rows do not overlap.
            let dy = unsafe { dy.part(range.clone()) };
            if self.activation != Activation::Linear {
                self.activation.backward(&y[range], dy, 1);
            }
            let dy = &*dy;
            each_block(
                columns,
                #[inline(always)]
                |block: Block| {
                    let centre = block.lanes(|column| self.mean[column]);
                    let (mut products, mut sums) = ([0.0; LANES], [0.0; LANES]);
                    for (x, dy) in block.rows(x).zip(block.rows(dy)) {
                        let both = products.iter_mut().zip(&mut sums).zip(&centre);
                        for (((product, sum), centre), (x, dy)) in both.zip(x.iter().zip(dy)) {
                            *product += (x - centre) * dy;
                            *sum += dy;
                        }
                    }
                    block.fold(&products, dgamma);
                    block.fold(&sums, dbeta);
                },
            );
        };
        let (rows, macs) = (x.len() / columns.max(1), x.len() * VALUE_MACS);
        sum_in_chunks(rows, macs, [&mut *dgamma, dbeta], false, add);
        for (column, dgamma) in dgamma.iter_mut().enumerate() {
            *dgamma *= self.inverse(column);
        }
    }

    /// The gradient of the input, from those of gamma and beta for the same batch: `dx = gamma · r · (dy −
    /// (dbeta + r · (x − mean) · dgamma) / n)`, with r the inverse standard deviation and n the number of
    /// rows. Ioffe & Szegedy (2015), section 3.
    pub fn input_gradient(&self, x: &[f32], dy: &[f32], sums: [&[f32]; 2], dx: &mut [f32]) {
        let share = self.mean.len() as f32 / x.len() as f32;
        self.input_gradient_of(x, dy, sums, share, dx);
    }

    /// Like [`input_gradient`](Self::input_gradient), if the moments are those of the rows whose mask is not 0. All
    /// rows are normalized by them.
    pub fn masked_input_gradient(
        &self,
        (x, mask): (&[f32], &[u8]),
        dy: &[f32],
        sums: [&[f32]; 2],
        dx: &mut [f32],
    ) {
        let columns = self.mean.len().max(1);
        let share = (1.0 / counted(mask)) as f32;
        self.input_gradient_of(x, dy, sums, share, dx);
        let rows = dx.chunks_exact_mut(columns).zip(dy.chunks_exact(columns));
        for ((dx, dy), _) in rows.zip(mask).filter(|(_, mask)| **mask == 0) {
            for (column, (dx, dy)) in dx.iter_mut().zip(dy).enumerate() {
                *dx = dy * self.line(column, &[])[0];
            }
        }
    }

    /// [`input_gradient`](Self::input_gradient) with the inverse of the number of rows.
    fn input_gradient_of(
        &self,
        x: &[f32],
        dy: &[f32],
        [dgamma, dbeta]: [&[f32]; 2],
        share: f32,
        dx: &mut [f32],
    ) {
        let (columns, macs) = (self.mean.len(), x.len() * VALUE_MACS);
        let len = CHUNK_LEN.next_multiple_of(columns.max(1));
        parallel::chunks(dx, len, macs, |chunk, dx| {
            let (x, dy) = (
                &x[chunk * len..][..dx.len()],
                &dy[chunk * len..][..dx.len()],
            );
            each_block(
                columns,
                #[inline(always)]
                |block: Block| {
                    let centre = block.lanes(|column| self.mean[column]);
                    let factors = block.lanes(|column| self.inverse(column) * self.scale(column));
                    let means = block.lanes(|column| dbeta[column] * share);
                    let slopes =
                        block.lanes(|column| self.inverse(column) * dgamma[column] * share);
                    let rows = block.rows(x).zip(block.rows(dy)).zip(block.rows_mut(dx));
                    for ((x, dy), dx) in rows {
                        let values = dx.iter_mut().zip(x.iter().zip(dy));
                        let columns = centre.iter().zip(&factors).zip(means.iter().zip(&slopes));
                        for ((dx, (x, dy)), ((centre, factor), (mean, slope))) in
                            values.zip(columns)
                        {
                            *dx = factor * (dy - mean - (x - centre) * slope);
                        }
                    }
                },
            );
        });
    }

    #[inline(always)]
    fn scale(&self, column: usize) -> f32 {
        self.gamma.get(column).copied().unwrap_or(1.0)
    }

    /// The inverse standard deviation of a column.
    #[inline(always)]
    fn inverse(&self, column: usize) -> f32 {
        let variance = self.variance.get(column).copied().unwrap_or(0.0);
        1.0 / sqrt(variance + self.epsilon)
    }
}
