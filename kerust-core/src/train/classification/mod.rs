//! Which classes a model takes for which.

mod judgement;
mod matrix;
mod report;

pub use judgement::{Classifies, Judgement};
pub use matrix::ConfusionMatrix;
pub use report::{ClassScores, ClassificationReport};

use super::{Compiled, TrainError, predict};
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Train;

impl<N: Train, Y: Data> Compiled<N, Y>
where
    N::Heads: Classifies<Y>,
{
    /// What the model takes each sample for, in the order of the samples.
    ///
    /// # Errors
    /// When the data set is empty, or a sample cannot be read.
    pub fn judge(&self, data: &impl Samples<N::Input, Y>) -> Result<Vec<Judgement>> {
        if data.is_empty() {
            let which = "the data set to judge";
            return Err(TrainError::EmptyDataset { which }.into());
        }
        let model = &*self.trainee.model;
        predict::each(model, data, |numbers, labels, outputs| {
            let mut judgements = Vec::with_capacity(numbers.len());
            N::Heads::judge(outputs, labels, numbers, &mut judgements);
            judgements
        })
    }

    /// How often each class is taken for which: `println!("{}", model.confusion_matrix(&test)?)`, or
    /// `.plot().save("confusion.svg")`.
    ///
    /// It fits a softmax with labels `Class<N>` or rows of zeros with a one, and one sigmoid with labels `Binary`, which is
    /// yes above 0.5. A head without an activation is taken for logits.
    ///
    /// # Errors
    /// When the data set is empty, or a sample cannot be read.
    pub fn confusion_matrix(&self, data: &impl Samples<N::Input, Y>) -> Result<ConfusionMatrix> {
        let judgements = self.judge(data)?;
        let matrix = ConfusionMatrix::new(<N::Heads as Classifies<Y>>::CLASSES, &judgements);
        Ok(match data.class_names() {
            [] => matrix,
            names => matrix.names(names.iter().cloned()),
        })
    }

    /// Precision, recall and F1 of each class, and their averages, as scikit-learn's `classification_report`.
    ///
    /// # Errors
    /// As [`confusion_matrix`](Self::confusion_matrix).
    pub fn classification_report(
        &self,
        data: &impl Samples<N::Input, Y>,
    ) -> Result<ClassificationReport> {
        Ok(self.confusion_matrix(data)?.report())
    }

    /// The samples whose label the model doubts most, the most doubtful first: those that it takes for another class
    /// at least as surely as it takes the samples of that class for what they are, on average. Northcutt, Jiang & Chuang
    /// (2021), arXiv:1911.00068; there the model has not seen the samples that it judges.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub fn suspect_labels(&self, data: &impl Samples<N::Input, Y>) -> Result<Vec<Judgement>> {
        let judgements = self.judge(data)?;
        let mut sums = vec![(0.0, 0usize); <N::Heads as Classifies<Y>>::CLASSES];
        for judgement in &judgements {
            let (sum, count) = &mut sums[judgement.truth];
            *sum += f64::from(judgement.true_score);
            *count += 1;
        }
        let is_sure = |judgement: &Judgement| {
            let (sum, count) = sums[judgement.predicted];
            count > 0 && f64::from(judgement.score) >= sum / count as f64
        };
        let suspects = judgements
            .into_iter()
            .filter(|one| !one.is_right() && is_sure(one));
        let mut suspects: Vec<Judgement> = suspects.collect();
        suspects.sort_by(|a, b| a.true_score.total_cmp(&b.true_score));
        Ok(suspects)
    }

    /// The samples that the model takes for another class, the surest mistakes first: those whose true class has
    /// the lowest score.
    ///
    /// # Errors
    /// As [`judge`](Self::judge).
    pub fn mistakes(&self, data: &impl Samples<N::Input, Y>) -> Result<Vec<Judgement>> {
        let mut mistakes = self.judge(data)?;
        mistakes.retain(|judgement| !judgement.is_right());
        mistakes.sort_by(|a, b| a.true_score.total_cmp(&b.true_score));
        Ok(mistakes)
    }
}

#[cfg(feature = "plots")]
mod grid;
