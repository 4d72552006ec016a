//! Hints from the course of the losses.

use super::{HintKind, Watch, short};
use crate::train::History;

/// The relative difference below which a loss counts as that of a constant prediction.
const NEAR: f64 = 0.005;
/// The number of consecutive epochs with that loss.
const EPOCHS: usize = 2;
/// The number of epochs since the best validation.
const PATIENCE: usize = 5;
/// The factor by which the validation loss has become worse.
const WORSE: f64 = 1.25;

impl Watch {
    /// Sets that the loss is a crossentropy in which all samples have the same weight.
    pub(in super::super) fn of_classes(&mut self) {
        let total: usize = self.counts.iter().sum();
        let shares = self.counts.iter().map(|count| *count as f64 / total as f64);
        let entropy: f64 = shares
            .map(|share| {
                if share > 0.0 {
                    -share * share.ln()
                } else {
                    0.0
                }
            })
            .sum();
        self.constant = (total > 0 && entropy > 0.0).then_some(entropy);
    }

    /// Checks the loss of the first step of a new model.
    pub(in super::super) fn first_loss(&mut self, loss: f64) {
        self.first_loss.get_or_insert(loss);
        let classes = self.counts.len();
        let Some(constant) = self.constant else {
            return;
        };
        let expected = constant.max((classes as f64).ln());
        if !loss.is_finite() || loss < 2.0 * expected || loss < expected + 1.0 {
            return;
        }
        let unscaled = self.unscaled;
        self.say(HintKind::FirstLoss, || {
            let cause = match unscaled {
                Some(ends) => {
                    let [low, high] = ends.map(|end| short(end.into()));
                    format!("inputs run from {low} to {high}, so the first outputs are far too large")
                }
                None => "the first outputs are far too large; check the scale of the inputs and the initializers"
                    .to_owned(),
            };
            format!(
                "the first loss is {}, expected about {}, which is ln {classes}: {cause}",
                short(loss),
                short((classes as f64).ln())
            )
        });
    }

    /// Checks a completed epoch.
    pub(in super::super) fn after_epoch(&mut self, history: &History, batch_size: usize) {
        if !self.enabled {
            return;
        }
        let losses = history.series("loss").unwrap_or_default();
        let Some(loss) = losses.last() else { return };
        if let Some(constant) = self.constant {
            let is_constant = (loss - constant).abs() < NEAR * constant;
            self.constant_epochs = if is_constant {
                self.constant_epochs + 1
            } else {
                0
            };
            if self.constant_epochs == EPOCHS {
                self.constant_prediction(*loss, constant);
            }
        }
        if let Some(validation) = history.series("val_loss") {
            self.overfitting(losses, validation);
        }
        self.after_steps(losses, batch_size);
    }

    fn constant_prediction(&mut self, loss: f64, constant: f64) {
        let classes = self.counts.len();
        let unscaled = self.unscaled;
        self.say(HintKind::ConstantPrediction, || {
            let what = match (constant - (classes as f64).ln()).abs() < 0.01 {
                true => format!("ln {classes}"),
                false => "the entropy of the labels".to_owned(),
            };
            let cause = match unscaled {
                Some(_) => "unscaled inputs have made the units output 0, or all the same: write \
                            `Rescaling(1 / 255)` or `Normalization` after `Input`, and start again",
                None => "it does not use its inputs: try a tenth of the learning rate, `model.overfit_check(&train)?` to \
                         see whether it can learn at all, and check that the labels belong to their inputs",
            };
            format!(
                "the loss has stayed at {} for {EPOCHS} epochs, which is {what}: the model predicts the same for every \
                 sample; {cause}",
                short(loss)
            )
        });
    }

    fn overfitting(&mut self, losses: &[f64], validation: &[f64]) {
        let best = validation
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.total_cmp(b.1));
        let (Some((place, best)), Some(last)) = (best, validation.last()) else {
            return;
        };
        let since = validation.len() - 1 - place;
        // If every epoch is validated, both series have the same epochs.
        if losses.len() != validation.len() || since < PATIENCE || *last < WORSE * best {
            return;
        }
        let falls = losses[losses.len() - 1] < losses[place];
        if falls && *best > 0.0 {
            let (best, last, epoch) = (short(*best), short(*last), place + 1);
            self.say(HintKind::Overfitting, || {
                format!(
                    "the validation's loss has risen from {best} in epoch {epoch} to {last}, while that of the training \
                     falls: the model overfits; write \
                     `.callback(EarlyStopping::monitor(\"val_loss\").patience({since}).restore_best_weights())`, or \
                     `Dropout(0.3)` after the largest layer"
                )
            });
        }
    }
}
