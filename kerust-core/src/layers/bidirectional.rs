//! A recurrent layer in both directions.

use super::recurrent::RecurrentLayer;
use super::recurrent_values::{BidirectionalInput, BidirectionalOutput};
use super::recurrent_weights::RecurrentArrays;
use crate::gradient::Gradient;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{Cell, copy, sum_into};
use crate::layer::{Forward, LayerData, Layout, Operation, Part, Pass};
use crate::rng::{LayerStep, Rng};
use core::marker::PhantomData;

/// Runs a recurrent layer over a sequence in both directions.
///
/// `y[t] = f[t] ∘ b[t]`, where f are the outputs of the layer and b those of one like it that takes the steps
/// from the last one on, turned back; `∘` joins or combines them: Schuster & Paliwal (1997).
///
/// With `return_state = true` in the layer, the last states are further outputs, those of the forward layer first: `let (y,
/// forward_h, forward_c, backward_h, backward_c) = x => Bidirectional(LSTM(16, return_state = true));`.
/// `Bidirectional(LSTM(16))(x, initial_state = (forward_h, forward_c, backward_h, backward_c))` begins with states; `GRU` and
/// `SimpleRNN` have one for each direction.
///
/// # Arguments
/// - `layer`: `SimpleRNN(..)`, `LSTM(..)` or `GRU(..)`; each direction has weights of its own.
/// - `merge_mode = concat`: how the outputs of both directions become one: `concat`, `sum`, `mul` or `ave`.
///
/// # Shapes
/// input `[T][IN]`, output `[U]` or `[T][U]`, or of `2 * U` features with `concat`; the weights of the layer twice
///
/// # Cost
/// twice that of the layer, and one pass over both outputs
///
/// # Example
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
#[derive(Clone, Copy, Debug)]
pub struct Bidirectional<L, X = f32, Y = f32> {
    layer: L,
    merge_mode: MergeMode,
    values: PhantomData<(X, Y)>,
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

impl<C: Cell, X, Y> Bidirectional<RecurrentLayer<C>, X, Y> {
    /// A layer of two like `layer`, whose outputs are joined.
    pub const fn new(layer: RecurrentLayer<C>) -> Self {
        Self {
            layer,
            merge_mode: MergeMode::Concat,
            values: PhantomData,
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
        let mut layers = [self.layer; 2];
        layers[1].kernel.go_backwards = !self.layer.kernel.go_backwards;
        // As in Keras, so that steps that a mask leaves out meet in both directions.
        layers[0].kernel.zero_output_for_mask = self.layer.kernel.return_sequences;
        layers[1].kernel.zero_output_for_mask = self.layer.kernel.return_sequences;
        layers
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

impl<C, W, X, Y> Forward<BidirectionalWeights<W>, X, Y, f32>
    for Bidirectional<RecurrentLayer<C>, X, Y>
where
    C: Cell,
    W: RecurrentArrays,
    X: BidirectionalInput,
    Y: BidirectionalOutput,
{
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn forward(
        &self,
        weights: &BidirectionalWeights<W>,
        x: X::Slices<'_>,
        y: Y::SlicesMut<'_>,
        scratch: &mut [f32],
    ) {
        let ([of_forward, of_backward], (y, [last_f, last_b])) = (X::both(x), Y::both(y));
        let samples = self.layer.samples(of_forward.x);
        let len = samples * self.layer.output_len();
        let Some((f, rest)) = scratch.split_at_mut_checked(len) else {
            return;
        };
        let Some((b, rest)) = rest.split_at_mut_checked(len) else {
            return;
        };
        let [forward, backward] = self.both();
        forward.run(&weights.forward, of_forward, (&mut *f, last_f), rest);
        backward.run(&weights.backward, of_backward, (&mut *b, last_b), rest);
        self.merge([f, b], y, samples);
    }
}

impl<C, W, X, Y> Operation<BidirectionalWeights<W>, X, Y, f32, f32>
    for Bidirectional<RecurrentLayer<C>, X, Y>
where
    C: Cell,
    W: RecurrentArrays,
    X: BidirectionalInput,
    Y: BidirectionalOutput,
{
    fn init(&self, weights: &mut BidirectionalWeights<W>, rng: &mut Rng) {
        self.layer.init(&mut weights.forward, rng);
        self.layer.init(&mut weights.backward, rng);
    }

    fn forward_training(
        &self,
        weights: &BidirectionalWeights<W>,
        x: X::Slices<'_>,
        y: Y::SlicesMut<'_>,
        _: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let ([x_f, x_b], (y, [last_f, last_b])) = (X::both(x), Y::both(y));
        let samples = self.layer.samples(x_f.x);
        let (outputs, saved) = saved.split_at_mut(2 * samples * self.layer.output_len());
        let (f, b) = outputs.split_at_mut(samples * self.layer.output_len());
        let (of_f, of_b) = saved.split_at_mut(samples * self.layer.saved_len());
        let [forward, backward] = self.both();
        // Each direction draws numbers of its own.
        let within = step.within();
        let (weights_f, weights_b) = (&weights.forward, &weights.backward);
        let (y_f, y_b) = ((&mut *f, last_f), (&mut *b, last_b));
        forward.run_training(weights_f, x_f, y_f, of_f, within.layer(0));
        backward.run_training(weights_b, x_b, y_b, of_b, within.layer(1));
        self.merge([f, b], y, samples);
    }

    fn backward(
        &self,
        weights: &BidirectionalWeights<W>,
        pass: Pass<'_, X, Y, f32>,
        gradient: Gradient<'_>,
    ) {
        let [x_f, x_b] = X::both(pass.x);
        let samples = self.layer.samples(x_f.x);
        let len = samples * self.layer.output_len();
        let (outputs, saved) = pass.saved.split_at_mut(2 * len);
        let (f, b) = outputs.split_at(len);
        let (of_f, of_b) = saved.split_at_mut(samples * self.layer.saved_len());
        let gradient = gradient.of::<BidirectionalWeights<W>>();
        let [of_forward, of_backward] = match gradient {
            Some(gradient) => {
                [&mut gradient.forward, &mut gradient.backward].map(|it| Some(W::arrays_mut(it)))
            }
            None => [None, None],
        };
        let (mut dx, [first_f, first_b]) = X::gradients(pass.dx);
        let part_len = dx.as_ref().map_or(0, |dx| dx.len());
        let [forward, backward] = self.both();
        let ((dy, [last_f, last_b]), accumulate) = (Y::gradients(pass.dy), pass.accumulate);
        scratch::with(Use::Bidirectional, 2 * len + part_len, |scratch| {
            let (gradients, part) = scratch.split_at_mut(2 * len);
            let (df, db) = gradients.split_at_mut(len);
            self.merge_gradient(dy, [f, b], [df, db], samples);
            let (df, db) = ((&*df, last_f), (&*db, last_b));
            let asked = (dx.as_deref_mut(), first_f);
            let to = (of_forward, accumulate);
            forward.back(&weights.forward, x_f, of_f, df, asked, to);
            let asked = (dx.is_some().then_some(&mut *part), first_b);
            let to = (of_backward, accumulate);
            backward.back(&weights.backward, x_b, of_b, db, asked, to);
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
