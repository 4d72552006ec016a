//! Dense layer.

use super::int8;
use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::{self, Epilogue};
use crate::layer::{Forward, Operation, Pass, Product, weights};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::rng::Rng;

/// Fully connected layer.
///
/// `y = activation(x·W + b)`, with `W` as (IN, OUT), row-major. Initialised by Glorot & Bengio
/// (2010), eq. 16.
///
/// On a sequence, (steps, features), it is applied to each step. On an image it is an error, since a `Flatten` is
/// missing most of the time.
///
/// # Arguments
/// - `units`: the number of outputs.
/// - `activation = linear`: the function behind the layer, one of
///   [`Activation::NAMES`](crate::activation::Activation::NAMES).
/// - `use_bias = true`: whether a bias is added.
/// - `kernel_initializer = glorot_uniform`, `bias_initializer = zeros`: how the weights are drawn; see
///   [`init`](crate::init).
/// - `kernel_regularizer`, `bias_regularizer` (optional): penalties on the weights, added to the loss, such
///   as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `activity_regularizer` (optional): a penalty on the output, added to the loss.
/// - `kernel_constraint`, `bias_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// input `[IN]` or `[T][IN]`, kernel `[IN][OUT]`, bias `[OUT]`, output `[OUT]` or `[T][OUT]`
///
/// # Cost
/// `IN * OUT` multiply-adds, at each step of a sequence; `4 * (IN + 1) * OUT` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(4) => Dense(16, relu) => Dense(3, softmax) }
/// assert_eq!(Net::PARAMS, (4 + 1) * 16 + (16 + 1) * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    activation: Activation,
    kernel_initializer: Initializer,
    bias_initializer: Initializer,
}

weights! {
    /// The numbers of a [`Dense`]; `BIAS` is `OUT`, or 0 without a bias.
    pub struct DenseWeights<const IN: usize, const OUT: usize, const BIAS: usize = OUT> {
        /// The weight of each input in each output.
        pub kernel: [[f32; OUT]; IN],
        /// What is added to each output.
        pub bias: [f32; BIAS],
    }
}

impl Dense {
    /// A layer with Keras's defaults: linear, Glorot uniform kernel, zero bias.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self {
            activation: Activation::Linear,
            kernel_initializer: Initializer::GLOROT_UNIFORM,
            bias_initializer: Initializer::ZEROS,
        }
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets how the kernel is drawn.
    pub const fn kernel_initializer(mut self, initializer: Initializer) -> Self {
        self.kernel_initializer = initializer;
        self
    }

    /// Sets how the bias is drawn.
    pub const fn bias_initializer(mut self, initializer: Initializer) -> Self {
        self.bias_initializer = initializer;
        self
    }
}

impl<const IN: usize, const OUT: usize, const BIAS: usize> Forward<DenseWeights<IN, OUT, BIAS>>
    for Dense
{
    fn forward(&self, weights: &DenseWeights<IN, OUT, BIAS>, x: &[f32], y: &mut [f32], (): ()) {
        let epilogue = Epilogue::new(self.activation);
        self.forward_fused(weights, Some(x), y, &mut [], epilogue);
    }
}

impl<const IN: usize, const OUT: usize, const BIAS: usize> Operation<DenseWeights<IN, OUT, BIAS>>
    for Dense
{
    fn init(&self, weights: &mut DenseWeights<IN, OUT, BIAS>, rng: &mut Rng) {
        let kernel = weights.kernel.as_flattened_mut();
        self.kernel_initializer.fill(kernel, &[IN, OUT], rng);
        self.bias_initializer.fill(&mut weights.bias, &[BIAS], rng);
    }

    fn backward(
        &self,
        weights: &DenseWeights<IN, OUT, BIAS>,
        pass: Pass<'_>,
        gradient: Gradient<'_>,
    ) {
        kernels::activation_gradient(self.activation, pass.y, pass.dy, OUT);
        if let Some(gradient) = gradient.of::<DenseWeights<IN, OUT, BIAS>>() {
            let dkernel = gradient.kernel.as_flattened_mut();
            kernels::dense_weight_gradient(pass.x, pass.dy, dkernel, IN, OUT, pass.accumulate);
            kernels::column_sums(pass.dy, &mut gradient.bias, OUT, pass.accumulate);
        }
        if let Some(dx) = pass.dx {
            kernels::dense_input_gradient(pass.dy, weights.kernel.as_flattened(), dx, IN, OUT);
        }
    }
}

impl<const IN: usize, const OUT: usize, const BIAS: usize> Product<DenseWeights<IN, OUT, BIAS>>
    for Dense
{
    // Inlined so that unused activations are dropped from firmware.
    #[inline(always)]
    fn forward_fused(
        &self,
        weights: &DenseWeights<IN, OUT, BIAS>,
        x: Option<&[f32]>,
        y: &mut [f32],
        _scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        let Some(x) = x else { return };
        let kernel = weights.kernel.as_flattened();
        kernels::dense(x, kernel, &weights.bias, y, [IN, OUT], epilogue);
    }
}

impl<const IN: usize, const OUT: usize, const BIAS: usize>
    Forward<int8::DenseWeights<IN, OUT, BIAS>, i8, i8> for Dense
{
    fn forward(&self, weights: &int8::DenseWeights<IN, OUT, BIAS>, x: &[i8], y: &mut [i8], (): ()) {
        let kernel = kernels::int8::Dense {
            inputs: IN,
            outputs: OUT,
            output: int8::output(weights.zero_point[1], weights.range),
        };
        let flat = weights.kernel.as_flattened();
        let filters = int8::filters(flat, &weights.bias, &weights.multiplier);
        kernel.forward(x, filters, y);
    }
}

impl Int8Layer for Dense {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::Dense
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let dense = Dense::new().activation(Activation::Tanh);
        check_operation::<DenseWeights<17, 3>, _>(&dense, 17, 3, 0).unwrap();
        check_operation::<DenseWeights<5, 7, 0>, _>(&dense, 5, 7, 0).unwrap();
    }
}
