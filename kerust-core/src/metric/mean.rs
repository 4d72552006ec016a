//! Running means.

use crate::data::Data;
use crate::loss::Batch;
use crate::model::Heads;

/// A running weighted mean: `Σ w v / Σ w`, as Keras's `Mean`. It is 0 as long as there is no value. Most
/// metrics use it as their state.
///
/// ```
/// use kerust::metric::Mean;
///
/// let (mut mean, mut other) = (Mean::default(), Mean::default());
/// mean.add(1.0, 3.0);
/// other.add(5.0, 1.0);
/// mean.merge(&other);
/// assert_eq!(mean.value(), 2.0);
/// ```
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Mean {
    total: f64,
    count: f64,
}

impl Mean {
    /// Adds a value with its weight.
    pub fn add(&mut self, value: f64, weight: f64) {
        self.total += value * weight;
        self.count += weight;
    }

    /// Adds the value of each sample of a batch, with the sample's weight.
    pub fn add_batch<H: Heads, Y: Data>(
        &mut self,
        batch: Batch<'_, H, Y>,
        mut value: impl FnMut(usize) -> f64,
    ) {
        for sample in 0..batch.len() {
            self.add(value(sample), f64::from(batch.weight(sample)));
        }
    }

    /// Adds the values of another mean.
    pub fn merge(&mut self, other: &Self) {
        self.add_total(other.total, other.count);
    }

    /// Adds several values, given as the sum of value times weight and the sum of weights.
    pub(crate) fn add_total(&mut self, total: f64, weight: f64) {
        self.total += total;
        self.count += weight;
    }

    /// The mean.
    pub fn value(&self) -> f64 {
        if self.count == 0.0 {
            0.0
        } else {
            self.total / self.count
        }
    }
}
