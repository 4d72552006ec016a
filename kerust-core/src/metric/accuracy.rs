//! How often the answer is right.

use super::{Mean, Metrics, Single, single};
use crate::activation::{HeadActivation, Sigmoid, Softmax};
use crate::data::{Binary, Class, Data};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Shape};

/// How often the answer is right, as Keras's `"accuracy"` chooses by head and labels: the sparse
/// categorical one for labels `Class<N>`, the categorical one for one-hot labels of a softmax, the
/// binary one for labels `Binary`. Name: `accuracy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accuracy;

/// How often the likeliest class is the labelled one. Name: `sparse_categorical_accuracy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SparseCategoricalAccuracy;

/// How often the likeliest class is that of the one-hot label. Name: `categorical_accuracy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalAccuracy;

/// How often `output > 0.5` agrees with the label; over several sigmoids the mean of them. Name:
/// `binary_accuracy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryAccuracy;

/// [`BinaryAccuracy`] with a threshold of its own, for any head of answers of yes or no: of logits,
/// `BinaryAccuracy.threshold(0.0)`.
#[derive(Clone, Copy, Debug)]
pub struct BinaryAccuracyAt {
    threshold: f32,
}

impl BinaryAccuracy {
    /// Takes outputs above `threshold` for a yes.
    pub const fn threshold(self, threshold: f32) -> BinaryAccuracyAt {
        BinaryAccuracyAt { threshold }
    }
}

macro_rules! means {
    ($($name:ident $text:literal;)+) => {$(
        impl Single for $name {
            type State = Mean;

            fn name(&self) -> String {
                $text.into()
            }

            fn result(&self, state: &Mean) -> f64 {
                state.value()
            }
        }
    )+};
}
means! {
    Accuracy "accuracy";
    SparseCategoricalAccuracy "sparse_categorical_accuracy";
    CategoricalAccuracy "categorical_accuracy";
    BinaryAccuracy "binary_accuracy";
    BinaryAccuracyAt "binary_accuracy";
}

macro_rules! sparse {
    ($($name:ident)+) => {$(
        impl<A: HeadActivation, const N: usize> Metrics<Head<A, Rank1<N>>, Class<N>> for $name {
            single!(Mean);

            fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, Rank1<N>>, Class<N>>) {
                let labels: &[u32] = batch.labels;
                state.add_batch(batch, |sample| {
                    let answer = argmax(&batch.outputs[sample * N..(sample + 1) * N]);
                    f64::from(u8::from(answer == labels[sample] as usize))
                });
            }
        }
    )+};
}
sparse! { Accuracy SparseCategoricalAccuracy }

impl<const N: usize> Metrics<Head<Softmax, Rank1<N>>, Rank1<N>> for Accuracy {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<Softmax, Rank1<N>>, Rank1<N>>) {
        Metrics::update(&CategoricalAccuracy, state, batch);
    }
}

impl<A: HeadActivation, const N: usize> Metrics<Head<A, Rank1<N>>, Rank1<N>>
    for CategoricalAccuracy
{
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, Rank1<N>>, Rank1<N>>) {
        let labels: &[f32] = batch.labels;
        state.add_batch(batch, |sample| {
            let range = sample * N..(sample + 1) * N;
            let answer = argmax(&batch.outputs[range.clone()]);
            f64::from(u8::from(answer == argmax(&labels[range])))
        });
    }
}

macro_rules! binary {
    ($($name:ident)+) => {$(
        impl Metrics<Head<Sigmoid, Rank1<1>>, Binary> for $name {
            single!(Mean);

            fn update(&self, state: &mut Mean, batch: Batch<'_, Head<Sigmoid, Rank1<1>>, Binary>) {
                agreement(state, batch, batch.labels, 0.5);
            }
        }
    )+};
}
binary! { Accuracy BinaryAccuracy }

impl<S: Shape> Metrics<Head<Sigmoid, S>, S> for BinaryAccuracy {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<Sigmoid, S>, S>) {
        agreement(state, batch, batch.labels, 0.5);
    }
}

impl<A: HeadActivation> Metrics<Head<A, Rank1<1>>, Binary> for BinaryAccuracyAt {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, Rank1<1>>, Binary>) {
        agreement(state, batch, batch.labels, self.threshold);
    }
}

impl<A: HeadActivation, S: Shape> Metrics<Head<A, S>, S> for BinaryAccuracyAt {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, S>, S>) {
        agreement(state, batch, batch.labels, self.threshold);
    }
}

fn agreement<A: HeadActivation, S: Shape, Y: Data>(
    state: &mut Mean,
    batch: Batch<'_, Head<A, S>, Y>,
    labels: &[f32],
    threshold: f32,
) {
    let len = S::LEN;
    state.add_batch(batch, |sample| {
        let range = sample * len..(sample + 1) * len;
        let pairs = batch.outputs[range.clone()].iter().zip(&labels[range]);
        let right = pairs.filter(|(output, label)| {
            // As in Keras, a label that is neither 0 nor 1 agrees with no answer.
            f32::from(u8::from(**output > threshold)) == **label
        });
        right.count() as f64 / len as f64
    });
}

/// The place of the largest value, the first of equals.
pub(super) fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}
