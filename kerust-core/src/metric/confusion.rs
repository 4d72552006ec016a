//! Precision and recall.

use super::{Metrics, Single, single};
use crate::activation::{HeadActivation, Sigmoid, Softmax};
use crate::data::{Binary, Data};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Shape};

/// How many of the answers of yes are right: `TP / (TP + FP)`, 0 where there are none. Name:
/// `precision`.
///
/// An answer is yes above the threshold, 0.5 by default. Fits one sigmoid with labels `Binary`, and
/// several sigmoids or a softmax with labels of the head's shape, whose values are all counted.
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    threshold: f32,
}

/// How many of the labels of yes are found: `TP / (TP + FN)`, 0 where there are none. Name:
/// `recall`.
///
/// An answer is yes above the threshold, 0.5 by default. Fits one sigmoid with labels `Binary`, and
/// several sigmoids or a softmax with labels of the head's shape, whose values are all counted.
#[derive(Clone, Copy, Debug)]
pub struct Recall {
    threshold: f32,
}

/// Weights of samples by label and answer; see [`Precision`] and [`Recall`].
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counts {
    true_positives: f64,
    false_positives: f64,
    false_negatives: f64,
}

macro_rules! metrics {
    ($($name:ident $text:literal $other:ident;)+) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self { threshold: 0.5 }
            }
        }

        impl $name {
            /// Takes outputs above `threshold` for a yes (Keras's `thresholds`).
            ///
            /// # Panics
            /// Unless `0 <= threshold <= 1`.
            pub fn threshold(mut self, threshold: f32) -> Self {
                assert!(
                    (0.0..=1.0).contains(&threshold),
                    "a threshold is from 0 to 1, found {threshold}"
                );
                self.threshold = threshold;
                self
            }
        }

        impl Single for $name {
            type State = Counts;

            fn name(&self) -> String {
                $text.into()
            }

            fn result(&self, state: &Counts) -> f64 {
                ratio(state.true_positives, state.true_positives + state.$other)
            }
        }

        impl Metrics<Head<Sigmoid, Rank1<1>>, Binary> for $name {
            single!(Counts);

            fn update(&self, state: &mut Counts, batch: Batch<'_, Head<Sigmoid, Rank1<1>>, Binary>) {
                state.add(batch, batch.labels, self.threshold);
            }
        }

        metrics!(@shaped $name Sigmoid);
        metrics!(@shaped $name Softmax);
    )+};
    (@shaped $name:ident $activation:ident) => {
        impl<S: Shape> Metrics<Head<$activation, S>, S> for $name {
            single!(Counts);

            fn update(&self, state: &mut Counts, batch: Batch<'_, Head<$activation, S>, S>) {
                state.add(batch, batch.labels, self.threshold);
            }
        }
    };
}
metrics! {
    Precision "precision" false_positives;
    Recall "recall" false_negatives;
}

impl Counts {
    fn add<A: HeadActivation, S: Shape, Y: Data>(
        &mut self,
        batch: Batch<'_, Head<A, S>, Y>,
        labels: &[f32],
        threshold: f32,
    ) {
        for (place, (output, label)) in batch.outputs.iter().zip(labels).enumerate() {
            let weight = f64::from(batch.weight(place / S::LEN));
            match (*label != 0.0, *output > threshold) {
                (true, true) => self.true_positives += weight,
                (false, true) => self.false_positives += weight,
                (true, false) => self.false_negatives += weight,
                (false, false) => {}
            }
        }
    }
}

/// `part / whole`, and 0 of nothing.
pub(super) fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{result, weighted_result};
    use super::*;

    type One = Head<Sigmoid, Rank1<1>>;

    #[test]
    fn the_examples_of_keras_come_out() {
        let (labels, answers) = ([0.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0]);
        let (precision, recall) = (Precision::default(), Recall::default());
        let found = result::<One, Binary, _>(&precision, &answers, &labels);
        assert_eq!(found, 2.0 / 3.0);
        assert_eq!(
            result::<One, Binary, _>(&recall, &answers, &labels),
            2.0 / 3.0
        );
        let weights = [0.0, 0.0, 1.0, 0.0];
        let found =
            weighted_result::<One, Binary, _>(&precision, &answers, &labels, Some(&weights));
        assert_eq!(found, 1.0);
    }

    #[test]
    fn of_no_answers_both_are_zero() {
        assert_eq!(
            result::<One, Binary, _>(&Precision::default(), &[], &[]),
            0.0
        );
        assert_eq!(
            result::<One, Binary, _>(&Recall::default(), &[0.2], &[0.0]),
            0.0
        );
    }
}
