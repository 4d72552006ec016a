//! Confusion matrices.

use super::{ClassificationReport, Judgement};
#[cfg(feature = "plots")]
use crate::picture::ConfusionPlot;
use std::fmt;

/// A confusion matrix, as scikit-learn's `confusion_matrix`: the number of samples for each true class (row)
/// and each predicted class (column).
///
/// Its text form is a table: `println!("{matrix}")`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfusionMatrix {
    names: Vec<String>,
    /// The counts, row by row.
    counts: Vec<usize>,
}

impl ConfusionMatrix {
    /// Creates the matrix for `classes` classes.
    ///
    /// # Panics
    /// Panics when a class of a judgement is not less than `classes`.
    pub fn new(classes: usize, judgements: &[Judgement]) -> Self {
        let mut counts = vec![0; classes * classes];
        for judgement in judgements {
            let (truth, predicted) = (judgement.truth, judgement.predicted);
            assert!(
                truth < classes && predicted < classes,
                "a class is below {classes}, found {truth} taken for {predicted}"
            );
            counts[truth * classes + predicted] += 1;
        }
        Self {
            names: (0..classes).map(|class| class.to_string()).collect(),
            counts,
        }
    }

    /// Sets the names of the classes, in the order of their numbers. For a data set with class names this is
    /// done automatically.
    ///
    /// # Panics
    /// Panics unless there is one name for each class.
    pub fn names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let (found, expected) = (names.len(), self.classes());
        assert!(
            found == expected,
            "found {found} names for {expected} classes"
        );
        self.names = names;
        self
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.names.len()
    }

    /// The names of the classes; their numbers if they have no names.
    pub fn class_names(&self) -> &[String] {
        &self.names
    }

    /// The number of samples of the class `truth` for which `predicted` is predicted.
    ///
    /// # Panics
    /// Panics when there is no such class.
    pub fn count(&self, truth: usize, predicted: usize) -> usize {
        assert!(predicted < self.classes(), "there is no class {predicted}");
        self.counts[truth * self.classes() + predicted]
    }

    /// The counts, one row for each true class.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[usize]> {
        self.counts.chunks_exact(self.classes().max(1))
    }

    /// The number of samples.
    pub fn total(&self) -> usize {
        self.counts.iter().sum()
    }

    /// The fraction of correct predictions.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.classes())
            .map(|class| self.count(class, class))
            .sum();
        right as f64 / self.total().max(1) as f64
    }

    /// The confused classes as (true class, predicted class, count), the most frequent first.
    pub fn confusions(&self) -> Vec<(usize, usize, usize)> {
        let classes = self.classes();
        let all = self.counts.iter().enumerate();
        let all = all.map(|(place, count)| (place / classes, place % classes, *count));
        let mut wrong: Vec<_> = all.filter(|(a, b, count)| a != b && *count > 0).collect();
        // A stable sort: of equal counts, the first class comes first.
        wrong.sort_by_key(|(.., count)| core::cmp::Reverse(*count));
        wrong
    }

    /// Computes precision, recall and F1 of each class.
    pub fn report(&self) -> ClassificationReport {
        ClassificationReport::of(self)
    }

    /// Draws the matrix: `matrix.plot().save("confusion.svg")`.
    #[cfg(feature = "plots")]
    pub fn plot(&self) -> ConfusionPlot {
        ConfusionPlot::new(&self.names, &self.counts)
    }
}

impl fmt::Display for ConfusionMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = |text: &str| text.chars().count();
        let left = self
            .names
            .iter()
            .map(|name| len(name))
            .chain([4])
            .max()
            .unwrap_or(4);
        let width = |column: usize| {
            let counts = (0..self.classes()).map(|row| len(&self.count(row, column).to_string()));
            counts.chain([len(&self.names[column])]).max().unwrap_or(1)
        };
        let widths: Vec<usize> = (0..self.classes()).map(width).collect();
        writeln!(f, "{:left$}  predicted", "")?;
        write!(f, "{:left$}", "true")?;
        for (name, width) in self.names.iter().zip(&widths) {
            write!(f, "  {name:>width$}")?;
        }
        for (name, row) in self.names.iter().zip(self.rows()) {
            write!(f, "\n{name:left$}")?;
            for (count, width) in row.iter().zip(&widths) {
                write!(f, "  {count:>width$}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn judged(pairs: &[(usize, usize)]) -> Vec<Judgement> {
        let judgement = |(sample, &(truth, predicted)): (usize, &(usize, usize))| Judgement {
            sample,
            truth,
            predicted,
            score: 1.0,
            true_score: 0.0,
        };
        pairs.iter().enumerate().map(judgement).collect()
    }

    #[test]
    fn rows_are_true_classes_and_columns_predicted_ones() {
        let pairs = [(0, 0), (0, 2), (0, 2), (1, 1), (2, 0), (2, 2)];
        let matrix = ConfusionMatrix::new(3, &judged(&pairs)).names(["T-shirt", "bag", "boot"]);
        assert_eq!(matrix.count(0, 2), 2);
        assert_eq!(matrix.accuracy(), 0.5);
        assert_eq!(matrix.confusions(), [(0, 2, 2), (2, 0, 1)]);
        let text = "\
\u{20}        predicted
true     T-shirt  bag  boot
T-shirt        1    0     2
bag            0    1     0
boot           1    0     1";
        assert_eq!(matrix.to_string(), text);
    }

    #[test]
    fn classes_without_names_are_numbers() {
        let matrix = ConfusionMatrix::new(2, &judged(&[(0, 0), (1, 0)]));
        assert_eq!(
            matrix.to_string(),
            "      predicted\ntrue  0  1\n0     1  0\n1     1  0"
        );
    }
}
