//! Vectors of tokens.

use crate::element::Elements;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels;
use crate::layer::{Forward, Operation, Pass, weights};
use crate::rng::Rng;
use core::marker::PhantomData;

/// Turns each token into a vector.
///
/// `y[t] = E[x[t]]`, a row of the table for each token: Bengio et al. (2003), section 2.1. Initialised uniformly
/// between -0.05 and 0.05, as in Keras.
///
/// `Y` is `f32`, or `(f32, u8)` with a mask.
///
/// # Arguments
/// - `input_dim`: the size of the vocabulary, up to 65,536: tokens are 0 to `input_dim - 1`.
/// - `output_dim`: the length of a vector.
/// - `embeddings_initializer = random_uniform`: how the vectors are drawn; see [`init`](crate::init).
/// - `embeddings_regularizer` (optional): a penalty on the vectors, added to the loss, such as `l2(0.01)`;
///   see [`regularizer`](crate::regularizer).
/// - `embeddings_constraint` (optional): a limit on the vectors after each step, such as `max_norm(2)`; see
///   [`constraint`](crate::constraint).
/// - `mask_zero = false`: whether token 0 is padding: a mask goes with the output, and layers that know masks leave
///   those steps out. The vector of token 0 is trained all the same, as in Keras.
///
/// # Shapes
/// input `[T]` tokens, table `[V][W]`, output `[T][W]`, and a mask `[T]` with `mask_zero`
///
/// # Cost
/// a copy of `T * W` values; `4 * V * W` bytes of weights.
///
/// # Panics
/// In training and on a computer, for a token that is not in the vocabulary; firmware takes a vector of zeros.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Mood:
///         Input(40, dtype = token)
///         => Embedding(5000, 16, mask_zero = true)
///         => GlobalAveragePooling1D
///         => Dense(1, sigmoid)
/// }
/// assert_eq!(Mood::PARAMS, 5000 * 16 + 17);
/// let (net, mut arena) = (Mood::new(Seed(1)), Arena::new());
/// let tokens: Tokens<40> = Tensor::from_fn(|[t]| if t < 3 { 7 } else { 0 });
/// assert!(net.predict_in(&tokens, &mut arena)[[0]] > 0.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Embedding<Y = f32> {
    initializer: Initializer,
    outputs: PhantomData<Y>,
}

weights! {
    /// The numbers of an [`Embedding`].
    pub struct EmbeddingWeights<const VOCABULARY: usize, const WIDTH: usize> {
        /// The vector of each token.
        pub embeddings: [[f32; WIDTH]; VOCABULARY],
    }
}

impl<Y> Embedding<Y> {
    /// Vectors that are drawn uniformly.
    pub const fn new() -> Self {
        Self {
            initializer: Initializer::RANDOM_UNIFORM,
            outputs: PhantomData,
        }
    }

    /// Sets how the vectors are drawn.
    pub const fn embeddings_initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = initializer;
        self
    }
}

impl<Y> Default for Embedding<Y> {
    fn default() -> Self {
        Self::new()
    }
}

/// The outputs of an embedding: vectors, or vectors and a mask.
pub trait EmbeddingOutput: Elements {
    /// The vectors and the mask, which may be empty, to be written.
    fn parts<'a>(y: Self::SlicesMut<'a>) -> (&'a mut [f32], &'a mut [u8]);
    /// The gradient of the vectors.
    fn gradient<'a>(dy: Self::Gradients<'a>) -> &'a mut [f32];
}

impl EmbeddingOutput for f32 {
    fn parts<'a>(y: Self::SlicesMut<'a>) -> (&'a mut [f32], &'a mut [u8]) {
        (y, &mut [])
    }

    fn gradient<'a>(dy: Self::Gradients<'a>) -> &'a mut [f32] {
        dy
    }
}

impl EmbeddingOutput for (f32, u8) {
    fn parts<'a>(y: Self::SlicesMut<'a>) -> (&'a mut [f32], &'a mut [u8]) {
        y
    }

    fn gradient<'a>(dy: Self::Gradients<'a>) -> &'a mut [f32] {
        dy.0
    }
}

impl<const V: usize, const W: usize, Y: EmbeddingOutput> Forward<EmbeddingWeights<V, W>, u16, Y>
    for Embedding<Y>
{
    fn forward(&self, weights: &EmbeddingWeights<V, W>, x: &[u16], y: Y::SlicesMut<'_>, (): ()) {
        let (y, mask) = Y::parts(y);
        kernels::gather(weights.embeddings.as_flattened(), W, x, y);
        for (mask, token) in mask.iter_mut().zip(x) {
            *mask = u8::from(*token != 0);
        }
    }
}

impl<const V: usize, const W: usize, Y: EmbeddingOutput> Operation<EmbeddingWeights<V, W>, u16, Y>
    for Embedding<Y>
{
    fn init(&self, weights: &mut EmbeddingWeights<V, W>, rng: &mut Rng) {
        let table = weights.embeddings.as_flattened_mut();
        self.initializer.fill(table, &[V, W], rng);
    }

    fn backward(&self, _: &EmbeddingWeights<V, W>, pass: Pass<'_, u16, Y>, gradient: Gradient<'_>) {
        let Some(gradient) = gradient.of::<EmbeddingWeights<V, W>>() else {
            return;
        };
        let (dy, table) = (Y::gradient(pass.dy), gradient.embeddings.as_flattened_mut());
        kernels::scatter_add(dy, W, pass.x, table, pass.accumulate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Weights = EmbeddingWeights<5, 2>;

    fn weights() -> Weights {
        Weights {
            embeddings: core::array::from_fn(|token| [token as f32, 10.0 + token as f32]),
        }
    }

    #[test]
    fn each_token_is_its_row_and_token_0_is_masked() {
        let (mut y, mut mask) = ([f32::NAN; 6], [9; 3]);
        Embedding::<(f32, u8)>::new().forward(&weights(), &[3, 0, 1], (&mut y, &mut mask), ());
        assert_eq!(y, [3.0, 13.0, 0.0, 10.0, 1.0, 11.0]);
        assert_eq!(mask, [1, 0, 1]);
    }

    #[test]
    fn the_gradient_of_a_token_is_that_of_all_its_steps() {
        let mut gradient = Weights {
            embeddings: [[f32::NAN; 2]; 5],
        };
        let pass = Pass {
            x: &[3, 0, 3][..],
            y: &[][..],
            saved: (),
            dy: &mut [1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..],
            dx: None,
            accumulate: false,
        };
        Embedding::<f32>::new().backward(&weights(), pass, Gradient::of_layer(&mut gradient));
        let expected = [[3.0, 4.0], [0.0; 2], [0.0; 2], [6.0, 8.0], [0.0; 2]];
        assert_eq!(gradient.embeddings, expected);
    }
}
