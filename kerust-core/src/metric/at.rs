//! Metrics that report the best of one rate at a minimum of another, such as `PrecisionAtRecall`.

use super::answers::{Answers, Scored, check_class, of_probabilities};
use super::thresholds::below;
use super::{Metrics, Names};
use crate::activation::{Linear, Sigmoid, Softmax};
use crate::data::{Binary, Class};
use crate::loss::{Batch, FromLogits};
use crate::model::Head;
use crate::shape::Shape;
use crate::tensor::{Rank1, Rank2, StaticShape};

/// The weights of the samples between two neighbouring thresholds. It is the state of the metrics of this
/// file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Steps {
    /// The first entry is for outputs not above the first threshold, the last one for those above the last
    /// threshold.
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

/// The weights of the samples at one threshold.
struct Rates {
    true_positives: f64,
    false_positives: f64,
    /// All positive labels, at any threshold.
    positives: f64,
    negatives: f64,
}

impl Rates {
    fn sensitivity(&self) -> f32 {
        ratio(self.true_positives, self.positives)
    }

    fn recall(&self) -> f32 {
        self.sensitivity()
    }

    fn specificity(&self) -> f32 {
        ratio(self.negatives - self.false_positives, self.negatives)
    }

    fn precision(&self) -> f32 {
        ratio(
            self.true_positives,
            self.true_positives + self.false_positives,
        )
    }
}

/// `part / whole`, or 0 if `whole` is 0. It is rounded to `f32`, as Keras compares it.
fn ratio(part: f64, whole: f64) -> f32 {
    if whole == 0.0 {
        0.0
    } else {
        part as f32 / whole as f32
    }
}

impl Steps {
    fn add(&mut self, answers: Answers<'_>, count: usize, class_id: Option<usize>) {
        self.make_room(count + 1);
        for answer in answers.each() {
            if class_id.is_some_and(|class| class != answer.class) {
                continue;
            }
            // A single threshold is 0.5.
            let below = match count {
                1 => usize::from(answer.output > 0.5),
                _ => below(answer.output, count),
            };
            let side = match answer.label == 0.0 {
                true => &mut self.negatives,
                false => &mut self.positives,
            };
            side[below] += answer.weight;
        }
    }

    fn make_room(&mut self, steps: usize) {
        let steps = steps.max(self.positives.len());
        self.positives.resize(steps, 0.0);
        self.negatives.resize(steps, 0.0);
    }

    fn merge(&mut self, other: &Self) {
        self.make_room(other.positives.len());
        let pairs = self.positives.iter_mut().zip(&other.positives);
        pairs.for_each(|(sum, other)| *sum += other);
        let pairs = self.negatives.iter_mut().zip(&other.negatives);
        pairs.for_each(|(sum, other)| *sum += other);
    }

    /// The largest `of` among the thresholds at which `limited` is at least `limit`, or 0 if there is none.
    fn best(&self, limit: f32, limited: fn(&Rates) -> f32, of: fn(&Rates) -> f32) -> f64 {
        let mut rates = Rates {
            true_positives: 0.0,
            false_positives: 0.0,
            positives: self.positives.iter().sum(),
            negatives: self.negatives.iter().sum(),
        };
        let mut best = 0.0f32;
        // From the highest threshold downwards. Outputs below the lowest threshold are not included.
        let steps = self.positives.iter().zip(&self.negatives);
        for (positives, negatives) in steps.skip(1).rev() {
            rates.true_positives += positives;
            rates.false_positives += negatives;
            if limited(&rates) >= limit {
                best = best.max(of(&rates));
            }
        }
        f64::from(best)
    }
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident $text:literal $limited:ident $of:ident;)+) => {$(
        $(#[$doc])*
        ///
        /// As in Keras there are 200 evenly spaced thresholds by default; see
        /// [`num_thresholds`](Self::num_thresholds). The metric fits one sigmoid with labels `Binary`, and
        /// several sigmoids or a softmax with labels of the head's shape or class numbers. It counts all
        /// values, or those of one class with [`class_id`](Self::class_id).
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            limit: f32,
            num_thresholds: usize,
            class_id: Option<usize>,
        }

        impl $name {
            #[doc = concat!("The metric at this ", stringify!($limited), ".")]
            ///
            /// # Panics
            /// Panics unless it is from 0 to 1.
            pub fn new($limited: f32) -> Self {
                assert!(
                    (0.0..=1.0).contains(&$limited),
                    concat!("`", stringify!($limited), "` is {}, expected a number from 0 to 1"),
                    $limited
                );
                Self {
                    limit: $limited,
                    num_thresholds: 200,
                    class_id: None,
                }
            }

            /// Sets the number of evenly spaced thresholds (Keras's `num_thresholds`).
            ///
            /// # Panics
            /// Panics if the number is 0.
            pub fn num_thresholds(mut self, thresholds: usize) -> Self {
                assert!(thresholds > 0, "a metric has at least 1 threshold, found 0");
                self.num_thresholds = thresholds;
                self
            }

            /// Counts the outputs of one class only (Keras's `class_id`).
            pub fn class_id(mut self, class: usize) -> Self {
                self.class_id = Some(class);
                self
            }
        }

        impl Scored for $name {
            type State = Steps;

            fn names(&self, shape: Shape, names: &mut Names) {
                check_class(self.class_id, shape);
                names.push($text, Some(true));
            }

            fn add(&self, state: &mut Steps, answers: Answers<'_>) {
                state.add(answers, self.num_thresholds, self.class_id);
            }

            fn merge(&self, state: &mut Steps, other: &Steps) {
                state.merge(other);
            }

            fn results(&self, state: &Steps, results: &mut Vec<f64>) {
                results.push(state.best(self.limit, Rates::$limited, Rates::$of));
            }
        }

        of_probabilities! { $name: Steps; }
    )+};
}
metrics! {
    /// The best sensitivity, `TP / (TP + FN)`, at a specificity, `TN / (TN + FP)`, of at least the given
    /// value. Keras: `SensitivityAtSpecificity`; reported as `sensitivity_at_specificity`.
    SensitivityAtSpecificity "sensitivity_at_specificity" specificity sensitivity;
    /// The best specificity, `TN / (TN + FP)`, at a sensitivity, `TP / (TP + FN)`, of at least the given
    /// value. Keras: `SpecificityAtSensitivity`; reported as `specificity_at_sensitivity`.
    SpecificityAtSensitivity "specificity_at_sensitivity" sensitivity specificity;
    /// The best precision, `TP / (TP + FP)`, at a recall, `TP / (TP + FN)`, of at least the given value.
    /// Keras: `PrecisionAtRecall`; reported as `precision_at_recall`.
    PrecisionAtRecall "precision_at_recall" recall precision;
    /// The best recall, `TP / (TP + FN)`, at a precision, `TP / (TP + FP)`, of at least the given value.
    /// Keras: `RecallAtPrecision`; reported as `recall_at_precision`.
    RecallAtPrecision "recall_at_precision" precision recall;
}
