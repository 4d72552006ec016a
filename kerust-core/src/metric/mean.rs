//! Running means.

use crate::data::Data;
use crate::loss::Batch;
use crate::model::Heads;

/// A running mean over samples, each by its weight: `Σ w v / Σ w`, as Keras's `Mean`; 0 of nothing.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Mean {
    total: f64,
    count: f64,
}

impl Mean {
    /// Adds a value of a weight.
    pub fn add(&mut self, value: f64, weight: f64) {
        self.total += value * weight;
        self.count += weight;
    }

    /// Adds the value of each sample of a batch, by its weight.
    pub fn add_batch<H: Heads, Y: Data>(
        &mut self,
        batch: Batch<'_, H, Y>,
        mut value: impl FnMut(usize) -> f64,
    ) {
        for sample in 0..batch.len() {
            self.add(value(sample), f64::from(batch.weight(sample)));
        }
    }

    /// Adds values whose sum, each by its weight, is known.
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
