//! The fully connected recurrent layer: `h = act(x·W + b + h·U)` (Elman 1990).

use super::Recurrent;
use super::panels::Panels;
use super::step::{BackwardStep, Cell, Step};
use crate::kernels::matmul::Start;

/// The cell of a SimpleRNN.
#[derive(Clone, Copy, Debug)]
pub struct SimpleRnn;

#[allow(private_interfaces, reason = "implemented here alone")]
impl Cell for SimpleRnn {
    const GATES: usize = 1;
    const STATES: usize = 1;
    const BESIDE: usize = 0;
    const SAVED: usize = 0;
    const GROUPS: &'static [[usize; 2]] = &[[0, 1]];

    #[cfg_attr(not(feature = "std"), inline(always))]
    fn forward(of: &Recurrent<Self>, kernel: &Panels<'_>, step: Step<'_>) {
        let units = of.units;
        let [h, _] = step.states;
        let [dropped, values] = step.scratch;
        of.add_state(
            kernel,
            (h, step.dropout),
            0..units,
            Start::Sum,
            (step.gates, step.stride),
            dropped,
        );
        let states = h.chunks_exact_mut(units.max(1));
        for (sample, h) in states.enumerate().take(step.samples) {
            let first = sample * step.stride;
            let Some(row) = step.gates.get_mut(first..first + units) else {
                return;
            };
            if step.skips.skips(sample) {
                continue;
            }
            crate::kernels::copy(row, h);
            of.activation.apply(h, units);
            // If the sums are not saved, the activated values are saved.
            if values.is_empty() {
                crate::kernels::copy(h, row);
            }
        }
    }

    fn backward(of: &Recurrent<Self>, kernel: &Panels<'_>, step: BackwardStep<'_>) {
        let units = of.units;
        let [dh, _] = step.dstates;
        for (sample, dh) in dh.chunks_exact_mut(units).enumerate() {
            let first = sample * step.stride;
            let dgates = &mut step.dgates[first..first + units];
            if step.skips.skips(sample) {
                dgates.fill(0.0);
                continue;
            }
            let saved = &step.gates[first..first + units];
            dgates.copy_from_slice(dh);
            dh.fill(0.0);
            let y = if of.saves_inputs() {
                let values = &mut step.values[..units];
                values.copy_from_slice(saved);
                of.activation.apply(values, units);
                &*values
            } else {
                saved
            };
            of.activation.backward_in_place(saved, y, dgates, units);
        }
        let [product, ..] = step.scratch;
        of.add_state_gradient(
            kernel,
            (step.dgates, step.stride),
            0..units,
            step.dropout,
            dh,
            product,
        );
    }
}
