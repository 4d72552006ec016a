//! Tensors as samples.

use super::Data;
#[cfg(feature = "std")]
use super::{Found, find_not_finite, neighbours};
#[cfg(feature = "std")]
use crate::element::Dtype;
use crate::element::Element;
use crate::tensor::{Shape, Tensor};

/// The values of many samples, sample after sample.
#[cfg(feature = "std")]
#[derive(Clone, Debug)]
pub enum TensorColumn {
    /// Numbers.
    Float(Vec<f32>),
    /// Pixels: a quarter of the memory, turned into numbers 0 to 255 batch by batch.
    Byte(Vec<u8>),
}

#[cfg(feature = "std")]
impl Default for TensorColumn {
    fn default() -> Self {
        Self::Float(Vec::new())
    }
}

#[cfg(feature = "std")]
impl TensorColumn {
    /// Copies a sample.
    fn copy(&self, index: usize, to: &mut [f32]) {
        let range = index * to.len()..(index + 1) * to.len();
        match self {
            Self::Float(values) => to.copy_from_slice(&values[range]),
            Self::Byte(pixels) => {
                let pairs = to.iter_mut().zip(&pixels[range]);
                pairs.for_each(|(value, pixel)| *value = f32::from(*pixel));
            }
        }
    }

    fn append(&self, index: usize, len: usize, to: &mut Vec<f32>) {
        let range = index * len..(index + 1) * len;
        match self {
            Self::Float(values) => to.extend_from_slice(&values[range]),
            Self::Byte(pixels) => to.extend(pixels[range].iter().map(|pixel| f32::from(*pixel))),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S: Shape> Data for S {
    type Value = Tensor<S>;

    fn view(value: &Tensor<S>) -> &[f32] {
        value.as_slice()
    }

    #[cfg(feature = "std")]
    type Column = TensorColumn;
    #[cfg(feature = "std")]
    type Batch = Vec<f32>;

    #[cfg(feature = "std")]
    fn push(column: &mut TensorColumn, value: &Tensor<S>) {
        if let TensorColumn::Byte(pixels) = column {
            let values = pixels.iter().map(|pixel| f32::from(*pixel)).collect();
            *column = TensorColumn::Float(values);
        }
        if let TensorColumn::Float(values) = column {
            values.extend_from_slice(value.as_slice());
        }
    }

    #[cfg(feature = "std")]
    fn read(column: &TensorColumn, index: usize) -> Box<Tensor<S>> {
        let mut value: Box<Tensor<S>> = bytemuck::zeroed_box();
        Self::read_into(column, index, &mut value);
        value
    }

    #[cfg(feature = "std")]
    fn read_into(column: &TensorColumn, index: usize, value: &mut Tensor<S>) {
        column.copy(index, value.as_mut_slice());
    }

    #[cfg(feature = "std")]
    fn gather<'a>(
        column: &'a TensorColumn,
        indices: &[usize],
        batch: &'a mut Vec<f32>,
    ) -> &'a [f32] {
        if let TensorColumn::Float(values) = column
            && let Some(values) = neighbours(values, indices, S::LEN)
        {
            return values;
        }
        batch.clear();
        for index in indices {
            column.append(*index, S::LEN, batch);
        }
        batch
    }

    #[cfg(feature = "std")]
    fn find_not_finite(batch: &[f32], infinite: bool) -> Option<Found> {
        find_not_finite(batch, S::LEN, infinite)
    }
}

impl<S: Shape, T: Element> Data for Tensor<S, T> {
    type Value = Self;

    fn view(value: &Self) -> &[T] {
        value.as_slice()
    }

    #[cfg(feature = "std")]
    type Column = Vec<T>;
    #[cfg(feature = "std")]
    type Batch = Vec<T>;

    #[cfg(feature = "std")]
    fn push(column: &mut Vec<T>, value: &Self) {
        column.extend_from_slice(value.as_slice());
    }

    #[cfg(feature = "std")]
    fn read(column: &Vec<T>, index: usize) -> Box<Self> {
        let mut value: Box<Self> = bytemuck::zeroed_box();
        let values = &column[index * S::LEN..(index + 1) * S::LEN];
        value.as_mut_slice().copy_from_slice(values);
        value
    }

    #[cfg(feature = "std")]
    fn gather<'a>(column: &'a Vec<T>, indices: &[usize], batch: &'a mut Vec<T>) -> &'a [T] {
        if let Some(values) = neighbours(column, indices, S::LEN) {
            return values;
        }
        batch.clear();
        for index in indices {
            batch.extend_from_slice(&column[index * S::LEN..(index + 1) * S::LEN]);
        }
        batch
    }

    #[cfg(feature = "std")]
    fn find_beyond(batch: &[T], limits: &[usize]) -> Option<Found> {
        let limit = *limits.first()?;
        if T::DTYPE != Dtype::U16 {
            return None;
        }
        let tokens: &[u16] = bytemuck::cast_slice(batch);
        let is_beyond = |token: &u16| usize::from(*token) >= limit;
        let place = tokens.iter().position(is_beyond)?;
        Some(Found {
            part: 0,
            sample: place / S::LEN,
            index: place % S::LEN,
            value: tokens[place].into(),
        })
    }
}
