//! Attention of several heads.

mod weights;

use super::dropout::Rate;
use crate::element::Elements;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::scratch::{self, Use};
use crate::kernels::{self, Attention, AttentionGradients, AttentionMasks, Epilogue};
use crate::layer::{Forward, Operation, Pass};
use crate::rng::{LayerStep, Rng};
use core::marker::PhantomData;
use weights::AttentionArrays;
pub use weights::{MultiHeadAttentionWeights, OutputProjectionWeights, ProjectionWeights};

/// Multi-head attention.
///
/// For each head, `Q = q·W_Q + b_Q`, `K = k·W_K + b_K`, `V = v·W_V + b_V`, and `P = softmax(Q·Kᵀ / √key_dim)` over the
/// keys; then `y = Σ (P·V)·W_O + b_O` over the heads: Vaswani et al. (2017), section 3.2.2. Initialised by Glorot &
/// Bengio (2010), eq. 16, with the fans that Keras counts since 3.15: all heads together.
///
/// In a chain it is self-attention: queries, keys and values are projections of the same steps.
/// `MultiHeadAttention(query, value, ..)` takes keys and values from another sequence, and
/// `MultiHeadAttention(query, value, key, ..)` from two.
///
/// `X` are the element types of what the layer is applied to: `f32` for self-attention, `[f32; 2]` for queries and values, `(f32, u8)` with a mask.
///
/// # Arguments
/// - `num_heads`: the number of heads.
/// - `key_dim`: the length of a query and of a key in each head.
/// - `value_dim` (optional): the length of a value in each head; `key_dim` if left out.
/// - `dropout = 0`: the share of the probabilities that is dropped in training.
/// - `use_bias = true`: whether biases are added.
/// - `output_shape` (optional): the number of features of an output; that of the queries if left out.
/// - `kernel_initializer = glorot_uniform`, `bias_initializer = zeros`: how the weights are drawn; see
///   [`init`](crate::init).
/// - `kernel_regularizer`, `bias_regularizer` (optional): penalties on the weights, added to the loss, such
///   as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `kernel_constraint`, `bias_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
/// - `use_causal_mask = false`: whether a step sees itself and the steps before it only; in Keras it is an argument
///   of the call.
///
/// # Shapes
/// query `[T][D]`, key `[S][DK]`, value `[S][DV]`, output `[T][O]`, where O is D if left out; kernels `[D][H][K]`, `[DK][H][K]`, `[DV][H][V]`
/// and `[H][V][O]`, biases `[H][K]`, `[H][K]`, `[H][V]` and `[O]`. Saves `H * (T * (K + V + S) + S * (K + V))` values,
/// and with dropout `H * T * S` more.
///
/// # Cost
/// `H * (T * (D * K + O * V) + S * (DK * K + DV * V) + T * S * (K + V))` multiply-adds
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Block:
///         Input(16, 32)
///         => Residual(LayerNormalization => MultiHeadAttention(num_heads = 4, key_dim = 8))
///         => GlobalAveragePooling1D
///         => Dense(2)
/// }
/// assert_eq!(Block::PARAMS, 2 * 32 + 4 * (32 * 32 + 32) + 33 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MultiHeadAttention<X = f32> {
    attention: Attention,
    /// Features of a query, a key and a value.
    features: [usize; 3],
    /// Features of an output.
    outputs: usize,
    dropout: f32,
    kernel_initializer: Initializer,
    bias_initializer: Initializer,
    inputs: PhantomData<X>,
}

/// The buffers of a pass, each for all samples.
struct Buffers<'a> {
    /// Projected queries, keys and values.
    projected: [&'a mut [f32]; 3],
    /// What the heads found.
    found: &'a mut [f32],
    rest: &'a mut [f32],
}

impl<X> MultiHeadAttention<X> {
    /// A layer over queries of `[steps, features]` and values of `[steps, features]`, whose keys have the values'
    /// steps and features, with Keras's defaults: values as wide as keys, no dropout, no mask, Glorot uniform
    /// kernels, zero biases.
    pub const fn new(
        query: [usize; 2],
        value: [usize; 2],
        num_heads: usize,
        key_dim: usize,
    ) -> Self {
        Self {
            attention: Attention {
                heads: num_heads,
                key_width: key_dim,
                value_width: key_dim,
                queries: query[0],
                keys: value[0],
                scale: 0.0,
                causal: false,
                zeroes: true,
            },
            features: [query[1], value[1], value[1]],
            outputs: query[1],
            dropout: 0.0,
            kernel_initializer: Initializer::GLOROT_UNIFORM,
            bias_initializer: Initializer::ZEROS,
            inputs: PhantomData,
        }
    }

    /// Sets the features of a key, where keys are no values.
    pub const fn key_features(mut self, features: usize) -> Self {
        self.features[1] = features;
        self
    }

    /// Sets the values of each head.
    pub const fn value_dim(mut self, value_dim: usize) -> Self {
        self.attention.value_width = value_dim;
        self
    }

    /// Sets the features of an output, which are by default those of a query.
    pub const fn output_shape(mut self, output_shape: usize) -> Self {
        self.outputs = output_shape;
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

    /// Sets whether a step sees itself and the steps before it only.
    pub const fn use_causal_mask(mut self, use_causal_mask: bool) -> Self {
        self.attention.causal = use_causal_mask;
        self
    }

    /// Sets how the kernels are drawn.
    pub const fn kernel_initializer(mut self, initializer: Initializer) -> Self {
        self.kernel_initializer = initializer;
        self
    }

    /// Sets how the biases are drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = initializer;
        self
    }

    /// Values of scratch that inference takes for each sample: the projections, and the scores of a query.
    pub const fn scratch_len(&self) -> usize {
        let [query, key, value] = self.projected_lens();
        query + key + value + self.found_len() + self.attention.keys
    }

    /// Values that a training step saves for each sample: the projections, the probabilities, and the factors of
    /// dropout.
    pub const fn saved_len(&self) -> usize {
        let [query, key, value] = self.projected_lens();
        query + key + value + self.found_len() + self.attention.saved_len() + self.factors_len()
    }

    /// Values of the projected queries, keys and values of a sample.
    const fn projected_lens(&self) -> [usize; 3] {
        let Attention {
            heads,
            key_width,
            value_width,
            queries,
            keys,
            ..
        } = self.attention;
        [
            queries * heads * key_width,
            keys * heads * key_width,
            keys * heads * value_width,
        ]
    }

    /// Values of what the heads found in a sample.
    const fn found_len(&self) -> usize {
        self.attention.queries * self.attention.heads * self.attention.value_width
    }

    /// Factors that dropout draws for a sample.
    const fn factors_len(&self) -> usize {
        if self.dropout > 0.0 {
            self.attention.saved_len()
        } else {
            0
        }
    }

    /// Inputs and outputs of each projection.
    const fn sizes(&self) -> [[usize; 2]; 4] {
        let [query, key, value] = self.features;
        let keys = self.attention.heads * self.attention.key_width;
        let values = self.attention.heads * self.attention.value_width;
        [
            [query, keys],
            [key, keys],
            [value, values],
            [values, self.outputs],
        ]
    }

    /// The attention itself.
    fn scaled(&self) -> Attention {
        Attention {
            scale: 1.0 / libm::sqrtf(self.attention.key_width as f32),
            ..self.attention
        }
    }

    /// How many samples queries are of.
    fn samples(&self, query: &[f32]) -> usize {
        let len = self.attention.queries * self.features[0];
        query.len().checked_div(len).unwrap_or(0)
    }

    /// The buffers in one piece of memory.
    fn buffers<'a>(&self, memory: &'a mut [f32], samples: usize) -> Option<Buffers<'a>> {
        let [query, key, value] = self.projected_lens().map(|len| samples * len);
        let (query, rest) = memory.split_at_mut_checked(query)?;
        let (key, rest) = rest.split_at_mut_checked(key)?;
        let (value, rest) = rest.split_at_mut_checked(value)?;
        let (found, rest) = rest.split_at_mut_checked(samples * self.found_len())?;
        Some(Buffers {
            projected: [query, key, value],
            found,
            rest,
        })
    }

    /// Projects queries, keys and values.
    fn project(&self, arrays: [[&[f32]; 2]; 4], x: [&[f32]; 3], projected: &mut [&mut [f32]; 3]) {
        let projections = arrays.into_iter().zip(self.sizes()).zip(x);
        for ((([kernel, bias], sizes), x), y) in projections.zip(projected) {
            kernels::dense(x, kernel, bias, y, sizes, Epilogue::NONE);
        }
    }

    /// Inference over queries, keys and values.
    fn infer(
        &self,
        arrays: [[&[f32]; 2]; 4],
        (x, masks): ([&[f32]; 3], AttentionMasks<'_>),
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let samples = self.samples(x[0]);
        let Some(buffers) = self.buffers(scratch, samples) else {
            return;
        };
        let Buffers {
            mut projected,
            found,
            rest,
        } = buffers;
        self.project(arrays, x, &mut projected);
        let [query, key, value] = projected;
        self.scaled()
            .forward([query, key, value], masks, found, rest);
        let ([.., [kernel, bias]], [.., sizes]) = (arrays, self.sizes());
        kernels::dense(found, kernel, bias, y, sizes, Epilogue::NONE);
    }

    /// The forward pass of a training step.
    fn train(
        &self,
        arrays: [[&[f32]; 2]; 4],
        (x, masks): ([&[f32]; 3], AttentionMasks<'_>),
        y: &mut [f32],
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        let samples = self.samples(x[0]);
        let Some(buffers) = self.buffers(saved, samples) else {
            return;
        };
        let Buffers {
            mut projected,
            found,
            rest,
        } = buffers;
        let (probabilities, factors) = rest.split_at_mut(samples * self.attention.saved_len());
        Rate::new(self.dropout).draw_in(step, factors);
        self.project(arrays, x, &mut projected);
        let [query, key, value] = projected;
        let scratch_len = self.attention.training_scratch_len(!factors.is_empty());
        scratch::with(Use::Attention, samples * scratch_len, |scratch| {
            let values = [&*query, key, value];
            let attention = self.scaled();
            attention.forward_training(values, masks, factors, found, probabilities, scratch);
        });
        let ([.., [kernel, bias]], [.., sizes]) = (arrays, self.sizes());
        kernels::dense(found, kernel, bias, y, sizes, Epilogue::NONE);
    }

    /// The backward pass.
    fn back(
        &self,
        arrays: [[&[f32]; 2]; 4],
        pass: Pass<'_, X, f32, f32>,
        gradient: Option<[[&mut [f32]; 2]; 4]>,
    ) where
        X: AttentionInput,
    {
        let (x, _) = X::parts(pass.x);
        let (samples, sizes) = (self.samples(x[0]), self.sizes());
        let Some(saved) = self.buffers(pass.saved, samples) else {
            return;
        };
        let (probabilities, factors) = saved.rest.split_at(samples * self.attention.saved_len());
        let backward_len = self.attention.backward_scratch_len(!factors.is_empty());
        let widest = x.map(<[f32]>::len).into_iter().max().unwrap_or(0);
        let projected_len: usize = self.projected_lens().into_iter().sum();
        let own_len = projected_len + self.found_len() + backward_len;
        scratch::with(Use::Attention, widest + samples * own_len, |scratch| {
            let (part, scratch) = scratch.split_at_mut(widest);
            let Some(buffers) = self.buffers(scratch, samples) else {
                return;
            };
            let [.., [kernel, _]] = arrays;
            let [.., [found, outputs]] = sizes;
            kernels::dense_input_gradient(pass.dy, kernel, buffers.found, found, outputs);
            let [dquery, dkey, dvalue] = buffers.projected;
            let gradients = AttentionGradients {
                query: Some(&mut *dquery),
                key: Some(&mut *dkey),
                value: Some(&mut *dvalue),
            };
            let values = saved.projected.each_ref().map(|values| &**values);
            self.scaled().backward(
                values,
                factors,
                probabilities,
                buffers.found,
                gradients,
                buffers.rest,
            );
            let dprojected = [&*dquery, &*dkey, &*dvalue];
            if let Some(gradient) = gradient {
                let x = [x[0], x[1], x[2], saved.found];
                let [dquery, dkey, dvalue] = dprojected;
                let dy = [dquery, dkey, dvalue, pass.dy];
                let projections = gradient.into_iter().zip(sizes);
                for ((([dkernel, dbias], [rows, columns]), x), dy) in projections.zip(x).zip(dy) {
                    let adds = pass.accumulate;
                    kernels::dense_weight_gradient(x, dy, dkernel, rows, columns, adds);
                    kernels::column_sums(dy, dbias, columns, adds);
                }
            }
            let inputs = X::INPUTS;
            let mut dx = X::gradients(pass.dx);
            for (place, input) in inputs.into_iter().enumerate() {
                let Some(dx) = &mut dx[input] else { continue };
                let ([kernel, _], [rows, columns]) = (arrays[place], sizes[place]);
                let dy = dprojected[place];
                if inputs[..place].contains(&input) {
                    let part = &mut part[..dx.len()];
                    kernels::dense_input_gradient(dy, kernel, part, rows, columns);
                    kernels::sum_into(dx, part);
                } else {
                    kernels::dense_input_gradient(dy, kernel, dx, rows, columns);
                }
            }
        });
    }
}

/// The element types of what attention is applied to: `f32` for self-attention, `[f32; 2]` for queries and values,
/// `[f32; 3]` for queries, values and keys. With masks, `(f32, u8)`, or `([f32; 2], Q, K)` and `([f32; 3], Q, K)`, where
/// each of `Q`, the mask of the queries, and `K`, that of the values and keys, is `u8`, or `()` for none.
pub trait AttentionInput: Elements {
    /// The numbers of the inputs that queries, keys and values are.
    const INPUTS: [usize; 3];
    /// Queries, keys and values, and their masks.
    fn parts<'a>(x: Self::Slices<'a>) -> ([&'a [f32]; 3], AttentionMasks<'a>);
    /// Where the gradient of each input goes, if anybody asks for it.
    fn gradients<'a>(dx: Self::GradientsOut<'a>) -> [Option<&'a mut [f32]>; 3];
}

/// A mask, or none.
pub trait MaskInput: Elements {
    /// The mask; empty where there is none.
    fn mask<'a>(x: Self::Slices<'a>) -> &'a [u8];
}

impl MaskInput for () {
    fn mask<'a>((): Self::Slices<'a>) -> &'a [u8] {
        &[]
    }
}

impl MaskInput for u8 {
    fn mask<'a>(x: Self::Slices<'a>) -> &'a [u8] {
        x
    }
}

impl AttentionInput for f32 {
    const INPUTS: [usize; 3] = [0, 0, 0];

    fn parts<'a>(x: Self::Slices<'a>) -> ([&'a [f32]; 3], AttentionMasks<'a>) {
        ([x; 3], AttentionMasks::default())
    }

    fn gradients<'a>(dx: Self::GradientsOut<'a>) -> [Option<&'a mut [f32]>; 3] {
        [dx, None, None]
    }
}

impl AttentionInput for [f32; 2] {
    const INPUTS: [usize; 3] = [0, 1, 1];

    fn parts<'a>([query, value]: Self::Slices<'a>) -> ([&'a [f32]; 3], AttentionMasks<'a>) {
        ([query, value, value], AttentionMasks::default())
    }

    fn gradients<'a>([query, value]: Self::GradientsOut<'a>) -> [Option<&'a mut [f32]>; 3] {
        [query, value, None]
    }
}

// As in Keras the value stands before the key.
impl AttentionInput for [f32; 3] {
    const INPUTS: [usize; 3] = [0, 2, 1];

    fn parts<'a>([query, value, key]: Self::Slices<'a>) -> ([&'a [f32]; 3], AttentionMasks<'a>) {
        ([query, key, value], AttentionMasks::default())
    }

    fn gradients<'a>(dx: Self::GradientsOut<'a>) -> [Option<&'a mut [f32]>; 3] {
        dx
    }
}

impl AttentionInput for (f32, u8) {
    const INPUTS: [usize; 3] = f32::INPUTS;

    fn parts<'a>((x, mask): Self::Slices<'a>) -> ([&'a [f32]; 3], AttentionMasks<'a>) {
        let masks = AttentionMasks {
            query: mask,
            value: mask,
            ..AttentionMasks::default()
        };
        ([x; 3], masks)
    }

    fn gradients<'a>((dx, _): Self::GradientsOut<'a>) -> [Option<&'a mut [f32]>; 3] {
        f32::gradients(dx)
    }
}

impl<const N: usize, Q: MaskInput, K: MaskInput> AttentionInput for ([f32; N], Q, K)
where
    [f32; N]: AttentionInput,
{
    const INPUTS: [usize; 3] = <[f32; N]>::INPUTS;

    fn parts<'a>((x, query, key): Self::Slices<'a>) -> ([&'a [f32]; 3], AttentionMasks<'a>) {
        let masks = AttentionMasks {
            query: Q::mask(query),
            value: K::mask(key),
            ..AttentionMasks::default()
        };
        (<[f32; N]>::parts(x).0, masks)
    }

    fn gradients<'a>((dx, ..): Self::GradientsOut<'a>) -> [Option<&'a mut [f32]>; 3] {
        <[f32; N]>::gradients(dx)
    }
}

impl<W: AttentionArrays, X: AttentionInput> Forward<W, X, f32, f32> for MultiHeadAttention<X> {
    fn forward(&self, weights: &W, x: X::Slices<'_>, y: &mut [f32], scratch: &mut [f32]) {
        self.infer(weights.arrays(), X::parts(x), y, scratch);
    }
}

impl<W: AttentionArrays, X: AttentionInput> Operation<W, X, f32, f32, f32>
    for MultiHeadAttention<X>
{
    fn init(&self, weights: &mut W, rng: &mut Rng) {
        for ([kernel, bias], sizes) in weights.arrays_mut().into_iter().zip(self.sizes()) {
            self.kernel_initializer.fill(kernel, &sizes, rng);
            let len = bias.len();
            self.bias_initializer.fill(bias, &[len], rng);
        }
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
        self.train(weights.arrays(), X::parts(x), y, saved, step);
    }

    fn backward(&self, weights: &W, pass: Pass<'_, X, f32, f32>, gradient: Gradient<'_>) {
        let gradient = gradient.of::<W>().map(W::arrays_mut);
        self.back(weights.arrays(), pass, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerData;
    use crate::rng::{Seed, Step};
    use crate::testing::check_scratch_operation;

    type Weights = MultiHeadAttentionWeights<4, 4, 4, 2, 3, 5>;

    fn layer() -> MultiHeadAttention {
        MultiHeadAttention::new([5, 4], [5, 4], 2, 3).value_dim(5)
    }

    #[test]
    fn gradients_match_finite_differences() {
        for layer in [layer(), layer().use_causal_mask(true), layer().dropout(0.4)] {
            check_scratch_operation::<Weights>(&layer, 20, 20, layer.saved_len()).unwrap();
        }
        let wider = layer().output_shape(7);
        type Wider = MultiHeadAttentionWeights<4, 4, 4, 2, 3, 5, 7>;
        check_scratch_operation::<Wider>(&wider, 20, 35, wider.saved_len()).unwrap();
        let layer = MultiHeadAttention::new([1, 17], [1, 17], 3, 1);
        type OneStep = MultiHeadAttentionWeights<17, 17, 17, 3, 1, 1, 17, 0, 0>;
        check_scratch_operation::<OneStep>(&layer, 17, 17, layer.saved_len()).unwrap();
    }

    #[test]
    fn kernels_are_drawn_with_the_fans_of_all_heads() {
        let layer = <MultiHeadAttention>::new([3, 32], [3, 32], 8, 8).value_dim(16);
        let mut weights = MultiHeadAttentionWeights::<32, 32, 32, 8, 8, 16>::zeroed();
        layer.init(&mut *weights, &mut Seed(2).rng());
        let fans = [32 + 64, 32 + 64, 32 + 128, 128 + 32];
        for ([kernel, bias], fans) in weights.arrays().into_iter().zip(fans) {
            let limit = (6.0 / fans as f32).sqrt();
            let most = kernel.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
            assert!(
                most > 0.95 * limit && most <= limit,
                "{most}, expected {limit}"
            );
            assert!(bias.iter().all(|bias| *bias == 0.0));
        }
    }

    #[test]
    fn training_gives_what_inference_gives() {
        let layer = layer();
        let mut weights = Weights::zeroed();
        layer.init(&mut *weights, &mut Seed(1).rng());
        let x: Vec<f32> = (0..3 * 20).map(|i| (i * 7 % 11) as f32 / 8.0).collect();
        let mut y = [vec![f32::NAN; 60], vec![f32::NAN; 60]];
        let mut scratch = vec![f32::NAN; 3 * layer.scratch_len()];
        layer.forward(&*weights, &x[..], &mut y[0], &mut scratch);
        let mut saved = vec![f32::NAN; 3 * layer.saved_len()];
        let step = Step::new(Seed(1), 0).layer(0);
        layer.forward_training(&*weights, &x[..], &mut y[1], &mut [], &mut saved, step);
        assert_eq!(y[0], y[1]);
    }
}
