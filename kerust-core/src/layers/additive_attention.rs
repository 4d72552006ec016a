//! Additive attention.

use super::attention_gradients::hand_out;
use super::dropout::Rate;
use super::multi_head_attention::AttentionInput;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{self, AdditiveGradients, AttentionMasks};
use crate::layer::{Forward, Operation, Pass, weights};
use crate::rng::{LayerStep, Rng};
use core::marker::PhantomData;

/// Additive attention, as of Bahdanau.
///
/// `P = softmax(e)` over the keys with `e[t, s] = Σ c[d] · tanh(q[t, d] + k[s, d])`, and `y = P·v`: Bahdanau et al. (2015).
/// Initialised by Glorot & Bengio (2010), eq. 16.
///
/// It is applied to values by their names: `AdditiveAttention(query, value)`, or `AdditiveAttention(query, value,
/// key)` with keys of their own.
///
/// Values that a mask leaves out are not attended to, and queries that a mask leaves out give 0. The output has the mask
/// of the queries. As in Keras, a query whose values are all left out attends to all of them equally.
///
/// `X` are the element types of what the layer is applied to: `[f32; 2]` or `[f32; 3]`, and with masks `([f32; 2], u8, u8)`.
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
pub struct AdditiveAttention<X = [f32; 2]> {
    passes: AdditivePasses,
    inputs: PhantomData<X>,
}

/// The passes of attention with additive scores.
#[derive(Clone, Copy, Debug)]
pub(super) struct AdditivePasses {
    pub(super) attention: kernels::AdditiveAttention,
    pub(super) dropout: f32,
}

weights! {
    /// The numbers of an [`AdditiveAttention`]; `SCALES` is the number of features, or 0 without a scale.
    pub struct AdditiveAttentionWeights<const SCALES: usize> {
        /// The weight of each feature in the scores.
        pub scale: [f32; SCALES],
    }
}

impl<X> AdditiveAttention<X> {
    /// A layer over queries and values of `[steps, features]`, without dropout and causal mask.
    pub const fn new(query: [usize; 2], value: [usize; 2]) -> Self {
        Self {
            passes: AdditivePasses {
                attention: kernels::AdditiveAttention {
                    queries: query[0],
                    keys: value[0],
                    features: query[1],
                    value_width: value[1],
                    causal: false,
                    inner: 1.0,
                    outer: 1.0,
                },
                dropout: 0.0,
            },
            inputs: PhantomData,
        }
    }

    /// Sets the share of the probabilities that is dropped in training.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn dropout(mut self, rate: f32) -> Self {
        _ = Rate::new(rate);
        self.passes.dropout = rate;
        self
    }

    /// Sets whether a query sees the keys up to its own step only.
    pub const fn use_causal_mask(mut self, use_causal_mask: bool) -> Self {
        self.passes.attention.causal = use_causal_mask;
        self
    }

    /// Values of scratch that inference takes for each sample: its scores.
    pub const fn scratch_len(&self) -> usize {
        self.passes.attention.square_len()
    }

    /// Values that a training step saves for each sample: the probabilities, and the factors of dropout.
    pub const fn saved_len(&self) -> usize {
        let factors = if self.passes.dropout > 0.0 { 2 } else { 1 };
        factors * self.passes.attention.square_len()
    }
}

impl AdditivePasses {
    /// The probabilities of what was saved, and the factors of dropout.
    fn saved<'a>(&self, saved: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32]) {
        let parts = if self.dropout > 0.0 { 2 } else { 1 };
        saved.split_at_mut(saved.len() / parts)
    }

    /// The forward pass over query, key and value of a training step.
    pub(super) fn train(
        &self,
        given: ([&[f32]; 3], AttentionMasks<'_>),
        scale: &[f32],
        y: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let (probabilities, factors) = self.saved(saved);
        Rate::new(self.dropout).draw_in(step, factors);
        scratch::with(Use::Attention, self.attention.square_len(), |scratch| {
            let attention = &self.attention;
            attention.forward_training(given, scale, factors, y, probabilities, scratch);
        });
    }

    /// The backward pass. The gradients of the scale and of both factors are added to what stands in their buffers.
    pub(super) fn back<X: AttentionInput>(
        &self,
        scale: &[f32],
        pass: Pass<'_, X, f32, f32>,
        dscale: Option<&mut [f32]>,
        dfactors: [Option<&mut f32>; 2],
    ) {
        let (values, _) = X::parts(pass.x);
        let (probabilities, factors) = self.saved(pass.saved);
        let mut dx = X::gradients(pass.dx);
        let [queries, keys, _] = values.map(<[f32]>::len);
        let len = queries + keys + 2 * self.attention.square_len();
        scratch::with(Use::Attention, len, |scratch| {
            let (query, scratch) = scratch.split_at_mut(queries);
            let (key, scratch) = scratch.split_at_mut(keys);
            let gradients = AdditiveGradients {
                query: Some(&mut *query),
                key: Some(&mut *key),
                value: dx[X::INPUTS[2]].as_deref_mut(),
                scale: dscale,
                factors: dfactors,
            };
            let given = [&*factors, &*probabilities, &*pass.dy];
            self.attention
                .backward(values, scale, given, gradients, scratch);
            hand_out(X::INPUTS, [query, key], &mut dx);
        });
    }
}

impl<const SCALES: usize, X: AttentionInput> Forward<AdditiveAttentionWeights<SCALES>, X, f32, f32>
    for AdditiveAttention<X>
{
    fn forward(
        &self,
        weights: &AdditiveAttentionWeights<SCALES>,
        x: X::Slices<'_>,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        self.passes
            .attention
            .forward(X::parts(x), &weights.scale, y, scratch);
    }
}

impl<const SCALES: usize, X: AttentionInput>
    Operation<AdditiveAttentionWeights<SCALES>, X, f32, f32, f32> for AdditiveAttention<X>
{
    fn init(&self, weights: &mut AdditiveAttentionWeights<SCALES>, rng: &mut Rng) {
        Initializer::GLOROT_UNIFORM.fill(&mut weights.scale, &[SCALES], rng);
    }

    fn forward_training(
        &self,
        weights: &AdditiveAttentionWeights<SCALES>,
        x: X::Slices<'_>,
        y: &mut [f32],
        _: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        self.passes
            .train(X::parts(x), &weights.scale, y, saved, step);
    }

    fn backward(
        &self,
        weights: &AdditiveAttentionWeights<SCALES>,
        pass: Pass<'_, X, f32, f32>,
        gradient: Gradient<'_>,
    ) {
        let gradient = gradient.of::<AdditiveAttentionWeights<SCALES>>();
        let dscale = gradient.map(|gradient| {
            if !pass.accumulate {
                gradient.scale.fill(0.0);
            }
            gradient.scale.as_mut_slice()
        });
        self.passes.back(&weights.scale, pass, dscale, [None, None]);
    }
}
