//! F scores, which combine precision and recall.

use super::answers::{Answers, Labels};
use super::{Metrics, Names};
use crate::activation::{HeadActivation, Sigmoid};
use crate::data::{Binary, Class};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::Rank1;
use crate::value::value;

/// The harmonic mean of precision and recall, `2 P R / (P + R)`. Keras: `F1Score`; reported as `f1_score`.
///
/// It fits a head over N classes with labels `Class<N>` or one-hot labels. The predicted class is the one
/// with the highest output, or several if they are equal. With a [`threshold`](Self::threshold), all classes
/// above it are predicted, so that a sample can have several. One sigmoid with labels `Binary` needs a
/// threshold: `F1Score.threshold(0.5)`.
///
/// As in Keras there is a result for each class, `f1_score_0`, `f1_score_1`, .., unless
/// [`average`](Self::average) combines them.
///
/// ```
/// use kerust::metric::{Average, F1Score};
///
/// let of_each_class = F1Score;
/// let of_all = F1Score.average(Average::Macro);
/// let of_one_sigmoid = F1Score.threshold(0.5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct F1Score {
    settings: Settings,
}

/// The F score that gives recall `beta` times as much weight as precision, `(1 + β²) P R / (β² P + R)`.
/// Keras: `FBetaScore`; reported as `fbeta_score`.
///
/// It fits the same heads and labels as [`F1Score`](struct@F1Score), with the same averages. `beta` is 1 by
/// default.
///
/// ```
/// use kerust::metric::{Average, FBetaScore};
///
/// let metric = FBetaScore.beta(2.0).average(Average::Weighted);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FBetaScore {
    settings: Settings,
}

/// [`F1Score`](struct@F1Score) with a threshold.
///
/// ```
/// use kerust::metric::{F1Score, F1ScoreAt};
///
/// let metric: F1ScoreAt = F1Score.threshold(0.5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct F1ScoreAt {
    settings: Settings,
    threshold: f32,
}

/// [`FBetaScore`](struct@FBetaScore) with a threshold.
///
/// ```
/// use kerust::metric::{FBetaScore, FBetaScoreAt};
///
/// let metric: FBetaScoreAt = FBetaScore.beta(0.5).threshold(0.3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FBetaScoreAt {
    settings: Settings,
    threshold: f32,
}

/// How the scores of the classes are averaged: Keras's `average`.
///
/// ```
/// use kerust::metric::{Average, F1Score};
///
/// let metric = F1Score.average(Average::Micro);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Average {
    /// No average: each class has its own result.
    #[default]
    None,
    /// All classes are counted together.
    Micro,
    /// The mean over the classes.
    Macro,
    /// The mean over the classes, weighted by the number of labels of each class.
    Weighted,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    average: Average,
    beta: f32,
}

/// Keras's defaults.
const DEFAULTS: Settings = Settings {
    average: Average::None,
    beta: 1.0,
};

value! {
    F1Score { settings: DEFAULTS }
}
value! {
    FBetaScore { settings: DEFAULTS }
}

/// The weights of the predictions for each class. It is the state of [`F1Score`](struct@F1Score).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClassCounts(Vec<Counts>);

#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Counts {
    true_positives: f64,
    false_positives: f64,
    false_negatives: f64,
}

/// Keras adds this to denominators.
const EPSILON: f64 = 1e-7;

impl FBetaScore {
    /// Sets the weight of recall compared to precision (Keras's `beta`).
    ///
    /// # Panics
    /// Panics unless `beta > 0`.
    pub fn beta(mut self, beta: f32) -> Self {
        self.settings = self.settings.beta(beta);
        self
    }
}

impl FBetaScoreAt {
    /// Sets the weight of recall compared to precision (Keras's `beta`).
    ///
    /// # Panics
    /// Panics unless `beta > 0`.
    pub fn beta(mut self, beta: f32) -> Self {
        self.settings = self.settings.beta(beta);
        self
    }
}

impl Settings {
    fn beta(mut self, beta: f32) -> Self {
        assert!(beta > 0.0, "`beta` is {beta}, expected a number above 0");
        self.beta = beta;
        self
    }

    /// Pushes the names of the results for `classes` classes.
    fn names(self, name: &str, classes: usize, names: &mut Names) {
        if self.average != Average::None || classes == 1 {
            return names.push(name, Some(true));
        }
        for class in 0..classes {
            names.push(&format!("{name}_{class}"), Some(true));
        }
    }

    /// The score of each class, or their average.
    fn results(self, state: &ClassCounts, classes: usize, results: &mut Vec<f64>) {
        let score = |counts: &Counts| {
            let ratio =
                |wrong: f64| counts.true_positives / (counts.true_positives + wrong + EPSILON);
            let (precision, recall) =
                (ratio(counts.false_positives), ratio(counts.false_negatives));
            let square = f64::from(self.beta) * f64::from(self.beta);
            (1.0 + square) * precision * recall / (square * precision + recall + EPSILON)
        };
        // Before the first batch all counts are 0.
        let nothing = vec![Counts::default(); classes];
        let all = if state.0.is_empty() {
            &nothing
        } else {
            &state.0
        };
        let labels = |counts: &Counts| counts.true_positives + counts.false_negatives;
        match self.average {
            Average::None => results.extend(all.iter().map(score)),
            Average::Micro => {
                let mut together = Counts::default();
                all.iter().for_each(|counts| together.merge(counts));
                results.push(score(&together));
            }
            Average::Macro => results.push(all.iter().map(score).sum::<f64>() / classes as f64),
            Average::Weighted => {
                let whole: f64 = all.iter().map(labels).sum();
                let sum: f64 = all
                    .iter()
                    .map(|counts| score(counts) * labels(counts))
                    .sum();
                results.push(sum / (whole + EPSILON));
            }
        }
    }
}

impl Counts {
    fn merge(&mut self, other: &Self) {
        self.true_positives += other.true_positives;
        self.false_positives += other.false_positives;
        self.false_negatives += other.false_negatives;
    }
}

impl ClassCounts {
    fn merge(&mut self, other: &Self) {
        self.0
            .resize(self.0.len().max(other.0.len()), Counts::default());
        let pairs = self.0.iter_mut().zip(&other.0);
        pairs.for_each(|(counts, other)| counts.merge(other));
    }

    fn add(&mut self, answers: Answers<'_>, threshold: Option<f32>) {
        self.0.resize(answers.features, Counts::default());
        for (outputs, labels, weight) in answers.vectors() {
            let peak = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for (class, (counts, output)) in self.0.iter_mut().zip(outputs).enumerate() {
                let is_positive = match threshold {
                    Some(threshold) => *output > threshold,
                    // As in Keras, a class whose output is 0 is not predicted.
                    None => *output >= peak && output.abs() > 1e-9,
                };
                let label = match labels {
                    Labels::Values(values) => f64::from(values[class]),
                    Labels::Classes(classes) => f64::from(u8::from(classes[0] as usize == class)),
                };
                if is_positive {
                    counts.true_positives += weight * label;
                    counts.false_positives += weight * (1.0 - label);
                } else {
                    counts.false_negatives += weight * label;
                }
            }
        }
    }
}

macro_rules! scores {
    ($($name:ident $text:literal $at:ident;)+) => {$(
        impl $name {
            /// Sets how the scores of the classes are averaged (Keras's `average`).
            pub const fn average(mut self, average: Average) -> Self {
                self.settings.average = average;
                self
            }

            /// Counts outputs above `threshold` as positive (Keras's `threshold`).
            ///
            /// # Panics
            /// Panics unless `0 < threshold <= 1`.
            pub fn threshold(self, threshold: f32) -> $at {
                assert!(
                    threshold > 0.0 && threshold <= 1.0,
                    "the threshold of an F score is above 0 and at most 1, found {threshold}"
                );
                let settings = self.settings;
                $at { settings, threshold }
            }

            fn positive(&self) -> Option<f32> {
                None
            }
        }

        impl $at {
            /// Sets how the scores of the classes are averaged (Keras's `average`).
            pub const fn average(mut self, average: Average) -> Self {
                self.settings.average = average;
                self
            }

            fn positive(&self) -> Option<f32> {
                Some(self.threshold)
            }
        }

        scores!(@one $name $text [A: HeadActivation, const N: usize] A, N, Rank1<N>,
            const { assert!(N > 1, concat!("`", stringify!($name), "` of one output needs a threshold: `",
                stringify!($name), ".threshold(0.5)`")) });
        scores!(@one $name $text [A: HeadActivation, const N: usize] A, N, Class<N>, ());
        scores!(@one $at $text [A: HeadActivation, const N: usize] A, N, Rank1<N>, ());
        scores!(@one $at $text [A: HeadActivation, const N: usize] A, N, Class<N>, ());
        scores!(@one $at $text [] Sigmoid, 1, Binary, ());
    )+};
    (@one $name:ident $text:literal [$($parameter:tt)*] $activation:ty, $classes:tt, $label:ty, $check:expr) => {
        impl<$($parameter)*> Metrics<Head<$activation, Rank1<$classes>>, $label> for $name {
            type State = ClassCounts;

            fn names(&self, names: &mut Names) {
                $check;
                self.settings.names($text, $classes, names);
            }

            fn update(
                &self,
                state: &mut ClassCounts,
                batch: Batch<'_, Head<$activation, Rank1<$classes>>, $label>,
            ) {
                state.add(Answers::new(batch, batch.labels), self.positive());
            }

            fn merge(&self, state: &mut ClassCounts, other: &ClassCounts) {
                state.merge(other);
            }

            fn results(&self, state: &ClassCounts, results: &mut Vec<f64>) {
                self.settings.results(state, $classes, results);
            }

            fn reset(&self, state: &mut ClassCounts) {
                // `fill` keeps the allocated memory.
                state.0.fill(Counts::default());
            }
        }
    };
}
scores! {
    F1Score "f1_score" F1ScoreAt;
    FBetaScore "fbeta_score" FBetaScoreAt;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Softmax;

    type Three = Head<Softmax, Rank1<3>>;

    #[test]
    fn each_class_has_its_number_unless_they_are_averaged() {
        let names = |metric: F1Score| {
            let mut names = Names::default();
            Metrics::<Three, Class<3>>::names(&metric, &mut names);
            names.as_slice().to_vec()
        };
        assert_eq!(names(F1Score), ["f1_score_0", "f1_score_1", "f1_score_2"]);
        assert_eq!(names(F1Score.average(Average::Macro)), ["f1_score"]);
        let mut names = Names::default();
        Metrics::<Head<Sigmoid, Rank1<1>>, Binary>::names(&F1Score.threshold(0.5), &mut names);
        assert_eq!(names.as_slice(), ["f1_score"]);
    }

    #[test]
    fn before_the_first_batch_all_are_zero() {
        let mut results = Vec::new();
        let state = ClassCounts::default();
        Metrics::<Three, Class<3>>::results(&F1Score, &state, &mut results);
        assert_eq!(results, [0.0; 3]);
    }
}
