//! Precision, recall, and the counts that they are computed from.

use super::answers::{Answers, Scored, check_class, of_probabilities};
use super::thresholds::{AtThresholds, Thresholds};
use super::{Metrics, Names};
use crate::activation::{Linear, Sigmoid, Softmax};
use crate::data::{Binary, Class};
use crate::loss::{Batch, FromLogits};
use crate::model::Head;
use crate::shape::Shape;
use crate::tensor::{Rank1, Rank2, StaticShape};
use crate::value::value;

/// The fraction of positive predictions that are correct: `TP / (TP + FP)`, or 0 if there are none. Keras:
/// `Precision`; reported as `precision`.
///
/// A prediction is positive if the output is above the threshold, 0.5 by default. The metric fits one sigmoid
/// with labels `Binary`, and several sigmoids or a softmax with labels of the head's shape or class numbers.
/// It counts all values, or those of one class with [`class_id`](Self::class_id). With
/// [`top_k`](Self::top_k), the classes with the highest outputs are the positive predictions.
///
/// ```
/// use kerust::metric::Precision;
///
/// let precision = Precision;
/// let careful = Precision.threshold(0.9);
/// let of_each = Precision.thresholds([0.2, 0.5, 0.8]);
/// let of_logits = Precision.from_logits();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Precision {
    positive: Positive,
}

/// The fraction of positive labels that are found: `TP / (TP + FN)`, or 0 if there are none. Keras: `Recall`;
/// reported as `recall`.
///
/// A prediction is positive if the output is above the threshold, 0.5 by default. The metric fits one sigmoid
/// with labels `Binary`, and several sigmoids or a softmax with labels of the head's shape or class numbers.
/// It counts all values, or those of one class with [`class_id`](Self::class_id). With
/// [`top_k`](Self::top_k), the classes with the highest outputs are the positive predictions.
///
/// ```
/// use kerust::metric::Recall;
///
/// let recall = Recall;
/// let eager = Recall.threshold(0.1);
/// let of_each = Recall.thresholds([0.2, 0.5, 0.8]);
/// let of_logits = Recall.from_logits();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Recall {
    positive: Positive,
}

/// Which predictions are positive, and which class is counted.
#[derive(Clone, Copy, Debug)]
struct Positive {
    threshold: Option<f32>,
    top_k: Option<usize>,
    class_id: Option<usize>,
}

/// Keras's defaults.
const POSITIVE: Positive = Positive {
    threshold: None,
    top_k: None,
    class_id: None,
};

/// The weights of the samples by label and prediction. It is the state of [`Precision`](struct@Precision) and
/// [`Recall`](struct@Recall).
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Counts {
    true_positives: f64,
    false_positives: f64,
    true_negatives: f64,
    false_negatives: f64,
}

macro_rules! metrics {
    ($($name:ident $text:literal $higher:literal |$counts:ident| $result:expr;)+) => {$(
        value! {
            $name { positive: POSITIVE }
        }

        impl $name {
            /// Counts outputs above `threshold` as positive (Keras's `thresholds`).
            ///
            /// # Panics
            /// Panics unless `0 <= threshold <= 1`.
            pub fn threshold(mut self, threshold: f32) -> Self {
                Thresholds::check(&[threshold]);
                self.positive.threshold = Some(threshold);
                self
            }

            /// Computes the metric at each of these thresholds (Keras's `thresholds`, given as a list).
            ///
            /// Where Keras returns an array, there is a result for each threshold, with its number:
            #[doc = concat!("`", $text, "_0`, `", $text, "_1`, ..")]
            ///
            /// # Panics
            /// Panics without thresholds, and unless each is from 0 to 1.
            pub fn thresholds(self, thresholds: impl Into<Vec<f32>>) -> AtThresholds<Self> {
                AtThresholds::new(self, thresholds.into())
            }

            fn result($counts: &Counts) -> f64 {
                $result
            }
        }

        impl Scored for $name {
            type State = Counts;

            fn names(&self, shape: Shape, names: &mut Names) {
                self.positive.check(shape);
                names.push($text, Some($higher));
            }

            fn add(&self, state: &mut Counts, answers: Answers<'_>) {
                let threshold = self.positive.threshold();
                state.add(answers, self.positive, |output| output > threshold);
            }

            fn merge(&self, state: &mut Counts, other: &Counts) {
                state.merge(other);
            }

            fn results(&self, counts: &Counts, results: &mut Vec<f64>) {
                results.push(Self::result(counts));
            }
        }

        impl Scored for AtThresholds<$name> {
            type State = Vec<Counts>;

            fn names(&self, shape: Shape, names: &mut Names) {
                self.metric.positive.check(shape);
                self.thresholds.names($text, $higher, names);
            }

            fn add(&self, state: &mut Vec<Counts>, answers: Answers<'_>) {
                state.resize(self.thresholds.len(), Counts::default());
                let positive = self.metric.positive;
                for (threshold, counts) in state.iter_mut().enumerate() {
                    counts.add(answers, positive, |output| self.thresholds.is_above(output, threshold));
                }
            }

            fn merge(&self, state: &mut Vec<Counts>, other: &Vec<Counts>) {
                state.resize(state.len().max(other.len()), Counts::default());
                let pairs = state.iter_mut().zip(other);
                pairs.for_each(|(counts, other)| counts.merge(other));
            }

            fn results(&self, state: &Vec<Counts>, results: &mut Vec<f64>) {
                // Before the first batch all counts are 0.
                let counts = |threshold| state.get(threshold).copied().unwrap_or_default();
                let thresholds = 0..self.thresholds.len();
                results.extend(thresholds.map(|threshold| $name::result(&counts(threshold))));
            }
        }

        of_probabilities! {
            $name: Counts;
            AtThresholds<$name>: Vec<Counts>;
        }
    )+};
}
metrics! {
    Precision "precision" true
        |it| ratio(it.true_positives, it.true_positives + it.false_positives);
    Recall "recall" true |it| ratio(it.true_positives, it.true_positives + it.false_negatives);
    TruePositives "true_positives" true |it| it.true_positives;
    TrueNegatives "true_negatives" true |it| it.true_negatives;
    FalsePositives "false_positives" false |it| it.false_positives;
    FalseNegatives "false_negatives" false |it| it.false_negatives;
}

macro_rules! of_classes {
    ($($name:ident)+) => {$(
        impl $name {
            /// Counts the `k` classes with the highest outputs as positive (Keras's `top_k`). A threshold
            /// then applies only if it is set.
            ///
            /// # Panics
            /// Panics if `k` is 0.
            pub fn top_k(mut self, k: usize) -> Self {
                assert!(k > 0, "`top_k` is 0, expected at least 1");
                self.positive.top_k = Some(k);
                self
            }

            /// Counts the outputs of one class only (Keras's `class_id`).
            pub fn class_id(mut self, class: usize) -> Self {
                self.positive.class_id = Some(class);
                self
            }
        }
    )+};
}
of_classes! { Precision Recall }

macro_rules! counts {
    ($($name:ident $what:literal;)+) => {$(
        #[doc = concat!("The number of ", $what, ", each weighted by its sample weight. Keras: `", stringify!($name), "`.")]
        ///
        /// A prediction is positive if the output is above the threshold, 0.5 by default. The metric fits the
        /// same heads and labels as [`Precision`](struct@Precision).
        ///
        /// ```
        #[doc = concat!("use kerust::metric::", stringify!($name), ";")]
        ///
        #[doc = concat!("let metric = ", stringify!($name), ".threshold(0.3);")]
        /// ```
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            positive: Positive,
        }
    )+};
}
counts! {
    TruePositives "positive predictions that are correct";
    TrueNegatives "negative predictions that are correct";
    FalsePositives "positive predictions that are wrong";
    FalseNegatives "negative predictions that are wrong";
}

impl Positive {
    fn threshold(self) -> f32 {
        match (self.threshold, self.top_k) {
            (Some(threshold), _) => threshold,
            (None, None) => 0.5,
            (None, Some(_)) => f32::NEG_INFINITY,
        }
    }

    fn check(self, shape: Shape) {
        check_class(self.class_id, shape);
        let classes = shape.last();
        if let Some(k) = self.top_k {
            assert!(
                k <= classes,
                "`top_k` is {k}, expected at most {classes}, the number of the head's outputs"
            );
        }
    }
}

impl Counts {
    fn merge(&mut self, other: &Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.true_negatives += other.true_negatives;
        self.false_negatives += other.false_negatives;
    }

    fn add(&mut self, answers: Answers<'_>, positive: Positive, is_above: impl Fn(f32) -> bool) {
        for answer in answers.each() {
            if positive.class_id.is_some_and(|class| class != answer.class) {
                continue;
            }
            let is_positive = is_above(answer.output)
                && positive
                    .top_k
                    .is_none_or(|k| answers.is_in_top(answer.place, k));
            let count = match (answer.label != 0.0, is_positive) {
                (true, true) => &mut self.true_positives,
                (false, true) => &mut self.false_positives,
                (true, false) => &mut self.false_negatives,
                (false, false) => &mut self.true_negatives,
            };
            *count += answer.weight;
        }
    }
}

/// `part / whole`, or 0 if `whole` is 0.
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
