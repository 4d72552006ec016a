//! Labels.

use super::Data;
#[cfg(feature = "std")]
use super::{Found, find_not_finite, neighbours};
use crate::element::Elements;

/// A class label: one of `N` classes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(transparent)]
pub struct Class<const N: usize>(u32);

impl<const N: usize> Class<N> {
    /// Creates the label of class `index`.
    ///
    /// # Panics
    /// Panics unless `index < N`; [`try_new`](Self::try_new) returns `None` instead.
    pub fn new(index: usize) -> Self {
        match Self::try_new(index) {
            Some(class) => class,
            None => panic!("class {index} is out of range: there are {N} classes"),
        }
    }

    /// Creates the label of class `index`, or returns `None` if `index >= N`.
    pub const fn try_new(index: usize) -> Option<Self> {
        const { Self::COUNTED };
        if index < N {
            Some(Self(index as u32))
        } else {
            None
        }
    }

    /// The number of a class is stored in 32 bits.
    const COUNTED: () = assert!(N as u64 <= 1 << 32, "a `Class` has at most 2^32 classes");

    /// The class with this number, which is below `N`.
    #[cfg(feature = "std")]
    pub(super) const fn of_number(number: u32) -> Self {
        Self(number)
    }

    /// The number of the class.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl<const N: usize> core::fmt::Display for Class<N> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

impl<const N: usize> Elements for Class<N> {
    type Slices<'a> = &'a [u32];
    type SlicesMut<'a> = &'a mut [u32];
    type Gradients<'a> = ();
    type GradientsOut<'a> = ();
}

impl<const N: usize> Data for Class<N> {
    type Value = Self;

    fn view(value: &Self) -> &[u32] {
        core::slice::from_ref(&value.0)
    }

    #[cfg(feature = "std")]
    type Column = Vec<u32>;
    #[cfg(feature = "std")]
    type Batch = Vec<u32>;

    #[cfg(feature = "std")]
    const CLASS_COUNT: usize = N;

    #[cfg(feature = "std")]
    fn classes_of(labels: &[u32], classes: &mut Vec<usize>) {
        classes.extend(labels.iter().map(|label| *label as usize));
    }

    #[cfg(feature = "std")]
    fn class_of(value: &Self) -> Option<usize> {
        Some(value.index())
    }

    #[cfg(feature = "std")]
    fn push(column: &mut Vec<u32>, value: &Self) {
        column.push(value.0);
    }

    #[cfg(feature = "std")]
    fn read(column: &Vec<u32>, index: usize) -> Box<Self> {
        Box::new(Self(column[index]))
    }

    #[cfg(feature = "std")]
    fn gather<'a>(column: &'a Vec<u32>, indices: &[usize], batch: &'a mut Vec<u32>) -> &'a [u32] {
        if let Some(values) = neighbours(column, indices, 1) {
            return values;
        }
        batch.clear();
        batch.extend(indices.iter().map(|index| column[*index]));
        batch
    }
}

// SAFETY: a transparent `u32`, and the number 0 is a class of any kind.
unsafe impl<const N: usize> bytemuck::Zeroable for Class<N> {}
// SAFETY: a transparent `u32`.
unsafe impl<const N: usize> bytemuck::NoUninit for Class<N> {}

/// A binary label: 0 or 1, no or yes.
#[derive(Clone, Copy, PartialEq, Debug)]
#[repr(transparent)]
pub struct Binary(f32);

impl From<bool> for Binary {
    fn from(positive: bool) -> Self {
        Self(f32::from(u8::from(positive)))
    }
}

impl Binary {
    /// The label with this number, which is 0 or 1.
    #[cfg(feature = "std")]
    pub(super) const fn of_number(number: f32) -> Self {
        Self(number)
    }

    /// Whether the label is 1.
    pub fn is_positive(self) -> bool {
        self.0 != 0.0
    }
}

impl core::fmt::Display for Binary {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.is_positive().fmt(f)
    }
}

impl Elements for Binary {
    type Slices<'a> = &'a [f32];
    type SlicesMut<'a> = &'a mut [f32];
    type Gradients<'a> = ();
    type GradientsOut<'a> = ();
}

impl Data for Binary {
    type Value = Self;

    fn view(value: &Self) -> &[f32] {
        core::slice::from_ref(&value.0)
    }

    #[cfg(feature = "std")]
    type Column = Vec<f32>;
    #[cfg(feature = "std")]
    type Batch = Vec<f32>;

    #[cfg(feature = "std")]
    const CLASS_COUNT: usize = 2;

    #[cfg(feature = "std")]
    fn classes_of(labels: &[f32], classes: &mut Vec<usize>) {
        classes.extend(labels.iter().map(|label| usize::from(*label != 0.0)));
    }

    #[cfg(feature = "std")]
    fn class_of(value: &Self) -> Option<usize> {
        Some(usize::from(value.is_positive()))
    }

    #[cfg(feature = "std")]
    fn push(column: &mut Vec<f32>, value: &Self) {
        column.push(value.0);
    }

    #[cfg(feature = "std")]
    fn read(column: &Vec<f32>, index: usize) -> Box<Self> {
        Box::new(Self(column[index]))
    }

    #[cfg(feature = "std")]
    fn gather<'a>(column: &'a Vec<f32>, indices: &[usize], batch: &'a mut Vec<f32>) -> &'a [f32] {
        if let Some(values) = neighbours(column, indices, 1) {
            return values;
        }
        batch.clear();
        batch.extend(indices.iter().map(|index| column[*index]));
        batch
    }

    #[cfg(feature = "std")]
    fn find_not_finite(batch: &[f32], infinite: bool) -> Option<Found> {
        find_not_finite(batch, 1, infinite)
    }
}

// SAFETY: a transparent `f32`.
unsafe impl bytemuck::Zeroable for Binary {}
// SAFETY: a transparent `f32`.
unsafe impl bytemuck::NoUninit for Binary {}

/// Labels that are one of `N` classes.
#[cfg(feature = "std")]
#[diagnostic::on_unimplemented(
    message = "`class_weight` does not fit labels `{Self}`",
    label = "found {N} weights",
    note = "labels `Class<N>` take `N` weights, labels `Binary` take 2; other labels take `sample_weight`"
)]
pub trait Classes<const N: usize>: Data {
    /// The class of a label; for `Binary` it is 0 or 1.
    #[doc(hidden)]
    fn class(label: &Self::Value) -> usize;

    /// Multiplies the weights of a batch by the class weights of its labels.
    #[doc(hidden)]
    fn multiply(of_class: &[f32], labels: Self::Slices<'_>, weights: &mut [f32]);
}

#[cfg(feature = "std")]
impl<const N: usize> Classes<N> for Class<N> {
    fn class(label: &Self) -> usize {
        label.index()
    }

    fn multiply(of_class: &[f32], labels: &[u32], weights: &mut [f32]) {
        let pairs = weights.iter_mut().zip(labels);
        pairs.for_each(|(weight, class)| *weight *= of_class[*class as usize]);
    }
}

#[cfg(feature = "std")]
impl Classes<2> for Binary {
    fn class(label: &Self) -> usize {
        usize::from(label.is_positive())
    }

    fn multiply(of_class: &[f32], labels: &[f32], weights: &mut [f32]) {
        let pairs = weights.iter_mut().zip(labels);
        pairs.for_each(|(weight, yes)| *weight *= of_class[usize::from(*yes != 0.0)]);
    }
}
