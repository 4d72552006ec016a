//! Samples: what a model takes and what it is told to answer.

use crate::element::Elements;

#[cfg(feature = "std")]
mod dataset;
#[cfg(feature = "std")]
pub mod datasets;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
pub mod idx;
#[cfg(feature = "images")]
pub mod image_folder;
mod label;
#[cfg(feature = "std")]
pub mod npy;
#[cfg(feature = "std")]
mod pickle;
mod tensor;
mod tuple;
#[cfg(feature = "std")]
mod unpack;

#[cfg(feature = "std")]
pub use dataset::Dataset;
#[cfg(feature = "std")]
pub(crate) use dataset::Room;
#[cfg(feature = "std")]
pub use error::DataError;
#[cfg(feature = "images")]
pub use image_folder::{ImageFolder, Subset};
pub use label::{Binary, Class};
#[cfg(feature = "std")]
pub use tensor::TensorColumn;

/// A kind of sample, as a type: the shape of a tensor ([`Rank3`](crate::tensor::Rank3)), a label
/// ([`Class`], [`Binary`]), or a tuple of them.
///
/// As [`Elements`] it says what a batch is: a slice of numbers, sample after sample, or a tuple of slices.
pub trait Data: Elements + Sized {
    /// One sample.
    type Value;

    /// One sample as a batch of one.
    fn view(value: &Self::Value) -> Self::Slices<'_>;

    /// Many samples, as they are kept.
    #[cfg(feature = "std")]
    type Column: Default + Clone + Send + Sync;
    /// Room for a batch. Reused from step to step.
    #[cfg(feature = "std")]
    type Batch: Default + Send + Sync;

    /// Appends a sample.
    #[cfg(feature = "std")]
    fn push(column: &mut Self::Column, value: &Self::Value);
    /// The sample number `index`.
    #[cfg(feature = "std")]
    fn read(column: &Self::Column, index: usize) -> Box<Self::Value>;
    /// The samples of the given numbers, in that order: a view where they lie side by side, else
    /// copied into `batch`.
    #[cfg(feature = "std")]
    fn gather<'a>(
        column: &'a Self::Column,
        indices: &[usize],
        batch: &'a mut Self::Batch,
    ) -> Self::Slices<'a>;
}

/// The samples of the given numbers, `len` values each, where they lie side by side.
#[cfg(feature = "std")]
fn neighbours<'a, T>(values: &'a [T], indices: &[usize], len: usize) -> Option<&'a [T]> {
    let first = *indices.first()?;
    let side_by_side = indices.iter().enumerate();
    let side_by_side = side_by_side.fold(true, |so_far, (i, index)| so_far & (*index == first + i));
    side_by_side.then(|| &values[first * len..(first + indices.len()) * len])
}
