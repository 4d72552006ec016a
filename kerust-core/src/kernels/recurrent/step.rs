//! The parts of a step that the cells share.

use super::panels::Panels;
use super::{Recurrent, count_of};
use crate::kernels::isa::vectorized;
use crate::kernels::matmul::Start;
use crate::kernels::parallel::pairs;
use core::ops::Range;

/// The computation of a step of a recurrent layer: [`Lstm`](super::Lstm), [`Gru`](super::Gru) or
/// [`SimpleRnn`](super::SimpleRnn).
#[allow(private_interfaces, reason = "implemented here alone")]
pub trait Cell: Copy + Sync {
    /// The number of gates, which are next to each other in the kernels.
    const GATES: usize;
    /// The number of states.
    const STATES: usize;
    /// The number of values for each unit that a step computes in addition to the gates.
    const BESIDE: usize;
    /// The number of values for each unit and step that are saved in addition to the gates and the first
    /// state.
    const SAVED: usize;
    /// The first and the end of the gates whose products are computed together.
    const GROUPS: &'static [[usize; 2]];

    /// How the last group of columns differs from a product with the state.
    #[doc(hidden)]
    fn reset(&self) -> Reset {
        Reset::None
    }

    /// The number of rows of the bias.
    fn biases(&self) -> usize {
        if self.reset() == Reset::After { 2 } else { 1 }
    }

    /// Computes the new state from the old one.
    #[doc(hidden)]
    fn forward(of: &Recurrent<Self>, kernel: &Panels<'_>, step: Step<'_>);

    /// Computes the gradients of the gates and of the earlier state from that of the state.
    #[doc(hidden)]
    fn backward(of: &Recurrent<Self>, kernel: &Panels<'_>, step: BackwardStep<'_>);
}

/// When a gate resets the state for the last group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reset {
    None,
    /// Before the product: the reset state is next to the gates.
    Before,
    /// After the product: the product is next to the gates, and has its own gradient.
    After,
}

/// One step of some samples.
pub(super) struct Step<'a> {
    pub(super) samples: usize,
    /// The gates' sums over the inputs, which are replaced by the gates. The rows of a sample are `stride`
    /// apart.
    pub(super) gates: &'a mut [f32],
    pub(super) stride: usize,
    /// The same for the values next to the gates.
    pub(super) beside: &'a mut [f32],
    pub(super) beside_stride: usize,
    pub(super) states: [&'a mut [f32]; 2],
    /// The second row of the bias.
    pub(super) bias: &'a [f32],
    /// The dropout masks.
    pub(super) dropout: &'a [f32],
    /// For each sample, whether it is masked.
    pub(super) skips: Skips<'a>,
    /// A row of units for each sample, and a row of gates if they are saved before their activation.
    pub(super) scratch: [&'a mut [f32]; 2],
}

/// The gradient of one step for some samples. For masked samples the gradient of the gates is 0.
pub(super) struct BackwardStep<'a> {
    pub(super) samples: usize,
    /// The saved gates. The rows of a sample are `stride` apart.
    pub(super) gates: &'a [f32],
    pub(super) stride: usize,
    /// The other values that the forward pass saved, and the first state before the step.
    pub(super) beside: &'a [f32],
    pub(super) before: &'a [f32],
    /// The distance between two rows of both.
    pub(super) unit_stride: usize,
    /// The gradient of the gates, with rows `stride` apart.
    pub(super) dgates: &'a mut [f32],
    /// The gradient of the values next to the gates, with rows `unit_stride` apart.
    pub(super) dbeside: &'a mut [f32],
    pub(super) dstates: [&'a mut [f32]; 2],
    pub(super) dropout: &'a [f32],
    pub(super) skips: Skips<'a>,
    /// Rows of units for each sample.
    pub(super) scratch: [&'a mut [f32]; 3],
    /// A row of gates for each sample.
    pub(super) values: &'a mut [f32],
}

/// The samples that are masked in a step.
#[derive(Clone, Copy)]
pub(super) struct Skips<'a> {
    mask: &'a [u8],
    steps: usize,
    step: usize,
}

impl<'a> Skips<'a> {
    /// The view of a mask that begins with the first of these samples.
    pub(super) fn new(mask: &'a [u8], steps: usize, step: usize) -> Self {
        Self { mask, steps, step }
    }

    /// Whether a sample is masked.
    #[inline(always)]
    pub(super) fn skips(&self, sample: usize) -> bool {
        self.mask.get(sample * self.steps + self.step) == Some(&0)
    }
}

impl<C: Cell> Recurrent<C> {
    /// `c = start + (h ∘ dropout)·U` for some columns, from (samples, units) to rows that are `stride` apart.
    pub(super) fn add_state(
        &self,
        kernel: &Panels<'_>,
        (h, dropout): (&[f32], &[f32]),
        columns: Range<usize>,
        start: Start<'_>,
        (c, stride): (&mut [f32], usize),
        dropped: &mut [f32],
    ) {
        let (units, samples) = (self.units, self.samples(h));
        let rows = 0..units;
        let masks = count_of(dropout, samples, units);
        if masks == 0 {
            let columns = [rows, columns];
            return kernel.product((h, units), samples, columns, start, c, stride);
        }
        let width = if masks == 1 { columns.len() } else { units };
        for first in columns.clone().step_by(width.max(1)) {
            let place = first - columns.start;
            self.drop(h, dropout, first.checked_div(width).unwrap_or(0), dropped);
            let start = match start {
                Start::Bias(bias) => {
                    Start::Bias(bias.get(place..place + width).unwrap_or_default())
                }
                other => other,
            };
            let columns = [rows.clone(), first..first + width];
            let Some(c) = c.get_mut(place..) else { return };
            kernel.product((dropped, units), samples, columns, start, c, stride);
        }
    }

    /// `dh += (dgates·Uᵀ) ∘ dropout` for some columns, from rows that are `stride` apart.
    pub(super) fn add_state_gradient(
        &self,
        kernel: &Panels<'_>,
        (dgates, stride): (&[f32], usize),
        columns: Range<usize>,
        dropout: &[f32],
        dh: &mut [f32],
        product: &mut [f32],
    ) {
        let (units, samples) = (self.units, self.samples(dh));
        let masks = count_of(dropout, samples, units);
        if masks == 0 {
            let ranges = [columns, 0..units];
            return kernel.product((dgates, stride), samples, ranges, Start::Sum, dh, units);
        }
        let width = if masks == 1 { columns.len() } else { units };
        for first in columns.clone().step_by(width) {
            let ranges = [first..first + width, 0..units];
            let dgates = &dgates[first - columns.start..];
            kernel.product(
                (dgates, stride),
                samples,
                ranges,
                Start::Zero,
                product,
                units,
            );
            let gate = if masks == 1 { 0 } else { first / units };
            let dropout = dropout.chunks_exact(masks * units);
            let rows = dh.chunks_exact_mut(units).zip(product.chunks_exact(units));
            for ((dh, product), dropout) in rows.zip(dropout) {
                let factors = &dropout[gate * units..][..units];
                let values = dh.iter_mut().zip(product.iter().zip(factors));
                values.for_each(|(dh, (product, factor))| *dh += product * factor);
            }
        }
    }

    /// `dropped = h ∘ dropout`, with the mask of a gate if each gate has its own.
    pub(super) fn drop(&self, h: &[f32], dropout: &[f32], gate: usize, dropped: &mut [f32]) {
        let units = self.units;
        let samples = self.samples(h);
        let masks = count_of(dropout, samples, units);
        let gate = if masks > 1 { gate } else { 0 };
        let mut sample = 0;
        pairs(h, units, dropped, units, |h, dropped| {
            let first = (sample * masks + gate) * units;
            multiply(h, dropout.get(first..).unwrap_or_default(), dropped);
            sample += 1;
        });
    }
}

/// `y = a ∘ b`
pub(in crate::kernels) fn multiply(a: &[f32], b: &[f32], y: &mut [f32]) {
    let values = y.iter_mut().zip(a.iter().zip(b));
    vectorized(
        #[inline(always)]
        || values.for_each(|(y, (a, b))| *y = a * b),
    );
}

/// The parts of a row of gates. Empty slices if it is too short.
#[inline(always)]
pub(super) fn gates<const N: usize>(row: &[f32], units: usize) -> [&[f32]; N] {
    let mut parts = row.chunks_exact(units.max(1));
    [(); N].map(|()| parts.next().unwrap_or_default())
}

/// [`gates`] for writing.
#[inline(always)]
pub(super) fn gates_mut<const N: usize>(row: &mut [f32], units: usize) -> [&mut [f32]; N] {
    let mut parts = row.chunks_exact_mut(units.max(1));
    [(); N].map(|()| parts.next().unwrap_or_default())
}
