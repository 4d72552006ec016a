//! Additive attention: Bahdanau et al. (2015).
//!
//! `y = P·v` with `P = softmax(e)` over the keys, and `e[t, s] = outer · Σ c[d] · tanh(inner · (q[t, d] + k[s, d]))`.
//! Sums are in the order of the features. A batch is not divided over threads, because the gradient of c is one sum
//! over all samples.

use super::softmax::{Row, softmax_gradient, softmax_rows};
use super::{AttentionMasks, Matrix, product};
use crate::activation::tanh;
use crate::kernels::parallel::pairs;
use crate::kernels::recurrent::multiply;

/// The sizes of an additive attention.
#[derive(Clone, Copy, Debug)]
pub struct AdditiveAttention {
    /// The number of steps of the queries, and of the output.
    pub queries: usize,
    /// The number of steps of the keys and values.
    pub keys: usize,
    /// The number of features of a query and of a key.
    pub features: usize,
    /// The number of features of a value.
    pub value_width: usize,
    /// Whether a query attends only to the keys up to its own step.
    pub causal: bool,
    /// The factor of a query and a key.
    pub inner: f32,
    /// The factor of a score.
    pub outer: f32,
}

/// The buffers for the gradients of an additive attention. Every value is written.
#[derive(Debug)]
pub struct AdditiveGradients<'a> {
    /// (samples, queries, features)
    pub query: Option<&'a mut [f32]>,
    /// (samples, keys, features)
    pub key: Option<&'a mut [f32]>,
    /// (samples, keys, value width)
    pub value: Option<&'a mut [f32]>,
    /// (features), added to the values in the buffer.
    pub scale: Option<&'a mut [f32]>,
    /// Of the factors `inner` and `outer`, added to the values in the buffers.
    pub factors: [Option<&'a mut f32>; 2],
}

impl AdditiveAttention {
    /// The number of values that training saves for each sample. It is also the scratch for all samples
    /// together.
    pub const fn square_len(&self) -> usize {
        self.queries * self.keys
    }

    /// `y` for `[query, key, value]`. `scratch` needs [`square_len`](Self::square_len) values. An empty
    /// `scale` counts as 1 everywhere.
    pub fn forward(
        &self,
        ([q, k, v], masks): ([&[f32]; 3], AttentionMasks<'_>),
        scale: &[f32],
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        check!(
            self.fits([q, k, v], scale, y) && scratch.len() >= self.square_len(),
            "the slices of an additive attention do not fit its sizes"
        );
        let Some(scores) = scratch.get_mut(..self.square_len()) else {
            return;
        };
        let lens = [self.features, self.value_width].map(|width| self.keys * width);
        let lens = [
            self.queries * self.features,
            lens[0],
            lens[1],
            self.output_len(),
        ];
        let samples = y.len().checked_div(self.output_len()).unwrap_or(0);
        // Indexed for firmware, because the length of zipped chunks needs a division.
        for sample in 0..samples {
            let place = |len: usize| sample * len..(sample + 1) * len;
            let part = |values, len| <[f32]>::get(values, place(len)).unwrap_or_default();
            let [q, k, v] = [part(q, lens[0]), part(k, lens[1]), part(v, lens[2])];
            let Some(y) = y.get_mut(place(lens[3])) else {
                return;
            };
            self.probabilities([q, k, scale], self.masks(&masks, sample), scores);
            self.mean(scores, v, y);
        }
    }

    /// Like [`forward`](Self::forward), and writes the probabilities to `saved`. They are then multiplied by
    /// `dropout`, unless it is empty. `scratch` needs [`square_len`](Self::square_len) values.
    pub fn forward_training(
        &self,
        ([q, k, v], masks): ([&[f32]; 3], AttentionMasks<'_>),
        scale: &[f32],
        dropout: &[f32],
        y: &mut [f32],
        saved: &mut [f32],
        scratch: &mut [f32],
    ) {
        check!(
            self.fits([q, k, v], scale, y) && scratch.len() >= self.square_len(),
            "the slices of an additive attention do not fit its sizes"
        );
        let square = self.square_len().max(1);
        let mut factors = dropout.chunks_exact(square);
        let inputs = self
            .queries_of(q)
            .zip(self.keys_of(k).zip(self.values_of(v)));
        let outputs = y.chunks_exact_mut(self.output_len().max(1));
        let outputs = outputs.zip(saved.chunks_exact_mut(square));
        for (sample, ((q, (k, v)), (y, saved))) in inputs.zip(outputs).enumerate() {
            self.probabilities([q, k, scale], self.masks(&masks, sample), saved);
            let dropped = dropped(saved, factors.next(), scratch);
            self.mean(dropped, v, y);
        }
    }

    /// The backward pass of [`forward_training`](Self::forward_training), with the same arguments and its
    /// `saved`. `scratch` needs twice [`square_len`](Self::square_len) values.
    pub fn backward(
        &self,
        [q, k, v]: [&[f32]; 3],
        scale: &[f32],
        [dropout, saved, dy]: [&[f32]; 3],
        gradients: AdditiveGradients<'_>,
        scratch: &mut [f32],
    ) {
        let square = self.square_len();
        check!(
            self.fits([q, k, v], scale, dy) && scratch.len() >= 2 * square,
            "the slices of an additive attention do not fit its sizes"
        );
        let (scores, room) = scratch[..2 * square].split_at_mut(square);
        let AdditiveGradients {
            mut query,
            mut key,
            mut value,
            scale: mut dscale,
            factors: mut dfactors,
        } = gradients;
        for gradient in [&mut query, &mut key].into_iter().flatten() {
            gradient.fill(0.0);
        }
        let mut factors = dropout.chunks_exact(square.max(1));
        let inputs = self
            .queries_of(q)
            .zip(self.keys_of(k).zip(self.values_of(v)));
        let outputs = saved
            .chunks_exact(square.max(1))
            .zip(dy.chunks_exact(self.output_len().max(1)));
        for (sample, ((q, (k, v)), (saved, dy))) in inputs.zip(outputs).enumerate() {
            let factors = factors.next();
            let dy = Matrix::row_major(dy, self.queries, self.value_width);
            if let Some(value) = part_of(&mut value, sample, self.keys * self.value_width) {
                let dropped = dropped(saved, factors, room);
                let dropped = Matrix::row_major(dropped, self.queries, self.keys);
                product(dropped.transposed(), dy, value, self.value_width);
            }
            let v = Matrix::row_major(v, self.keys, self.value_width);
            product(dy, v.transposed(), scores, self.keys);
            softmax_gradient(saved, factors.unwrap_or_default(), scores, self.keys, 1.0);
            let dq = part_of(&mut query, sample, q.len());
            let dk = part_of(&mut key, sample, k.len());
            let sums = self.scores_gradient([q, k], scale, scores, [dq, dk, dscale.as_deref_mut()]);
            for (gradient, sum) in dfactors.iter_mut().zip(sums) {
                if let Some(gradient) = gradient {
                    **gradient += sum;
                }
            }
        }
    }

    /// Adds the gradients of a sample's queries, keys and scale, from the gradient of its scores. Returns those of both
    /// factors.
    fn scores_gradient(
        &self,
        [q, k]: [&[f32]; 2],
        scale: &[f32],
        scores: &[f32],
        [mut dq, mut dk, mut dscale]: [Option<&mut [f32]>; 3],
    ) -> [f32; 2] {
        let features = self.features;
        let mut sums = [0.0; 2];
        for (t, (q, scores)) in q
            .chunks_exact(features)
            .zip(scores.chunks_exact(self.keys))
            .enumerate()
        {
            for (s, (k, score)) in k.chunks_exact(features).zip(scores).enumerate() {
                let row = |gradient: &mut Option<&mut [f32]>, row: usize, d: usize, by: f32| {
                    if let Some(gradient) = gradient {
                        gradient[row * features + d] += by;
                    }
                };
                for (d, (q, k)) in q.iter().zip(k).enumerate() {
                    let (u, scale) = (tanh(self.inner * (q + k)), scale.get(d).unwrap_or(&1.0));
                    let du = score * scale * self.outer * (1.0 - u * u);
                    row(&mut dq, t, d, self.inner * du);
                    row(&mut dk, s, d, self.inner * du);
                    row(&mut dscale, 0, d, self.outer * score * u);
                    sums[0] += du * (q + k);
                    sums[1] += score * scale * u;
                }
            }
        }
        sums
    }

    /// The masks of a sample.
    fn masks<'a>(&self, masks: &AttentionMasks<'a>, sample: usize) -> AttentionMasks<'a> {
        let of = |mask: &'a [u8], len: usize| {
            <[u8]>::get(mask, sample * len..(sample + 1) * len).unwrap_or_default()
        };
        AttentionMasks {
            query: of(masks.query, self.queries),
            value: of(masks.value, self.keys),
            ..AttentionMasks::default()
        }
    }

    /// The probabilities of a sample.
    fn probabilities(
        &self,
        [q, k, scale]: [&[f32]; 3],
        masks: AttentionMasks<'_>,
        scores: &mut [f32],
    ) {
        let features = self.features;
        pairs(q, features, scores, self.keys, |q, scores| {
            pairs(k, features, scores, 1, |k, score| {
                let terms = q.iter().zip(k).map(|(q, k)| tanh(self.inner * (q + k)));
                let sum: f32 = match scale {
                    [] => terms.sum(),
                    scale => terms.zip(scale).map(|(term, scale)| term * scale).sum(),
                };
                score.fill(self.outer * sum);
            });
        });
        softmax_rows(scores, self.keys, 1.0, |query| Row {
            sees: masks.query.get(query) != Some(&0),
            zeroes: false,
            seen: if self.causal { query + 1 } else { self.keys },
            masks: [masks.value, &[], &[]],
        });
    }

    /// `y = P·v` for one sample.
    fn mean(&self, probabilities: &[f32], v: &[f32], y: &mut [f32]) {
        let probabilities = Matrix::row_major(probabilities, self.queries, self.keys);
        let v = Matrix::row_major(v, self.keys, self.value_width);
        product(probabilities, v, y, self.value_width);
    }

    fn queries_of<'a>(&self, q: &'a [f32]) -> core::slice::ChunksExact<'a, f32> {
        q.chunks_exact((self.queries * self.features).max(1))
    }

    fn keys_of<'a>(&self, k: &'a [f32]) -> core::slice::ChunksExact<'a, f32> {
        k.chunks_exact((self.keys * self.features).max(1))
    }

    fn values_of<'a>(&self, v: &'a [f32]) -> core::slice::ChunksExact<'a, f32> {
        v.chunks_exact((self.keys * self.value_width).max(1))
    }

    const fn output_len(&self) -> usize {
        self.queries * self.value_width
    }

    fn fits(&self, [q, k, v]: [&[f32]; 3], scale: &[f32], y: &[f32]) -> bool {
        let samples = y.len().checked_div(self.output_len()).unwrap_or(0);
        q.len() == samples * self.queries * self.features
            && k.len() == samples * self.keys * self.features
            && v.len() == samples * self.keys * self.value_width
            && y.len() == samples * self.output_len()
            && (scale.is_empty() || scale.len() == self.features)
    }
}

/// The probabilities of a sample after dropout.
fn dropped<'a>(saved: &'a [f32], factors: Option<&[f32]>, room: &'a mut [f32]) -> &'a [f32] {
    let (Some(factors), Some(room)) = (factors, room.get_mut(..saved.len())) else {
        return saved;
    };
    multiply(saved, factors, room);
    room
}

/// The part of a gradient that belongs to a sample.
fn part_of<'a>(
    gradient: &'a mut Option<&mut [f32]>,
    sample: usize,
    len: usize,
) -> Option<&'a mut [f32]> {
    gradient
        .as_deref_mut()?
        .get_mut(sample * len..(sample + 1) * len)
}
