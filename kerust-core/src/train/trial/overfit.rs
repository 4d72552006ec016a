//! A check whether a model can memorize a few samples.

use super::super::compiled::BATCH_SIZE;
use super::super::pool;
use super::{batches, not_empty};
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Train;
use crate::optimizer::gradient_range;
use crate::train::Compiled;
use std::fmt;

const STEPS: usize = 300;
/// The fraction of the first loss below which the samples count as memorized.
const LEARNT: f64 = 0.1;

/// The losses while a model memorizes one batch, as returned by [`Compiled::overfit_check`].
#[derive(Clone, PartialEq, Debug)]
pub struct OverfitCheck {
    samples: usize,
    losses: Vec<f64>,
    /// The layers whose weights got no gradient.
    silent: Vec<&'static str>,
}

impl OverfitCheck {
    /// The loss of each step.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// Whether the loss has fallen to a tenth.
    pub fn learns(&self) -> bool {
        match (self.losses.first(), self.losses.last()) {
            (Some(first), Some(last)) => *last < LEARNT * first,
            _ => false,
        }
    }

    /// The layers whose weights got no gradient in the first step.
    pub fn without_gradient(&self) -> &[&'static str] {
        &self.silent
    }
}

impl fmt::Display for OverfitCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, last] = [self.losses.first(), self.losses.last()];
        let [first, last] = [first, last].map(|loss| loss.copied().unwrap_or(f64::NAN));
        let (samples, steps) = (self.samples, self.losses.len());
        write!(
            f,
            "the loss of {samples} samples goes from {first:.4} to {last:.4} in {steps} steps: "
        )?;
        match self.learns() {
            true => f.write_str("the model can memorize them"),
            false => f.write_str(
                "the model does not memorize them; check the learning rate, the scale of the inputs, and whether \
                 labels belong to their inputs",
            ),
        }?;
        match self.silent.as_slice() {
            [] => Ok(()),
            silent => write!(f, "; no gradient reaches `{}`", silent.join("`, `")),
        }
    }
}

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Trains a copy of the model on one batch of up to 32 samples, with the current learning rate. A model
    /// that cannot memorize a few samples cannot learn anything.
    ///
    /// The weights, the optimizer and the results of a later training stay the same.
    ///
    /// # Errors
    /// Returns an error when the data set is empty, or a sample cannot be read or is not finite.
    pub fn overfit_check(&mut self, data: &impl Samples<N::Input, Y>) -> Result<OverfitCheck> {
        not_empty::<N::Input, Y>(data)?;
        let batch = batches(data.len(), BATCH_SIZE, 1, self.trainee.run.seed);
        let numbers = &batch[0];
        let rate = self.learning_rate();
        let check = |model: &mut Self| {
            let mut check = OverfitCheck {
                samples: numbers.len(),
                losses: Vec::new(),
                silent: Vec::new(),
            };
            for step in 0..STEPS {
                let before = (step == 0).then(|| model.weights().to_vec());
                let loss = model.step(data, numbers)?;
                check.losses.push(loss);
                if let Some(before) = before {
                    check.silent = unmoved::<N>(&before, model.weights());
                }
                if !loss.is_finite() {
                    break;
                }
            }
            Ok(check)
        };
        pool::inside(None, || self.tried(rate, check))?
    }
}

/// The layers with a trainable kernel that a step has not changed.
fn unmoved<N: Train>(before: &[f32], after: &[f32]) -> Vec<&'static str> {
    let layers = N::LAYERS.iter().map(|layer| layer.name);
    let unmoved = layers.filter(|name| {
        let path = format!("{name}.kernel");
        let trains = gradient_range(&N::LAYOUT, N::SETTINGS, &path);
        let weights = gradient_range(&N::LAYOUT, &[], &path);
        let (Some(trains), Some(weights)) = (trains, weights) else {
            return false;
        };
        !trains.is_empty() && before[weights.clone()] == after[weights]
    });
    unmoved.collect()
}
