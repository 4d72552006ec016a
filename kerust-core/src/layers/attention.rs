//! Attention without projections.

use super::dropout::Rate;
use crate::element::Elements;
use crate::gradient::Gradient;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{self, AttentionGradients, AttentionMasks};
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;

/// Dot-product attention, as of Luong.
///
/// `P = softmax(q·kᵀ)` over the keys, and `y = P·v`: Luong et al. (2015), the score "dot".
///
/// It is applied to values by their names: `Attention(query, value)`, or `Attention(query, value, key)` with keys
/// of their own. Scores are not scaled, and there are no projections: those are of
/// [`MultiHeadAttention`](super::MultiHeadAttention).
///
/// `INPUTS` is the number of values that the layer is applied to.
///
/// # Arguments
/// - `dropout = 0`: the share of the probabilities that is dropped in training.
/// - `use_causal_mask = false`: whether a step sees itself and the steps before it only; in Keras it is an argument
///   of the call.
///
/// # Shapes
/// query `[T][D]`, value `[S][V]`, key `[S][D]`, output `[T][V]`; saves `T * S` values, and with dropout as many more
///
/// # Cost
/// `T * S * (D + V)` multiply-adds; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Look {
///         let query = Input(4, 8);
///         let value = Input(16, 8);
///         Attention(query, value) => GlobalAveragePooling1D => Dense(2)
///     }
/// }
/// assert_eq!(Look::PARAMS, 9 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Attention<const INPUTS: usize = 2> {
    attention: kernels::Attention,
    dropout: f32,
}

impl<const INPUTS: usize> Attention<INPUTS> {
    /// A layer over queries and values of `[steps, features]`, without dropout and mask.
    pub const fn new(query: [usize; 2], value: [usize; 2]) -> Self {
        Self {
            attention: kernels::Attention {
                heads: 1,
                key_width: query[1],
                value_width: value[1],
                queries: query[0],
                keys: value[0],
                scale: 1.0,
                causal: false,
            },
            dropout: 0.0,
        }
    }

    /// Sets the share of the probabilities that is dropped in training.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn dropout(mut self, rate: f32) -> Self {
        _ = Rate::new(rate);
        self.dropout = rate;
        self
    }

    /// Sets whether a query sees the keys up to its own step only.
    pub const fn use_causal_mask(mut self, use_causal_mask: bool) -> Self {
        self.attention.causal = use_causal_mask;
        self
    }

    /// Values of scratch that inference takes for each sample: the scores of a query.
    pub const fn scratch_len(&self) -> usize {
        self.attention.scratch_len()
    }

    /// Values that a training step saves for each sample: the probabilities, and the factors of dropout.
    pub const fn saved_len(&self) -> usize {
        let factors = if self.dropout > 0.0 { 2 } else { 1 };
        factors * self.attention.saved_len()
    }

    /// How many samples a training step saved values of.
    fn samples(&self, saved: &[f32]) -> usize {
        saved.len().checked_div(self.saved_len()).unwrap_or(0)
    }

    /// The forward pass over query, key and value of a training step.
    fn train(&self, values: [&[f32]; 3], y: &mut [f32], saved: &mut [f32], step: LayerStep<'_>) {
        let samples = self.samples(saved);
        let (probabilities, factors) = saved.split_at_mut(samples * self.attention.saved_len());
        Rate::new(self.dropout).draw_in(step, factors);
        let scratch_len = self.attention.training_scratch_len(!factors.is_empty());
        scratch::with(Use::Attention, samples * scratch_len, |scratch| {
            let masks = AttentionMasks::default();
            let attention = &self.attention;
            attention.forward_training(values, masks, factors, y, probabilities, scratch);
        });
    }

    /// The backward pass over query, key and value; where the keys are the values, `[query, value]` have gradients.
    fn back(
        &self,
        values: [&[f32]; 3],
        saved: &[f32],
        dy: &[f32],
        [query, key, mut value]: [Option<&mut [f32]>; 3],
    ) {
        let samples = self.samples(saved);
        let (probabilities, factors) = saved.split_at(samples * self.attention.saved_len());
        let backward_len = self.attention.backward_scratch_len(!factors.is_empty());
        let is_shared = INPUTS == 2 && value.is_some();
        let part_len = if is_shared { values[1].len() } else { 0 };
        let len = part_len + samples * backward_len;
        scratch::with(Use::Attention, len, |scratch| {
            let (part, scratch) = scratch.split_at_mut(part_len);
            let gradients = AttentionGradients {
                query,
                key: if is_shared { Some(&mut *part) } else { key },
                value: value.as_deref_mut(),
            };
            let attention = &self.attention;
            attention.backward(values, factors, probabilities, dy, gradients, scratch);
            if let (true, Some(value)) = (is_shared, value) {
                kernels::sum_into(value, part);
            }
        });
    }
}

/// Implements the layer for some inputs: query, key and value of them, and the places of their gradients.
macro_rules! attend {
    ($count:literal, |$x:ident| $values:expr, |$dx:ident| $gradients:expr) => {
        impl Forward<(), [f32; $count], f32, f32> for Attention<$count> {
            fn forward(
                &self,
                (): &(),
                $x: <[f32; $count] as Elements>::Slices<'_>,
                y: &mut [f32],
                scratch: &mut [f32],
            ) {
                let masks = AttentionMasks::default();
                self.attention.forward($values, masks, y, scratch);
            }
        }

        impl Operation<(), [f32; $count], f32, f32, f32> for Attention<$count> {
            fn forward_training(
                &self,
                (): &(),
                $x: <[f32; $count] as Elements>::Slices<'_>,
                y: &mut [f32],
                _: &mut [f32],
                saved: &mut [f32],
                step: LayerStep<'_>,
            ) {
                self.train($values, y, saved, step);
            }

            fn backward(&self, (): &(), pass: Pass<'_, [f32; $count], f32, f32>, _: Gradient<'_>) {
                let ($x, $dx) = (pass.x, pass.dx);
                self.back($values, pass.saved, pass.dy, $gradients);
            }
        }
    };
}
attend!(2, |x| [x[0], x[1], x[1]], |dx| {
    let [query, value] = dx;
    [query, None, value]
});
// As in Keras the value stands before the key.
attend!(3, |x| [x[0], x[2], x[1]], |dx| {
    let [query, value, key] = dx;
    [query, key, value]
});
