//! The best of one rate among the thresholds at which another is high enough.

use super::answers::{Answers, of_probabilities};
use super::{Metrics, Single, single};
use crate::activation::{Sigmoid, Softmax};
use crate::data::{Binary, Class};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Shape};

/// The weights of what lies between one threshold and the next; the state of the metrics of this file.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Steps {
    /// First what is not above the first threshold, last what is above the last one.
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

/// The weights of the samples at one threshold.
struct Rates {
    true_positives: f64,
    false_positives: f64,
    /// Of all labels that are positive, whatever the threshold.
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

/// `part / whole`, and 0 of nothing; in `f32`, as Keras compares it with what is asked for.
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
            // The thresholds that are below the output; a single one is 0.5. In `f32` as Keras computes it,
            // so that a tie falls to the same side.
            let below = match count {
                1 => usize::from(answer.output > 0.5),
                _ => libm::ceilf(answer.output.clamp(0.0, 1.0) * (count - 1) as f32) as usize,
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

    /// The largest `of` among the thresholds at which `limited` is at least `limit`; 0 if there is none.
    fn best(&self, limit: f32, limited: fn(&Rates) -> f32, of: fn(&Rates) -> f32) -> f64 {
        let mut rates = Rates {
            true_positives: 0.0,
            false_positives: 0.0,
            positives: self.positives.iter().sum(),
            negatives: self.negatives.iter().sum(),
        };
        let mut best = 0.0f32;
        // From the highest threshold down: what lies above it, without what is below the lowest.
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
        /// As in Keras there are 200 evenly spaced thresholds, unless
        /// [`num_thresholds`](Self::num_thresholds) sets another number. The metric fits one sigmoid with labels
        /// `Binary`, and several sigmoids or a softmax with labels of the head's shape or class numbers, whose
        /// values are all counted, or those of one class by [`class_id`](Self::class_id).
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
            /// Unless it is from 0 to 1.
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

            /// Looks at so many evenly spaced thresholds (Keras's `num_thresholds`).
            ///
            /// # Panics
            /// If there is none.
            pub fn num_thresholds(mut self, thresholds: usize) -> Self {
                assert!(thresholds > 0, "a metric has at least 1 threshold, found 0");
                self.num_thresholds = thresholds;
                self
            }

            /// Counts the outputs of one class alone (Keras's `class_id`).
            pub fn class_id(mut self, class: usize) -> Self {
                self.class_id = Some(class);
                self
            }

            fn add(&self, state: &mut Steps, answers: Answers<'_>) {
                state.add(answers, self.num_thresholds, self.class_id);
            }
        }

        impl Single for $name {
            type State = Steps;
            const HIGHER_IS_BETTER: bool = true;

            fn name(&self) -> String {
                $text.into()
            }

            fn merge(&self, state: &mut Steps, other: &Steps) {
                state.merge(other);
            }

            fn result(&self, state: &Steps) -> f64 {
                state.best(self.limit, Rates::$limited, Rates::$of)
            }
        }

        of_probabilities! { $name: Steps; }
    )+};
}
metrics! {
    /// The best sensitivity, `TP / (TP + FN)`, where the specificity, `TN / (TN + FP)`, is at least the given
    /// one. Keras: `SensitivityAtSpecificity`; reported as `sensitivity_at_specificity`.
    SensitivityAtSpecificity "sensitivity_at_specificity" specificity sensitivity;
    /// The best specificity, `TN / (TN + FP)`, where the sensitivity, `TP / (TP + FN)`, is at least the given
    /// one. Keras: `SpecificityAtSensitivity`; reported as `specificity_at_sensitivity`.
    SpecificityAtSensitivity "specificity_at_sensitivity" sensitivity specificity;
    /// The best precision, `TP / (TP + FP)`, where the recall, `TP / (TP + FN)`, is at least the given one.
    /// Keras: `PrecisionAtRecall`; reported as `precision_at_recall`.
    PrecisionAtRecall "precision_at_recall" recall precision;
    /// The best recall, `TP / (TP + FN)`, where the precision, `TP / (TP + FP)`, is at least the given one.
    /// Keras: `RecallAtPrecision`; reported as `recall_at_precision`.
    RecallAtPrecision "recall_at_precision" precision recall;
}
