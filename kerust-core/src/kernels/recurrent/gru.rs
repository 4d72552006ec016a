//! Gated recurrent unit: Cho et al. (2014), and the variant that cuDNN implements.
//!
//! `z, r = σ(z_z), σ(z_r)`; `h = z·h + (1 − z)·ĥ`, with the gates in Keras's order z, r, h. With
//! `reset_after`, `ĥ = act(x·W_h + b + r·(h·U_h + b_r))`; without it, `ĥ = act(x·W_h + b + (r·h)·U_h)`.

use super::panels::Panels;
use super::step::{BackwardStep, Cell, Reset, Step, gates, gates_mut, multiply};
use super::{Recurrent, count_of};
use crate::kernels::isa::vectorized;
use crate::kernels::matmul::Start;

/// The cell of a GRU.
#[derive(Clone, Copy, Debug)]
pub struct Gru {
    /// Whether the state is reset after its product (true) or before it.
    pub reset_after: bool,
}

#[allow(private_interfaces, reason = "implemented here alone")]
impl Cell for Gru {
    const GATES: usize = 3;
    const STATES: usize = 1;
    const BESIDE: usize = 1;
    const SAVED: usize = 1;
    const GROUPS: &'static [[usize; 2]] = &[[0, 2], [2, 3]];

    fn reset(&self) -> Reset {
        if self.reset_after {
            Reset::After
        } else {
            Reset::Before
        }
    }

    #[cfg_attr(not(feature = "std"), inline(always))]
    fn forward(of: &Recurrent<Self>, kernel: &Panels<'_>, mut step: Step<'_>) {
        let units = of.units;
        let state = (&*step.states[0], step.dropout);
        let to = (&mut *step.gates, step.stride);
        let dropped = &mut *step.scratch[0];
        of.add_state(kernel, state, 0..2 * units, Start::Sum, to, dropped);
        let last = 2 * units..3 * units;
        if of.cell.reset_after {
            let start = Start::bias(step.bias.get(last.clone()).unwrap_or_default());
            let beside = (&mut *step.beside, step.beside_stride);
            of.add_state(kernel, state, last, start, beside, dropped);
            of.each_row(&mut step, |of, row| {
                of.open_gates(row.saved, row.values, row.bias);
                of.candidate(row.saved, row.values, Some(row.beside));
                of.mix(active(row.saved, row.values), row.h);
            });
            return;
        }
        let masks = count_of(step.dropout, step.samples, units);
        let drops = (step.dropout, masks, masks.saturating_sub(1).min(2));
        for sample in 0..step.samples {
            let first = sample * step.beside_stride;
            if let (true, Some(beside)) = (
                step.skips.skips(sample),
                step.beside.get_mut(first..first + units),
            ) {
                beside.fill(0.0);
            }
        }
        of.each_row(&mut step, |of, row| {
            of.open_gates(row.saved, row.values, row.bias);
            let [_, r] = gates(active(row.saved, row.values), units);
            let (dropout, masks, gate) = drops;
            if masks > 0 {
                let factors = dropout.get((row.sample * masks + gate) * units..);
                multiply(row.h, factors.unwrap_or_default(), row.beside);
                scale(row.beside, r);
            } else {
                multiply(row.h, r, row.beside);
            }
        });
        let Some(c) = step.gates.get_mut(2 * units..) else {
            return;
        };
        let ranges = [0..units, last];
        let reset = (&*step.beside, step.beside_stride);
        kernel.product(reset, step.samples, ranges, Start::Sum, c, step.stride);
        of.each_row(&mut step, |of, row| {
            of.candidate(row.saved, row.values, None);
            of.mix(active(row.saved, row.values), row.h);
        });
    }

    fn backward(of: &Recurrent<Self>, kernel: &Panels<'_>, step: BackwardStep<'_>) {
        let (units, columns) = (of.units, of.columns());
        let [dh, _] = step.dstates;
        let [product, of_reset, _] = step.scratch;
        let after = of.cell.reset_after;
        for (sample, dh) in dh.chunks_exact_mut(units).enumerate() {
            let [first, first_unit] = [sample * step.stride, sample * step.unit_stride];
            let dgates = &mut step.dgates[first..first + columns];
            let dbeside = if after {
                &mut step.dbeside[first_unit..first_unit + units]
            } else {
                &mut []
            };
            if step.skips.skips(sample) {
                dgates.fill(0.0);
                dbeside.fill(0.0);
                continue;
            }
            let saved = &step.gates[first..first + columns];
            let values = &mut step.values[sample * columns..(sample + 1) * columns];
            values.copy_from_slice(saved);
            if of.saves_inputs() {
                of.activate(values);
            }
            let before = &step.before[first_unit..first_unit + units];
            let beside = &step.beside[first_unit..first_unit + units];
            of.candidate_gradient([saved, values, before], dgates, dh);
            if after {
                let [_, r, _] = gates(values, units);
                let [_, dr, dg] = gates_mut(dgates, units);
                multiply(dg, beside, dr);
                multiply(dg, r, dbeside);
                of.gates_gradient(saved, values, dgates);
            }
        }
        let gradient = (&*step.dgates, step.stride);
        if after {
            let last = 2 * units..3 * units;
            let beside = (&*step.dbeside, step.unit_stride);
            of.add_state_gradient(kernel, gradient, 0..2 * units, step.dropout, dh, product);
            of.add_state_gradient(kernel, beside, last, step.dropout, dh, product);
            return;
        }
        let last = (&step.dgates[2 * units..], step.stride);
        let ranges = [2 * units..3 * units, 0..units];
        kernel.product(last, step.samples, ranges, Start::Zero, of_reset, units);
        let masks = count_of(step.dropout, step.samples, units);
        for (sample, dh) in dh.chunks_exact_mut(units).enumerate() {
            if step.skips.skips(sample) {
                continue;
            }
            let first = sample * step.stride;
            let dgates = &mut step.dgates[first..first + columns];
            let saved = &step.gates[first..first + columns];
            let values = &step.values[sample * columns..(sample + 1) * columns];
            let before = &step.before[sample * step.unit_stride..][..units];
            let of_reset = &of_reset[sample * units..][..units];
            let gate = (sample * masks + masks.saturating_sub(1).min(2)) * units;
            let factor = |k: usize| {
                if masks > 0 {
                    step.dropout[gate + k]
                } else {
                    1.0
                }
            };
            let [_, r, _] = gates(values, units);
            let [_, dr, _] = gates_mut(dgates, units);
            for k in 0..units {
                dr[k] = of_reset[k] * (before[k] * factor(k));
                dh[k] += of_reset[k] * r[k] * factor(k);
            }
            of.gates_gradient(saved, values, dgates);
        }
        let gradient = (&*step.dgates, step.stride);
        of.add_state_gradient(kernel, gradient, 0..2 * units, step.dropout, dh, product);
    }
}

/// The rows of a sample in a step.
struct Row<'a> {
    sample: usize,
    /// The gates that are saved.
    saved: &'a mut [f32],
    /// The gates after their activation, if the saved gates are before it. Empty otherwise.
    values: &'a mut [f32],
    beside: &'a mut [f32],
    h: &'a mut [f32],
    bias: &'a [f32],
}

/// The gates of a row after their activation.
fn active<'a>(saved: &'a [f32], values: &'a [f32]) -> &'a [f32] {
    if values.is_empty() { saved } else { values }
}

impl Recurrent<Gru> {
    /// Calls `work` for each sample that is not masked.
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn each_row(&self, step: &mut Step<'_>, mut work: impl FnMut(&Self, Row<'_>)) {
        let (units, columns) = (self.units, self.columns());
        let rows = step.states[0].chunks_exact_mut(units.max(1));
        for (sample, h) in rows.enumerate().take(step.samples) {
            if step.skips.skips(sample) {
                continue;
            }
            let [first, beside] = [sample * step.stride, sample * step.beside_stride];
            let (Some(saved), Some(beside)) = (
                step.gates.get_mut(first..first + columns),
                step.beside.get_mut(beside..beside + units),
            ) else {
                return;
            };
            let values = step.scratch[1].get_mut(sample * columns..(sample + 1) * columns);
            let row = Row {
                sample,
                saved,
                values: values.unwrap_or_default(),
                beside,
                h,
                bias: step.bias,
            };
            work(self, row);
        }
    }

    /// Computes the gates z and r from their sums, after adding the second row of the bias.
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn open_gates(&self, saved: &mut [f32], values: &mut [f32], bias: &[f32]) {
        let [z, r] = gates_mut(saved, self.units);
        let [of_z, of_r] = gates(bias, self.units);
        add(z, of_z);
        add(r, of_r);
        let [z, r] = if values.is_empty() {
            [z, r]
        } else {
            let [to_z, to_r] = gates_mut(values, self.units);
            crate::kernels::copy(z, to_z);
            crate::kernels::copy(r, to_r);
            [to_z, to_r]
        };
        self.recurrent_activation.apply(z, self.units);
        self.recurrent_activation.apply(r, self.units);
    }

    /// Computes the candidate from its sum, after adding the reset product.
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn candidate(&self, saved: &mut [f32], values: &mut [f32], product: Option<&[f32]>) {
        let [_, r, g] = gates_mut(saved, self.units);
        let [_, to_r, to_g] = gates_mut(values, self.units);
        let r = if to_r.is_empty() { r } else { to_r };
        if let Some(product) = product {
            let sums = g.iter_mut().zip(r.iter().zip(product));
            vectorized(
                #[inline(always)]
                || sums.for_each(|(g, (r, product))| *g += r * product),
            );
        }
        let g = if to_g.is_empty() {
            g
        } else {
            crate::kernels::copy(g, to_g);
            to_g
        };
        self.activation.apply(g, self.units);
    }

    /// `h = z·h + (1 − z)·ĥ`
    fn mix(&self, values: &[f32], h: &mut [f32]) {
        let [z, _, g] = gates(values, self.units);
        let states = h.iter_mut().zip(z.iter().zip(g));
        vectorized(
            #[inline(always)]
            || states.for_each(|(h, (z, g))| *h = z * *h + (1.0 - z) * g),
        );
    }

    fn activate(&self, row: &mut [f32]) {
        let [z, r, g] = gates_mut(row, self.units);
        self.recurrent_activation.apply(z, self.units);
        self.recurrent_activation.apply(r, self.units);
        self.activation.apply(g, self.units);
    }

    /// The gradients of the candidate's sum, of the gate z before its slope, and of the earlier state as far
    /// as it bypasses the gates.
    fn candidate_gradient(
        &self,
        [saved, values, before]: [&[f32]; 3],
        dgates: &mut [f32],
        dh: &mut [f32],
    ) {
        let units = self.units;
        let [z, _, g] = gates(values, units);
        let [dz, _, dg] = gates_mut(dgates, units);
        let given = z.iter().zip(g.iter().zip(before));
        let gradients = dz.iter_mut().zip(dg.iter_mut()).zip(dh);
        vectorized(
            #[inline(always)]
            || {
                for (((dz, dg), dh), (z, (g, before))) in gradients.zip(given) {
                    *dz = *dh * (before - g);
                    *dg = *dh * (1.0 - z);
                    *dh *= z;
                }
            },
        );
        let [_, _, sum] = gates(saved, units);
        self.activation.backward_in_place(sum, g, dg, units);
    }

    /// Multiplies by the slopes of the gates z and r.
    fn gates_gradient(&self, saved: &[f32], values: &[f32], dgates: &mut [f32]) {
        let units = self.units;
        let ([sum_z, sum_r], [z, r]) = (gates(saved, units), gates(values, units));
        let [dz, dr] = gates_mut(dgates, units);
        let activation = self.recurrent_activation;
        activation.backward_in_place(sum_z, z, dz, units);
        activation.backward_in_place(sum_r, r, dr, units);
    }
}

/// `y += x`, or nothing if `x` is empty.
fn add(y: &mut [f32], x: &[f32]) {
    let values = y.iter_mut().zip(x);
    vectorized(
        #[inline(always)]
        || values.for_each(|(y, x)| *y += x),
    );
}

/// `y = y ∘ x`
fn scale(y: &mut [f32], x: &[f32]) {
    let values = y.iter_mut().zip(x);
    vectorized(
        #[inline(always)]
        || values.for_each(|(y, x)| *y *= x),
    );
}
