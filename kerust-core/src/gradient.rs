//! The gradient of a model: one flat buffer.
//!
//! It holds the weights of every layer that trains, each at a constant offset; a layer that is frozen in
//! its declaration has no place in it. The state that a step observes, such as the moments of a batch,
//! stands in its layer's place, so that one buffer is all that a step computes.

use crate::element::Dtype;
use crate::layer::LayerData;
use crate::tensor::Nth;
use core::ops::Range;

/// The gradient of a model or of a part of it, to be written by the backward pass.
pub struct Gradient<'a> {
    values: &'a mut [f32],
    /// The place of the first value in the gradient of the whole model.
    start: usize,
    frozen: Frozen<'a>,
}

/// The number of values in the gradient of a tensor: none where it holds no `f32`.
pub const fn len_of<T: Nth<0>>() -> usize {
    match T::DTYPE {
        Dtype::F32 => T::SHAPE.len(),
        _ => 0,
    }
}

/// The places in a model's gradient that are frozen at run time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frozen<'a>(pub &'a [Range<usize>]);

impl Frozen<'_> {
    /// Whether nothing in `range` trains.
    pub fn covers(&self, range: &Range<usize>) -> bool {
        let covers = |frozen: &Range<usize>| frozen.start <= range.start && range.end <= frozen.end;
        range.is_empty() || self.0.iter().any(covers)
    }

    /// Whether nothing up to `end` trains.
    fn covers_up_to(&self, end: usize) -> bool {
        let mut reached = 0;
        // The ranges are in order and do not touch.
        for range in self.0 {
            if range.start > reached {
                break;
            }
            reached = range.end;
        }
        end <= reached
    }
}

impl<'a> Gradient<'a> {
    /// The gradient of a whole model; `frozen` holds ranges in ascending order, of which no two overlap
    /// or touch.
    pub fn new(values: &'a mut [f32], frozen: Frozen<'a>) -> Self {
        Self {
            values,
            start: 0,
            frozen,
        }
    }

    /// The gradient of a single layer.
    pub fn of_layer<W: LayerData>(gradient: &'a mut W) -> Self {
        Self::new(gradient.as_mut_slice(), Frozen::default())
    }

    /// No gradient: that of a layer without weights.
    pub fn none() -> Self {
        Self::new(&mut [], Frozen::default())
    }

    /// The part of one layer.
    #[inline]
    pub fn part(&mut self, range: Range<usize>) -> Gradient<'_> {
        Gradient {
            start: self.start + range.start,
            values: self.values.get_mut(range).unwrap_or_default(),
            frozen: self.frozen,
        }
    }

    /// The gradient of the weights `W`, unless they are frozen.
    #[inline]
    pub fn of<W: LayerData>(self) -> Option<&'a mut W> {
        let range = self.start..self.start + self.values.len();
        if self.frozen.covers(&range) {
            return None;
        }
        W::from_mut_slice(self.values)
    }

    /// Whether no layer up to the value number `end` trains, so that the backward pass may end there.
    #[inline]
    pub fn ends_at(&self, end: usize) -> bool {
        !self.frozen.0.is_empty() && self.frozen.covers_up_to(self.start + end)
    }
}

/// Where the part of each layer begins in a gradient, and where the last one ends, from the lengths of the
/// parts.
pub const fn offsets<const N: usize, const ENDS: usize>(lengths: [usize; N]) -> [usize; ENDS] {
    assert!(ENDS == N + 1, "one end more than there are parts");
    let mut ends = [0; ENDS];
    let mut part = 0;
    while part < N {
        ends[part + 1] = ends[part] + lengths[part];
        part += 1;
    }
    ends
}
