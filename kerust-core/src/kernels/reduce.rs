//! Sums over the rows of a matrix, and over the samples of a batch.

use super::elementwise::{CHUNK_LEN, VALUE_MACS};
use super::isa::vectorized;
use super::parallel;
#[cfg(feature = "std")]
use super::scratch;
use core::ops::Range;

/// The number of values that are summed together: enough to hide the latency of an addition, for any number
/// of columns.
const WIDE: usize = 128;

/// The maximum number of values in all partial sums together: 1 MB.
#[cfg(feature = "std")]
const PARTIAL_LEN: usize = 1 << 18;

/// The maximum number of chunks of a batch.
#[cfg(feature = "std")]
const CHUNKS: usize = 16;

/// `d += part`
pub fn sum_into(d: &mut [f32], part: &[f32]) {
    let macs = d.len() * VALUE_MACS;
    parallel::chunks(d, CHUNK_LEN, macs, |chunk, d| {
        let pairs = d
            .iter_mut()
            .zip(part.get(chunk * CHUNK_LEN..).unwrap_or(&[]));
        vectorized(
            #[inline(always)]
            || pairs.for_each(|(d, part)| *d += part),
        );
    });
}

/// Sums over `items` (images, rows), which cost `macs` multiply-adds together. `add(range, sums, alone)` adds
/// those of a range; `alone` says that it may divide its own work over threads.
///
/// If at least two partial sums fit in 1 MB, the items are divided into up to 16 chunks, and the partial sums
/// are added in order. The number of chunks depends only on the sizes, so the result does not depend on the
/// threads.
pub(crate) fn sum_in_chunks(
    items: usize,
    macs: usize,
    sums: [&mut [f32]; 2],
    accumulate: bool,
    add: impl Fn(Range<usize>, [&mut [f32]; 2], bool) + Sync,
) {
    let [first, second] = sums;
    if !accumulate {
        first.fill(0.0);
        second.fill(0.0);
    }
    let join = |_, [first, second]: [&mut [f32]; 2], [of_first, of_second]: [&[f32]; 2]| {
        sum_into(first, of_first);
        sum_into(second, of_second);
    };
    in_chunks(items, macs, [first, second], add, join);
}

/// Reduces `items` to two results, which start as neutral elements. `reduce(range, results, alone)` adds the
/// items of a range to its results, or to zeros. `join(range, results, part)` adds the part of a range to the
/// results. The chunks are those of [`sum_in_chunks`].
pub(super) fn in_chunks(
    items: usize,
    macs: usize,
    [first, second]: [&mut [f32]; 2],
    reduce: impl Fn(Range<usize>, [&mut [f32]; 2], bool) + Sync,
    join: impl Fn(Range<usize>, [&mut [f32]; 2], [&[f32]; 2]),
) {
    #[cfg(feature = "std")]
    {
        let len = first.len() + second.len();
        let size = chunk_len(items, len);
        let chunks = items.div_ceil(size);
        if chunks > 1 {
            let range = |chunk| chunk * size..items.min((chunk + 1) * size);
            return scratch::with(scratch::Use::Partial, chunks * len, |partial| {
                parallel::chunks(partial, len, macs, |chunk, partial| {
                    partial.fill(0.0);
                    reduce(
                        range(chunk),
                        partial.split_at_mut(first.len()).into(),
                        false,
                    );
                });
                for (chunk, partial) in partial.chunks_exact(len).enumerate() {
                    let part = partial.split_at(first.len()).into();
                    join(range(chunk), [&mut *first, &mut *second], part);
                }
            });
        }
    }
    let (_, _) = (macs, join);
    reduce(0..items, [first, second], true);
}

/// The number of `items` in a chunk, for sums of `len` values.
#[cfg(feature = "std")]
pub(super) fn chunk_len(items: usize, len: usize) -> usize {
    let fitting = (PARTIAL_LEN / len.max(1)).clamp(1, CHUNKS);
    items.div_ceil(1 << fitting.ilog2()).max(1)
}

/// `sums_j = Σ_i rows_ij`, or added to the values in `sums` with `accumulate`. Nothing is done if `sums` is
/// empty.
///
/// With few columns, several rows are summed as one, and these sums are added in order at the end. This is a
/// fixed order, but not that of any other kernel.
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

#[inline(always)]
fn add_rows(rows: &[f32], sums: &mut [f32], columns: usize) {
    for row in rows.chunks_exact(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
}
