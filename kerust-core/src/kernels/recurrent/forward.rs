//! The forward pass through the steps.

use super::panels::Panels;
use super::step::{Cell, Skips, Step, multiply};
use super::{Given, Recurrent, RecurrentWeights, States, count_of};
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::parallel::pairs;
use crate::kernels::piece::Piece;
use crate::kernels::{Epilogue, copy};

/// The number of gate values of the steps whose input products are computed together: 256 KB.
#[cfg(feature = "std")]
const BLOCK_LEN: usize = 1 << 16;

impl<C: Cell> Recurrent<C> {
    /// Computes the outputs and the last states. Only the sequences and the mask of `given` are used.
    /// `scratch` needs [`scratch_len`](Self::scratch_len) values for each sample.
    ///
    /// Inlined so that unused activations are dropped from firmware.
    #[cfg_attr(not(feature = "std"), inline(always))]
    pub fn forward(
        &self,
        given: Given<'_>,
        weights: RecurrentWeights<'_>,
        states: States<'_>,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let given = Given {
            mask: given.mask,
            ..Given::new(given.x)
        };
        let [h, c] = states;
        let samples = self.samples(h);
        let lens = [self.output_len(), self.scratch_len()].map(|len| len * samples);
        check!(
            self.fits(samples, &given, &weights, [h.len(), c.len()])
                && y.len() == lens[0]
                && scratch.len() >= lens[1],
            "the slices of a recurrent layer do not fit its sizes"
        );
        let Some(scratch) = scratch.get_mut(..lens[1]) else {
            return;
        };
        let piece = Piece::new(
            samples,
            [y, h, c, scratch],
            [
                self.output_len(),
                self.units,
                (C::STATES - 1) * self.units,
                self.scratch_len(),
            ],
        );
        let kernel = Panels::plain(weights.recurrent_kernel, self.units, self.columns());
        kernel.arranged(samples, self.groups(0), |kernel| {
            piece.divide(
                self.macs(samples),
                #[cfg_attr(not(feature = "std"), inline(always))]
                |piece| self.infer(&given, &weights, &kernel, piece),
            );
        });
    }

    /// [`forward`](Self::forward) for some samples.
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn infer(
        &self,
        given: &Given<'_>,
        weights: &RecurrentWeights<'_>,
        kernel: &Panels<'_>,
        piece: Piece<'_, 4>,
    ) {
        let samples = piece.samples;
        let [y, h, c, scratch] = piece.parts;
        let Some((gates, beside)) = scratch.split_at_mut_checked(samples * self.columns()) else {
            return;
        };
        let way = Way {
            given: self.given_to(given, piece.first, samples),
            weights,
            kernel,
            samples,
            y,
            states: [h, c],
            block: 1,
            gates,
            beside,
            beside_steps: 1,
            before: &mut [],
            scratch: [&mut [], &mut []],
            dropped: &mut [],
        };
        #[cfg(feature = "std")]
        {
            use crate::kernels::scratch;
            let row = samples * self.columns();
            let block = (BLOCK_LEN / row.max(1)).clamp(1, self.steps.max(1));
            scratch::with(scratch::Use::Gates, block * row, |gates| {
                self.walk(Way {
                    block,
                    gates,
                    ..way
                });
            });
        }
        #[cfg(not(feature = "std"))]
        self.walk(way);
    }

    /// Computes the outputs and the last states, and writes the values for the backward pass to `saved`
    /// ([`saved_len`](Self::saved_len) values for each sample). `scratch` needs
    /// [`training_scratch_len`](Self::training_scratch_len) values.
    pub fn forward_training(
        &self,
        given: Given<'_>,
        weights: RecurrentWeights<'_>,
        [h, c]: States<'_>,
        y: &mut [f32],
        saved: &mut [f32],
        scratch: &mut [f32],
    ) {
        let samples = self.samples(h);
        let dropout = !(given.input_dropout.is_empty() && given.recurrent_dropout.is_empty());
        check!(
            self.fits(samples, &given, &weights, [h.len(), c.len()])
                && y.len() == samples * self.output_len()
                && saved.len() == samples * self.saved_len()
                && scratch.len() >= samples * self.training_scratch_len(dropout),
            "the slices of a recurrent layer do not fit its sizes"
        );
        let unit_steps = self.steps * self.units;
        let (gates, rest) = saved.split_at_mut(samples * self.steps * self.columns());
        let (before, beside) = rest.split_at_mut(samples * unit_steps);
        let (row, rest) = scratch.split_at_mut(samples * self.units);
        let values_len = if self.saves_inputs() {
            self.columns()
        } else {
            0
        };
        let (values, rest) = rest.split_at_mut(samples * values_len);
        let dropped_len = self.dropped_len(dropout);
        let piece = Piece::new(
            samples,
            [
                y,
                h,
                c,
                gates,
                before,
                beside,
                row,
                values,
                &mut rest[..samples * dropped_len],
            ],
            [
                self.output_len(),
                self.units,
                (C::STATES - 1) * self.units,
                self.steps * self.columns(),
                unit_steps,
                C::SAVED * unit_steps,
                self.units,
                values_len,
                dropped_len,
            ],
        );
        let masks = count_of(given.recurrent_dropout, samples, self.units);
        let kernel = Panels::plain(weights.recurrent_kernel, self.units, self.columns());
        kernel.arranged(samples, self.groups(masks), |kernel| {
            piece.divide(self.macs(samples), |piece| {
                let [y, h, c, gates, before, beside, row, values, dropped] = piece.parts;
                self.walk(Way {
                    given: self.given_to(&given, piece.first, piece.samples),
                    weights: &weights,
                    kernel: &kernel,
                    samples: piece.samples,
                    y,
                    states: [h, c],
                    block: self.steps,
                    gates,
                    beside,
                    beside_steps: self.steps,
                    before,
                    scratch: [row, values],
                    dropped,
                });
            });
        });
    }

    /// The arguments for some samples.
    pub(super) fn given_to<'a>(
        &self,
        given: &Given<'a>,
        first: usize,
        samples: usize,
    ) -> Given<'a> {
        let part = |values: &'a [f32], len: usize| {
            let values = values.get(first * len..).unwrap_or_default();
            values.get(..samples * len).unwrap_or_default()
        };
        let all = self.samples_of(given);
        let masks = |values: &'a [f32], len| part(values, len * count_of(values, all, len));
        Given {
            x: part(given.x, self.steps * self.inputs),
            mask: given.mask.get(first * self.steps..).unwrap_or_default(),
            input_dropout: masks(given.input_dropout, self.inputs),
            recurrent_dropout: masks(given.recurrent_dropout, self.units),
        }
    }

    /// The number of samples in the sequences.
    pub(super) fn samples_of(&self, given: &Given<'_>) -> usize {
        let len = self.steps * self.inputs;
        given.x.len().checked_div(len).unwrap_or(0)
    }
}

/// The state of some samples in the loop over all steps.
struct Way<'a> {
    given: Given<'a>,
    weights: &'a RecurrentWeights<'a>,
    kernel: &'a Panels<'a>,
    samples: usize,
    y: &'a mut [f32],
    states: States<'a>,
    /// The number of steps for whose gates there is space.
    block: usize,
    gates: &'a mut [f32],
    /// The values next to the gates, for this number of steps.
    beside: &'a mut [f32],
    beside_steps: usize,
    /// The buffer for the first state before each step. Empty in inference.
    before: &'a mut [f32],
    scratch: [&'a mut [f32]; 2],
    /// The buffer for the inputs after dropout.
    dropped: &'a mut [f32],
}

impl<C: Cell> Recurrent<C> {
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn walk(&self, way: Way<'_>) {
        let Way {
            given,
            weights,
            kernel,
            samples,
            y,
            states: [h, c],
            block,
            gates,
            beside,
            beside_steps,
            before,
            scratch: [row, values],
            dropped,
        } = way;
        let (units, columns) = (self.units, self.columns());
        let bias = weights.bias.get(columns..).unwrap_or_default();
        let mut place = 0;
        while place < self.steps {
            let steps = block.max(1).min(self.steps - place);
            let first = self.step_at(place).min(self.step_at(place + steps - 1));
            let block = (first, steps);
            self.input_products(&given, weights, samples, block, gates, dropped);
            for place in place..place + steps {
                let step = self.step_at(place);
                pairs(h, units, before, self.steps * units, |h, before| {
                    if let Some(before) = before.get_mut(step * units..(step + 1) * units) {
                        copy(h, before);
                    }
                });
                let at = if beside_steps > 1 { step * units } else { 0 };
                let skips = Skips::new(given.mask, self.steps, step);
                C::forward(
                    self,
                    kernel,
                    Step {
                        samples,
                        gates: from(gates, (step - first) * columns),
                        stride: steps * columns,
                        beside: from(beside, at),
                        beside_stride: beside_steps * units,
                        states: [&mut *h, &mut *c],
                        bias,
                        dropout: given.recurrent_dropout,
                        skips,
                        scratch: [&mut *row, &mut *values],
                    },
                );
                self.output(h, y, place, skips);
            }
            place += steps;
        }
    }

    /// `gates = bias + x·W` for some steps, given as `(first, steps)`.
    fn input_products(
        &self,
        given: &Given<'_>,
        weights: &RecurrentWeights<'_>,
        samples: usize,
        (first, steps): (usize, usize),
        gates: &mut [f32],
        dropped: &mut [f32],
    ) {
        let (inputs, columns) = (self.inputs, self.columns());
        let masks = count_of(given.input_dropout, samples, inputs);
        let width = if masks > 1 { self.units } else { columns };
        for (gate, column) in (0..columns).step_by(width.max(1)).enumerate() {
            let x = if masks == 0 {
                given.x
            } else {
                self.drop_inputs(given, samples, gate, dropped);
                &*dropped
            };
            let bias = weights.bias.get(column..column + width);
            let product = Product {
                a: Matrix {
                    values: x.get(first * inputs..).unwrap_or_default(),
                    rows: Axis::nested([1, samples, steps], [0, self.steps * inputs, inputs]),
                    columns: Axis::plain(inputs, 1),
                },
                b: Matrix {
                    values: weights.kernel.get(column..).unwrap_or_default(),
                    rows: Axis::plain(inputs, columns),
                    columns: Axis::plain(width, 1),
                },
                start: Start::bias(bias.unwrap_or_default()),
                epilogue: Epilogue::NONE,
            };
            product.run_here(from(gates, column), columns);
        }
    }

    /// `dropped = x ∘ dropout` for all steps, with the mask of a gate if each gate has its own.
    pub(super) fn drop_inputs(
        &self,
        given: &Given<'_>,
        samples: usize,
        gate: usize,
        dropped: &mut [f32],
    ) {
        let inputs = self.inputs.max(1);
        let masks = count_of(given.input_dropout, samples, inputs);
        let gate = if masks > 1 { gate } else { 0 };
        let mut row = 0;
        pairs(given.x, inputs, dropped, inputs, |x, dropped| {
            let sample = row / self.steps.max(1);
            let first = (sample * masks + gate) * inputs;
            let factors = given.input_dropout.get(first..).unwrap_or_default();
            multiply(x, factors, dropped);
            row += 1;
        });
    }

    /// Writes the outputs of the step at `place`.
    fn output(&self, h: &[f32], y: &mut [f32], place: usize, skips: Skips<'_>) {
        let units = self.units.max(1);
        let at = if self.return_sequences {
            place * units
        } else {
            0
        };
        let mut sample = 0;
        pairs(h, units, y, self.output_len(), |h, y| {
            let skips = skips.skips(sample);
            sample += 1;
            let Some((done, y)) = y.split_at_mut_checked(at) else {
                return;
            };
            let Some(y) = y.get_mut(..units) else {
                return;
            };
            let previous = done.rchunks_exact(units).next();
            if !skips {
                copy(h, y);
            } else if self.zero_output_for_mask || place == 0 {
                y.fill(0.0);
            } else if let Some(previous) = previous {
                copy(previous, y);
            }
        });
    }
}

/// The values from `place` on. Empty after the end.
fn from(values: &mut [f32], place: usize) -> &mut [f32] {
    values.get_mut(place..).unwrap_or_default()
}
