//! Attention without projections.

use super::additive_attention::AdditivePasses;
use super::attention_gradients::hand_out;
use super::dropout::Rate;
use super::multi_head_attention::AttentionInput;
use crate::gradient::Gradient;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{self, AttentionGradients};
use crate::layer::{Forward, LayerData, Operation, Pass, weights};
use crate::rng::{LayerStep, Rng};
use core::marker::PhantomData;

/// Dot-product attention, as of Luong.
///
/// `P = softmax(s·q·kᵀ)` over the keys, and `y = P·v`: Luong et al. (2015), the score "dot". With `score_mode = concat` the
/// scores are `c · Σ tanh(s·(q + k))`, the sum over the features. The weights s and c begin at 1; without `use_scale` s is 1.
///
/// It is applied to values by their names: `Attention(query, value)`, or `Attention(query, value, key)` with keys
/// of their own. There are no projections: those are of
/// [`MultiHeadAttention`](super::MultiHeadAttention).
///
/// Values that a mask leaves out are not attended to, and queries that a mask leaves out give 0. The output has the mask
/// of the queries. As in Keras, a query whose values are all left out attends to all of them equally.
///
/// `X` are the element types of what the layer is applied to: `[f32; 2]` or `[f32; 3]`, and with masks `([f32; 2], u8, u8)`.
///
/// # Arguments
/// - `use_scale = false`: whether the scores have a weight.
/// - `score_mode = dot`: how the scores are computed: `dot` or `concat`.
/// - `dropout = 0`: the share of the probabilities that is dropped in training.
/// - `use_causal_mask = false`: whether a step sees itself and the steps before it only; in Keras it is an argument
///   of the call.
///
/// # Shapes
/// query `[T][D]`, value `[S][V]`, key `[S][D]`, scale `[1]`, concat_score_weight `[1]`, output `[T][V]`; saves `T * S` values, and with dropout as many more
///
/// # Cost
/// `T * S * (D + V)` multiply-adds, and with `concat` `T * S * D` tanh; at most 8 bytes of weights.
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
pub struct Attention<X = [f32; 2]> {
    attention: kernels::Attention,
    score_mode: ScoreMode,
    dropout: f32,
    inputs: PhantomData<X>,
}

/// How an [`Attention`] computes the scores of queries and keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ScoreMode {
    /// The product of a query and a key.
    #[default]
    Dot,
    /// The sum of the hyperbolic tangents of a query and a key.
    Concat,
}

weights! {
    /// The numbers of an [`Attention`]; each count is 1, or 0 without the number.
    pub struct AttentionWeights<const SCALES: usize, const SCORE_WEIGHTS: usize> {
        /// The factor of the scores, or with `concat` of queries and keys.
        pub scale: [f32; SCALES],
        /// The factor of the scores of `concat`.
        pub concat_score_weight: [f32; SCORE_WEIGHTS],
    }
}

/// The numbers of an [`Attention`], if it has any.
pub trait AttentionScales: LayerData {
    /// The factors, to be read; each is empty where there is none.
    fn scales(&self) -> [&[f32]; 2];

    /// The factors, to be written.
    fn scales_mut(&mut self) -> [&mut [f32]; 2];
}

impl AttentionScales for () {
    fn scales(&self) -> [&[f32]; 2] {
        [&[], &[]]
    }

    fn scales_mut(&mut self) -> [&mut [f32]; 2] {
        [&mut [], &mut []]
    }
}

impl<const SCALES: usize, const SCORE_WEIGHTS: usize> AttentionScales
    for AttentionWeights<SCALES, SCORE_WEIGHTS>
{
    fn scales(&self) -> [&[f32]; 2] {
        [&self.scale, &self.concat_score_weight]
    }

    fn scales_mut(&mut self) -> [&mut [f32]; 2] {
        [&mut self.scale, &mut self.concat_score_weight]
    }
}

impl<X> Attention<X> {
    /// A layer over queries and values of `[steps, features]`, with the products as scores, without dropout and causal
    /// mask.
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
                zeroes: false,
            },
            score_mode: ScoreMode::Dot,
            dropout: 0.0,
            inputs: PhantomData,
        }
    }

    /// Sets how the scores are computed.
    pub const fn score_mode(mut self, score_mode: ScoreMode) -> Self {
        self.score_mode = score_mode;
        self
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

    /// Values of scratch that inference takes for each sample: the scores of a query, or with `concat` of all queries.
    pub const fn scratch_len(&self) -> usize {
        match self.score_mode {
            ScoreMode::Dot => self.attention.scratch_len(),
            ScoreMode::Concat => self.attention.saved_len(),
        }
    }

    /// Values that a training step saves for each sample: the probabilities, and the factors of dropout.
    pub const fn saved_len(&self) -> usize {
        let factors = if self.dropout > 0.0 { 2 } else { 1 };
        factors * self.attention.saved_len()
    }

    /// The attention with products as scores.
    fn products(&self, [scale, _]: [&[f32]; 2]) -> kernels::Attention {
        kernels::Attention {
            scale: factor(scale),
            ..self.attention
        }
    }

    /// The attention with `concat`.
    fn sums(&self, [inner, outer]: [&[f32]; 2]) -> AdditivePasses {
        AdditivePasses {
            attention: kernels::AdditiveAttention {
                queries: self.attention.queries,
                keys: self.attention.keys,
                features: self.attention.key_width,
                value_width: self.attention.value_width,
                causal: self.attention.causal,
                inner: factor(inner),
                outer: factor(outer),
            },
            dropout: self.dropout,
        }
    }

    /// How many samples a training step saved values of.
    fn samples(&self, saved: &[f32]) -> usize {
        saved.len().checked_div(self.saved_len()).unwrap_or(0)
    }

    /// The backward pass of products. The gradient of the scale is added to what stands in its buffer.
    fn back(&self, scale: &[f32], pass: Pass<'_, X, f32, f32>, dscale: Option<&mut f32>)
    where
        X: AttentionInput,
    {
        let samples = self.samples(pass.saved);
        let (probabilities, factors) = pass.saved.split_at(samples * self.attention.saved_len());
        let backward_len = self.attention.backward_scratch_len(!factors.is_empty());
        let (values, _) = X::parts(pass.x);
        let mut dx = X::gradients(pass.dx);
        let [queries, keys, _] = values.map(<[f32]>::len);
        let len = queries + keys + samples * backward_len;
        scratch::with(Use::Attention, len, |scratch| {
            let (query, scratch) = scratch.split_at_mut(queries);
            let (key, scratch) = scratch.split_at_mut(keys);
            let gradients = AttentionGradients {
                query: Some(&mut *query),
                key: Some(&mut *key),
                value: dx[X::INPUTS[2]].as_deref_mut(),
            };
            // With a scale of 1, so that the gradient of the scale needs no division by it.
            let attention = &self.attention;
            attention.backward(values, factors, probabilities, pass.dy, gradients, scratch);
            if let Some(dscale) = dscale {
                let products = query
                    .iter()
                    .zip(values[0])
                    .map(|(dquery, query)| dquery * query);
                *dscale += products.sum::<f32>();
            }
            if let [scale] = scale {
                query.iter_mut().for_each(|gradient| *gradient *= scale);
                key.iter_mut().for_each(|gradient| *gradient *= scale);
            }
            hand_out(X::INPUTS, [query, key], &mut dx);
        });
    }
}

/// A factor, which is 1 where there is none.
fn factor(of: &[f32]) -> f32 {
    of.first().copied().unwrap_or(1.0)
}

impl<W: AttentionScales, X: AttentionInput> Forward<W, X, f32, f32> for Attention<X> {
    #[cfg_attr(not(feature = "std"), inline(always))]
    fn forward(&self, weights: &W, x: X::Slices<'_>, y: &mut [f32], scratch: &mut [f32]) {
        let (scales, (values, masks)) = (weights.scales(), X::parts(x));
        match self.score_mode {
            ScoreMode::Dot => self.products(scales).forward(values, masks, y, scratch),
            ScoreMode::Concat => {
                let attention = self.sums(scales).attention;
                attention.forward((values, masks), &[], y, scratch);
            }
        }
    }
}

impl<W: AttentionScales, X: AttentionInput> Operation<W, X, f32, f32, f32> for Attention<X> {
    fn init(&self, weights: &mut W, _: &mut Rng) {
        weights
            .scales_mut()
            .into_iter()
            .flatten()
            .for_each(|scale| *scale = 1.0);
    }

    fn forward_training(
        &self,
        weights: &W,
        x: X::Slices<'_>,
        y: &mut [f32],
        _: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let (scales, (values, masks)) = (weights.scales(), X::parts(x));
        if self.score_mode == ScoreMode::Concat {
            return self
                .sums(scales)
                .train((values, masks), &[], y, saved, step);
        }
        let samples = self.samples(saved);
        let (probabilities, factors) = saved.split_at_mut(samples * self.attention.saved_len());
        Rate::new(self.dropout).draw_in(step, factors);
        let scratch_len = self.attention.training_scratch_len(!factors.is_empty());
        scratch::with(Use::Attention, samples * scratch_len, |scratch| {
            let attention = self.products(scales);
            attention.forward_training(values, masks, factors, y, probabilities, scratch);
        });
    }

    fn backward(&self, weights: &W, pass: Pass<'_, X, f32, f32>, gradient: Gradient<'_>) {
        let scales = weights.scales();
        let gradients = gradient.of::<W>().map(W::scales_mut);
        let dscales = gradients.map(|mut gradients| {
            if !pass.accumulate {
                gradients.iter_mut().for_each(|gradient| gradient.fill(0.0));
            }
            gradients.map(|gradient| gradient.first_mut())
        });
        let [dscale, dweight] = dscales.unwrap_or([None, None]);
        match self.score_mode {
            ScoreMode::Dot => self.back(scales[0], pass, dscale),
            ScoreMode::Concat => self.sums(scales).back(&[], pass, None, [dscale, dweight]),
        }
    }
}
