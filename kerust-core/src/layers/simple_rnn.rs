//! The fully connected recurrent layer.

use super::recurrent::RecurrentLayer;
use super::recurrent_weights::arrays;
use crate::kernels::SimpleRnn;
use crate::layer::weights;

/// Fully connected recurrent layer.
///
/// `h[t] = activation(x[t]·W + b + h[t−1]·U)`, from h = 0 on: Elman (1990). Initialised by Glorot & Bengio (2010),
/// eq. 16, and for U by a random orthonormal matrix: Saxe et al. (2014).
///
/// `SimpleRNN(16)(x, initial_state = h)` begins with a state.
///
/// # Arguments
/// - `units`: the number of outputs, which is also the length of the state.
/// - `activation = tanh`: the function of the state, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `use_bias = true`: whether a bias is added.
/// - `kernel_initializer = glorot_uniform`, `recurrent_initializer = orthogonal`, `bias_initializer = zeros`: how
///   the weights are drawn; see [`init`](crate::init).
/// - `kernel_regularizer`, `recurrent_regularizer`, `bias_regularizer` (optional): penalties on the weights, added
///   to the loss, such as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `activity_regularizer` (optional): a penalty on the output, added to the loss.
/// - `kernel_constraint`, `recurrent_constraint`, `bias_constraint` (optional): limits on the weights after each
///   step, such as `max_norm(2)`; see [`constraint`](crate::constraint).
/// - `dropout = 0`: the share of the inputs that is dropped in training, the same ones at all steps of a sequence.
/// - `recurrent_dropout = 0`: the share of the state that is dropped in training, the same ones at all steps.
/// - `return_sequences = false`: whether the output is that of every step, not only of the last one.
/// - `return_state = false`: whether the last state is a further output: `let (y, state) = ..;`.
/// - `go_backwards = false`: whether the steps are taken from the last one on.
/// - `stateful = false`: whether [`step`](crate::model::Stateful::step) carries the state from one call to the next.
///   Training and `predict` begin each sample with zeros.
/// - `zero_output_for_mask = false`: whether the output is 0 at steps that a mask leaves out; otherwise it is the
///   one before.
///
/// # Shapes
/// input `[T][IN]`, kernel `[IN][U]`, recurrent kernel `[U][U]`, bias `[U]`, output `[U]` or `[T][U]`
///
/// # Cost
/// `T * (IN + U) * U` multiply-adds; `4 * (IN + U + 1) * U` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Line: Input(24, 2) => SimpleRNN(16, return_sequences = true) => SimpleRNN(8) => Dense(1) }
/// assert_eq!(Line::PARAMS, (2 + 16 + 1) * 16 + (16 + 8 + 1) * 8 + 9);
/// ```
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
