//! Tensors as samples.

use super::Data;
#[cfg(feature = "std")]
use super::{Found, find_not_finite, neighbours};
#[cfg(feature = "std")]
use crate::element::Dtype;
use crate::element::Element;
use crate::tensor::{StaticShape, Tensor};
#[cfg(feature = "std")]
use std::sync::Arc;

/// The values of many samples, one sample after the other.
#[cfg(feature = "std")]
#[derive(Clone, Debug)]
pub enum TensorColumn {
    /// `f32` values.
    Float(Vec<f32>),
    /// Bytes, such as pixels: they take a quarter of the memory, and are converted to floats from 0 to 255
    /// for each batch.
    Byte(Vec<u8>),
    /// Windows of a series.
    Window(Window),
}

/// Overlapping windows of a series, which is stored only once.
#[cfg(feature = "std")]
#[derive(Clone, Debug)]
pub struct Window {
    /// The values of the series.
    pub(super) series: Arc<[f32]>,
    /// The index at which the first sample begins.
    pub(super) start: usize,
    /// The distance between the starts of two samples, in values.
    pub(super) stride: usize,
    /// The number of samples.
    pub(super) count: usize,
}

#[cfg(feature = "std")]
impl Window {
    /// The sample at `index`, with `len` values.
    fn sample(&self, index: usize, len: usize) -> &[f32] {
        let start = self.start + index * self.stride;
        &self.series[start..start + len]
    }
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
            Self::Window(window) => to.copy_from_slice(window.sample(index, to.len())),
        }
    }

    /// A value of a sample with `len` values.
    fn value(&self, index: usize, len: usize, place: usize) -> f32 {
        match self {
            Self::Float(values) => values[index * len + place],
            Self::Byte(pixels) => f32::from(pixels[index * len + place]),
            Self::Window(window) => window.sample(index, len)[place],
        }
    }

    fn append(&self, index: usize, len: usize, to: &mut Vec<f32>) {
        let range = index * len..(index + 1) * len;
        match self {
            Self::Float(values) => to.extend_from_slice(&values[range]),
            Self::Byte(pixels) => to.extend(pixels[range].iter().map(|pixel| f32::from(*pixel))),
            Self::Window(window) => to.extend_from_slice(window.sample(index, len)),
        }
    }

    /// Converts to a column of `f32` values that can be appended to.
    fn floats(&mut self, len: usize) -> &mut Vec<f32> {
        let values = match self {
            Self::Float(values) => std::mem::take(values),
            Self::Byte(pixels) => pixels.iter().map(|pixel| f32::from(*pixel)).collect(),
            Self::Window(window) => {
                let samples = (0..window.count).flat_map(|index| window.sample(index, len));
                samples.copied().collect()
            }
        };
        *self = Self::Float(values);
        match self {
            Self::Float(values) => values,
            _ => unreachable!("it has just been made one of numbers"),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Float(values) => values.is_empty(),
            Self::Byte(pixels) => pixels.is_empty(),
            Self::Window(window) => window.count == 0,
        }
    }
}

#[diagnostic::do_not_recommend]
impl<S: StaticShape> Data for S {
    type Value = Tensor<S>;

    fn view(value: &Tensor<S>) -> &[f32] {
        value.as_slice()
    }

    #[cfg(feature = "std")]
    type Column = TensorColumn;
    #[cfg(feature = "std")]
    type Batch = Vec<f32>;

    #[cfg(feature = "std")]
    const STEPS: usize = S::LEN / S::SHAPE.last();

    #[cfg(feature = "std")]
    fn push(column: &mut TensorColumn, value: &Tensor<S>) {
        let values = match column {
            TensorColumn::Float(values) => values,
            column => column.floats(S::LEN),
        };
        values.extend_from_slice(value.as_slice());
    }

    #[cfg(feature = "std")]
    fn append(
        column: &mut TensorColumn,
        from: &TensorColumn,
        indices: &mut dyn Iterator<Item = usize>,
    ) {
        if let TensorColumn::Byte(_) = from
            && column.is_empty()
        {
            *column = TensorColumn::Byte(Vec::new());
        }
        match (column, from) {
            (TensorColumn::Byte(to), TensorColumn::Byte(pixels)) => {
                indices.for_each(|i| to.extend_from_slice(&pixels[i * S::LEN..(i + 1) * S::LEN]));
            }
            (column, from) => {
                let to = column.floats(S::LEN);
                indices.for_each(|index| from.append(index, S::LEN, to));
            }
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
    fn floats(batch: &[f32], part: usize, look: &mut dyn FnMut(usize, &[f32], usize)) {
        look(part, batch, S::LEN);
    }

    #[cfg(feature = "std")]
    fn fingerprint(column: &TensorColumn, index: usize, all: bool) -> Option<u64> {
        let step = if all { 1 } else { S::LEN.div_ceil(64).max(1) };
        // FNV-1a, over words.
        let hash = |hash: u64, word: u32| (hash ^ u64::from(word)).wrapping_mul(0x0100_0000_01b3);
        let places = (0..S::LEN).step_by(step);
        Some(places.fold(0xcbf2_9ce4_8422_2325, |so_far, place| {
            hash(so_far, column.value(index, S::LEN, place).to_bits())
        }))
    }

    #[cfg(feature = "std")]
    fn find_not_finite(batch: &[f32], infinite: bool) -> Option<Found> {
        find_not_finite(batch, S::LEN, infinite)
    }
}

impl<S: StaticShape, T: Element> Data for Tensor<S, T> {
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
