//! Slots: the numbers that an optimizer stores between steps.

use super::tensors::Trainable;
use super::{Optimizer, TensorInfo};
use std::ops::Range;

/// A slot, with one number or less for each trainable value.
pub(crate) struct Slot {
    pub(crate) name: &'static str,
    pub(crate) values: Vec<f32>,
    /// The range of each trainable tensor, in order and contiguous.
    places: Vec<Range<usize>>,
}

impl Slot {
    /// A slot of the optimizer itself.
    pub(super) fn of_optimizer(
        optimizer: &dyn Optimizer,
        number: usize,
        tensors: &[Trainable],
    ) -> Self {
        let len = |tensor: &Trainable| optimizer.slot_len(number, tensor.info());
        Self::new(optimizer.slots()[number], tensors, len)
    }

    /// A slot with a number for each trainable value.
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

    /// The range of several neighbouring tensors.
    pub(super) fn place(&self, tensors: &Range<usize>) -> Range<usize> {
        self.places[tensors.start].start..self.places[tensors.end - 1].end
    }

    /// The values of a tensor.
    pub(super) fn of(&mut self, tensor: usize) -> &mut [f32] {
        &mut self.values[self.places[tensor].clone()]
    }

    /// Writes the values to the positions of their tensors in the model's layout.
    pub(crate) fn scatter(&self, tensors: &[Trainable], into: &mut [f32]) {
        for (tensor, place) in tensors.iter().zip(&self.places) {
            let to = tensor.weights.start..tensor.weights.start + place.len();
            into[to].copy_from_slice(&self.values[place.clone()]);
        }
    }

    /// Reads the values from the positions to which [`scatter`](Self::scatter) writes them.
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
