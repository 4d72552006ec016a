//! Layer-normalization kernels.

use super::{VALUE_MACS, block_of};
use crate::kernels::elementwise::{CHUNK_LEN, copy};
use crate::kernels::isa::vectorized;
use crate::kernels::machine::sqrt;
use crate::kernels::parallel;
use crate::kernels::reduce::sum_in_chunks;
use core::ops::Range;

/// The number of partial sums of a row.
const WIDE: usize = 16;

/// `y = gamma · (x − mean) / sqrt(variance + epsilon) + beta`, with the moments of each row. `gamma` and
/// `beta` have a value for each column.
pub fn layer_norm(x: &[f32], gamma: &[f32], beta: &[f32], epsilon: f32, y: &mut [f32]) {
    let (columns, macs) = (gamma.len().max(1), x.len() * VALUE_MACS);
    let len = CHUNK_LEN.next_multiple_of(columns);
    parallel::chunks(y, len, macs, |chunk, y| {
        let first = chunk * len;
        copy(x.get(first..first + y.len()).unwrap_or_default(), y);
        normalize_rows(gamma, beta, epsilon, y);
    });
}

/// Like [`layer_norm`], in place.
pub fn layer_norm_in_place(gamma: &[f32], beta: &[f32], epsilon: f32, y: &mut [f32]) {
    let (columns, macs) = (gamma.len().max(1), y.len() * VALUE_MACS);
    let len = CHUNK_LEN.next_multiple_of(columns);
    parallel::chunks(y, len, macs, |_, y| normalize_rows(gamma, beta, epsilon, y));
}

fn normalize_rows(gamma: &[f32], beta: &[f32], epsilon: f32, y: &mut [f32]) {
    vectorized(
        #[inline(always)]
        || {
            for y in y.chunks_exact_mut(gamma.len().max(1)) {
                let [mean, inverse] = row_moments(y, epsilon);
                for (y, (gamma, beta)) in y.iter_mut().zip(gamma.iter().zip(beta)) {
                    let factor = inverse * gamma;
                    *y = *y * factor + (beta - mean * factor);
                }
            }
        },
    );
}

/// The gradients of [`layer_norm`]; Ba et al. (2016). `weights` are those of gamma and beta.
pub fn layer_norm_gradient(
    x: &[f32],
    dy: &[f32],
    gamma: &[f32],
    epsilon: f32,
    weights: Option<[&mut [f32]; 2]>,
    dx: Option<&mut [f32]>,
    accumulate: bool,
) {
    let (columns, macs) = (gamma.len().max(1), 2 * x.len() * VALUE_MACS);
    let add = |rows: Range<usize>, [dgamma, dbeta]: [&mut [f32]; 2], _| {
        let part = |values| block_of(values, rows.clone(), columns).chunks_exact(columns);
        vectorized(
            #[inline(always)]
            || {
                for (x, dy) in part(x).zip(part(dy)) {
                    let [mean, inverse] = row_moments(x, epsilon);
                    let sums = dgamma.iter_mut().zip(&mut *dbeta);
                    for ((dgamma, dbeta), (x, dy)) in sums.zip(x.iter().zip(dy)) {
                        *dgamma += (x - mean) * inverse * dy;
                        *dbeta += dy;
                    }
                }
            },
        );
    };
    if let Some(weights) = weights {
        sum_in_chunks(x.len() / columns, macs, weights, accumulate, add);
    }
    let Some(dx) = dx else { return };
    let len = CHUNK_LEN.next_multiple_of(columns);
    parallel::chunks(dx, len, macs, |chunk, dx| {
        vectorized(
            #[inline(always)]
            || {
                let rows = x[chunk * len..].chunks_exact(columns);
                let rows = rows.zip(dy[chunk * len..].chunks_exact(columns));
                for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(columns)) {
                    let [mean, inverse] = row_moments(x, epsilon);
                    let along = |column: usize| dy[column] * gamma[column];
                    let share = 1.0 / columns as f32;
                    let first = row_sum(columns, along) * share;
                    let second = row_sum(columns, |c| along(c) * (x[c] - mean));
                    let slope = second * share * inverse * inverse;
                    for (column, dx) in dx.iter_mut().enumerate() {
                        *dx = inverse * (along(column) - first - (x[column] - mean) * slope);
                    }
                }
            },
        );
    });
}

/// The mean and the inverse standard deviation of a row.
#[inline(always)]
fn row_moments(x: &[f32], epsilon: f32) -> [f32; 2] {
    let len = x.len() as f32;
    let mean = lane_sum(x, |x| x) / len;
    let variance = lane_sum(x, |x| (x - mean) * (x - mean)) / len;
    [mean, 1.0 / sqrt(variance + epsilon)]
}

/// `Σ term(x)`, in the order of [`row_sum`].
#[inline(always)]
pub(super) fn lane_sum(x: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; WIDE];
    let (whole, rest) = x.as_chunks::<WIDE>();
    for lanes in whole {
        let lanes = sums.iter_mut().zip(lanes);
        lanes.for_each(|(sum, x)| *sum += term(*x));
    }
    let lanes = sums.iter_mut().zip(rest);
    lanes.for_each(|(sum, x)| *sum += term(*x));
    sums.iter().sum()
}

/// `Σ term(i)` as several partial sums, which are added in order.
#[inline(always)]
fn row_sum(len: usize, term: impl Fn(usize) -> f32) -> f32 {
    let mut sums = [0.0; WIDE];
    let whole = len / WIDE * WIDE;
    for first in (0..whole).step_by(WIDE) {
        for (lane, sum) in sums.iter_mut().enumerate() {
            *sum += term(first + lane);
        }
    }
    (whole..len).for_each(|i| sums[i - whole] += term(i));
    sums.iter().sum()
}
