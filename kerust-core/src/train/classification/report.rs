//! Classification reports: precision, recall and F1 of each class.

use super::ConfusionMatrix;
use std::fmt;

/// Precision, recall and F1 of each class, as in scikit-learn's `classification_report`. It prints the same
/// text.
///
/// Classes that are neither labels nor predictions are left out. A division by 0 gives 0.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassificationReport {
    classes: Vec<ClassScores>,
    accuracy: f64,
    averages: [ClassScores; 2],
}

/// The scores of a class, or an average over classes.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassScores {
    /// The name of the class, or its number.
    pub name: String,
    /// The fraction of the predictions of this class that are correct.
    pub precision: f64,
    /// The fraction of the samples of this class that are predicted correctly.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// The number of samples of the class.
    pub support: usize,
}

impl ClassificationReport {
    pub(super) fn of(matrix: &ConfusionMatrix) -> Self {
        let classes = 0..matrix.classes();
        let scores = classes.clone().map(|class| {
            let truth: usize = classes
                .clone()
                .map(|other| matrix.count(class, other))
                .sum();
            let taken: usize = classes
                .clone()
                .map(|other| matrix.count(other, class))
                .sum();
            let right = matrix.count(class, class);
            let scores = ClassScores {
                name: matrix.class_names()[class].clone(),
                precision: share(right, taken),
                recall: share(right, truth),
                f1: share(2 * right, truth + taken),
                support: truth,
            };
            (truth + taken > 0).then_some(scores)
        });
        let classes: Vec<ClassScores> = scores.flatten().collect();
        let total = matrix.total();
        let average = |name: &str, weight: &dyn Fn(&ClassScores) -> f64| {
            let mean = |of: &dyn Fn(&ClassScores) -> f64| {
                let sum: f64 = classes.iter().map(|class| weight(class) * of(class)).sum();
                sum / classes
                    .iter()
                    .map(weight)
                    .sum::<f64>()
                    .max(f64::MIN_POSITIVE)
            };
            ClassScores {
                name: name.into(),
                precision: mean(&|class| class.precision),
                recall: mean(&|class| class.recall),
                f1: mean(&|class| class.f1),
                support: total,
            }
        };
        Self {
            accuracy: matrix.accuracy(),
            averages: [
                average("macro avg", &|_| 1.0),
                average("weighted avg", &|class| class.support as f64),
            ],
            classes,
        }
    }

    /// The scores of each class, in order.
    pub fn classes(&self) -> &[ClassScores] {
        &self.classes
    }

    /// The fraction of correct predictions.
    pub fn accuracy(&self) -> f64 {
        self.accuracy
    }

    /// The mean over the classes, unweighted.
    pub fn macro_average(&self) -> &ClassScores {
        &self.averages[0]
    }

    /// The mean over the classes, weighted by their numbers of samples.
    pub fn weighted_average(&self) -> &ClassScores {
        &self.averages[1]
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

impl fmt::Display for ClassificationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.classes.iter().chain(&self.averages);
        let width = all
            .map(|scores| scores.name.chars().count())
            .max()
            .unwrap_or(0);
        let row = |f: &mut fmt::Formatter<'_>, of: &ClassScores| {
            let ClassScores {
                name,
                precision,
                recall,
                f1,
                support,
            } = of;
            write!(
                f,
                "\n{name:>width$}  {precision:>9.2} {recall:>9.2} {f1:>9.2} {support:>9}"
            )
        };
        let [precision, recall, f1, support] = ["precision", "recall", "f1-score", "support"];
        writeln!(
            f,
            "{:>width$}  {precision:>9} {recall:>9} {f1:>9} {support:>9}",
            ""
        )?;
        self.classes.iter().try_for_each(|class| row(f, class))?;
        let support = self.averages[0].support;
        let accuracy = self.accuracy;
        write!(
            f,
            "\n\n{:>width$}  {:>9} {:>9} {accuracy:>9.2} {support:>9}",
            "accuracy", "", ""
        )?;
        self.averages.iter().try_for_each(|average| row(f, average))
    }
}
