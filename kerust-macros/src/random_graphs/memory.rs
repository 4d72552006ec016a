//! The buffers of a schedule, placed by their plan.

use super::run::Net;
use crate::schedule::{self, Call, Location, Slot};

/// The outputs, one after the other, and the arena.
pub struct Memory<'a> {
    net: &'a Net<'a>,
    /// The slots, and then the outputs.
    slots: Vec<&'a Slot>,
    outputs: usize,
    addresses: Vec<usize>,
    values: Vec<f32>,
    step: usize,
}

impl<'a> Memory<'a> {
    pub fn new(net: &'a Net<'a>, slots: &'a [Slot], outputs: &'a [Slot]) -> Self {
        let mut addresses = schedule::addresses(slots, outputs).expect("known lengths");
        let mut end = 0;
        for output in outputs {
            addresses.push(end);
            end += output.known_len().unwrap();
        }
        let slots: Vec<&Slot> = slots.iter().chain(outputs).collect();
        let ends = addresses.iter().zip(&slots);
        let len = ends.map(|(address, slot)| address + slot.known_len().unwrap());
        Self {
            net,
            values: vec![f32::NAN; net.batch * len.max().unwrap_or_default()],
            slots,
            outputs: outputs.len(),
            addresses,
            step: 0,
        }
    }

    fn range(&self, slot: usize) -> std::ops::Range<usize> {
        let start = self.addresses[slot] * self.net.batch;
        start..start + self.slots[slot].known_len().unwrap() * self.net.batch
    }

    /// The index of the slot at a place; `None` for an input.
    fn slot(&self, place: Location) -> Option<usize> {
        match place {
            Location::Input(_) => None,
            Location::Output(output) => Some(self.slots.len() - self.outputs + output),
            Location::Slot(slot) => Some(slot),
        }
    }

    /// Overwrites all memory that is not in use by a slot or an output.
    pub fn begin(&mut self, step: usize) {
        self.step = step;
        let mut values = vec![f32::NAN; self.values.len()];
        for (number, slot) in self.slots.iter().enumerate() {
            if slot.first < step && step <= slot.last {
                let range = self.range(number);
                values[range.clone()].copy_from_slice(&self.values[range]);
            }
        }
        self.values = values;
    }

    pub fn read(&self, place: Location) -> Vec<f32> {
        match place {
            Location::Input(input) => self.net.inputs[input].clone(),
            _ => self.values[self.range(self.slot(place).unwrap())].to_vec(),
        }
    }

    pub fn fresh(&self, slot: usize) -> Vec<f32> {
        vec![f32::NAN; self.range(slot).len()]
    }

    pub fn write(&mut self, place: Location, values: &[f32]) {
        let slot = self.slot(place).expect("the input is the caller's");
        let range = self.range(slot);
        self.values[range].copy_from_slice(values);
    }

    /// The outputs of a call do not overlap its inputs.
    pub fn apart(&self, call: &Call) {
        let slots = call
            .x
            .iter()
            .chain([&call.y])
            .filter_map(|place| self.slot(*place));
        let slots: Vec<usize> = slots.chain(call.saved).chain(call.line).collect();
        for a in &slots {
            for b in slots.iter().filter(|b| *b != a) {
                let (a, b) = (self.range(*a), self.range(*b));
                assert!(
                    a.end <= b.start || b.end <= a.start,
                    "buffers of one call overlap"
                );
            }
        }
    }
}
