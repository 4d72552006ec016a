//! Sums over the rows of a matrix, and over the samples of a batch.

use super::elementwise::{CHUNK_LEN, VALUE_MACS};
use super::isa::vectorized;
use super::parallel;
#[cfg(feature = "std")]
use super::scratch;
use core::ops::Range;

/// Values that are summed side by side: long enough to hide the latency of an addition, however few
/// columns there are.
const WIDE: usize = 128;

/// Values of all partial sums together: 1 MB.
#[cfg(feature = "std")]
const PARTIAL_LEN: usize = 1 << 18;

/// The most chunks that a batch is cut into.
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

/// Sums over `items` (images, rows) that cost `macs` multiply-adds together: `add(range, sums, alone)`
/// adds those of a range, where `alone` says that it may divide its own work over threads.
///
/// Where at least two partial sums fit into 1 MB, the items are cut into up to 16 chunks, and the
/// partial sums are added in their order. How many depends on the sizes alone, never on the threads;
/// so the bits do not either.
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

/// Reduces `items` to two results, which begin as neutral: `reduce(range, results, alone)` takes in
/// those of a range, into what stands there or into zeros, and `join(range, results, part)` the part of a
/// range into the results. The chunks are those of [`sum_in_chunks`].
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

/// How many of `items` are summed in a chunk, where the sums are `len` values.
#[cfg(feature = "std")]
pub(super) fn chunk_len(items: usize, len: usize) -> usize {
    let fitting = (PARTIAL_LEN / len.max(1)).clamp(1, CHUNKS);
    items.div_ceil(1 << fitting.ilog2()).max(1)
}

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

#[inline(always)]
fn add_rows(rows: &[f32], sums: &mut [f32], columns: usize) {
    for row in rows.chunks_exact(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
}
