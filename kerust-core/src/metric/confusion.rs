//! Precision and recall.

use super::{Metrics, Single, single};
use crate::activation::{HeadActivation, Sigmoid, Softmax};
use crate::data::{Binary, Data};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Shape};
use crate::value::value;

/// The share of the positive predictions that are right: `TP / (TP + FP)`, or 0 if there are none.
/// Keras: `Precision`; reported as `precision`.
///
/// A prediction is positive if the output is above the threshold, 0.5 by default. The metric fits
/// one sigmoid with labels `Binary`, and several sigmoids or a softmax with labels of the head's
/// shape, whose values are all counted.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::metric::Precision;
///
/// let precision = Precision;
/// let careful = Precision.threshold(0.9);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    threshold: f32,
}

/// The share of the positive labels that are found: `TP / (TP + FN)`, or 0 if there are none.
/// Keras: `Recall`; reported as `recall`.
///
/// A prediction is positive if the output is above the threshold, 0.5 by default. The metric fits
/// one sigmoid with labels `Binary`, and several sigmoids or a softmax with labels of the head's
/// shape, whose values are all counted.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::metric::Recall;
///
/// let recall = Recall;
/// let eager = Recall.threshold(0.1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Recall {
    threshold: f32,
}

/// The weights of the samples by label and prediction; the state of [`Precision`](struct@Precision)
/// and [`Recall`](struct@Recall).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counts {
    true_positives: f64,
    false_positives: f64,
    false_negatives: f64,
}

macro_rules! metrics {
    ($($name:ident $text:literal $other:ident;)+) => {$(
        value! {
            $name { threshold: 0.5 }
        }

        impl $name {
            /// Counts outputs above `threshold` as positive (Keras's `thresholds`).
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
            const HIGHER_IS_BETTER: bool = true;

            fn name(&self) -> String {
                $text.into()
            }

            fn merge(&self, state: &mut Counts, other: &Counts) {
                state.merge(other);
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
    fn merge(&mut self, other: &Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
    }

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
        let (precision, recall) = (Precision, Recall);
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
        assert_eq!(result::<One, Binary, _>(&Precision, &[], &[]), 0.0);
        assert_eq!(result::<One, Binary, _>(&Recall, &[0.2], &[0.0]), 0.0);
    }
}
