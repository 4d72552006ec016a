//! Normalization over the batch.

use super::int8;
use crate::activation::Activation;
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::{self, BatchNorm, Epilogue};
use crate::layer::{Forward, Fuse, InPlace, Operation, Pass, weights};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::rng::{LayerStep, Rng};
use crate::shape::Window;
use core::marker::PhantomData;

/// Normalizes each channel over the batch.
///
/// `y = activation(gamma · (x − mean) / sqrt(variance + epsilon) + beta)`, channel by channel. In training the mean
/// and the variance (divided by the count, not by one less) are the batch's, over all axes but the
/// last; in inference their moving averages. Ioffe & Szegedy (2015), algorithms 1 and 2.
///
/// # Arguments
/// - `axis = -1`: the axis of the channels, which is the last one.
/// - `momentum = 0.99`: how much of a moving average stays in each step.
/// - `epsilon = 0.001`: what is added to the variance.
/// - `center = true`: whether beta is added.
/// - `scale = true`: whether gamma is multiplied.
/// - `beta_initializer = zeros`, `gamma_initializer = ones`, `moving_mean_initializer = zeros`,
///   `moving_variance_initializer = ones`: how the weights begin.
/// - `beta_regularizer`, `gamma_regularizer` (optional): penalties on the weights, added to the loss, such
///   as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `beta_constraint`, `gamma_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// output as input, with `C` as the last axis; gamma, beta, moving mean and variance `[C]`; saves
/// `2 * C` values a batch
///
/// # Cost
/// one multiply-add for each value in inference, two passes over them forward and two back in training;
/// `16 * C` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Conv2D(8, 3x3) => BatchNormalization => ReLU => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, 10 * 8 + 4 * 8 + (26 * 26 * 8 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct BatchNormalization<X = f32> {
    features: usize,
    momentum: f32,
    epsilon: f32,
    activation: Activation,
    /// Of gamma, beta, the moving mean and the moving variance.
    initializers: [Initializer; 4],
    values: PhantomData<X>,
}

weights! {
    /// The numbers of a [`BatchNormalization`], in Keras's order; `GAMMA` and `BETA` are `C`, or 0 without
    /// a scale or a centre.
    ///
    /// In a gradient the moving averages' places carry the moments of the batch, which
    /// [`update_state`](Operation::update_state) takes into the averages.
    pub struct BatchNormalizationWeights<const C: usize, const GAMMA: usize = C, const BETA: usize = C> {
        /// The deviation of each channel afterwards.
        pub gamma: [f32; GAMMA],
        /// The mean of each channel afterwards.
        pub beta: [f32; BETA],
    }
    state {
        /// The mean of each channel before, averaged over the steps.
        pub moving_mean: [f32; C],
        /// The variance of each channel before, averaged over the steps.
        pub moving_variance: [f32; C],
    }
}

impl BatchNormalization {
    /// A layer over a last axis of `features` values, with Keras's defaults: momentum 0.99, epsilon
    /// 0.001, gamma and moving variance 1, beta and moving mean 0.
    pub const fn new(features: usize) -> Self {
        Self {
            features,
            momentum: 0.99,
            epsilon: 0.001,
            activation: Activation::Linear,
            initializers: [
                Initializer::ONES,
                Initializer::ZEROS,
                Initializer::ZEROS,
                Initializer::ONES,
            ],
            values: PhantomData,
        }
    }

    /// The same layer over sequences with a mask: the moments of a training step are those of the steps that it
    /// leaves.
    pub const fn masked(self) -> BatchNormalization<(f32, u8)> {
        let Self {
            features,
            momentum,
            epsilon,
            activation,
            initializers,
            values: _,
        } = self;
        BatchNormalization {
            features,
            momentum,
            epsilon,
            activation,
            initializers,
            values: PhantomData,
        }
    }
}

impl<X> BatchNormalization<X> {
    /// Sets how much of a moving average stays in a step.
    pub const fn momentum(mut self, momentum: f32) -> Self {
        self.momentum = momentum;
        self
    }

    /// Sets what is added to the variance.
    pub const fn epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }

    /// Sets how gamma begins.
    pub const fn gamma_initializer(mut self, initializer: Initializer) -> Self {
        self.initializers[0] = initializer;
        self
    }

    /// Sets how beta begins.
    pub const fn beta_initializer(mut self, initializer: Initializer) -> Self {
        self.initializers[1] = initializer;
        self
    }

    /// Sets how the moving mean begins.
    pub const fn moving_mean_initializer(mut self, initializer: Initializer) -> Self {
        self.initializers[2] = initializer;
        self
    }

    /// Sets how the moving variance begins.
    pub const fn moving_variance_initializer(mut self, initializer: Initializer) -> Self {
        self.initializers[3] = initializer;
        self
    }

    /// Sets the activation, which must be elementwise and have its gradient in its output.
    pub const fn activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// What is computed by these moments.
    fn by<'a>(&self, [mean, variance]: [&'a [f32]; 2], gamma: &'a [f32]) -> BatchNorm<'a> {
        BatchNorm {
            mean,
            variance,
            gamma,
            epsilon: self.epsilon,
            activation: self.activation,
        }
    }

    /// What inference computes.
    fn averaged<'a, const C: usize, const GAMMA: usize, const BETA: usize>(
        &self,
        weights: &'a BatchNormalizationWeights<C, GAMMA, BETA>,
    ) -> BatchNorm<'a> {
        self.by(
            [&weights.moving_mean, &weights.moving_variance],
            &weights.gamma,
        )
    }
}

impl<X> BatchNormalization<X> {
    /// The initial weights.
    fn fill<const C: usize, const GAMMA: usize, const BETA: usize>(
        &self,
        weights: &mut BatchNormalizationWeights<C, GAMMA, BETA>,
        rng: &mut Rng,
    ) {
        debug_assert_eq!(self.features, C, "the weights are of another layer");
        let [gamma, beta, mean, variance] = self.initializers;
        gamma.fill(&mut weights.gamma, &[GAMMA], rng);
        beta.fill(&mut weights.beta, &[BETA], rng);
        mean.fill(&mut weights.moving_mean, &[C], rng);
        variance.fill(&mut weights.moving_variance, &[C], rng);
    }

    /// The moving averages after a step.
    fn average<const C: usize, const GAMMA: usize, const BETA: usize>(
        &self,
        weights: &mut BatchNormalizationWeights<C, GAMMA, BETA>,
        observed: Gradient<'_>,
    ) {
        let Some(observed) = observed.of::<BatchNormalizationWeights<C, GAMMA, BETA>>() else {
            return;
        };
        let of_mean = weights.moving_mean.iter_mut().zip(&observed.moving_mean);
        let variances = weights.moving_variance.iter_mut();
        let of_variance = variances.zip(&observed.moving_variance);
        let rest = 1.0 - self.momentum;
        for (average, observed) in of_mean.chain(of_variance) {
            *average = *average * self.momentum + observed * rest;
        }
    }

    /// The backward pass, with a mask or without one.
    ///
    /// A layer used twice in a step observes two batches; what the first use saw is kept.
    fn back<const C: usize, const GAMMA: usize, const BETA: usize>(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        mask: Option<&[u8]>,
        pass: Pass<'_, (f32, u8), f32, f32>,
        gradient: Gradient<'_>,
    ) {
        let ((x, _), (dx, _)) = (pass.x, pass.dx);
        let Some(gradient) = gradient.of::<BatchNormalizationWeights<C, GAMMA, BETA>>() else {
            if let Some(dx) = dx {
                let norm = self.averaged(weights);
                norm.fixed_input_gradient(pass.y, pass.dy, dx);
            }
            return;
        };
        let (mean, variance) = (&pass.saved[..C], &pass.saved[C..2 * C]);
        let norm = self.by([mean, variance], &weights.gamma);
        // The input's gradient asks for this batch's sums alone, which stand in the state's places
        // until the moments do.
        let [dgamma, dbeta] = [&mut gradient.moving_mean, &mut gradient.moving_variance];
        norm.weight_gradient(x, pass.y, pass.dy, [&mut *dgamma, &mut *dbeta]);
        if let Some(dx) = dx {
            let sums: [&[f32]; 2] = [dgamma, dbeta];
            match mask {
                None => norm.input_gradient(x, pass.dy, sums, dx),
                Some(mask) => norm.masked_input_gradient((x, mask), pass.dy, sums, dx),
            }
        }
        if !pass.accumulate {
            gradient.gamma.fill(0.0);
            gradient.beta.fill(0.0);
        }
        kernels::sum_into(&mut gradient.gamma, dgamma);
        kernels::sum_into(&mut gradient.beta, dbeta);
        gradient.moving_mean.copy_from_slice(mean);
        gradient.moving_variance.copy_from_slice(variance);
    }
}

impl<const C: usize, const GAMMA: usize, const BETA: usize>
    Forward<BatchNormalizationWeights<C, GAMMA, BETA>> for BatchNormalization
{
    #[inline(always)]
    fn forward(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        x: &[f32],
        y: &mut [f32],
        (): (),
    ) {
        self.averaged(weights).forward(x, &weights.beta, y);
    }
}

impl<const C: usize, const GAMMA: usize, const BETA: usize>
    Operation<BatchNormalizationWeights<C, GAMMA, BETA>, f32, f32, (), f32> for BatchNormalization
{
    fn init(&self, weights: &mut BatchNormalizationWeights<C, GAMMA, BETA>, rng: &mut Rng) {
        self.fill(weights, rng);
    }

    fn forward_training(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        if step.is_frozen() {
            return self.averaged(weights).forward(x, &weights.beta, y);
        }
        let (mean, rest) = saved.split_at_mut(C);
        let variance = &mut rest[..C];
        kernels::moments(x, mean, variance);
        self.by([mean, variance], &weights.gamma)
            .forward(x, &weights.beta, y);
    }

    fn backward(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        pass: Pass<'_, f32, f32, f32>,
        gradient: Gradient<'_>,
    ) {
        let Pass {
            x,
            y,
            saved,
            dy,
            dx,
            accumulate,
        } = pass;
        let pass = Pass {
            x: (x, &[][..]),
            y,
            saved,
            dy,
            dx: (dx, None),
            accumulate,
        };
        self.back(weights, None, pass, gradient);
    }

    fn update_state(
        &self,
        weights: &mut BatchNormalizationWeights<C, GAMMA, BETA>,
        observed: Gradient<'_>,
    ) {
        self.average(weights, observed);
    }
}

/// With a mask, the moments of a training step are those of the steps that it leaves. All steps are normalized.
impl<const C: usize, const GAMMA: usize, const BETA: usize>
    Forward<BatchNormalizationWeights<C, GAMMA, BETA>, (f32, u8)>
    for BatchNormalization<(f32, u8)>
{
    fn forward(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        (x, _): (&[f32], &[u8]),
        y: &mut [f32],
        (): (),
    ) {
        self.averaged(weights).forward(x, &weights.beta, y);
    }
}

impl<const C: usize, const GAMMA: usize, const BETA: usize>
    Operation<BatchNormalizationWeights<C, GAMMA, BETA>, (f32, u8), f32, (), f32>
    for BatchNormalization<(f32, u8)>
{
    fn init(&self, weights: &mut BatchNormalizationWeights<C, GAMMA, BETA>, rng: &mut Rng) {
        self.fill(weights, rng);
    }

    fn forward_training(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        (x, mask): (&[f32], &[u8]),
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        if step.is_frozen() {
            return self.averaged(weights).forward(x, &weights.beta, y);
        }
        let (mean, rest) = saved.split_at_mut(C);
        let variance = &mut rest[..C];
        kernels::masked_moments(x, mask, mean, variance);
        self.by([mean, variance], &weights.gamma)
            .forward(x, &weights.beta, y);
    }

    fn backward(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        pass: Pass<'_, (f32, u8), f32, f32>,
        gradient: Gradient<'_>,
    ) {
        let mask = Some(pass.x.1);
        self.back(weights, mask, pass, gradient);
    }

    fn update_state(
        &self,
        weights: &mut BatchNormalizationWeights<C, GAMMA, BETA>,
        observed: Gradient<'_>,
    ) {
        self.average(weights, observed);
    }
}

impl<const C: usize, const GAMMA: usize, const BETA: usize>
    InPlace<BatchNormalizationWeights<C, GAMMA, BETA>> for BatchNormalization
{
    #[inline(always)]
    fn forward_in_place(
        &self,
        weights: &BatchNormalizationWeights<C, GAMMA, BETA>,
        y: &mut [f32],
        (): (),
        (): (),
    ) {
        self.averaged(weights).forward_in_place(&weights.beta, y);
    }
}

/// `line` holds two values for each channel.
impl<const C: usize, const GAMMA: usize, const BETA: usize>
    Fuse<BatchNormalizationWeights<C, GAMMA, BETA>> for BatchNormalization
{
    #[inline(always)]
    fn fuse<'l>(
        &self,
        weights: &'l BatchNormalizationWeights<C, GAMMA, BETA>,
        _before: Epilogue<'l>,
        line: &'l mut [f32],
    ) -> Epilogue<'l> {
        self.averaged(weights).epilogue(&weights.beta, line)
    }
}

/// A convolution of one pixel, of each channel alone.
impl<const C: usize, const GAMMA: usize, const BETA: usize>
    Forward<int8::BatchNormalizationWeights<C, GAMMA, BETA>, i8, i8> for BatchNormalization
{
    fn forward(
        &self,
        weights: &int8::BatchNormalizationWeights<C, GAMMA, BETA>,
        x: &[i8],
        y: &mut [i8],
        (): (),
    ) {
        let kernel = kernels::int8::Depthwise {
            input: [1, 1, C],
            multiplier: 1,
            window: Window::PIXEL,
            zero_point: weights.zero_point[0],
            output: int8::output(weights.zero_point[1], weights.range),
        };
        let filters = int8::filters(&weights.kernel, &weights.bias, &weights.multiplier);
        kernel.forward(x, filters, y, &mut []);
    }
}

impl Int8Layer for BatchNormalization {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::BatchNormalization {
            epsilon: self.epsilon,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerData;
    use crate::rng::{Seed, Step};
    use crate::testing::{check_in_place, check_operation};

    fn step() -> LayerStep<'static> {
        Step::new(Seed(1), 0).layer(0)
    }

    #[test]
    fn gradients_match_finite_differences() {
        fn check<const C: usize>(pixels: usize) {
            let layer = BatchNormalization::new(C);
            let len = pixels * C;
            check_operation::<BatchNormalizationWeights<C>, _>(&layer, len, len, 2 * C).unwrap();
        }
        check::<1>(7);
        check::<3>(5);
        check::<17>(4);
        check::<67>(4);
        check::<131>(3);
        let layer = BatchNormalization::new(3).activation(Activation::Sigmoid);
        check_operation::<BatchNormalizationWeights<3>, _>(&layer, 15, 15, 6).unwrap();
        let layer = BatchNormalization::new(3);
        check_operation::<BatchNormalizationWeights<3, 0, 3>, _>(&layer, 15, 15, 6).unwrap();
        check_operation::<BatchNormalizationWeights<3, 3, 0>, _>(&layer, 15, 15, 6).unwrap();
    }

    #[test]
    fn the_input_may_be_overwritten() {
        fn check<const C: usize>() {
            let mut weights = BatchNormalizationWeights::<C>::zeroed();
            let values = weights.as_mut_slice().iter_mut().enumerate();
            values.for_each(|(i, value)| *value = 0.1 + (i * 7 % 11) as f32);
            for activation in [Activation::Linear, Activation::Relu] {
                let layer = BatchNormalization::new(C).activation(activation);
                check_in_place(&layer, &*weights, C);
            }
        }
        check::<1>();
        check::<3>();
        check::<131>();
    }

    #[test]
    fn a_batch_comes_out_with_mean_beta_and_deviation_gamma() {
        let layer = BatchNormalization::new(2).epsilon(0.0);
        let mut weights = *BatchNormalizationWeights::<2>::zeroed();
        weights.gamma = [2.0, 1.0];
        weights.beta = [10.0, 0.0];
        let (x, mut y) = ([1.0, 5.0, 3.0, 7.0], [f32::NAN; 4]);
        layer.forward_training(&weights, &x, &mut y, (), &mut [0.0; 8], step());
        assert_eq!(y, [8.0, -1.0, 12.0, 1.0]);
    }

    #[test]
    fn moving_averages_take_in_what_the_step_observed() {
        let layer = BatchNormalization::new(1).momentum(0.75);
        let mut weights = *BatchNormalizationWeights::<1>::zeroed();
        layer.init(&mut weights, &mut Seed(1).rng());
        let x = [1.0, 3.0, 5.0, 7.0];
        let (mut y, mut saved) = ([0.0; 4], [0.0; 8]);
        layer.forward_training(&weights, &x, &mut y, (), &mut saved, step());
        let mut gradient = *BatchNormalizationWeights::<1>::zeroed();
        let pass = Pass {
            x: &x[..],
            y: &y[..],
            saved: &mut saved[..],
            dy: &mut [1.0; 4][..],
            dx: None,
            accumulate: false,
        };
        layer.backward(&weights, pass, Gradient::of_layer(&mut gradient));
        assert_eq!(
            [gradient.moving_mean, gradient.moving_variance],
            [[4.0], [5.0]]
        );
        layer.update_state(&mut weights, Gradient::of_layer(&mut gradient));
        assert_eq!(
            [weights.moving_mean, weights.moving_variance],
            [[1.0], [2.0]]
        );
        assert_eq!([weights.gamma, weights.beta], [[1.0], [0.0]]);
    }

    #[test]
    fn a_second_use_adds_to_the_gradient() {
        let layer = BatchNormalization::new(3);
        let mut weights = *BatchNormalizationWeights::<3>::zeroed();
        layer.init(&mut weights, &mut Seed(1).rng());
        let x: Vec<f32> = (0..24).map(|i| (i * 7 % 11) as f32).collect();
        let (mut y, mut saved) = (vec![0.0; 24], vec![0.0; 48]);
        layer.forward_training(&weights, &x, &mut y, (), &mut saved, step());
        let mut run = |gradient: &mut BatchNormalizationWeights<3>, accumulate| {
            let (mut dx, mut dy) = (vec![f32::NAN; 24], x.clone());
            let pass = Pass {
                x: &x[..],
                y: &y[..],
                saved: &mut saved[..],
                dy: &mut dy[..],
                dx: Some(&mut dx[..]),
                accumulate,
            };
            layer.backward(&weights, pass, Gradient::of_layer(gradient));
            dx
        };
        let mut gradient = *BatchNormalizationWeights::<3>::zeroed();
        let once = run(&mut gradient, false);
        let (gamma, mean) = (gradient.gamma, gradient.moving_mean);
        assert_eq!(run(&mut gradient, true), once);
        assert_eq!(gradient.gamma, gamma.map(|gamma| 2.0 * gamma));
        assert_eq!(gradient.moving_mean, mean);
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        fn run<const C: usize>(threads: usize) -> Vec<u32> {
            let layer = BatchNormalization::new(C).activation(Activation::Relu);
            let mut weights = BatchNormalizationWeights::<C>::zeroed();
            layer.init(&mut weights, &mut Seed(1).rng());
            let len = 200_000 / C * C;
            let x: Vec<f32> = (0..len).map(|i| (i * 7919 % 1009) as f32 / 500.0).collect();
            let mut dy: Vec<f32> = (0..len).map(|i| (i * 31 % 97) as f32 - 48.0).collect();
            let (mut y, mut dx) = (vec![0.0; len], vec![0.0; len]);
            let (mut saved, mut gradient) =
                (vec![0.0; 2 * C], BatchNormalizationWeights::<C>::zeroed());
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| {
                layer.forward_training(&weights, &x, &mut y, (), &mut saved, step());
                let pass = Pass {
                    x: &x[..],
                    y: &y[..],
                    saved: &mut saved[..],
                    dy: &mut dy[..],
                    dx: Some(&mut dx[..]),
                    accumulate: false,
                };
                layer.backward(&weights, pass, Gradient::of_layer(&mut *gradient));
            });
            let all = y.iter().chain(&dx).chain(gradient.as_slice());
            all.map(|value| value.to_bits()).collect()
        }
        assert!(run::<3>(1) == run::<3>(2));
        assert!(run::<96>(1) == run::<96>(2));
    }
}
