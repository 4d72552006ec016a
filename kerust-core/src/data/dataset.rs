//! Samples with their labels.

use super::Data;
use std::sync::Arc;

/// Inputs `X` with labels `Y`, in memory. Cloning, splitting and shuffling copy no sample.
pub struct Dataset<X: Data, Y: Data> {
    columns: Arc<(X::Column, Y::Column)>,
    indices: Arc<[usize]>,
    class_names: Arc<[String]>,
}

impl<X: Data, Y: Data> Dataset<X, Y> {
    /// `count` samples, the sample number `i` being `sample(i)`.
    pub fn generate(count: usize, mut sample: impl FnMut(usize) -> (X::Value, Y::Value)) -> Self {
        let mut columns = (X::Column::default(), Y::Column::default());
        for index in 0..count {
            let (input, label) = sample(index);
            X::push(&mut columns.0, &input);
            Y::push(&mut columns.1, &label);
        }
        Self::from_columns(columns.0, columns.1, count, Vec::new())
    }

    /// `count` samples whose values are at hand.
    pub(crate) fn from_columns(
        inputs: X::Column,
        labels: Y::Column,
        count: usize,
        class_names: Vec<String>,
    ) -> Self {
        Self {
            columns: Arc::new((inputs, labels)),
            indices: (0..count).collect(),
            class_names: class_names.into(),
        }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// The names of the classes in the order of their numbers; empty where there are none.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The input of sample number `index`.
    ///
    /// # Panics
    /// Unless `index < self.len()`.
    pub fn input(&self, index: usize) -> Box<X::Value> {
        X::read(&self.columns.0, self.indices[index])
    }

    /// The label of sample number `index`.
    ///
    /// # Panics
    /// Unless `index < self.len()`.
    pub fn label(&self, index: usize) -> Box<Y::Value> {
        Y::read(&self.columns.1, self.indices[index])
    }

    /// Replaces a batch by the samples of the given numbers.
    pub(crate) fn gather(
        &self,
        numbers: &[usize],
        places: &mut Vec<usize>,
        inputs: &mut X::Batch,
        labels: &mut Y::Batch,
    ) {
        places.clear();
        places.extend(numbers.iter().map(|number| self.indices[*number]));
        X::gather(&self.columns.0, places, inputs);
        Y::gather(&self.columns.1, places, labels);
    }

    /// The samples from `start` up to `end`.
    pub(crate) fn range(&self, start: usize, end: usize) -> Self {
        Self {
            columns: Arc::clone(&self.columns),
            indices: self.indices[start..end].into(),
            class_names: Arc::clone(&self.class_names),
        }
    }

    /// The first `fraction` of the samples, and the rest.
    ///
    /// # Panics
    /// Unless `0 <= fraction <= 1`.
    pub fn split(&self, fraction: f64) -> (Self, Self) {
        assert!(
            (0.0..=1.0).contains(&fraction),
            "a split takes a fraction from 0 to 1, found {fraction}"
        );
        let first = (self.len() as f64 * fraction).round() as usize;
        (self.range(0, first), self.range(first, self.len()))
    }

    /// The first `count` samples, or all where there are fewer.
    pub fn take(&self, count: usize) -> Self {
        self.range(0, count.min(self.len()))
    }
}

impl<X: Data, Y: Data> Clone for Dataset<X, Y> {
    fn clone(&self) -> Self {
        self.range(0, self.len())
    }
}
