//! The backward pass through the steps, and the gradients of the weights.

use super::panels::Panels;
use super::step::{BackwardStep, Cell, Reset, Skips, multiply};
use super::{Given, Recurrent, RecurrentGradient, RecurrentWeights, States, count_of};
use crate::kernels::Epilogue;
use crate::kernels::elementwise::VALUE_MACS;
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::piece::Piece;
use crate::kernels::reduce::sum_in_chunks;
use core::ops::Range;

/// The buffers for the gradients of a backward pass.
#[derive(Debug)]
pub struct RecurrentGradients<'a> {
    /// The gradients of the last states, which are replaced by those of the first states.
    pub states: States<'a>,
    /// The gradient of the sequences. Every value is written.
    pub x: Option<&'a mut [f32]>,
    /// The gradients of the weights; `None` if they are not trained.
    pub weights: Option<RecurrentGradient<'a>>,
    /// Whether the gradients of the weights are added to the values in the buffers.
    pub accumulate: bool,
}

impl<C: Cell> Recurrent<C> {
    /// The backward pass of [`forward_training`](Self::forward_training), with the same arguments and its
    /// `saved`. `scratch` needs [`backward_scratch_len`](Self::backward_scratch_len) values for each sample.
    pub fn backward(
        &self,
        given: Given<'_>,
        weights: RecurrentWeights<'_>,
        saved: &[f32],
        dy: &[f32],
        gradients: RecurrentGradients<'_>,
        scratch: &mut [f32],
    ) {
        let [dh, dc] = gradients.states;
        let samples = self.samples(dh);
        let dropout = !(given.input_dropout.is_empty() && given.recurrent_dropout.is_empty());
        let dx = gradients.x;
        check!(
            self.fits(samples, &given, &weights, [dh.len(), dc.len()])
                && dy.len() == samples * self.output_len()
                && dx.as_ref().is_none_or(|dx| dx.len() == given.x.len())
                && saved.len() == samples * self.saved_len()
                && scratch.len() >= samples * self.backward_scratch_len(dropout),
            "the slices of a recurrent layer do not fit its sizes"
        );
        let lens = [
            self.units,
            (C::STATES - 1) * self.units,
            dx.as_ref().map_or(0, |_| self.steps * self.inputs),
            self.steps * self.columns(),
            self.steps * C::BESIDE * self.units,
            self.columns(),
            self.units,
            self.units,
            self.units,
            self.units,
            self.dropped_len(dropout),
        ];
        let mut rest = scratch;
        let mut take = |len: usize| {
            let part;
            (part, rest) = core::mem::take(&mut rest).split_at_mut(samples * len);
            part
        };
        let [
            dgates,
            dbeside,
            values,
            first,
            second,
            third,
            carry,
            dropped,
        ] = [3, 4, 5, 6, 7, 8, 9, 10].map(|part: usize| take(lens[part]));
        let saved = Saved::new(self, saved, samples);
        let piece = Piece::new(
            samples,
            [
                dh,
                dc,
                dx.unwrap_or_default(),
                &mut *dgates,
                &mut *dbeside,
                values,
                first,
                second,
                third,
                carry,
                &mut *dropped,
            ],
            lens,
        );
        let kernel = Panels::plain(weights.recurrent_kernel, self.units, self.columns());
        let group = core::iter::once(0..self.units);
        kernel.transposed().arranged(samples, group, |kernel| {
            piece.divide(2 * self.macs(samples), |piece| {
                self.backward_of(&given, &weights, &kernel, &saved, dy, piece);
            });
        });
        if let Some(gradient) = gradients.weights {
            let gates = [&*dgates, &*dbeside];
            self.weights_gradient(
                &given,
                &saved,
                gates,
                gradient,
                dropped,
                gradients.accumulate,
            );
        }
    }

    /// The gradients of the gates, the states and the sequences for some samples.
    fn backward_of(
        &self,
        given: &Given<'_>,
        weights: &RecurrentWeights<'_>,
        kernel: &Panels<'_>,
        saved: &Saved<'_>,
        dy: &[f32],
        piece: Piece<'_, 11>,
    ) {
        let (units, samples) = (self.units, piece.samples);
        let given = self.given_to(given, piece.first, samples);
        let unit_stride = self.steps * units;
        let stride = self.steps * self.columns();
        let [gates, before, beside] = [
            &saved.gates[piece.first * stride..],
            &saved.before[piece.first * unit_stride..],
            saved
                .beside
                .get(piece.first * unit_stride..)
                .unwrap_or_default(),
        ];
        let dy = &dy[piece.first * self.output_len()..];
        let [
            dh,
            dc,
            dx,
            dgates,
            dbeside,
            values,
            first,
            second,
            third,
            carry,
            dropped,
        ] = piece.parts;
        carry.fill(0.0);
        for place in (0..self.steps).rev() {
            let step = self.step_at(place);
            let skips = Skips::new(given.mask, self.steps, step);
            self.output_gradient(dy, dh, carry, place, skips);
            let (row, unit_row) = (step * self.columns(), step * units);
            C::backward(
                self,
                kernel,
                BackwardStep {
                    samples,
                    gates: &gates[row..],
                    stride,
                    beside: beside.get(unit_row..).unwrap_or_default(),
                    before: &before[unit_row..],
                    unit_stride,
                    dgates: &mut dgates[row..],
                    dbeside: dbeside.get_mut(unit_row..).unwrap_or_default(),
                    dstates: [&mut *dh, &mut *dc],
                    dropout: given.recurrent_dropout,
                    skips,
                    scratch: [&mut *first, &mut *second, &mut *third],
                    values: &mut *values,
                },
            );
        }
        if !dx.is_empty() {
            self.input_gradient(&given, weights, dgates, dx, dropped);
        }
    }

    /// Adds the gradient of the output at `place` to that of the state, or for a masked step to the gradient
    /// that is passed on to the output before.
    fn output_gradient(
        &self,
        dy: &[f32],
        dh: &mut [f32],
        carry: &mut [f32],
        place: usize,
        skips: Skips<'_>,
    ) {
        let units = self.units;
        let last = place + 1 == self.steps;
        let at = if self.return_sequences {
            place * units
        } else {
            0
        };
        let rows = dh
            .chunks_exact_mut(units)
            .zip(carry.chunks_exact_mut(units));
        for (sample, (dh, carry)) in rows.enumerate() {
            let skips = skips.skips(sample);
            if self.return_sequences || last {
                let dy = &dy[sample * self.output_len() + at..][..units];
                let dropped = skips && self.zero_output_for_mask;
                if !dropped {
                    carry
                        .iter_mut()
                        .zip(dy)
                        .for_each(|(carry, dy)| *carry += dy);
                }
            }
            if !skips {
                dh.iter_mut()
                    .zip(&*carry)
                    .for_each(|(dh, carry)| *dh += carry);
                carry.fill(0.0);
            }
        }
    }

    /// `dx = (dgates·Wᵀ) ∘ dropout`
    fn input_gradient(
        &self,
        given: &Given<'_>,
        weights: &RecurrentWeights<'_>,
        dgates: &[f32],
        dx: &mut [f32],
        product: &mut [f32],
    ) {
        let (inputs, columns) = (self.inputs, self.columns());
        let samples = self.samples_of(given);
        let masks = count_of(given.input_dropout, samples, inputs);
        let rows = samples * self.steps;
        let run = |columns_of: Range<usize>, to: &mut [f32]| {
            let product = Product {
                a: Matrix {
                    values: &dgates[columns_of.start..],
                    rows: Axis::plain(rows, columns),
                    columns: Axis::plain(columns_of.len(), 1),
                },
                b: Matrix {
                    values: &weights.kernel[columns_of.start..],
                    rows: Axis::plain(columns_of.len(), 1),
                    columns: Axis::plain(inputs, columns),
                },
                start: Start::Zero,
                epilogue: Epilogue::NONE,
            };
            product.run_here(to, inputs);
        };
        if masks == 0 {
            return run(0..columns, dx);
        }
        let width = columns / masks;
        let product = &mut product[..rows * inputs];
        dx.fill(0.0);
        for gate in 0..masks {
            run(gate * width..(gate + 1) * width, product);
            let rows = dx
                .chunks_exact_mut(inputs)
                .zip(product.chunks_exact(inputs));
            for (row, (dx, product)) in rows.enumerate() {
                let sample = row / self.steps;
                let factors = &given.input_dropout[(sample * masks + gate) * inputs..][..inputs];
                let values = dx.iter_mut().zip(product.iter().zip(factors));
                values.for_each(|(dx, (product, factor))| *dx += product * factor);
            }
        }
    }

    /// The gradients of the weights, as products over all steps of all samples.
    fn weights_gradient(
        &self,
        given: &Given<'_>,
        saved: &Saved<'_>,
        [dgates, dbeside]: [&[f32]; 2],
        [dkernel, drecurrent, dbias]: RecurrentGradient<'_>,
        dropped: &mut [f32],
        accumulate: bool,
    ) {
        let (units, columns, inputs) = (self.units, self.columns(), self.inputs);
        let samples = self.samples_of(given);
        let rows = samples * self.steps;
        let start = Start::accumulate(accumulate);
        // `dw = aᵀ·b` for some columns of a matrix of gradients.
        let run = |a: (&[f32], usize), b: (&[f32], usize), width: usize, dw: &mut [f32]| {
            let product = Product {
                a: Matrix::row_major(a.0, rows, a.1).transposed(),
                b: Matrix {
                    values: b.0,
                    rows: Axis::plain(rows, b.1),
                    columns: Axis::plain(width, 1),
                },
                start,
                epilogue: Epilogue::NONE,
            };
            product.run(dw, columns);
        };
        let masks = count_of(given.input_dropout, samples, inputs);
        let width = columns / masks.max(1);
        for gate in 0..masks.max(1) {
            let x = if masks == 0 {
                given.x
            } else {
                self.drop_inputs(given, samples, gate, dropped);
                &dropped[..given.x.len()]
            };
            let first = gate * width;
            let of_gates = (&dgates[first..], columns);
            run((x, inputs), of_gates, width, &mut dkernel[first..]);
        }
        let masks = count_of(given.recurrent_dropout, samples, units);
        let reset = self.cell.reset();
        for group in self.groups(masks) {
            let last = reset != Reset::None && group.end == columns;
            let h = if last && reset == Reset::Before {
                saved.beside
            } else if masks == 0 {
                saved.before
            } else {
                self.drop_states(given, saved, group.start / units, masks, dropped);
                &dropped[..saved.before.len()]
            };
            let of_gates = if last && reset == Reset::After {
                (dbeside, units)
            } else {
                (&dgates[group.start..], columns)
            };
            let to = &mut drecurrent[group.start..];
            run((h, units), of_gates, group.len(), to);
        }
        if dbias.is_empty() {
            return;
        }
        let (first, second) = dbias.split_at_mut(columns);
        let macs = rows * columns * VALUE_MACS / 4;
        sum_in_chunks(
            rows,
            macs,
            [first, second],
            accumulate,
            |range, [first, second], _| {
                let of_gates = &dgates[range.start * columns..range.end * columns];
                crate::kernels::column_sums(of_gates, first, columns, true);
                if !second.is_empty() {
                    let (of_both, of_last) = second.split_at_mut(columns - units);
                    for row in of_gates.chunks_exact(columns) {
                        of_both.iter_mut().zip(row).for_each(|(sum, d)| *sum += d);
                    }
                    let of_beside = &dbeside[range.start * units..range.end * units];
                    crate::kernels::column_sums(of_beside, of_last, units, true);
                }
            },
        );
    }

    /// `dropped = h ∘ dropout` for the states before all steps.
    fn drop_states(
        &self,
        given: &Given<'_>,
        saved: &Saved<'_>,
        gate: usize,
        masks: usize,
        dropped: &mut [f32],
    ) {
        let units = self.units;
        let gate = if masks > 1 { gate } else { 0 };
        let rows = dropped.chunks_exact_mut(units);
        for (row, (dropped, h)) in rows.zip(saved.before.chunks_exact(units)).enumerate() {
            let first = (row / self.steps * masks + gate) * units;
            multiply(h, &given.recurrent_dropout[first..], dropped);
        }
    }
}

/// The values that the forward pass saved for a batch.
struct Saved<'a> {
    gates: &'a [f32],
    before: &'a [f32],
    beside: &'a [f32],
}

impl<'a> Saved<'a> {
    fn new<C: Cell>(of: &Recurrent<C>, saved: &'a [f32], samples: usize) -> Self {
        let (gates, rest) = saved.split_at(samples * of.steps * of.columns());
        let (before, beside) = rest.split_at(samples * of.steps * of.units);
        Self {
            gates,
            before,
            beside,
        }
    }
}
