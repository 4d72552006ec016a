//! The evaluation of classifiers: confusion matrices, reports, and mistakes.

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
    /// The predicted and the true class of each sample, in the order of the samples.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, or a sample cannot be read.
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

    /// The confusion matrix of the model on a data set: `println!("{}", model.confusion_matrix(&test)?)`, or
    /// `.plot().save("confusion.svg")`.
    ///
    /// The model must have a softmax with labels `Class<N>` or one-hot labels, or one sigmoid with labels
    /// `Binary`, which predicts class 1 above 0.5. The outputs of a head without an activation are treated as
    /// logits.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, or a sample cannot be read.
    pub fn confusion_matrix(&self, data: &impl Samples<N::Input, Y>) -> Result<ConfusionMatrix> {
        let judgements = self.judge(data)?;
        let matrix = ConfusionMatrix::new(<N::Heads as Classifies<Y>>::CLASSES, &judgements);
        Ok(match data.class_names() {
            [] => matrix,
            names => matrix.names(names.iter().cloned()),
        })
    }

    /// Precision, recall and F1 of each class, and their averages, as in scikit-learn's
    /// `classification_report`.
    ///
    /// # Errors
    /// The same as [`confusion_matrix`](Self::confusion_matrix).
    pub fn classification_report(
        &self,
        data: &impl Samples<N::Input, Y>,
    ) -> Result<ClassificationReport> {
        Ok(self.confusion_matrix(data)?.report())
    }

    /// The samples whose labels are probably wrong, the most doubtful first. These are samples for which the
    /// model predicts another class with at least the average score of that class's own samples: Northcutt,
    /// Jiang & Chuang (2021), arXiv:1911.00068, where the model is not trained on the samples that it judges.
    ///
    /// # Errors
    /// The same as [`judge`](Self::judge).
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

    /// The misclassified samples, starting with the most confident mistakes: those whose true class has the
    /// lowest score.
    ///
    /// # Errors
    /// The same as [`judge`](Self::judge).
    pub fn mistakes(&self, data: &impl Samples<N::Input, Y>) -> Result<Vec<Judgement>> {
        let mut mistakes = self.judge(data)?;
        mistakes.retain(|judgement| !judgement.is_right());
        mistakes.sort_by(|a, b| a.true_score.total_cmp(&b.true_score));
        Ok(mistakes)
    }
}

#[cfg(feature = "plots")]
mod grid;
