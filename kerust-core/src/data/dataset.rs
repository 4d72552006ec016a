//! Data sets in memory.

mod classes;
mod transform;

use super::samples::{Batch, Room, Samples};
use super::{Data, DataError, TensorColumn};
use crate::error::Result;
use crate::rng::Seed;
use crate::tensor::StaticShape;
use rand::seq::SliceRandom;
use std::sync::Arc;

/// A data set in memory, with inputs `X` and labels `Y`. Cloning, splitting, shuffling and filtering do not
/// copy samples.
///
/// ```
/// use kerust::prelude::*;
///
/// let data: Dataset<Rank1<2>, Class<3>> =
///     Dataset::from_arrays(&[[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], &[0, 1, 2])?;
/// let (train, test) = data.shuffle(Seed(1)).split(0.67);
/// assert_eq!((train.len(), test.len()), (2, 1));
/// # Ok::<(), kerust::Error>(())
/// ```
pub struct Dataset<X: Data, Y: Data> {
    inputs: Arc<X::Column>,
    labels: Arc<Y::Column>,
    places: Arc<[SampleIndex]>,
    class_names: Arc<[String]>,
}

/// The position of a sample: the indices of its input and its label, which can differ.
#[derive(Clone, Copy)]
pub(super) struct SampleIndex {
    pub(super) input: usize,
    pub(super) label: usize,
}

impl SampleIndex {
    /// The input and the label with the same index.
    fn same(index: usize) -> Self {
        Self {
            input: index,
            label: index,
        }
    }
}

impl<X: Data, Y: Data> Dataset<X, Y> {
    /// Creates `count` samples by calling `sample` with each index.
    ///
    /// Each sample is returned on the stack. Without optimization the main thread's stack has room for about
    /// 500,000 numbers; for larger samples use [`fill`](Self::fill).
    pub fn generate(count: usize, mut sample: impl FnMut(usize) -> (X::Value, Y::Value)) -> Self {
        let mut columns = (X::Column::default(), Y::Column::default());
        for index in 0..count {
            let (input, label) = sample(index);
            X::push(&mut columns.0, &input);
            Y::push(&mut columns.1, &label);
        }
        Self::from_columns(columns.0, columns.1, count, Vec::new())
    }

    /// Creates `count` samples. `sample` gets the index of each sample, and writes the input and the label to
    /// the given places, which hold arbitrary valid values before. Samples of any size are possible, since
    /// they are not passed on the stack.
    ///
    /// ```
    /// use kerust::data::{Class, Dataset};
    /// use kerust::tensor::Rank3;
    ///
    /// let images = Dataset::<Rank3<512, 512, 3>, Class<2>>::fill(4, |number, x, y| {
    ///     x.as_mut_slice().fill(number as f32);
    ///     *y = Class::new(number % 2);
    /// });
    /// assert_eq!(images.len(), 4);
    /// ```
    pub fn fill(count: usize, mut sample: impl FnMut(usize, &mut X::Value, &mut Y::Value)) -> Self {
        let mut columns = (X::Column::default(), Y::Column::default());
        let (mut input, mut label) = (
            bytemuck::zeroed_box::<X::Value>(),
            bytemuck::zeroed_box::<Y::Value>(),
        );
        for index in 0..count {
            sample(index, &mut input, &mut label);
            X::push(&mut columns.0, &input);
            Y::push(&mut columns.1, &label);
        }
        Self::from_columns(columns.0, columns.1, count, Vec::new())
    }

    /// Creates a data set of `count` samples from columns.
    pub(crate) fn from_columns(
        inputs: X::Column,
        labels: Y::Column,
        count: usize,
        class_names: Vec<String>,
    ) -> Self {
        Self {
            inputs: Arc::new(inputs),
            labels: Arc::new(labels),
            places: (0..count).map(SampleIndex::same).collect(),
            class_names: class_names.into(),
        }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The names of the classes, in the order of their numbers. Empty if there are none.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// The input of the sample at `index`.
    ///
    /// # Panics
    /// Panics unless `index < self.len()`.
    pub fn input(&self, index: usize) -> Box<X::Value> {
        X::read(&self.inputs, self.places[index].input)
    }

    /// The label of the sample at `index`.
    ///
    /// # Panics
    /// Panics unless `index < self.len()`.
    pub fn label(&self, index: usize) -> Box<Y::Value> {
        Y::read(&self.labels, self.places[index].label)
    }

    /// Copies the sample at `index`.
    ///
    /// # Panics
    /// Panics unless `index < self.len()`.
    pub fn read(&self, index: usize, input: &mut X::Value, label: &mut Y::Value) {
        let place = self.places[index];
        X::read_into(&self.inputs, place.input, input);
        Y::read_into(&self.labels, place.label, label);
    }

    /// The samples from `start` up to (not including) `end`.
    pub(crate) fn range(&self, start: usize, end: usize) -> Self {
        self.at(self.places[start..end].into())
    }

    /// The samples at these positions.
    fn at(&self, places: Arc<[SampleIndex]>) -> Self {
        Self {
            inputs: Arc::clone(&self.inputs),
            labels: Arc::clone(&self.labels),
            places,
            class_names: Arc::clone(&self.class_names),
        }
    }

    /// Shuffles the samples. The same seed gives the same order.
    pub fn shuffle(&self, seed: Seed) -> Self {
        let mut shuffled = self.clone();
        Arc::make_mut(&mut shuffled.places).shuffle(&mut seed.rng());
        shuffled
    }

    /// Iterates over the samples.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Box<X::Value>, Box<Y::Value>)> + '_ {
        (0..self.len()).map(|index| (self.input(index), self.label(index)))
    }

    /// Splits the data set: the first `fraction` of the samples, and the rest.
    ///
    /// # Panics
    /// Panics unless `0 <= fraction <= 1`.
    pub fn split(&self, fraction: f64) -> (Self, Self) {
        assert!(
            (0.0..=1.0).contains(&fraction),
            "a split takes a fraction from 0 to 1, found {fraction}"
        );
        let first = (self.len() as f64 * fraction).round() as usize;
        (self.range(0, first), self.range(first, self.len()))
    }

    /// The first `count` samples, or all if there are fewer.
    pub fn take(&self, count: usize) -> Self {
        self.range(0, count.min(self.len()))
    }

    /// Divides the data set into batches of `size` samples, in order; the last one has the rest.
    ///
    /// ```
    /// use kerust::data::{Class, Dataset};
    /// use kerust::tensor::Rank1;
    ///
    /// let data = Dataset::<Rank1<1>, Class<5>>::generate(5, |i| ([i as f32].into(), Class::new(i)));
    /// let sizes: Vec<usize> = data.batches(2).map(|batch| batch.len()).collect();
    /// assert_eq!(sizes, [2, 2, 1]);
    /// ```
    ///
    /// # Panics
    /// Panics if `size` is 0.
    #[track_caller]
    pub fn batches(&self, size: usize) -> impl ExactSizeIterator<Item = Self> + '_ {
        assert!(size > 0, "the size of a batch is 0, expected at least 1");
        let batches = 0..self.len().div_ceil(size);
        batches.map(move |batch| self.range(batch * size, self.len().min((batch + 1) * size)))
    }
}

impl<X: Data, Y: Data> Samples<X, Y> for Dataset<X, Y> {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn class_names(&self) -> &[String] {
        &self.class_names
    }

    fn is_in_memory(&self) -> bool {
        true
    }

    fn fingerprint(&self, number: usize, all: bool) -> Option<u64> {
        X::fingerprint(&self.inputs, self.places[number].input, all)
    }

    fn gather<'s: 'x + 'y, 'x, 'y>(
        &'s self,
        numbers: &[usize],
        room: Room<'x, 'y, X, Y>,
    ) -> Result<Batch<'x, 'y, X, Y>> {
        let places = numbers.iter().map(|number| self.places[*number]);
        Ok(room.gather(&self.inputs, &self.labels, places))
    }
}

impl<X: StaticShape, Y: Data> Dataset<X, Y> {
    /// Creates a data set from slices, with one sample for each label. `inputs` holds the values of one
    /// sample after the other, row-major.
    ///
    /// # Errors
    /// Returns an error if the number of values in `inputs` does not match the number of labels.
    pub fn from_slices(inputs: &[f32], labels: &[Y::Value]) -> Result<Self> {
        if Some(inputs.len()) != X::LEN.checked_mul(labels.len()) {
            return Err(DataError::Values {
                found: inputs.len(),
                samples: labels.len(),
                sample_len: X::LEN,
            }
            .into());
        }
        let mut column = Y::Column::default();
        for label in labels {
            Y::push(&mut column, label);
        }
        let inputs = TensorColumn::Float(inputs.to_vec());
        Ok(Self::from_columns(inputs, column, labels.len(), Vec::new()))
    }
}

impl<X: Data, Y: Data> core::fmt::Debug for Dataset<X, Y> {
    /// Prints the number and the kinds of the samples, but not their values.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "Dataset {{ {} samples, {} -> {} }}",
            self.len(),
            type_name::<X>(),
            type_name::<Y>()
        )
    }
}

/// The name of a type without its path: `Rank3<28, 28, 1>`.
fn type_name<T>() -> String {
    let name = core::any::type_name::<T>();
    name.split_inclusive(['<', '(', ' '])
        .map(|part| part.rsplit("::").next().unwrap_or(part))
        .collect()
}

impl<X: Data, Y: Data> Clone for Dataset<X, Y> {
    fn clone(&self) -> Self {
        self.range(0, self.len())
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{Binary, Class, Dataset};
    use crate::rng::Seed;
    use crate::tensor::{Rank1, Rank3, Tensor};

    fn numbers(count: usize) -> Dataset<Rank1<1>, Class<100>> {
        Dataset::generate(count, |i| (Tensor::from([i as f32]), Class::new(i)))
    }

    fn labels(dataset: &Dataset<Rank1<1>, Class<100>>) -> Vec<usize> {
        dataset.iter().map(|(_, label)| label.index()).collect()
    }

    #[test]
    fn a_shuffle_keeps_pairs_and_follows_the_seed() {
        let (first, again) = (numbers(50).shuffle(Seed(1)), numbers(50).shuffle(Seed(1)));
        assert_eq!(labels(&first), labels(&again));
        assert_ne!(labels(&first), labels(&numbers(50).shuffle(Seed(2))));
        assert!(
            first
                .iter()
                .all(|(x, y)| x.as_slice()[0] == y.index() as f32)
        );
        let mut sorted = labels(&first);
        sorted.sort_unstable();
        assert_eq!(sorted, labels(&numbers(50)));
    }

    #[test]
    fn a_shuffle_of_a_part_stays_in_the_part() {
        let (first, _) = numbers(10).split(0.3);
        let mut found = labels(&first.shuffle(Seed(3)));
        found.sort_unstable();
        assert_eq!(found, [0, 1, 2]);
    }

    #[test]
    fn slices_become_samples() {
        let labels = [Class::new(1), Class::new(0)];
        let data: Dataset<Rank1<3>, Class<2>> =
            Dataset::from_slices(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &labels).unwrap();
        assert_eq!(data.input(1).as_slice(), [4.0, 5.0, 6.0]);
        assert_eq!(*data.label(0), Class::new(1));
    }

    #[test]
    fn samples_larger_than_the_stack_are_filled_in_and_read() {
        type Large = (Rank3<512, 512, 3>, Rank1<300_000>);
        let work = || {
            let data = Dataset::<Large, Large>::fill(3, |number, x, y| {
                x.0.as_mut_slice()[7] = number as f32;
                y.1.as_mut_slice()[299_999] = number as f32 + 0.5;
            });
            let (mut x, mut y) = (data.input(0), data.label(0));
            data.read(2, &mut x, &mut y);
            assert_eq!(x.0.as_slice()[7], 2.0);
            assert_eq!(y.1.as_slice()[299_999], 2.5);
            assert_eq!(data.label(1).1.as_slice()[299_999], 1.5);
        };
        let thread = std::thread::Builder::new().stack_size(256 << 10);
        thread.spawn(work).unwrap().join().unwrap();
    }

    #[test]
    fn slices_that_do_not_fit_are_refused() {
        let outcome = Dataset::<Rank1<3>, Binary>::from_slices(&[0.0; 5], &[true.into(); 2]);
        assert_eq!(
            outcome.unwrap_err().to_string(),
            "found 5 input values for 2 labels, expected 2 × 3"
        );
    }

    #[test]
    fn debug_is_short() {
        let image = Dataset::<Rank3<28, 28, 1>, Class<10>>::generate(0, |_| unreachable!());
        assert_eq!(
            format!("{image:?}"),
            "Dataset { 0 samples, Rank3<28, 28, 1> -> Class<10> }"
        );
        let pair = Dataset::<(Rank1<2>, Rank1<3>), Binary>::generate(0, |_| unreachable!());
        assert_eq!(
            format!("{pair:?}"),
            "Dataset { 0 samples, (Rank1<2>, Rank1<3>) -> Binary }"
        );
    }
}
