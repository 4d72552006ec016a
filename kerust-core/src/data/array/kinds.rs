//! The kinds of samples that arrays can hold.

use super::{ArrayFault, Number};
use crate::data::{Binary, Class, Data};
use crate::element::Element;
use crate::tensor::{StaticShape, Tensor};

/// A kind of sample that consists of numbers: a shape, a [`Class`], a [`Binary`], or a [`Tensor`] with
/// another element type.
pub trait Kind: Data {
    /// The samples in an array with these sizes, and their number.
    #[doc(hidden)]
    fn column<T: Number>(
        values: Vec<T>,
        sizes: &[usize],
    ) -> Result<(Self::Column, usize), ArrayFault>;
}

impl<S: StaticShape> Kind for S {
    fn column<T: Number>(
        values: Vec<T>,
        sizes: &[usize],
    ) -> Result<(Self::Column, usize), ArrayFault> {
        let count = samples::<S>(values.len(), sizes)?;
        match T::column(values) {
            Ok(column) => Ok((column, count)),
            Err((place, found)) => Err(ArrayFault::TooLarge {
                found,
                at: index(place, sizes),
            }),
        }
    }
}

impl<S: StaticShape, E: Element> Kind for Tensor<S, E> {
    fn column<T: Number>(values: Vec<T>, sizes: &[usize]) -> Result<(Vec<E>, usize), ArrayFault> {
        let count = samples::<S>(values.len(), sizes)?;
        let mut column = Vec::with_capacity(values.len());
        for (place, value) in values.into_iter().enumerate() {
            let value = value.to_f64();
            column.push(E::of_f64(value).ok_or_else(|| ArrayFault::Element {
                found: value,
                at: index(place, sizes),
                expected: E::DTYPE.name(),
            })?);
        }
        Ok((column, count))
    }
}

impl<const N: usize> Kind for Class<N> {
    fn column<T: Number>(values: Vec<T>, sizes: &[usize]) -> Result<(Vec<u32>, usize), ArrayFault> {
        one_each(
            sizes,
            "a class is one number; rows of zeros with a one are labels `Rank1<N>`, for `CategoricalCrossentropy`",
        )?;
        let class = |(sample, value): (usize, T)| {
            let value = value.to_f64();
            let is = value.fract() == 0.0 && (0.0..N as f64).contains(&value);
            is.then_some(value as u32).ok_or(ArrayFault::Class {
                sample,
                found: value,
                classes: N,
            })
        };
        let classes = values.into_iter().enumerate().map(class);
        let classes = classes.collect::<Result<Vec<_>, _>>()?;
        let count = classes.len();
        Ok((classes, count))
    }
}

impl Kind for Binary {
    fn column<T: Number>(values: Vec<T>, sizes: &[usize]) -> Result<(Vec<f32>, usize), ArrayFault> {
        one_each(sizes, "a label `Binary` is one number, 0 or 1")?;
        let label = |(sample, value): (usize, T)| match value.to_f64() {
            0.0 => Ok(0.0),
            1.0 => Ok(1.0),
            found => Err(ArrayFault::Binary { sample, found }),
        };
        let labels = values.into_iter().enumerate().map(label);
        let labels = labels.collect::<Result<Vec<_>, _>>()?;
        let count = labels.len();
        Ok((labels, count))
    }
}

/// The number of samples with this shape in an array with these sizes.
fn samples<S: StaticShape>(values: usize, sizes: &[usize]) -> Result<usize, ArrayFault> {
    let shape = S::SHAPE.dims();
    let wrong = || ArrayFault::Shape {
        found: sizes.to_vec(),
        expected: shape.to_vec(),
    };
    let (count, rest) = sizes.split_first().ok_or_else(wrong)?;
    // An empty list does not show the shape of its items.
    if values == 0 && *count == 0 {
        return Ok(0);
    }
    let fits = rest == shape
        || matches!(rest, [before @ .., 1] if before == shape)
        || matches!(shape, [before @ .., 1] if before == rest);
    match rest {
        _ if fits => Ok(*count),
        // A flat slice with the values of one sample after the other.
        [] if values.is_multiple_of(S::LEN.max(1)) => Ok(values / S::LEN.max(1)),
        // Each sample is flat.
        [len] if *len == S::LEN => Ok(*count),
        _ => Err(wrong()),
    }
}

/// Returns an error if the array holds more than one number for each sample.
fn one_each(sizes: &[usize], help: &'static str) -> Result<(), ArrayFault> {
    match sizes {
        [_] | [_, 1] | [0, ..] => Ok(()),
        _ => Err(ArrayFault::Labels {
            found: sizes.to_vec(),
            help,
        }),
    }
}

/// The index of the number at the flat position `place` of an array, row-major.
fn index(mut place: usize, sizes: &[usize]) -> Vec<usize> {
    let mut index = Vec::new();
    for size in sizes.iter().rev() {
        index.push(place % size);
        place /= size;
    }
    index.reverse();
    index
}
