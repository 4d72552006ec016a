//! Data sets, labels, and sources of samples.

use crate::element::Elements;

#[cfg(feature = "std")]
pub mod array;
#[cfg(feature = "std")]
pub mod csv;
#[cfg(feature = "std")]
mod dataset;
#[cfg(feature = "std")]
pub mod datasets;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
pub mod idx;
#[cfg(feature = "images")]
pub mod image;
#[cfg(feature = "images")]
pub mod image_folder;
mod label;
#[cfg(feature = "std")]
mod mix;
#[cfg(feature = "std")]
pub mod npy;
#[cfg(feature = "std")]
mod pad_sequences;
#[cfg(feature = "std")]
mod pickle;
#[cfg(feature = "std")]
pub mod samples;
mod step_labels;
mod tensor;
mod tuple;
#[cfg(feature = "std")]
mod unpack;
mod value;
#[cfg(feature = "std")]
mod windows;

#[cfg(feature = "std")]
pub use array::to_categorical;
#[cfg(feature = "std")]
pub use dataset::Dataset;
#[cfg(feature = "std")]
pub(crate) use error::DataError;
#[cfg(feature = "images")]
pub use image_folder::{ImageFolder, Subset};
#[cfg(feature = "std")]
pub use label::Classes;
pub use label::{Binary, Class};
#[cfg(feature = "std")]
pub use mix::Mixed;
#[cfg(feature = "std")]
pub use pad_sequences::{PadSequences, Side, pad_sequences};
#[cfg(feature = "std")]
pub use samples::Samples;
#[cfg(feature = "std")]
pub use tensor::TensorColumn;
pub use value::Value;

/// A kind of input or label, as a type: the shape of a tensor ([`Rank3`](crate::tensor::Rank3)), a label
/// ([`Class`], [`Binary`]), or a tuple of them.
///
/// As [`Elements`] it determines the type of a batch: a slice with the numbers of one sample after the other,
/// or a tuple of slices.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of sample or label",
    label = "expected a shape or a label",
    note = "inputs are shapes: `Rank1<4>`, `Rank3<28, 28, 1>`, or a tuple of them",
    note = "labels are `Class<N>` for one of `N` classes, made by `Class::new(i)`; `Binary` for yes or no, made by `true.into()`; `[Class<N>; STEPS]`, one for each step; or a shape"
)]
pub trait Data: Elements + Sized {
    /// One sample.
    type Value: bytemuck::Zeroable;

    /// One sample as a batch of one.
    fn view(value: &Self::Value) -> Self::Slices<'_>;

    /// Storage for many samples.
    #[cfg(feature = "std")]
    type Column: Default + Clone + Send + Sync;
    /// A buffer for a batch, reused from step to step.
    #[cfg(feature = "std")]
    type Batch: Default + Send + Sync;

    /// Appends a sample.
    #[cfg(feature = "std")]
    fn push(column: &mut Self::Column, value: &Self::Value);
    /// The sample at `index`.
    #[cfg(feature = "std")]
    fn read(column: &Self::Column, index: usize) -> Box<Self::Value>;
    /// Copies the sample at `index` to `value`.
    #[cfg(feature = "std")]
    fn read_into(column: &Self::Column, index: usize, value: &mut Self::Value) {
        *value = *Self::read(column, index);
    }
    /// The samples with these indices, in this order: a view if they are contiguous, otherwise copied into
    /// `batch`.
    #[cfg(feature = "std")]
    fn gather<'a>(
        column: &'a Self::Column,
        indices: &[usize],
        batch: &'a mut Self::Batch,
    ) -> Self::Slices<'a>;

    /// Appends the samples with these indices from another column.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn append(
        column: &mut Self::Column,
        from: &Self::Column,
        indices: &mut dyn Iterator<Item = usize>,
    ) {
        let mut value = bytemuck::zeroed_box();
        for index in indices {
            Self::read_into(from, index, &mut value);
            Self::push(column, &value);
        }
    }

    /// The number of classes of a class label.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    const CLASS_COUNT: usize = 0;

    /// The number of labels in a sample, one for each step: 1 unless the label is a sequence or a map, or for
    /// several outputs.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    const STEPS: usize = 1;

    /// Appends the class of each label of a batch, for class labels.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn classes_of(_labels: Self::Slices<'_>, _classes: &mut Vec<usize>) {}

    /// Passes the numbers of each input of a batch to `look`: the index of the input, from `part` on, its
    /// numbers, and the count of numbers per sample.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn floats(_batch: Self::Slices<'_>, _part: usize, _look: &mut dyn FnMut(usize, &[f32], usize)) {
    }

    /// A hash of some or of all numbers of a sample; `None` for a kind without numbers.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn fingerprint(_column: &Self::Column, _index: usize, _all: bool) -> Option<u64> {
        None
    }

    /// The class of a label, if it is one.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn class_of(_value: &Self::Value) -> Option<usize> {
        None
    }

    /// The first number of a batch that is NaN, or with `infinite` also infinite. Integers are never either.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn find_not_finite(_batch: Self::Slices<'_>, _infinite: bool) -> Option<Found> {
        None
    }

    /// The first token of a batch that is not below the limit of its part.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    fn find_beyond(_batch: Self::Slices<'_>, _limits: &[usize]) -> Option<Found> {
        None
    }
}

/// A number in a batch, with its position.
#[cfg(feature = "std")]
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Found {
    /// The index among several inputs or labels.
    pub part: usize,
    /// The index of its sample in the batch.
    pub sample: usize,
    /// Its index in the sample.
    pub index: usize,
    /// The number itself.
    pub value: f32,
}

/// The first number that is NaN, or with `infinite` also infinite, in samples of `len` numbers.
#[cfg(feature = "std")]
fn find_not_finite(values: &[f32], len: usize, infinite: bool) -> Option<Found> {
    // A check of the sum of all values first: it is vectorized, and nearly always nothing is found.
    let any = match infinite {
        false => values.iter().fold(false, |any, value| any | value.is_nan()),
        true => values
            .iter()
            .fold(false, |any, value| any | !value.is_finite()),
    };
    if !any {
        return None;
    }
    let is = |value: &f32| value.is_nan() || infinite && value.is_infinite();
    let place = values.iter().position(is)?;
    Some(Found {
        part: 0,
        sample: place / len,
        index: place % len,
        value: values[place],
    })
}

/// The samples with these indices, `len` values each, if they are contiguous.
#[cfg(feature = "std")]
fn neighbours<'a, T>(values: &'a [T], indices: &[usize], len: usize) -> Option<&'a [T]> {
    let first = *indices.first()?;
    let side_by_side = indices.iter().enumerate();
    let side_by_side = side_by_side.fold(true, |so_far, (i, index)| so_far & (*index == first + i));
    side_by_side.then(|| &values[first * len..(first + indices.len()) * len])
}
