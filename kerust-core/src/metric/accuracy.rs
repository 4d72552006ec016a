//! Accuracies.

use super::{Mean, Metrics, Single, single};
use crate::activation::{HeadActivation, Sigmoid, Softmax};
use crate::data::{Binary, Class, Data};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};

/// The fraction of correct predictions: Keras's `"accuracy"`, reported as `accuracy`.
///
/// As in Keras, the head and the labels select the accuracy: [`SparseCategoricalAccuracy`] for labels
/// `Class<N>`, [`CategoricalAccuracy`] for one-hot labels of a softmax, [`BinaryAccuracy`] for labels
/// `Binary`.
///
/// ```
/// use kerust::metric::Accuracy;
///
/// let metric = Accuracy;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Accuracy;

/// How often the class with the highest score is the class of the label. Reported as
/// `sparse_categorical_accuracy`.
///
/// It fits labels `Class<N>`.
///
/// ```
/// use kerust::metric::SparseCategoricalAccuracy;
///
/// let metric = SparseCategoricalAccuracy;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SparseCategoricalAccuracy;

/// How often the class with the highest score is the class of the one-hot label. Reported as
/// `categorical_accuracy`. For a map, such as a segmentation, all positions count.
///
/// ```
/// use kerust::metric::CategoricalAccuracy;
///
/// let metric = CategoricalAccuracy;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CategoricalAccuracy;

/// How often `output > 0.5` agrees with the label. With several sigmoids it is the mean over them. Reported
/// as `binary_accuracy`.
///
/// ```
/// use kerust::metric::BinaryAccuracy;
///
/// let metric = BinaryAccuracy;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryAccuracy;

/// [`BinaryAccuracy`] with a threshold other than 0.5, for any head. For logits, use 0.
///
/// ```
/// use kerust::metric::BinaryAccuracy;
///
/// let metric = BinaryAccuracy.threshold(0.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BinaryAccuracyAt {
    threshold: f32,
}

impl BinaryAccuracy {
    /// Counts outputs above `threshold` as positive (Keras's `threshold`).
    pub const fn threshold(self, threshold: f32) -> BinaryAccuracyAt {
        BinaryAccuracyAt { threshold }
    }
}

macro_rules! means {
    ($($name:ident $text:literal;)+) => {$(
        impl Single for $name {
            type State = Mean;
            const HIGHER_IS_BETTER: bool = true;

            fn name(&self) -> String {
                $text.into()
            }

            fn merge(&self, state: &mut Mean, other: &Mean) {
                state.merge(other);
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
                right_classes(state, batch, batch.labels);
            }
        }

        /// One label for each step.
        impl<A: HeadActivation, const STEPS: usize, const N: usize>
            Metrics<Head<A, Rank2<STEPS, N>>, [Class<N>; STEPS]> for $name
        {
            single!(Mean);

            fn update(
                &self,
                state: &mut Mean,
                batch: Batch<'_, Head<A, Rank2<STEPS, N>>, [Class<N>; STEPS]>,
            ) {
                right_classes(state, batch.by_steps(), batch.labels);
            }
        }
    )+};
}
sparse! { Accuracy SparseCategoricalAccuracy }

/// Adds whether each answer is the class of its label.
fn right_classes<A: HeadActivation, S: StaticShape, Y: Data>(
    state: &mut Mean,
    batch: Batch<'_, Head<A, S>, Y>,
    labels: &[u32],
) {
    for unit in batch.units() {
        let is_right = argmax(unit.outputs) == labels[unit.number] as usize;
        state.add(f64::from(u8::from(is_right)), unit.weight.into());
    }
}

impl<S: StaticShape> Metrics<Head<Softmax, S>, S> for Accuracy {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<Softmax, S>, S>) {
        Metrics::update(&CategoricalAccuracy, state, batch);
    }
}

impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for CategoricalAccuracy {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, S>, S>) {
        let (labels, features): (&[f32], _) = (batch.labels, S::SHAPE.last());
        for unit in batch.units() {
            let len = unit.outputs.len();
            let labels = &labels[unit.number * len..(unit.number + 1) * len];
            let pairs = unit.outputs.chunks_exact(features);
            let pairs = pairs.zip(labels.chunks_exact(features));
            let right = pairs.filter(|(outputs, labels)| argmax(outputs) == argmax(labels));
            let share = right.count() as f64 / (len / features) as f64;
            state.add(share, unit.weight.into());
        }
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

        /// One label for each step.
        impl<const STEPS: usize> Metrics<Head<Sigmoid, Rank2<STEPS, 1>>, [Binary; STEPS]> for $name {
            single!(Mean);

            fn update(
                &self,
                state: &mut Mean,
                batch: Batch<'_, Head<Sigmoid, Rank2<STEPS, 1>>, [Binary; STEPS]>,
            ) {
                agreement(state, batch.by_steps(), batch.labels, 0.5);
            }
        }
    )+};
}
binary! { Accuracy BinaryAccuracy }

impl<S: StaticShape> Metrics<Head<Sigmoid, S>, S> for BinaryAccuracy {
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

/// One label for each step.
impl<A: HeadActivation, const STEPS: usize> Metrics<Head<A, Rank2<STEPS, 1>>, [Binary; STEPS]>
    for BinaryAccuracyAt
{
    single!(Mean);

    fn update(
        &self,
        state: &mut Mean,
        batch: Batch<'_, Head<A, Rank2<STEPS, 1>>, [Binary; STEPS]>,
    ) {
        agreement(state, batch.by_steps(), batch.labels, self.threshold);
    }
}

impl<A: HeadActivation, S: StaticShape> Metrics<Head<A, S>, S> for BinaryAccuracyAt {
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, S>, S>) {
        agreement(state, batch, batch.labels, self.threshold);
    }
}

fn agreement<A: HeadActivation, S: StaticShape, Y: Data>(
    state: &mut Mean,
    batch: Batch<'_, Head<A, S>, Y>,
    labels: &[f32],
    threshold: f32,
) {
    for unit in batch.units() {
        let len = unit.outputs.len();
        let labels = &labels[unit.number * len..(unit.number + 1) * len];
        let pairs = unit.outputs.iter().zip(labels);
        let right = pairs.filter(|(output, label)| {
            // As in Keras, a label other than 0 or 1 never agrees.
            f32::from(u8::from(**output > threshold)) == **label
        });
        state.add(right.count() as f64 / len as f64, unit.weight.into());
    }
}

/// The index of the largest value, the first one if several are equal.
pub(super) fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::super::testing::{result, weighted_result};
    use super::*;
    use crate::activation::Linear;

    #[test]
    fn accuracy_follows_head_and_labels() {
        let scores = [0.1, 0.7, 0.2, 0.5, 0.3, 0.2, 0.4, 0.4, 0.2];
        let sparse = result::<Head<Softmax, Rank1<3>>, Class<3>, _>(&Accuracy, &scores, &[1, 2, 0]);
        assert_eq!(sparse, 2.0 / 3.0);
        let labels = [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0];
        let dense = result::<Head<Softmax, Rank1<3>>, Rank1<3>, _>(&Accuracy, &scores, &labels);
        assert_eq!(dense, 2.0 / 3.0);
        let binary =
            result::<Head<Sigmoid, Rank1<1>>, Binary, _>(&Accuracy, &[0.4, 0.6], &[1.0, 1.0]);
        assert_eq!(binary, 0.5);
    }

    #[test]
    fn a_threshold_itself_is_a_no() {
        let metric = BinaryAccuracy.threshold(0.0);
        let answers = [0.0, 0.1, -0.1];
        let found =
            result::<Head<Linear, Rank1<1>>, Binary, _>(&metric, &answers, &[0.0, 1.0, 0.0]);
        assert_eq!(found, 1.0);
    }

    #[test]
    fn several_answers_of_a_sample_are_averaged() {
        let (answers, labels) = ([0.9, 0.9, 0.1, 0.2], [1.0, 0.0, 0.0, 0.0]);
        type Several = Head<Sigmoid, Rank1<2>>;
        let found = weighted_result::<Several, Rank1<2>, _>(
            &BinaryAccuracy,
            &answers,
            &labels,
            Some(&[3.0, 1.0]),
        );
        assert_eq!(found, (3.0 * 0.5 + 1.0) / 4.0);
    }
}
