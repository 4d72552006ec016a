//! Additive attention.

use super::dropout::Rate;
use crate::element::Elements;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{self, AdditiveGradients};
use crate::layer::{Forward, Operation, Pass, weights};
use crate::rng::{LayerStep, Rng};

/// Additive attention, as of Bahdanau.
///
/// `P = softmax(e)` over the keys with `e[t, s] = Σ c[d] · tanh(q[t, d] + k[s, d])`, and `y = P·v`: Bahdanau et al. (2015).
/// Initialised by Glorot & Bengio (2010), eq. 16.
///
/// It is applied to values by their names: `AdditiveAttention(query, value)`, or `AdditiveAttention(query, value,
/// key)` with keys of their own.
///
/// `INPUTS` is the number of values that the layer is applied to.
///
/// # Arguments
/// - `use_scale = true`: whether each feature has a weight in the scores.
/// - `dropout = 0`: the share of the probabilities that is dropped in training.
/// - `use_causal_mask = false`: whether a step sees itself and the steps before it only; in Keras it is an argument
///   of the call.
///
/// # Shapes
/// query `[T][D]`, value `[S][V]`, key `[S][D]`, scale `[D]`, output `[T][V]`; saves `T * S` values, and with dropout as
/// many more
///
/// # Cost
/// `T * S * (D + V)` multiply-adds and `T * S * D` tanh; `4 * D` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Look {
///         let query = Input(4, 8);
///         let value = Input(16, 8);
///         AdditiveAttention(query, value) => GlobalAveragePooling1D => Dense(2)
///     }
/// }
/// assert_eq!(Look::PARAMS, 8 + 9 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AdditiveAttention<const INPUTS: usize = 2> {
    attention: kernels::AdditiveAttention,
    dropout: f32,
}

weights! {
    /// The numbers of an [`AdditiveAttention`]; `SCALES` is the number of features, or 0 without a scale.
    pub struct AdditiveAttentionWeights<const SCALES: usize> {
        /// The weight of each feature in the scores.
        pub scale: [f32; SCALES],
    }
}

impl<const INPUTS: usize> AdditiveAttention<INPUTS> {
    /// A layer over queries and values of `[steps, features]`, without dropout and mask.
    pub const fn new(query: [usize; 2], value: [usize; 2]) -> Self {
        Self {
            attention: kernels::AdditiveAttention {
                queries: query[0],
                keys: value[0],
                features: query[1],
                value_width: value[1],
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

    /// Values of scratch that inference takes for each sample: its scores.
    pub const fn scratch_len(&self) -> usize {
        self.attention.square_len()
    }

    /// Values that a training step saves for each sample: the probabilities, and the factors of dropout.
    pub const fn saved_len(&self) -> usize {
        let factors = if self.dropout > 0.0 { 2 } else { 1 };
        factors * self.attention.square_len()
    }

    /// Of what was saved, the probabilities.
    const fn probabilities_len(&self, saved: &[f32]) -> usize {
        if self.dropout > 0.0 {
            saved.len() / 2
        } else {
            saved.len()
        }
    }

    fn train(
        &self,
        values: [&[f32]; 3],
        scale: &[f32],
        y: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let (probabilities, factors) = saved.split_at_mut(self.probabilities_len(saved));
        Rate::new(self.dropout).draw_in(step, factors);
        scratch::with(Use::Attention, self.attention.square_len(), |scratch| {
            let attention = &self.attention;
            attention.forward_training(values, scale, factors, y, probabilities, scratch);
        });
    }

    /// The backward pass over query, key and value; where the keys are the values, `[query, value]` have gradients.
    fn back(
        &self,
        values: [&[f32]; 3],
        scale: &[f32],
        [saved, dy]: [&[f32]; 2],
        [query, key, mut value]: [Option<&mut [f32]>; 3],
        dscale: Option<&mut [f32]>,
    ) {
        let (probabilities, factors) = saved.split_at(self.probabilities_len(saved));
        let is_shared = INPUTS == 2 && value.is_some();
        let part_len = if is_shared { values[1].len() } else { 0 };
        let len = part_len + 2 * self.attention.square_len();
        scratch::with(Use::Attention, len, |scratch| {
            let (part, scratch) = scratch.split_at_mut(part_len);
            let gradients = AdditiveGradients {
                query,
                key: if is_shared { Some(&mut *part) } else { key },
                value: value.as_deref_mut(),
                scale: dscale,
            };
            let attention = &self.attention;
            let given = [factors, probabilities, dy];
            attention.backward(values, scale, given, gradients, scratch);
            if let (true, Some(value)) = (is_shared, value) {
                kernels::sum_into(value, part);
            }
        });
    }
}

/// Implements the layer for some inputs: query, key and value of them, and the places of their gradients.
macro_rules! attend {
    ($count:literal, |$x:ident| $values:expr, |$dx:ident| $gradients:expr) => {
        impl<const SCALES: usize> Forward<AdditiveAttentionWeights<SCALES>, [f32; $count], f32, f32>
            for AdditiveAttention<$count>
        {
            fn forward(
                &self,
                weights: &AdditiveAttentionWeights<SCALES>,
                $x: <[f32; $count] as Elements>::Slices<'_>,
                y: &mut [f32],
                scratch: &mut [f32],
            ) {
                self.attention.forward($values, &weights.scale, y, scratch);
            }
        }

        impl<const SCALES: usize>
            Operation<AdditiveAttentionWeights<SCALES>, [f32; $count], f32, f32, f32>
            for AdditiveAttention<$count>
        {
            fn init(&self, weights: &mut AdditiveAttentionWeights<SCALES>, rng: &mut Rng) {
                Initializer::GLOROT_UNIFORM.fill(&mut weights.scale, &[SCALES], rng);
            }

            fn forward_training(
                &self,
                weights: &AdditiveAttentionWeights<SCALES>,
                $x: <[f32; $count] as Elements>::Slices<'_>,
                y: &mut [f32],
                _: &mut [f32],
                saved: &mut [f32],
                step: LayerStep<'_>,
            ) {
                self.train($values, &weights.scale, y, saved, step);
            }

            fn backward(
                &self,
                weights: &AdditiveAttentionWeights<SCALES>,
                pass: Pass<'_, [f32; $count], f32, f32>,
                gradient: Gradient<'_>,
            ) {
                let ($x, $dx) = (pass.x, pass.dx);
                let gradient = gradient.of::<AdditiveAttentionWeights<SCALES>>();
                let dscale = gradient.map(|gradient| {
                    if !pass.accumulate {
                        gradient.scale.fill(0.0);
                    }
                    gradient.scale.as_mut_slice()
                });
                let given = [&*pass.saved, &*pass.dy];
                self.back($values, &weights.scale, given, $gradients, dscale);
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
