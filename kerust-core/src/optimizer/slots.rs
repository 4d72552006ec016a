//! The numbers that are kept from step to step.

use super::tensors::Trainable;
use super::{Optimizer, TensorInfo};
use std::ops::Range;

/// A number, or fewer, for each trainable value.
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) values: Vec<f32>,
    /// The place of each trainable tensor, in order and side by side.
    places: Vec<Range<usize>>,
}

impl Slot {
    /// One of the optimizer's own.
    pub(super) fn of_optimizer(
        optimizer: &dyn Optimizer,
        number: usize,
        tensors: &[Trainable],
    ) -> Self {
        let len = |tensor: &Trainable| optimizer.slot_len(number, tensor.info());
        Self::new(optimizer.slots()[number], tensors, len)
    }

    /// One with a place for each trainable value.
    pub(super) fn whole(name: &'static str, tensors: &[Trainable]) -> Self {
        Self::new(name, tensors, |tensor| tensor.weights.len())
    }

    fn new(name: &'static str, tensors: &[Trainable], len: impl Fn(&Trainable) -> usize) -> Self {
        let mut places = Vec::new();
        let mut start = 0;
        for tensor in tensors {
            let len = len(tensor);
            assert!(
                len <= tensor.weights.len(),
                "the slot `{name}` has {len} values for `{}`, expected at most {}",
                tensor.name,
                tensor.weights.len()
            );
            places.push(start..start + len);
            start += len;
        }
        Self {
            name,
            values: vec![0.0; start],
            places,
        }
    }

    /// The place of some tensors that are neighbours.
    pub(super) fn place(&self, tensors: &Range<usize>) -> Range<usize> {
        self.places[tensors.start].start..self.places[tensors.end - 1].end
    }

    /// The values of a tensor.
    pub(super) fn of(&mut self, tensor: usize) -> &mut [f32] {
        &mut self.values[self.places[tensor].clone()]
    }

    /// Writes the values where those of their tensors lie in the model's layout, from the first on.
    pub(crate) fn scatter(&self, tensors: &[Trainable], into: &mut [f32]) {
        for (tensor, place) in tensors.iter().zip(&self.places) {
            let to = tensor.weights.start..tensor.weights.start + place.len();
            into[to].copy_from_slice(&self.values[place.clone()]);
        }
    }

    /// Takes the values from where [`scatter`](Self::scatter) writes them.
    pub(crate) fn gather(&mut self, tensors: &[Trainable], from: &[f32]) {
        for (tensor, place) in tensors.iter().zip(&self.places) {
            let range = tensor.weights.start..tensor.weights.start + place.len();
            self.values[place.clone()].copy_from_slice(&from[range]);
        }
    }
}

impl Trainable {
    pub(super) fn info(&self) -> TensorInfo<'_> {
        TensorInfo {
            name: &self.name,
            sizes: self.sizes,
        }
    }
}
