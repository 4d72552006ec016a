//! The softmax of masked scores, and its gradient.

use crate::activation::exp;
use crate::kernels::vectorized;

/// The number of partial sums.
const LANES: usize = 16;

/// What is added to the score of a masked key before the softmax, as in Keras.
const MASKED: f32 = -1e9;

/// The keys that a query attends to.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    /// Whether the query attends to any key.
    pub(super) sees: bool,
    /// Whether the probability of a masked key is 0 in a row without any other key too.
    pub(super) zeroes: bool,
    /// The number of keys, from the first one on, that it attends to.
    pub(super) seen: usize,
    /// 0 for each masked key. Empty masks mask nothing.
    pub(super) masks: [&'a [u8]; 3],
}

/// Converts scores to probabilities, row by row.
#[inline(always)]
pub(super) fn softmax_rows<'a>(
    scores: &mut [f32],
    keys: usize,
    scale: f32,
    row: impl Fn(usize) -> Row<'a>,
) {
    for (number, scores) in scores.chunks_exact_mut(keys.max(1)).enumerate() {
        let row = row(number);
        scores.iter_mut().for_each(|score| *score *= scale);
        cover(scores, row, |score| score + MASKED);
        let peak = fold(
            scores,
            f32::NEG_INFINITY,
            |peak, x| if x > peak { x } else { peak },
        );
        for score in scores.iter_mut() {
            *score = exp(*score - peak);
        }
        let sum = fold(scores, 0.0, |sum, x| sum + x);
        scores.iter_mut().for_each(|score| *score /= sum);
        if row.zeroes || !row.sees {
            cover(scores, row, |_| 0.0);
        }
    }
}

/// Replaces the values of masked keys.
#[inline(always)]
fn cover(scores: &mut [f32], row: Row<'_>, with: impl Fn(f32) -> f32) {
    if !row.sees {
        return scores.iter_mut().for_each(|score| *score = with(*score));
    }
    if let Some(unseen) = scores.get_mut(row.seen..) {
        unseen.iter_mut().for_each(|score| *score = with(*score));
    }
    // Nothing is added to a key twice.
    let seen = row.seen.min(scores.len());
    let seen = scores.get_mut(..seen).unwrap_or_default();
    for mask in row.masks {
        for (score, mask) in seen.iter_mut().zip(mask) {
            *score = if *mask == 0 { with(*score) } else { *score };
        }
    }
}

/// Reduces a row in lanes, and then the lanes in order.
#[inline(always)]
fn fold(values: &[f32], start: f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for values in whole {
        let pairs = lanes.iter_mut().zip(values);
        pairs.for_each(|(lane, value)| *lane = join(*lane, *value));
    }
    let pairs = lanes.iter_mut().zip(rest);
    pairs.for_each(|(lane, value)| *lane = join(*lane, *value));
    lanes.iter().fold(start, |folded, lane| join(folded, *lane))
}

/// Converts the gradient of a head's probabilities after dropout into that of the products before the scale:
/// `scale · p · (dp − Σ p · dp)`.
pub(super) fn softmax_gradient(
    probabilities: &[f32],
    dropout: &[f32],
    gradient: &mut [f32],
    keys: usize,
    scale: f32,
) {
    vectorized(
        #[inline(always)]
        || {
            let dropped = gradient.iter_mut().zip(dropout);
            dropped.for_each(|(gradient, factor)| *gradient *= factor);
            let rows = gradient.chunks_exact_mut(keys);
            for (gradient, p) in rows.zip(probabilities.chunks_exact(keys)) {
                let mut lanes = [0.0; LANES];
                for (gradient, p) in gradient.chunks(LANES).zip(p.chunks(LANES)) {
                    let lanes = lanes.iter_mut().zip(gradient.iter().zip(p));
                    lanes.for_each(|(lane, (gradient, p))| *lane += gradient * p);
                }
                let sum: f32 = lanes.iter().sum();
                let pairs = gradient.iter_mut().zip(p);
                pairs.for_each(|(gradient, p)| *gradient = scale * p * (*gradient - sum));
            }
        },
    );
}
