//! A search for a learning rate.

use super::super::compiled::BATCH_SIZE;
use super::super::pool;
use super::{batches, not_empty};
use crate::Result;
use crate::data::{Data, Samples};
use crate::model::Train;
#[cfg(feature = "plots")]
use crate::picture::LearningRatePlot;
use crate::train::Compiled;
use std::fmt;

/// The rates of the first and of the last step.
const RATES: [f64; 2] = [1e-7, 10.0];
const STEPS: usize = 120;
/// The share of the smoothed loss that is kept in each step.
const SMOOTHING: f64 = 0.9;
/// The loss counts as divergent when it is this many times the smallest loss.
const DIVERGES: f64 = 4.0;

/// The loss for each learning rate, in increasing order, as returned by [`Compiled::find_learning_rate`].
#[derive(Clone, PartialEq, Debug)]
pub struct LearningRates {
    rates: Vec<f32>,
    losses: Vec<f64>,
    suggestion: Option<f32>,
}

impl LearningRates {
    /// The learning rate of each step.
    pub fn rates(&self) -> &[f32] {
        &self.rates
    }

    /// The loss at each rate, smoothed over the steps before.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }

    /// The rate at which the loss falls fastest, or `None` if it never falls.
    pub fn suggestion(&self) -> Option<f32> {
        self.suggestion
    }

    /// Plots the losses: `rates.plot().save("rates.svg")`.
    #[cfg(feature = "plots")]
    pub fn plot(&self) -> LearningRatePlot {
        LearningRatePlot::new(&self.rates, &self.losses, self.suggestion)
    }

    fn of(rates: Vec<f32>, losses: Vec<f64>) -> Self {
        Self {
            suggestion: steepest(&rates, &losses),
            rates,
            losses,
        }
    }
}

impl fmt::Display for LearningRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(rate) = self.suggestion else {
            return f.write_str(
                "the loss falls at no learning rate: `model.overfit_check(&train)?` says whether the model learns at all",
            );
        };
        let last = self.rates.last().copied().unwrap_or(rate);
        write!(f, "the loss falls fastest at a learning rate of {rate:.1e}")?;
        match f64::from(last) < 0.99 * RATES[1] {
            true => write!(f, ", and diverges at {last:.1e}"),
            false => Ok(()),
        }
    }
}

impl<N: Train, Y: Data> Compiled<N, Y> {
    /// Trains a copy of the model for a few steps with increasing learning rates, from 1e-7 to 10 or until
    /// the loss diverges: Smith (2017), arXiv:1506.01186.
    ///
    /// The weights, the optimizer and the results of a later training stay the same.
    ///
    /// ```
    /// use kerust::prelude::*;
    ///
    /// model! { pub Net: Input(2) => Dense(8, relu, name = features) => Dense(1) }
    /// let data: Dataset<Rank1<2>, Rank1<1>> =
    ///     Dataset::generate(64, |i| ([i as f32 / 64.0, 1.0].into(), [3.0].into()));
    /// let mut model = Net::new(Seed(1)).compile(SGD::new(0.01), MeanSquaredError, ());
    ///
    /// let rates = model.find_learning_rate(&data)?;
    /// println!("{rates}");
    /// # Ok::<(), kerust::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error when the data set is empty, or a sample cannot be read or is not finite.
    pub fn find_learning_rate(
        &mut self,
        data: &impl Samples<N::Input, Y>,
    ) -> Result<LearningRates> {
        not_empty::<N::Input, Y>(data)?;
        let batches = batches(data.len(), BATCH_SIZE, STEPS, self.trainee.run.seed);
        let growth = (RATES[1] / RATES[0]).powf(1.0 / (STEPS - 1) as f64);
        let sweep = |model: &mut Self| {
            let (mut rates, mut losses) = (Vec::new(), Vec::new());
            let (mut average, mut least) = (0.0, f64::INFINITY);
            for (step, numbers) in batches.iter().enumerate() {
                let rate = (RATES[0] * growth.powi(step as i32)) as f32;
                model.set_learning_rate(rate);
                let loss = model.step(data, numbers)?;
                average = SMOOTHING * average + (1.0 - SMOOTHING) * loss;
                let smooth = average / (1.0 - SMOOTHING.powi(step as i32 + 1));
                least = f64::min(least, smooth);
                // A step whose loss is not finite has not changed the model.
                if !loss.is_finite() || smooth > DIVERGES * least.abs() && step > 10 {
                    break;
                }
                rates.push(rate);
                losses.push(smooth);
            }
            Ok(LearningRates::of(rates, losses))
        };
        pool::inside(None, || self.tried(RATES[0] as f32, sweep))?
    }
}

/// The rate at which the curve falls fastest on the way to its smallest value.
fn steepest(rates: &[f32], losses: &[f64]) -> Option<f32> {
    let least = losses
        .iter()
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(b.1))?
        .0;
    // The first losses are averages over few steps.
    let first = losses.get(10)?;
    if losses[least] > 0.95 * first || least < 12 {
        return None;
    }
    let slope = |place: &usize| losses[place + 2] - losses[place - 2];
    let places = 12..least.saturating_sub(1);
    let place = places.min_by(|a, b| slope(a).total_cmp(&slope(b)))?;
    Some(rates[place])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steepest_fall_is_found() {
        let rates: Vec<f32> = (0..60).map(|i| 10f32.powf(-6.0 + 0.1 * i as f32)).collect();
        let losses: Vec<f64> = (0..60)
            .map(|i| 2.0 - 1.5 / (1.0 + (-(f64::from(i) - 30.0) / 2.0).exp()))
            .collect();
        let found = steepest(&rates, &losses).unwrap();
        assert!((found / 1e-3).log10().abs() < 0.11, "{found}");
        assert_eq!(steepest(&rates, &[1.0; 60]), None);
        assert_eq!(steepest(&[], &[]), None);
    }
}
