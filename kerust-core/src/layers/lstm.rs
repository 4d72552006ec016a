//! Long short-term memory.

use super::recurrent::RecurrentLayer;
use super::recurrent_weights::arrays;
use crate::activation::Activation;
use crate::kernels::Lstm;
use crate::layer::weights;

/// Long short-term memory.
///
/// `i, f, o = σ(z_i), σ(z_f), σ(z_o)`, `c[t] = f·c[t−1] + i·act(z_c)`, `h[t] = o·act(c[t])`, with `z = x[t]·W + b +
/// h[t−1]·U` and the gates side by side in Keras's order i, f, c, o: Hochreiter & Schmidhuber (1997), with the
/// forget gate of Gers et al. (2000), whose bias begins at 1: Jozefowicz et al. (2015). Initialised by Glorot &
/// Bengio (2010), eq. 16, and for U by a random orthonormal matrix: Saxe et al. (2014).
///
/// `LSTM(16)(x, initial_state = (h, c))` begins with a state.
///
/// # Arguments
/// - `units`: the number of outputs, which is also the length of the state.
/// - `activation = tanh`: the function of the candidate and of the output, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `recurrent_activation = sigmoid`: the function of the gates.
/// - `use_bias = true`: whether a bias is added.
/// - `kernel_initializer = glorot_uniform`, `recurrent_initializer = orthogonal`, `bias_initializer = zeros`: how
///   the weights are drawn; see [`init`](crate::init).
/// - `unit_forget_bias = true`: whether the bias of the forget gate begins at 1.
/// - `kernel_regularizer`, `recurrent_regularizer`, `bias_regularizer` (optional): penalties on the weights, added
///   to the loss, such as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `activity_regularizer` (optional): a penalty on the output, added to the loss.
/// - `kernel_constraint`, `recurrent_constraint`, `bias_constraint` (optional): limits on the weights after each
///   step, such as `max_norm(2)`; see [`constraint`](crate::constraint).
/// - `dropout = 0`: the share of the inputs that is dropped in training, the same ones at all steps of a sequence.
/// - `recurrent_dropout = 0`: the share of the state that is dropped in training, the same ones at all steps; each
///   gate has a draw of its own.
/// - `return_sequences = false`: whether the output is that of every step, not only of the last one.
/// - `return_state = false`: whether the last state is a further output: `let (y, h, c) = ..;`.
/// - `go_backwards = false`: whether the steps are taken from the last one on.
/// - `stateful = false`: whether [`step`](crate::model::Stateful::step) carries the state from one call to the next.
///   Training and `predict` begin each sample with zeros.
/// - `zero_output_for_mask = false`: whether the output is 0 at steps that a mask leaves out; otherwise it is the
///   one before.
///
/// # Shapes
/// input `[T][IN]`, kernel `[IN][4 * U]`, recurrent kernel `[U][4 * U]`, bias `[4 * U]`, output `[U]` or `[T][U]`
///
/// # Cost
/// `T * (IN + U) * 4 * U` multiply-adds; `16 * (IN + U + 1) * U` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Forecast: Input(24, 2) => LSTM(16, return_sequences = true) => LSTM(8) => Dense(1) }
/// assert_eq!(Forecast::PARAMS, (2 + 16 + 1) * 64 + (16 + 8 + 1) * 32 + 9);
/// ```
pub type LSTM<X = f32, Y = f32> = RecurrentLayer<Lstm, X, Y>;

weights! {
    /// The numbers of an [`LSTM`], in Keras's order; `COLUMNS` is `4 * UNITS`, and `BIAS` is `COLUMNS`, or 0
    /// without a bias.
    pub struct LSTMWeights<const IN: usize, const UNITS: usize, const COLUMNS: usize, const BIAS: usize = COLUMNS> {
        /// The weight of each input in each gate: i, f, c, o.
        pub kernel: [[f32; COLUMNS]; IN],
        /// The weight of each unit of the state before in each gate.
        pub recurrent_kernel: [[f32; COLUMNS]; UNITS],
        /// What is added to each gate.
        pub bias: [f32; BIAS],
    }
}

arrays! {
    LSTMWeights<IN, UNITS, COLUMNS, BIAS>, bias as as_slice as_mut_slice,
    [&[IN, COLUMNS], &[UNITS, COLUMNS], &[BIAS]]
}

impl<X, Y> LSTM<X, Y> {
    /// A layer over sequences of `input` steps and features, with Keras's defaults: tanh, sigmoid for the gates,
    /// Glorot uniform kernel, orthogonal recurrent kernel, zero bias but 1 for the forget gate, the last state
    /// alone.
    pub const fn new(input: [usize; 2], units: usize) -> Self {
        Self::of(Lstm, input, units).unit_forget_bias(true)
    }

    /// Sets the activation of the gates.
    pub const fn recurrent_activation(mut self, activation: Activation) -> Self {
        self.kernel.recurrent_activation = activation;
        self
    }

    /// Sets whether the bias of the forget gate begins at 1.
    pub const fn unit_forget_bias(mut self, unit_forget_bias: bool) -> Self {
        self.unit_forget_bias = unit_forget_bias;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::Initializer;
    use crate::layer::{LayerData, Operation};
    use crate::layers::recurrent::check;
    use crate::rng::Seed;

    #[test]
    fn gradients_match_finite_differences() {
        check::<_, LSTMWeights<3, 5, 20>>(&LSTM::new([7, 3], 5));
        let layer = LSTM::new([3, 1], 3)
            .return_sequences(true)
            .go_backwards(true)
            .recurrent_activation(Activation::Tanh);
        check::<_, LSTMWeights<1, 3, 12, 0>>(&layer);
        check::<_, LSTMWeights<17, 1, 4>>(&LSTM::new([1, 17], 1).dropout(0.4));
        let layer = LSTM::new([4, 3], 3).dropout(0.4).recurrent_dropout(0.5);
        check::<_, LSTMWeights<3, 3, 12>>(&layer);
    }

    #[test]
    fn kernels_are_drawn_over_all_gates_at_once() {
        const U: usize = 9;
        let mut weights = LSTMWeights::<64, U, 36>::zeroed();
        <LSTM>::new([3, 64], U).init(&mut *weights, &mut Seed(2).rng());
        let limit = (6.0 / (64 + 4 * U) as f32).sqrt();
        let kernel = weights.kernel.as_flattened().iter();
        let most = kernel.fold(0.0, |most: f32, x| most.max(x.abs()));
        assert!(
            most > 0.95 * limit && most <= limit,
            "{most}, expected {limit}"
        );
        // One matrix of orthonormal rows, not one for each gate.
        for (i, a) in weights.recurrent_kernel.iter().enumerate() {
            for (j, b) in weights.recurrent_kernel.iter().enumerate() {
                let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let expected = f32::from(i == j);
                assert!(
                    (product - expected).abs() < 1e-5,
                    "rows {i} and {j}: {product}"
                );
            }
        }
    }

    #[test]
    fn the_forget_gates_begin_open() {
        let drawn = |layer: LSTM| {
            let mut weights = LSTMWeights::<2, 3, 12> {
                kernel: [[0.0; 12]; 2],
                recurrent_kernel: [[0.0; 12]; 3],
                bias: [0.0; 12],
            };
            layer
                .bias_initializer(Initializer::Constant(0.5))
                .init(&mut weights, &mut Seed(1).rng());
            weights.bias
        };
        let layer = LSTM::new([4, 2], 3);
        let open = [0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5];
        assert_eq!(drawn(layer), open);
        assert_eq!(drawn(layer.unit_forget_bias(false)), [0.5; 12]);
    }
}
