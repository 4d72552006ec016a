//! A recurrent layer in both directions.
//!
//! `y[t] = f[t] ∘ b[t]`, where f are the outputs of the layer and b those of one like it that takes the steps
//! from the last one on, turned back; `∘` joins or combines them: Schuster & Paliwal (1997).

use super::recurrent::{RecurrentArrays, RecurrentLayer};
use crate::gradient::Gradient;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{Cell, copy, sum_into};
use crate::layer::{Forward, LayerData, Layout, Operation, Part, Pass};
use crate::rng::{LayerStep, Rng};

/// A recurrent layer in both directions: `Bidirectional(layer, merge_mode)`.
///
/// The layer is `SimpleRNN(..)`, `LSTM(..)` or `GRU(..)`; each direction has weights of its own. `merge_mode` is
/// `concat`, the default, `sum`, `mul` or `ave`.
///
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Line:
///         Input(24, 2)
///         => Bidirectional(LSTM(16, return_sequences = true))
///         => Bidirectional(GRU(8), merge_mode = sum)
///         => Dense(1)
/// }
/// assert_eq!(Line::PARAMS, 2 * (2 + 16 + 1) * 64 + 2 * (32 + 8 + 2) * 24 + 9);
/// ```
///
/// # Shapes
/// input `[T][IN]`, output `[U]` or `[T][U]`, or of `2 * U` features with `concat`; the weights of the layer twice
///
/// # Cost
/// twice that of the layer, and one pass over both outputs
#[derive(Clone, Copy, Debug)]
pub struct Bidirectional<L> {
    layer: L,
    merge_mode: MergeMode,
}

/// How the outputs of both directions become one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MergeMode {
    /// One behind the other, the forward one first.
    #[default]
    Concat,
    /// Their sum.
    Sum,
    /// Their product.
    Mul,
    /// Their mean.
    Ave,
}

/// The numbers of a [`Bidirectional`], in Keras's order.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct BidirectionalWeights<W> {
    /// The layer that takes the steps from the first one on.
    pub forward: W,
    /// The layer that takes the steps from the last one on.
    pub backward: W,
}

// SAFETY: `repr(C)`, two values of one type, which is `LayerData`, in the order of the layout.
unsafe impl<W: LayerData> LayerData for BidirectionalWeights<W> {
    const LAYOUT: Layout = Layout::Parts(
        const {
            &[
                Part {
                    name: "forward",
                    offset: core::mem::offset_of!(Self, forward),
                    trainable: true,
                    layout: W::LAYOUT,
                },
                Part {
                    name: "backward",
                    offset: core::mem::offset_of!(Self, backward),
                    trainable: true,
                    layout: W::LAYOUT,
                },
            ]
        },
    );
}

impl<C: Cell> Bidirectional<RecurrentLayer<C>> {
    /// A layer of two like `layer`, whose outputs are joined.
    pub const fn new(layer: RecurrentLayer<C>) -> Self {
        Self {
            layer,
            merge_mode: MergeMode::Concat,
        }
    }

    /// Sets how the outputs become one.
    pub const fn merge_mode(mut self, merge_mode: MergeMode) -> Self {
        self.merge_mode = merge_mode;
        self
    }

    /// Values of scratch that inference takes for each sample: both outputs, and what the layer asks for.
    pub const fn scratch_len(&self) -> usize {
        2 * self.layer.output_len() + self.layer.scratch_len()
    }

    /// Values that a training step saves for each sample: both outputs, and what both layers save.
    pub const fn saved_len(&self) -> usize {
        2 * (self.layer.output_len() + self.layer.saved_len())
    }

    /// The layers of both directions.
    const fn both(&self) -> [RecurrentLayer<C>; 2] {
        let goes_backwards = self.layer.kernel.go_backwards;
        [self.layer, self.layer.go_backwards(!goes_backwards)]
    }

    /// Rows of outputs of a sample.
    const fn rows(&self) -> usize {
        if self.layer.kernel.return_sequences {
            self.layer.kernel.steps
        } else {
            1
        }
    }

    /// Calls `merge` with the row of the output, and that of both directions, for each of so many samples.
    fn each_row(&self, samples: usize, mut merge: impl FnMut(usize, [usize; 2])) {
        let rows = self.rows();
        for sample in 0..samples {
            for row in 0..rows {
                let first = sample * rows;
                merge(first + row, [first + row, first + rows - 1 - row]);
            }
        }
    }

    fn merge(&self, [f, b]: [&[f32]; 2], y: &mut [f32], samples: usize) {
        let (units, joins) = (
            self.layer.kernel.units,
            self.merge_mode == MergeMode::Concat,
        );
        let width = if joins { 2 * units } else { units };
        self.each_row(samples, |row, rows| {
            let row_of = |values, row: usize| units_of(values, row, units);
            let (f, b) = (row_of(f, rows[0]), row_of(b, rows[1]));
            let Some(y) = y.get_mut(row * width..(row + 1) * width) else {
                return;
            };
            if joins {
                if let Some((of_f, of_b)) = y.split_at_mut_checked(units) {
                    copy(f, of_f);
                    copy(b, of_b);
                }
                return;
            }
            let values = y.iter_mut().zip(f.iter().zip(b));
            match self.merge_mode {
                MergeMode::Mul => values.for_each(|(y, (f, b))| *y = f * b),
                MergeMode::Ave => values.for_each(|(y, (f, b))| *y = (f + b) / 2.0),
                _ => values.for_each(|(y, (f, b))| *y = f + b),
            }
        });
    }

    /// The gradients of both outputs.
    fn merge_gradient(
        &self,
        dy: &[f32],
        outputs: [&[f32]; 2],
        [df, db]: [&mut [f32]; 2],
        samples: usize,
    ) {
        let (units, mode) = (self.layer.kernel.units, self.merge_mode);
        let width = if mode == MergeMode::Concat {
            2 * units
        } else {
            units
        };
        self.each_row(samples, |row, rows| {
            let dy = &dy[row * width..(row + 1) * width];
            for (number, gradient) in [&mut *df, &mut *db].into_iter().enumerate() {
                let gradient = &mut gradient[rows[number] * units..][..units];
                match mode {
                    MergeMode::Concat => gradient.copy_from_slice(&dy[number * units..][..units]),
                    MergeMode::Sum => gradient.copy_from_slice(dy),
                    MergeMode::Ave => {
                        let values = gradient.iter_mut().zip(dy);
                        values.for_each(|(gradient, dy)| *gradient = dy / 2.0);
                    }
                    MergeMode::Mul => {
                        let other = 1 - number;
                        let other = units_of(outputs[other], rows[other], units);
                        let values = gradient.iter_mut().zip(dy.iter().zip(other));
                        values.for_each(|(gradient, (dy, other))| *gradient = dy * other);
                    }
                }
            }
        });
    }
}

fn units_of(values: &[f32], row: usize, units: usize) -> &[f32] {
    values
        .get(row * units..(row + 1) * units)
        .unwrap_or_default()
}

impl<C: Cell, W: RecurrentArrays> Forward<BidirectionalWeights<W>, f32, f32, f32>
    for Bidirectional<RecurrentLayer<C>>
{
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn forward(
        &self,
        weights: &BidirectionalWeights<W>,
        x: &[f32],
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let samples = self.layer.samples(x);
        let len = samples * self.layer.output_len();
        let Some((f, rest)) = scratch.split_at_mut_checked(len) else {
            return;
        };
        let Some((b, rest)) = rest.split_at_mut_checked(len) else {
            return;
        };
        let [forward, backward] = self.both();
        forward.forward(&weights.forward, x, f, rest);
        backward.forward(&weights.backward, x, b, rest);
        self.merge([f, b], y, samples);
    }
}

impl<C: Cell, W: RecurrentArrays> Operation<BidirectionalWeights<W>, f32, f32, f32, f32>
    for Bidirectional<RecurrentLayer<C>>
{
    fn init(&self, weights: &mut BidirectionalWeights<W>, rng: &mut Rng) {
        self.layer.init(&mut weights.forward, rng);
        self.layer.init(&mut weights.backward, rng);
    }

    fn forward_training(
        &self,
        weights: &BidirectionalWeights<W>,
        x: &[f32],
        y: &mut [f32],
        _: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let samples = self.layer.samples(x);
        let (outputs, saved) = saved.split_at_mut(2 * samples * self.layer.output_len());
        let (f, b) = outputs.split_at_mut(samples * self.layer.output_len());
        let (of_f, of_b) = saved.split_at_mut(samples * self.layer.saved_len());
        let [forward, backward] = self.both();
        // Each direction draws numbers of its own.
        let within = step.within();
        let (weights_f, weights_b) = (&weights.forward, &weights.backward);
        forward.forward_training(weights_f, x, f, &mut [], of_f, within.layer(0));
        backward.forward_training(weights_b, x, b, &mut [], of_b, within.layer(1));
        self.merge([f, b], y, samples);
    }

    fn backward(
        &self,
        weights: &BidirectionalWeights<W>,
        pass: Pass<'_, f32, f32, f32>,
        gradient: Gradient<'_>,
    ) {
        let samples = self.layer.samples(pass.x);
        let len = samples * self.layer.output_len();
        let (outputs, saved) = pass.saved.split_at_mut(2 * len);
        let (f, b) = outputs.split_at(len);
        let (of_f, of_b) = saved.split_at_mut(samples * self.layer.saved_len());
        let gradient = gradient.of::<BidirectionalWeights<W>>();
        let [in_forward, in_backward] = match gradient {
            Some(gradient) => {
                [&mut gradient.forward, &mut gradient.backward].map(Gradient::of_layer)
            }
            None => [Gradient::none(), Gradient::none()],
        };
        let part_len = pass.dx.as_ref().map_or(0, |dx| dx.len());
        let [forward, backward] = self.both();
        let (x, dy, accumulate) = (pass.x, pass.dy, pass.accumulate);
        let mut dx = pass.dx;
        scratch::with(Use::Bidirectional, 2 * len + part_len, |scratch| {
            let (gradients, part) = scratch.split_at_mut(2 * len);
            let (df, db) = gradients.split_at_mut(len);
            self.merge_gradient(dy, [f, b], [df, db], samples);
            let pass_f = Pass {
                x,
                y: f,
                saved: of_f,
                dy: df,
                dx: dx.as_deref_mut(),
                accumulate,
            };
            forward.backward(&weights.forward, pass_f, in_forward);
            let pass_b = Pass {
                x,
                y: b,
                saved: of_b,
                dy: db,
                dx: dx.is_some().then_some(&mut *part),
                accumulate,
            };
            backward.backward(&weights.backward, pass_b, in_backward);
            if let Some(dx) = dx {
                sum_into(dx, part);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{GRU, GRUWeights, LSTM, LSTMWeights};
    use crate::testing::check_scratch_operation;

    const MODES: [MergeMode; 4] = [
        MergeMode::Concat,
        MergeMode::Sum,
        MergeMode::Mul,
        MergeMode::Ave,
    ];

    #[test]
    fn gradients_match_finite_differences() {
        for mode in MODES {
            let width = if mode == MergeMode::Concat { 2 } else { 1 };
            let layer = Bidirectional::new(LSTM::new([5, 3], 2)).merge_mode(mode);
            type Last = BidirectionalWeights<LSTMWeights<3, 2, 8>>;
            check_scratch_operation::<Last>(&layer, 15, 2 * width, layer.saved_len()).unwrap();
            let all = GRU::new([3, 1], 3).return_sequences(true).dropout(0.4);
            let layer = Bidirectional::new(all).merge_mode(mode);
            type All = BidirectionalWeights<GRUWeights<1, 3, 9>>;
            check_scratch_operation::<All>(&layer, 3, 9 * width, layer.saved_len()).unwrap();
        }
    }
}
