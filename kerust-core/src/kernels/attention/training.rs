//! The training passes of attention, with saved probabilities and dropout.

use super::softmax::softmax_gradient;
use super::{Attention, AttentionMasks, Sample, product};
use crate::kernels::piece::Piece;
use crate::kernels::recurrent::multiply;

/// The buffers for the gradients of an attention. Every value is written.
#[derive(Debug)]
pub struct AttentionGradients<'a> {
    /// (samples, queries, heads, key width)
    pub query: Option<&'a mut [f32]>,
    /// (samples, keys, heads, key width)
    pub key: Option<&'a mut [f32]>,
    /// (samples, keys, heads, value width)
    pub value: Option<&'a mut [f32]>,
}

impl Attention {
    /// Like [`forward`](Self::forward), and writes the probabilities to `saved`, (samples, heads, queries,
    /// keys). They are then multiplied by `dropout`, which has the same sizes or is empty.
    pub fn forward_training(
        &self,
        values: [&[f32]; 3],
        masks: AttentionMasks<'_>,
        dropout: &[f32],
        y: &mut [f32],
        saved: &mut [f32],
        scratch: &mut [f32],
    ) {
        let samples = y.len().checked_div(self.output_len()).unwrap_or(0);
        let scratch_len = self.training_scratch_len(!dropout.is_empty());
        check!(
            self.fits(samples, values, &masks)
                && y.len() == samples * self.output_len()
                && saved.len() == samples * self.saved_len()
                && (dropout.is_empty() || dropout.len() == saved.len())
                && scratch.len() >= samples * scratch_len,
            "the slices of an attention do not fit its sizes"
        );
        let scratch = &mut scratch[..samples * scratch_len];
        let lens = [self.output_len(), self.saved_len(), scratch_len];
        let piece = Piece::new(samples, [y, saved, scratch], lens);
        piece.divide(samples * self.macs(), |piece| {
            let [y, saved, scratch] = piece.parts;
            let rows = y.chunks_exact_mut(self.output_len());
            let rows = rows.zip(saved.chunks_exact_mut(self.saved_len()));
            for (i, (y, saved)) in rows.enumerate() {
                let number = piece.first + i;
                let sample = self.sample(number, values, &masks);
                for (head, saved) in saved.chunks_exact_mut(self.queries * self.keys).enumerate() {
                    self.probabilities(&sample, head, [0, self.queries], saved);
                    let dropped = self.dropped(saved, self.factors(dropout, number, head), scratch);
                    let value = self.value(sample.value, head);
                    let dropped = self.square(dropped);
                    let y = &mut y[head * self.value_width..];
                    product(dropped, value, y, self.heads * self.value_width);
                }
            }
        });
    }

    /// The backward pass of [`forward_training`](Self::forward_training), with the same arguments and its
    /// `saved`. `scratch` needs [`backward_scratch_len`](Self::backward_scratch_len) values for each sample.
    pub fn backward(
        &self,
        [query, key, value]: [&[f32]; 3],
        dropout: &[f32],
        saved: &[f32],
        dy: &[f32],
        gradients: AttentionGradients<'_>,
        scratch: &mut [f32],
    ) {
        let samples = dy.len().checked_div(self.output_len()).unwrap_or(0);
        let scratch_len = self.backward_scratch_len(!dropout.is_empty());
        let parts = [gradients.query, gradients.key, gradients.value];
        let lens = [query, key, value].map(<[f32]>::len);
        check!(
            self.fits(samples, [query, key, value], &AttentionMasks::default())
                && saved.len() == samples * self.saved_len()
                && (dropout.is_empty() || dropout.len() == saved.len())
                && parts
                    .iter()
                    .zip(lens)
                    .all(|(part, len)| { part.as_ref().is_none_or(|part| part.len() == len) })
                && scratch.len() >= samples * scratch_len,
            "the slices of an attention do not fit its sizes"
        );
        let [dquery, dkey, dvalue] = parts.map(|part| part.unwrap_or_default());
        let len = |of: &[f32]| of.len().checked_div(samples).unwrap_or(0);
        let lens = [len(dquery), len(dkey), len(dvalue), scratch_len];
        let scratch = &mut scratch[..samples * scratch_len];
        let piece = Piece::new(samples, [dquery, dkey, dvalue, scratch], lens);
        piece.divide(2 * samples * self.macs(), |piece| {
            let [dquery, dkey, dvalue, scratch] = piece.parts;
            // The scratch of one sample is used for all, so that it stays in the cache.
            let (scores, dropped) = scratch.split_at_mut(self.queries * self.keys);
            for i in 0..piece.samples {
                let number = piece.first + i;
                let sample = self.sample(number, [query, key, value], &AttentionMasks::default());
                let dy = &dy[number * self.output_len()..][..self.output_len()];
                let part = |values| part_of(values, i, piece.samples);
                let gradients = [part(dquery), part(dkey), part(dvalue)];
                let saved = &saved[number * self.saved_len()..][..self.saved_len()];
                let factors = |head| self.factors(dropout, number, head);
                self.backward_of(&sample, dy, saved, factors, gradients, [scores, dropped]);
            }
        });
    }

    /// The gradients of one sample. Those with an empty buffer are not computed.
    fn backward_of<'a>(
        &self,
        sample: &Sample<'_>,
        dy: &[f32],
        saved: &[f32],
        factors: impl Fn(usize) -> &'a [f32],
        [dquery, dkey, dvalue]: [&mut [f32]; 3],
        [scores, room]: [&mut [f32]; 2],
    ) {
        let [key_stride, value_stride] = [self.key_width, self.value_width].map(|w| w * self.heads);
        let square = self.queries * self.keys;
        for (head, saved) in saved.chunks_exact(square).enumerate() {
            let [key_at, value_at] = [head * self.key_width, head * self.value_width];
            let dy = self.view(dy, head, self.queries, self.value_width);
            if !dvalue.is_empty() {
                let dropped = self.square(self.dropped(saved, factors(head), room));
                product(
                    dropped.transposed(),
                    dy,
                    &mut dvalue[value_at..],
                    value_stride,
                );
            }
            if dquery.is_empty() && dkey.is_empty() {
                continue;
            }
            let value = self.value(sample.value, head);
            product(dy, value.transposed(), scores, self.keys);
            softmax_gradient(saved, factors(head), scores, self.keys, self.scale);
            let scores = self.square(scores);
            if !dquery.is_empty() {
                let key = self.view(sample.key, head, self.keys, self.key_width);
                product(scores, key, &mut dquery[key_at..], key_stride);
            }
            if !dkey.is_empty() {
                let query = self.view(sample.query, head, self.queries, self.key_width);
                product(scores.transposed(), query, &mut dkey[key_at..], key_stride);
            }
        }
    }

    /// The probabilities of a head after dropout.
    fn dropped<'a>(&self, saved: &'a [f32], factors: &[f32], room: &'a mut [f32]) -> &'a [f32] {
        if factors.is_empty() {
            return saved;
        }
        let room = &mut room[..saved.len()];
        multiply(saved, factors, room);
        room
    }

    /// The dropout factors of a head's probabilities. Empty without dropout.
    fn factors<'a>(&self, dropout: &'a [f32], sample: usize, head: usize) -> &'a [f32] {
        let len = self.queries * self.keys;
        let first = (sample * self.heads + head) * len;
        dropout.get(first..first + len).unwrap_or_default()
    }
}

/// One of `samples` equal parts.
fn part_of(values: &mut [f32], number: usize, samples: usize) -> &mut [f32] {
    let len = values.len() / samples;
    &mut values[number * len..(number + 1) * len]
}
