//! Long short-term memory: Hochreiter & Schmidhuber (1997), with the forget gate of Gers et al. (2000).
//!
//! `i, f, o = σ(z_i), σ(z_f), σ(z_o)`; `c = f·c + i·act(z_c)`; `h = o·act(c)`, with the gates in Keras's
//! order i, f, c, o.

use super::Recurrent;
use super::panels::Panels;
use super::step::{BackwardStep, Cell, Step, gates, gates_mut};
use crate::activation::Activation;
use crate::kernels::copy;
use crate::kernels::isa::vectorized;
use crate::kernels::matmul::Start;

/// The cell of an LSTM.
#[derive(Clone, Copy, Debug)]
pub struct Lstm;

#[allow(private_interfaces, reason = "implemented here alone")]
impl Cell for Lstm {
    const GATES: usize = 4;
    const STATES: usize = 2;
    const BESIDE: usize = 0;
    const SAVED: usize = 1;
    const GROUPS: &'static [[usize; 2]] = &[[0, 4]];

    #[cfg_attr(not(feature = "std"), inline(always))]
    fn forward(of: &Recurrent<Self>, kernel: &Panels<'_>, step: Step<'_>) {
        let units = of.units;
        let [h, c] = step.states;
        let [dropped, values] = step.scratch;
        of.add_state(
            kernel,
            (h, step.dropout),
            0..of.columns(),
            Start::Sum,
            (step.gates, step.stride),
            dropped,
        );
        let mut carries = c.chunks_exact_mut(units.max(1));
        let states = h.chunks_exact_mut(units.max(1));
        for (sample, h) in states.enumerate().take(step.samples) {
            let Some(c) = carries.next() else { return };
            let before = step.beside.get_mut(sample * step.beside_stride..);
            if let Some(before) = before.and_then(|before| before.get_mut(..units)) {
                copy(c, before);
            }
            let first = sample * step.stride;
            let Some(row) = step.gates.get_mut(first..first + of.columns()) else {
                return;
            };
            if step.skips.skips(sample) {
                continue;
            }
            let row = match values.get_mut(sample * of.columns()..(sample + 1) * of.columns()) {
                None => row,
                Some(values) => {
                    copy(row, values);
                    values
                }
            };
            of.new_state(row, h, c);
        }
    }

    fn backward(of: &Recurrent<Self>, kernel: &Panels<'_>, step: BackwardStep<'_>) {
        let (units, columns) = (of.units, of.columns());
        let [dh, dc] = step.dstates;
        let [product, new_c, of_c] = step.scratch;
        let states = dh.chunks_exact_mut(units).zip(dc.chunks_exact_mut(units));
        for (sample, (dh, dc)) in states.enumerate() {
            let first = sample * step.stride;
            let dgates = &mut step.dgates[first..first + columns];
            if step.skips.skips(sample) {
                dgates.fill(0.0);
                continue;
            }
            let saved = &step.gates[first..first + columns];
            let values = if of.saves_inputs() {
                let values = &mut step.values[..columns];
                values.copy_from_slice(saved);
                of.activate(values);
                &*values
            } else {
                saved
            };
            let c = &step.beside[sample * step.unit_stride..][..units];
            let rows = [&mut new_c[..units], &mut of_c[..units]];
            of.gates_gradient([saved, values, c], [dgates, dh, dc], rows);
        }
        of.add_state_gradient(
            kernel,
            (step.dgates, step.stride),
            0..columns,
            step.dropout,
            dh,
            product,
        );
    }
}

impl Recurrent<Lstm> {
    /// Whether a step uses the fused loop for Keras's default activations.
    fn is_fused(&self) -> bool {
        cfg!(feature = "std")
            && self.activation == Activation::Tanh
            && self.recurrent_activation == Activation::Sigmoid
    }

    #[cfg_attr(not(feature = "std"), inline(always))]
    fn activate(&self, row: &mut [f32]) {
        let [i, f, g, o] = gates_mut(row, self.units);
        for gate in [i, f, o] {
            self.recurrent_activation.apply(gate, self.units);
        }
        self.activation.apply(g, self.units);
    }

    /// Computes the new states of a sample. The row of sums is replaced by the gates.
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn new_state(&self, row: &mut [f32], h: &mut [f32], c: &mut [f32]) {
        #[cfg(feature = "std")]
        if self.is_fused() {
            return fused(gates_mut(row, self.units), h, c);
        }
        self.activate(row);
        let [i, f, g, o] = gates(row, self.units);
        new_carry([i, f, g], c, h);
        self.activation.apply(h, self.units);
        let values = h.iter_mut().zip(o);
        vectorized(
            #[inline(always)]
            || values.for_each(|(h, o)| *h *= o),
        );
    }

    /// The gradients of a sample's gates and of the earlier carry, from those of the states. The gradient of
    /// `h` is set to 0.
    fn gates_gradient(
        &self,
        [saved, values, c]: [&[f32]; 3],
        [dgates, dh, dc]: [&mut [f32]; 3],
        [new_c, of_c]: [&mut [f32]; 2],
    ) {
        let units = self.units;
        if self.is_fused() {
            let values = gates(values, units);
            return fused_gradient(values, c, gates_mut(dgates, units), dh, dc);
        }
        let [i, f, g, o] = gates(values, units);
        let [di, df, dg, d_o] = gates_mut(dgates, units);
        for k in 0..units {
            new_c[k] = f[k] * c[k] + i[k] * g[k];
        }
        of_c.copy_from_slice(new_c);
        self.activation.apply(of_c, units);
        for k in 0..units {
            d_o[k] = dh[k] * of_c[k];
            // At first only the part that comes through h.
            dg[k] = dh[k] * o[k];
            dh[k] = 0.0;
        }
        self.activation.backward_in_place(new_c, of_c, dg, units);
        for k in 0..units {
            let dc_new = dc[k] + dg[k];
            di[k] = dc_new * g[k];
            df[k] = dc_new * c[k];
            dg[k] = dc_new * i[k];
            dc[k] = dc_new * f[k];
        }
        let [zi, zf, zg, zo] = gates(saved, units);
        for (z, value, gradient) in [(zi, i, di), (zf, f, df), (zo, o, d_o)] {
            let activation = self.recurrent_activation;
            activation.backward_in_place(z, value, gradient, units);
        }
        self.activation.backward_in_place(zg, g, dg, units);
    }
}

/// `c = f·c + i·g`, also written to `copy`.
fn new_carry([i, f, g]: [&[f32]; 3], c: &mut [f32], copy: &mut [f32]) {
    let states = c.iter_mut().zip(copy.iter_mut());
    let values = states.zip(i.iter().zip(f.iter().zip(g)));
    vectorized(
        #[inline(always)]
        || {
            values.for_each(|((c, copy), (i, (f, g)))| {
                *c = f * *c + i * g;
                *copy = *c;
            });
        },
    );
}

/// A step with sigmoid and tanh, in which each value is loaded and stored only once.
#[cfg(feature = "std")]
fn fused([i, f, g, o]: [&mut [f32]; 4], h: &mut [f32], c: &mut [f32]) {
    use crate::activation::{sigmoid, tanh};
    let states = h.iter_mut().zip(c);
    let gates = i.iter_mut().zip(f).zip(g.iter_mut().zip(o));
    vectorized(
        #[inline(always)]
        || {
            for ((h, c), ((i, f), (g, o))) in states.zip(gates) {
                (*i, *f, *o) = (sigmoid(*i), sigmoid(*f), sigmoid(*o));
                *g = tanh(*g);
                *c = *f * *c + *i * *g;
                *h = tanh(*c) * *o;
            }
        },
    );
}

/// The gradients of [`fused`].
fn fused_gradient(
    [i, f, g, o]: [&[f32]; 4],
    c: &[f32],
    [di, df, dg, d_o]: [&mut [f32]; 4],
    dh: &mut [f32],
    dc: &mut [f32],
) {
    use crate::activation::tanh;
    let values = i.iter().zip(f).zip(g.iter().zip(o)).zip(c);
    let gradients = di.iter_mut().zip(df).zip(dg.iter_mut().zip(d_o));
    let states = dh.iter_mut().zip(dc);
    vectorized(
        #[inline(always)]
        || {
            let all = values.zip(gradients).zip(states);
            for (((((i, f), (g, o)), c), ((di, df), (dg, d_o))), (dh, dc)) in all {
                let of_c = tanh(f * c + i * g);
                *d_o = *dh * of_c * (o * (1.0 - o));
                let dc_new = *dc + *dh * o * (1.0 - of_c * of_c);
                *di = dc_new * g * (i * (1.0 - i));
                *df = dc_new * c * (f * (1.0 - f));
                *dg = dc_new * i * (1.0 - g * g);
                *dc = dc_new * f;
                *dh = 0.0;
            }
        },
    );
}
