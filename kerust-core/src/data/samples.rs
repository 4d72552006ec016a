//! Sources of samples: data sets in memory, and samples that are computed or read one by one.

use super::dataset::SampleIndex;
use super::{Data, DataError};
use crate::Result;
use crate::element::Elements;
use std::error::Error;
use std::marker::PhantomData;
use std::sync::Mutex;

/// A source of samples, with inputs `X` and labels `Y`. Samples are identified by their index.
///
/// A [`Dataset`](super::Dataset) holds samples in memory, and [`from_fn`] creates a source from a closure. If
/// reading fails, `fit` ends with an error that names the sample and the cause, and the model is as it was
/// after the last complete step.
///
/// A custom source implements [`gather`](Self::gather) with [`Room::fill`]:
///
/// ```
/// use kerust::Result;
/// use kerust::data::samples::Room;
/// use kerust::data::{Class, Data, Samples};
/// use kerust::tensor::Rank1;
///
/// /// Numbers from 0 to 99, and whether they are odd.
/// struct Parity;
///
/// impl Samples<Rank1<1>, Class<2>> for Parity {
///     fn len(&self) -> usize {
///         100
///     }
///
///     fn gather<'s: 'x + 'y, 'x, 'y>(
///         &'s self,
///         numbers: &[usize],
///         room: Room<'x, 'y, Rank1<1>, Class<2>>,
///     ) -> Result<(&'x [f32], &'y [u32])> {
///         room.fill(numbers, |number, x, y| {
///             x.as_mut_slice()[0] = number as f32;
///             *y = Class::new(number % 2);
///             Ok(())
///         })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not fit the model: expected samples of `{X}` with labels `{Y}`",
    label = "expected samples of `{X}` with labels `{Y}`"
)]
pub trait Samples<X: Data, Y: Data>: Sync {
    /// The number of samples.
    fn len(&self) -> usize;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the classes, in the order of their numbers. Empty if there are none.
    fn class_names(&self) -> &[String] {
        &[]
    }

    /// Whether the samples are in memory, so that reading them is cheap and has no side effects.
    #[doc(hidden)]
    fn is_in_memory(&self) -> bool {
        false
    }

    /// A hash of some or all numbers of an input, if the samples are in memory.
    #[doc(hidden)]
    fn fingerprint(&self, _number: usize, _all: bool) -> Option<u64> {
        None
    }

    /// The inputs and the labels of the samples with these indices, in this order. Each index is less than
    /// [`len`](Self::len). Samples that are not contiguous in memory are written to `room`.
    ///
    /// # Errors
    /// Returns an error when a sample cannot be read.
    fn gather<'s: 'x + 'y, 'x, 'y>(
        &'s self,
        numbers: &[usize],
        room: Room<'x, 'y, X, Y>,
    ) -> Result<Batch<'x, 'y, X, Y>>;
}

/// A batch: its inputs and its labels.
pub type Batch<'x, 'y, X, Y> = (<X as Elements>::Slices<'x>, <Y as Elements>::Slices<'y>);

impl<X: Data, Y: Data, S: Samples<X, Y> + ?Sized> Samples<X, Y> for &S {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn class_names(&self) -> &[String] {
        (**self).class_names()
    }

    fn is_in_memory(&self) -> bool {
        (**self).is_in_memory()
    }

    fn fingerprint(&self, number: usize, all: bool) -> Option<u64> {
        (**self).fingerprint(number, all)
    }

    fn gather<'s: 'x + 'y, 'x, 'y>(
        &'s self,
        numbers: &[usize],
        room: Room<'x, 'y, X, Y>,
    ) -> Result<Batch<'x, 'y, X, Y>> {
        (**self).gather(numbers, room)
    }
}

/// The buffers to which a source writes the inputs and the labels of a batch.
pub struct Room<'x, 'y, X: Data, Y: Data> {
    inputs: &'x mut Side<X>,
    labels: &'y mut Side<Y>,
}

/// A buffer for the inputs or the labels of a batch, reused from step to step.
pub(crate) struct Side<D: Data> {
    places: Vec<usize>,
    batch: D::Batch,
    column: D::Column,
}

impl<D: Data> Default for Side<D> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            batch: Default::default(),
            column: Default::default(),
        }
    }
}

impl<D: Data> Side<D> {
    /// The samples at these indices of a column.
    fn gather<'a>(
        &'a mut self,
        column: &'a D::Column,
        places: impl Iterator<Item = usize>,
    ) -> D::Slices<'a> {
        self.places.clear();
        self.places.extend(places);
        D::gather(column, &self.places, &mut self.batch)
    }

    /// All samples of the buffer's own column.
    fn all(&mut self, samples: usize) -> D::Slices<'_> {
        self.places.clear();
        self.places.extend(0..samples);
        D::gather(&self.column, &self.places, &mut self.batch)
    }
}

impl<'x, 'y, X: Data, Y: Data> Room<'x, 'y, X, Y> {
    pub(crate) fn new(inputs: &'x mut Side<X>, labels: &'y mut Side<Y>) -> Self {
        Self { inputs, labels }
    }

    /// Creates a batch by reading one sample after the other. `read` is called for each of `numbers`, and
    /// writes the input and the label of that sample to the given places, which hold arbitrary valid values
    /// before.
    ///
    /// # Errors
    /// Returns an error when `read` fails: the error names the sample.
    pub fn fill(
        self,
        numbers: &[usize],
        mut read: impl FnMut(usize, &mut X::Value, &mut Y::Value) -> Result<(), BoxError>,
    ) -> Result<Batch<'x, 'y, X, Y>> {
        // On the heap, because a sample may be larger than the stack.
        let (mut input, mut label) = (
            bytemuck::zeroed_box::<X::Value>(),
            bytemuck::zeroed_box::<Y::Value>(),
        );
        self.inputs.column = Default::default();
        self.labels.column = Default::default();
        for &number in numbers {
            read(number, &mut input, &mut label).map_err(|cause| DataError::Sample {
                sample: number,
                cause,
            })?;
            X::push(&mut self.inputs.column, &input);
            Y::push(&mut self.labels.column, &label);
        }
        let samples = numbers.len();
        Ok((self.inputs.all(samples), self.labels.all(samples)))
    }

    /// Creates a batch from the samples at these indices of columns.
    pub(super) fn gather(
        self,
        inputs: &'x X::Column,
        labels: &'y Y::Column,
        places: impl Iterator<Item = SampleIndex> + Clone,
    ) -> Batch<'x, 'y, X, Y> {
        (
            self.inputs
                .gather(inputs, places.clone().map(|place| place.input)),
            self.labels.gather(labels, places.map(|place| place.label)),
        )
    }
}

/// The reason why a sample cannot be read: any error, or a string.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Creates a source of `len` samples that `read` computes or reads whenever they are needed.
///
/// `read` gets the index of a sample, from 0, and the places for its input and its label, which hold
/// arbitrary valid values before.
///
/// ```
/// use kerust::data::{Class, samples};
/// use kerust::tensor::Rank1;
///
/// let data = samples::from_fn::<Rank1<2>, Class<2>>(1000, |number, x, y| {
///     x.as_mut_slice().fill(number as f32 / 1000.0);
///     *y = Class::new(number % 2);
///     Ok(())
/// });
/// ```
///
/// # Cost
/// `read` is called for one sample at a time, each time the sample is used.
pub fn from_fn<X: Data, Y: Data>(
    len: usize,
    read: impl FnMut(usize, &mut X::Value, &mut Y::Value) -> Result<(), BoxError> + Send,
) -> impl Samples<X, Y> {
    FromFn {
        len,
        read: Mutex::new(read),
        kinds: PhantomData::<fn() -> (X, Y)>,
    }
}

struct FromFn<F, K> {
    len: usize,
    read: Mutex<F>,
    kinds: PhantomData<K>,
}

impl<X, Y, F> Samples<X, Y> for FromFn<F, fn() -> (X, Y)>
where
    X: Data,
    Y: Data,
    F: FnMut(usize, &mut X::Value, &mut Y::Value) -> Result<(), BoxError> + Send,
{
    fn len(&self) -> usize {
        self.len
    }

    fn gather<'s: 'x + 'y, 'x, 'y>(
        &'s self,
        numbers: &[usize],
        room: Room<'x, 'y, X, Y>,
    ) -> Result<Batch<'x, 'y, X, Y>> {
        let read = self.read.lock();
        // A panic in another thread has already ended the work that it was part of.
        let mut read = read.unwrap_or_else(std::sync::PoisonError::into_inner);
        room.fill(numbers, &mut *read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Class, Dataset};
    use crate::tensor::{Rank1, Tensor};

    type Pair = (Rank1<2>, Rank1<1>);

    #[test]
    fn a_closure_gives_what_a_data_set_of_its_samples_gives() {
        let value = |number: usize, place: usize| (number * 10 + place) as f32;
        let data = Dataset::<Pair, Class<7>>::generate(7, |number| {
            let first = Tensor::from([value(number, 0), value(number, 1)]);
            ((first, [value(number, 2)].into()), Class::new(number))
        });
        let source = from_fn::<Pair, Class<7>>(7, |number, x, y| {
            for (place, slot) in x.0.as_mut_slice().iter_mut().enumerate() {
                *slot = value(number, place);
            }
            x.1.as_mut_slice()[0] = value(number, 2);
            *y = Class::new(number);
            Ok(())
        });
        assert_eq!(source.len(), 7);
        let (mut x, mut y) = (Side::default(), Side::default());
        let (mut other_x, mut other_y) = (Side::default(), Side::default());
        for numbers in [&[0, 1, 2][..], &[6, 0, 3], &[5]] {
            let room = Room::new(&mut x, &mut y);
            let expected = data.gather(numbers, room).unwrap();
            let room = Room::new(&mut other_x, &mut other_y);
            assert_eq!(source.gather(numbers, room).unwrap(), expected);
        }
    }

    #[test]
    fn a_sample_that_cannot_be_read_is_named_with_the_cause() {
        let source = from_fn::<Rank1<1>, Class<2>>(9, |number, _, _| match number {
            7 => Err("the camera is off".into()),
            _ => Ok(()),
        });
        let (mut x, mut y) = (Side::default(), Side::default());
        let room = Room::new(&mut x, &mut y);
        assert!(source.gather(&[6, 8], room).is_ok());
        let room = Room::new(&mut x, &mut y);
        let error = source.gather(&[6, 7, 8], room).unwrap_err();
        assert_eq!(error.to_string(), "cannot read sample 7: the camera is off");
    }
}
