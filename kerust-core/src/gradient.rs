//! The gradient of a model: one flat buffer.
//!
//! The buffer holds the gradients of all trainable weights, each layer's part at a constant offset. A layer
//! that is frozen in its declaration takes no space in it. A layer's part also holds the state that a step
//! observed, such as the moments of a batch, so this one buffer holds everything that a step computes.

use crate::element::Dtype;
use crate::layer::LayerData;
use crate::tensor::Nth;
use core::ops::Range;

/// The gradient of a model or of a part of it, which the backward pass writes.
pub struct Gradient<'a> {
    values: &'a mut [f32],
    /// The index of the first value within the gradient of the whole model.
    start: usize,
    frozen: Frozen<'a>,
}

/// The number of gradient values of a tensor: 0 if its elements are not `f32`.
pub const fn len_of<T: Nth<0>>() -> usize {
    match T::DTYPE {
        Dtype::F32 => T::SHAPE.len(),
        _ => 0,
    }
}

/// The ranges of a model's gradient that are frozen at run time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frozen<'a>(pub &'a [Range<usize>]);

impl Frozen<'_> {
    /// Whether all of `range` is frozen.
    pub fn covers(&self, range: &Range<usize>) -> bool {
        let covers = |frozen: &Range<usize>| frozen.start <= range.start && range.end <= frozen.end;
        range.is_empty() || self.0.iter().any(covers)
    }

    /// Whether everything before `end` is frozen.
    fn covers_up_to(&self, end: usize) -> bool {
        let mut reached = 0;
        // The ranges are sorted and do not touch.
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
    /// The gradient of a whole model. `frozen` holds ranges in ascending order that neither overlap nor
    /// touch.
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

    /// An empty gradient, for a layer without weights.
    pub fn none() -> Self {
        Self::new(&mut [], Frozen::default())
    }

    /// The part of the gradient that belongs to one layer.
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

    /// The values, unless they are frozen.
    #[cfg(feature = "std")]
    pub(crate) fn values(self) -> Option<&'a mut [f32]> {
        let range = self.start..self.start + self.values.len();
        (!self.frozen.covers(&range)).then_some(self.values)
    }

    /// Sets all values to 0.
    #[cfg(feature = "std")]
    pub(crate) fn clear(&mut self) {
        self.values.fill(0.0);
    }

    /// Whether all values before `end` are frozen, so that the backward pass can stop there.
    #[inline]
    pub fn ends_at(&self, end: usize) -> bool {
        !self.frozen.0.is_empty() && self.frozen.covers_up_to(self.start + end)
    }
}

/// The offsets at which the layers' parts of a gradient begin, and the end of the last part, computed from
/// the lengths of the parts.
pub const fn offsets<const N: usize, const ENDS: usize>(lengths: [usize; N]) -> [usize; ENDS] {
    assert!(
        ENDS == N + 1,
        "`offsets` returns one value more than there are parts"
    );
    let mut ends = [0; ENDS];
    let mut part = 0;
    while part < N {
        ends[part + 1] = ends[part] + lengths[part];
        part += 1;
    }
    ends
}
