//! Gated recurrent unit.

use super::recurrent::RecurrentLayer;
use super::recurrent_weights::arrays;
use crate::activation::Activation;
use crate::kernels::Gru;
use crate::layer::weights;

/// Gated recurrent unit.
///
/// `z, r = σ(z_z), σ(z_r)`, `h[t] = z·h[t−1] + (1 − z)·ĥ`, with the gates side by side in Keras's order z, r, h:
/// Cho et al. (2014). With `reset_after`, as in cuDNN, `ĥ = act(x[t]·W_h + b + r·(h[t−1]·U_h + b_r))`; without it
/// `ĥ = act(x[t]·W_h + b + (r·h[t−1])·U_h)`. Initialised by Glorot & Bengio (2010), eq. 16, and for U by a random
/// orthonormal matrix: Saxe et al. (2014).
///
/// `GRU(16)(x, initial_state = h)` begins with a state.
///
/// # Arguments
/// - `units`: the number of outputs, which is also the length of the state.
/// - `activation = tanh`: the function of the candidate, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `recurrent_activation = sigmoid`: the function of the gates.
/// - `use_bias = true`: whether a bias is added.
/// - `kernel_initializer = glorot_uniform`, `recurrent_initializer = orthogonal`, `bias_initializer = zeros`: how
///   the weights are drawn; see [`init`](crate::init).
/// - `kernel_regularizer`, `recurrent_regularizer`, `bias_regularizer` (optional): penalties on the weights, added
///   to the loss, such as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `activity_regularizer` (optional): a penalty on the output, added to the loss.
/// - `kernel_constraint`, `recurrent_constraint`, `bias_constraint` (optional): limits on the weights after each
///   step, such as `max_norm(2)`; see [`constraint`](crate::constraint).
/// - `dropout = 0`: the share of the inputs that is dropped in training, the same ones at all steps of a sequence.
/// - `recurrent_dropout = 0`: the share of the state that is dropped in training, the same ones at all steps; each
///   gate has a draw of its own.
/// - `return_sequences = false`: whether the output is that of every step, not only of the last one.
/// - `return_state = false`: whether the last state is a further output: `let (y, state) = ..;`.
/// - `go_backwards = false`: whether the steps are taken from the last one on.
/// - `stateful = false`: whether [`step`](crate::model::Stateful::step) carries the state from one call to the next.
///   Training and `predict` begin each sample with zeros.
/// - `zero_output_for_mask = false`: whether the output is 0 at steps that a mask leaves out; otherwise it is the
///   one before.
/// - `reset_after = true`: whether the reset gate works behind the product, as in cuDNN; the bias then has two
///   rows, of the inputs and of the state.
///
/// # Shapes
/// input `[T][IN]`, kernel `[IN][3 * U]`, recurrent kernel `[U][3 * U]`, bias `[2][3 * U]` or `[3 * U]`, output
/// `[U]` or `[T][U]`
///
/// # Cost
/// `T * (IN + U) * 3 * U` multiply-adds; `12 * (IN + U + 2) * U` bytes of weights, or `12 * (IN + U + 1) * U`.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Forecast: Input(24, 2) => GRU(16, return_sequences = true) => GRU(8, reset_after = false) => Dense(1) }
/// assert_eq!(Forecast::PARAMS, (2 + 16 + 2) * 48 + (16 + 8 + 1) * 24 + 9);
/// ```
pub type GRU<X = f32, Y = f32> = RecurrentLayer<Gru, X, Y>;

weights! {
    /// The numbers of a [`GRU`] with `reset_after`, in Keras's order; `COLUMNS` is `3 * UNITS`, and `ROWS` is 2, or
    /// 0 without a bias.
    pub struct GRUWeights<const IN: usize, const UNITS: usize, const COLUMNS: usize, const ROWS: usize = 2> {
        /// The weight of each input in each gate: z, r, h.
        pub kernel: [[f32; COLUMNS]; IN],
        /// The weight of each unit of the state before in each gate.
        pub recurrent_kernel: [[f32; COLUMNS]; UNITS],
        /// What is added to the parts of the inputs and of the state in each gate.
        pub bias: [[f32; COLUMNS]; ROWS],
    }
}

weights! {
    /// The numbers of a [`GRU`] without `reset_after`, in Keras's order; `COLUMNS` is `3 * UNITS`, and `BIAS` is
    /// `COLUMNS`, or 0 without a bias.
    pub struct GRUResetBeforeWeights<const IN: usize, const UNITS: usize, const COLUMNS: usize, const BIAS: usize = COLUMNS> {
        /// The weight of each input in each gate: z, r, h.
        pub kernel: [[f32; COLUMNS]; IN],
        /// The weight of each unit of the state before in each gate.
        pub recurrent_kernel: [[f32; COLUMNS]; UNITS],
        /// What is added to each gate.
        pub bias: [f32; BIAS],
    }
}

arrays! {
    GRUWeights<IN, UNITS, COLUMNS, ROWS>, bias as as_flattened as_flattened_mut,
    [&[IN, COLUMNS], &[UNITS, COLUMNS], &[ROWS, COLUMNS]]
}
arrays! {
    GRUResetBeforeWeights<IN, UNITS, COLUMNS, BIAS>, bias as as_slice as_mut_slice,
    [&[IN, COLUMNS], &[UNITS, COLUMNS], &[BIAS]]
}

impl<X, Y> GRU<X, Y> {
    /// A layer over sequences of `input` steps and features, with Keras's defaults: tanh, sigmoid for the gates,
    /// the state reset after its product, Glorot uniform kernel, orthogonal recurrent kernel, zero bias, the last
    /// state alone.
    pub const fn new(input: [usize; 2], units: usize) -> Self {
        Self::of(Gru { reset_after: true }, input, units)
    }

    /// Sets the activation of the gates.
    pub const fn recurrent_activation(mut self, activation: Activation) -> Self {
        self.kernel.recurrent_activation = activation;
        self
    }

    /// Sets whether the state is reset after its product, or before it. The weights follow from it:
    /// [`GRUWeights`] or [`GRUResetBeforeWeights`].
    pub const fn reset_after(mut self, reset_after: bool) -> Self {
        self.kernel.cell = Gru { reset_after };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::recurrent::check;

    #[test]
    fn gradients_match_finite_differences() {
        check::<_, GRUWeights<3, 5, 15>>(&GRU::new([7, 3], 5));
        let layer = GRU::new([3, 1], 3)
            .return_sequences(true)
            .go_backwards(true)
            .recurrent_activation(Activation::Tanh);
        check::<_, GRUWeights<1, 3, 9, 0>>(&layer);
        let layer = GRU::new([4, 3], 3).dropout(0.4).recurrent_dropout(0.5);
        check::<_, GRUWeights<3, 3, 9>>(&layer);
    }

    #[test]
    fn gradients_of_a_state_reset_before_its_product_match() {
        let layer = GRU::new([7, 3], 5).reset_after(false);
        check::<_, GRUResetBeforeWeights<3, 5, 15>>(&layer);
        let layer = layer.return_sequences(true).dropout(0.4);
        check::<_, GRUResetBeforeWeights<3, 5, 15, 0>>(&layer);
    }
}
