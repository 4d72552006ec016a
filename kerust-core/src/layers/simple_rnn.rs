//! The fully connected recurrent layer.
//!
//! `h[t] = activation(x[t]·W + b + h[t−1]·U)`, from h = 0 on: Elman (1990). Initialised by Glorot & Bengio (2010),
//! eq. 16, and for U by a random orthonormal matrix: Saxe et al. (2014).

use super::recurrent::{RecurrentLayer, arrays};
use crate::kernels::SimpleRnn;
use crate::layer::weights;

/// A fully connected recurrent layer: `SimpleRNN(units, activation, use_bias, kernel_initializer,
/// recurrent_initializer, bias_initializer, dropout, recurrent_dropout, return_sequences, go_backwards)`.
///
/// The output is the last state, or with `return_sequences = true` the state of every step. `dropout` and
/// `recurrent_dropout` are the shares of the inputs and of the state that are dropped in training, the same ones
/// at all steps of a sequence.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Line: Input(24, 2) => SimpleRNN(16, return_sequences = true) => SimpleRNN(8) => Dense(1) }
/// assert_eq!(Line::PARAMS, (2 + 16 + 1) * 16 + (16 + 8 + 1) * 8 + 9);
/// ```
///
/// # Shapes
/// input `[T][IN]`, kernel `[IN][U]`, recurrent kernel `[U][U]`, bias `[U]`, output `[U]` or `[T][U]`
///
/// # Cost
/// `T * (IN + U) * U` multiply-adds; `4 * (IN + U + 1) * U` bytes of weights.
pub type SimpleRNN<X = f32, Y = f32> = RecurrentLayer<SimpleRnn, X, Y>;

weights! {
    /// The numbers of a [`SimpleRNN`], in Keras's order; `BIAS` is `UNITS`, or 0 without a bias.
    pub struct SimpleRNNWeights<const IN: usize, const UNITS: usize, const BIAS: usize = UNITS> {
        /// The weight of each input in each unit.
        pub kernel: [[f32; UNITS]; IN],
        /// The weight of each unit of the state before in each unit.
        pub recurrent_kernel: [[f32; UNITS]; UNITS],
        /// What is added to each unit.
        pub bias: [f32; BIAS],
    }
}

arrays! {
    SimpleRNNWeights<IN, UNITS, BIAS>, bias as as_slice as_mut_slice,
    [&[IN, UNITS], &[UNITS, UNITS], &[BIAS]]
}

impl<X, Y> SimpleRNN<X, Y> {
    /// A layer over sequences of `input` steps and features, with Keras's defaults: tanh, Glorot uniform kernel,
    /// orthogonal recurrent kernel, zero bias, the last state alone.
    pub const fn new(input: [usize; 2], units: usize) -> Self {
        Self::of(SimpleRnn, input, units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::layers::recurrent::check;

    #[test]
    fn gradients_match_finite_differences() {
        check::<_, SimpleRNNWeights<3, 5>>(&SimpleRNN::new([7, 3], 5));
        let layer = SimpleRNN::new([3, 1], 3)
            .return_sequences(true)
            .go_backwards(true)
            .activation(Activation::Sigmoid);
        check::<_, SimpleRNNWeights<1, 3, 0>>(&layer);
        let layer = SimpleRNN::new([1, 17], 1)
            .dropout(0.4)
            .recurrent_dropout(0.5);
        check::<_, SimpleRNNWeights<17, 1>>(&layer);
    }
}
