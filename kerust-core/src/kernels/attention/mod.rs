//! Scaled dot-product attention of several heads: Vaswani et al. (2017), section 3.2.
//!
//! For each head, `y = P·V` with `P = softmax(scale · Q·Kᵀ)` over the keys, where Q, K and V are (steps,
//! width) each. The values of all heads are interleaved as (samples, steps, heads, width), in the layout that
//! the projections produce. A head is a strided view, and nothing is copied.
//!
//! # Masks
//! As in Keras, -1e9 is added to a masked score before the softmax. With `zeroes`, its probability is set to zero after
//! it: a query without any key then gives 0, and not the mean of all values. A masked query always gives 0.
//!
//! # How it computes
//! It computes sample by sample and head by head, so that the scores of a head stay in the cache. A batch is
//! divided over threads by samples, so the result does not depend on the threads. Row sums are computed as 16
//! partial sums, which are added in order. In training the probabilities are saved.

mod additive;
mod softmax;
#[cfg(test)]
mod tests;
mod training;

use super::matmul::{Axis, Matrix, Product, Start};
use super::{Epilogue, vectorized};
pub use additive::{AdditiveAttention, AdditiveGradients};
use softmax::{Row, softmax_rows};
pub use training::AttentionGradients;

/// The sizes of an attention.
#[derive(Clone, Copy, Debug)]
pub struct Attention {
    /// The number of heads, each with its own values.
    pub heads: usize,
    /// The number of values in a query and in a key, for each head.
    pub key_width: usize,
    /// The number of values in a value, for each head.
    pub value_width: usize,
    /// The number of steps of the queries, and of the output.
    pub queries: usize,
    /// The number of steps of the keys and values.
    pub keys: usize,
    /// The factor of the scores. Keras uses `1 / √key_width`.
    pub scale: f32,
    /// Whether a query attends only to the keys up to its own step.
    pub causal: bool,
    /// Whether a query whose keys are all masked gives 0, as in Keras's `MultiHeadAttention`. Otherwise it attends to all
    /// of them, as in Keras's `Attention`.
    pub zeroes: bool,
}

/// The masks, with 0 for each masked step. An empty mask masks nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttentionMasks<'a> {
    /// Queries that attend to nothing: (samples, queries).
    pub query: &'a [u8],
    /// Keys that no query attends to: (samples, keys).
    pub key: &'a [u8],
    /// Values that no query attends to: (samples, keys).
    pub value: &'a [u8],
    /// The keys that each query attends to: (samples, queries, keys).
    pub pair: &'a [u8],
}

impl Attention {
    /// The number of scratch values for the inference of a whole batch: the scores of one query.
    pub const fn scratch_len(&self) -> usize {
        self.keys
    }

    /// The number of values that training saves for each sample: the probabilities, (heads, queries, keys).
    pub const fn saved_len(&self) -> usize {
        self.heads * self.queries * self.keys
    }

    /// The number of scratch values for each sample in the forward pass of training.
    pub const fn training_scratch_len(&self, dropout: bool) -> usize {
        if dropout { self.queries * self.keys } else { 0 }
    }

    /// The number of scratch values for each sample in the backward pass.
    pub const fn backward_scratch_len(&self, dropout: bool) -> usize {
        self.queries * self.keys + self.training_scratch_len(dropout)
    }

    /// `y` for `[query, key, value]`. `scratch` needs [`scratch_len`](Self::scratch_len) values.
    pub fn forward(
        &self,
        values: [&[f32]; 3],
        masks: AttentionMasks<'_>,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let samples = y.len().checked_div(self.output_len()).unwrap_or(0);
        check!(
            self.fits(samples, values, &masks)
                && y.len() == samples * self.output_len()
                && scratch.len() >= self.scratch_len(),
            "the slices of an attention do not fit its sizes"
        );
        #[cfg(feature = "std")]
        {
            let _ = scratch;
            let piece = super::piece::Piece::new(samples, [y], [self.output_len()]);
            piece.divide(samples * self.macs(), |piece| {
                use super::scratch;
                let [y] = piece.parts;
                let len = self.queries * self.keys;
                scratch::with(scratch::Use::Scores, len, |scores| {
                    for (i, y) in y.chunks_exact_mut(self.output_len()).enumerate() {
                        let sample = self.sample(piece.first + i, values, &masks);
                        self.forward_here(&sample, self.queries, y, scores);
                    }
                });
            });
        }
        #[cfg(not(feature = "std"))]
        for (i, y) in y.chunks_exact_mut(self.output_len().max(1)).enumerate() {
            let sample = self.sample(i, values, &masks);
            self.forward_here(&sample, 1, y, scratch);
        }
    }

    /// Computes one sample, with `rows` queries at a time.
    fn forward_here(&self, sample: &Sample<'_>, rows: usize, y: &mut [f32], scores: &mut [f32]) {
        for head in 0..self.heads {
            let mut first = 0;
            while first < self.queries {
                let rows = rows.max(1).min(self.queries - first);
                let Some(scores) = scores.get_mut(..rows * self.keys) else {
                    return;
                };
                self.probabilities(sample, head, [first, rows], scores);
                let value = self.value(sample.value, head);
                let at = (first * self.heads + head) * self.value_width;
                let Some(y) = y.get_mut(at..) else { return };
                let scores = Matrix::row_major(scores, rows, self.keys);
                product(scores, value, y, self.heads * self.value_width);
                first += rows;
            }
        }
    }

    /// The probabilities of some queries of a head, given as `[first, rows]`.
    fn probabilities(
        &self,
        sample: &Sample<'_>,
        head: usize,
        [first, rows]: [usize; 2],
        scores: &mut [f32],
    ) {
        let from = first * self.heads * self.key_width;
        let query = sample.query.get(from..).unwrap_or_default();
        let query = self.view(query, head, rows, self.key_width);
        let key = self.view(sample.key, head, self.keys, self.key_width);
        product(query, key.transposed(), scores, self.keys);
        vectorized(
            #[inline(always)]
            || {
                softmax_rows(scores, self.keys, self.scale, |row| {
                    sample.row(self, first + row)
                });
            },
        );
    }

    /// The probabilities of a head as a matrix.
    fn square<'a>(&self, values: &'a [f32]) -> Matrix<'a> {
        Matrix::row_major(values, self.queries, self.keys)
    }

    /// The matrix of a head with this number of steps.
    fn view<'a>(&self, values: &'a [f32], head: usize, steps: usize, width: usize) -> Matrix<'a> {
        Matrix {
            values: values.get(head * width..).unwrap_or_default(),
            rows: Axis::plain(steps, self.heads * width),
            columns: Axis::plain(width, 1),
        }
    }

    fn value<'a>(&self, values: &'a [f32], head: usize) -> Matrix<'a> {
        self.view(values, head, self.keys, self.value_width)
    }

    fn sample<'a>(
        &self,
        number: usize,
        [query, key, value]: [&'a [f32]; 3],
        masks: &AttentionMasks<'a>,
    ) -> Sample<'a> {
        let part = |values: &'a [f32], steps: usize, width: usize| {
            let len = steps * self.heads * width;
            let first = number * len;
            values.get(first..first + len).unwrap_or_default()
        };
        let mask = |mask: &'a [u8], len: usize| {
            let first = number * len;
            mask.get(first..first + len).unwrap_or_default()
        };
        Sample {
            query: part(query, self.queries, self.key_width),
            key: part(key, self.keys, self.key_width),
            value: part(value, self.keys, self.value_width),
            masks: AttentionMasks {
                query: mask(masks.query, self.queries),
                key: mask(masks.key, self.keys),
                value: mask(masks.value, self.keys),
                pair: mask(masks.pair, self.queries * self.keys),
            },
        }
    }

    /// The number of values in a sample's output.
    const fn output_len(&self) -> usize {
        self.queries * self.heads * self.value_width
    }

    /// Multiply-adds of a sample.
    const fn macs(&self) -> usize {
        self.saved_len() * (self.key_width + self.value_width)
    }

    fn fits(
        &self,
        samples: usize,
        [query, key, value]: [&[f32]; 3],
        masks: &AttentionMasks,
    ) -> bool {
        let len = |steps: usize, width: usize| samples * steps * self.heads * width;
        let mask = |mask: &[u8], len: usize| mask.is_empty() || mask.len() == samples * len;
        query.len() == len(self.queries, self.key_width)
            && key.len() == len(self.keys, self.key_width)
            && value.len() == len(self.keys, self.value_width)
            && mask(masks.query, self.queries)
            && mask(masks.key, self.keys)
            && mask(masks.value, self.keys)
            && mask(masks.pair, self.queries * self.keys)
    }
}

/// The values and masks of one sample.
struct Sample<'a> {
    query: &'a [f32],
    key: &'a [f32],
    value: &'a [f32],
    masks: AttentionMasks<'a>,
}

impl<'a> Sample<'a> {
    /// The keys that a query attends to.
    #[inline(always)]
    fn row(&self, of: &Attention, query: usize) -> Row<'a> {
        let AttentionMasks {
            query: queries,
            key,
            value,
            pair,
        } = self.masks;
        let first = query * of.keys;
        Row {
            sees: queries.get(query) != Some(&0),
            zeroes: of.zeroes,
            seen: if of.causal { query + 1 } else { of.keys },
            masks: [
                key,
                value,
                pair.get(first..first + of.keys).unwrap_or_default(),
            ],
        }
    }
}

/// `c = a·b` on the calling thread. The rows of `c` are `stride` apart.
fn product(a: Matrix<'_>, b: Matrix<'_>, c: &mut [f32], stride: usize) {
    let product = Product {
        a,
        b,
        start: Start::Zero,
        epilogue: Epilogue::NONE,
    };
    product.run_here(c, stride);
}
