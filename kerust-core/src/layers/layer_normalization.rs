//! Normalization over the features.

use super::along_axes::{AlongAxes, ScaleAndShift, along_axes};
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::{self, Groups, Norm};
use crate::layer::{Forward, InPlace, Operation, Pass, weights};
use crate::rng::Rng;
use crate::shape::Shape;

/// Normalizes the features of each sample.
///
/// `y = gamma · (x − mean) / sqrt(variance + epsilon) + beta`, with the mean and the variance of each
/// run of the last axis or of others, in training and inference alike. Ba et al. (2016).
///
/// # Arguments
/// - `axis = -1`: an axis or several, counted from 1 or back from -1.
/// - `epsilon = 0.001`: what is added to the variance.
/// - `center = true`: whether beta is added.
/// - `scale = true`: whether gamma is multiplied.
/// - `beta_initializer = zeros`, `gamma_initializer = ones`: how the weights begin; see [`Initializer`](crate::init::Initializer).
/// - `beta_regularizer`, `gamma_regularizer` (optional): penalties on the weights, added to the loss, such
///   as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `beta_constraint`, `gamma_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// output as input, with `C` as the last axis; gamma and beta `[C]`
///
/// # Cost
/// three passes over each run of `C` values; `8 * C` bytes of weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(16, 8) => LayerNormalization => Dense(4) => GlobalAveragePooling1D }
/// assert_eq!(Net::PARAMS, 2 * 8 + 9 * 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LayerNormalization {
    features: usize,
    along: AlongAxes,
}

weights! {
    /// The numbers of a [`LayerNormalization`], in Keras's order.
    pub struct LayerNormalizationWeights<const C: usize> {
        /// What each feature is scaled by.
        pub gamma: [f32; C],
        /// What is added to each feature.
        pub beta: [f32; C],
    }
}

impl LayerNormalization {
    /// A layer over a last axis of `features` values, with Keras's defaults: epsilon 0.001, gamma 1,
    /// beta 0.
    pub const fn new(features: usize) -> Self {
        Self {
            features,
            along: AlongAxes::last(features, Norm::Moments, 0.001),
        }
    }

    /// Normalizes samples of the shape `input` along the axes `axes`, counted from 0 without the batch, with the
    /// weights [`ScaleAndShift`].
    pub const fn axes(mut self, input: Shape, axes: &[usize]) -> Self {
        self.along.norm.groups = Groups::along(input, axes);
        self
    }

    /// Sets what is added to the variance.
    pub const fn epsilon(mut self, epsilon: f32) -> Self {
        self.along.norm.epsilon = epsilon;
        self
    }

    /// Sets how the scale begins.
    pub const fn gamma_initializer(mut self, initializer: Initializer) -> Self {
        self.along.initializers[0] = initializer;
        self
    }

    /// Sets how the shift begins.
    pub const fn beta_initializer(mut self, initializer: Initializer) -> Self {
        self.along.initializers[1] = initializer;
        self
    }
}

impl<const C: usize> Forward<LayerNormalizationWeights<C>> for LayerNormalization {
    fn forward(&self, weights: &LayerNormalizationWeights<C>, x: &[f32], y: &mut [f32], (): ()) {
        kernels::layer_norm(x, &weights.gamma, &weights.beta, self.along.norm.epsilon, y);
    }
}

impl<const C: usize> Operation<LayerNormalizationWeights<C>> for LayerNormalization {
    fn init(&self, weights: &mut LayerNormalizationWeights<C>, rng: &mut Rng) {
        debug_assert_eq!(self.features, C, "the weights are of another layer");
        let [gamma, beta] = self.along.initializers;
        gamma.fill(&mut weights.gamma, &[C], rng);
        beta.fill(&mut weights.beta, &[C], rng);
    }

    fn backward(
        &self,
        weights: &LayerNormalizationWeights<C>,
        pass: Pass<'_>,
        gradient: Gradient<'_>,
    ) {
        let gradient = gradient.of::<LayerNormalizationWeights<C>>();
        kernels::layer_norm_gradient(
            pass.x,
            pass.dy,
            &weights.gamma,
            self.along.norm.epsilon,
            gradient.map(|gradient| [&mut gradient.gamma[..], &mut gradient.beta[..]]),
            pass.dx,
            pass.accumulate,
        );
    }
}

impl<const C: usize> InPlace<LayerNormalizationWeights<C>> for LayerNormalization {
    fn forward_in_place(
        &self,
        weights: &LayerNormalizationWeights<C>,
        y: &mut [f32],
        (): (),
        (): (),
    ) {
        kernels::layer_norm_in_place(&weights.gamma, &weights.beta, self.along.norm.epsilon, y);
    }
}

along_axes! { LayerNormalization, <G, B> ScaleAndShift<G, B> }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::LayerData;
    use crate::testing::{check_in_place, check_operation};

    #[test]
    fn gradients_match_finite_differences() {
        fn check<const C: usize>(places: usize) {
            let layer = LayerNormalization::new(C);
            let len = places * C;
            check_operation::<LayerNormalizationWeights<C>, _>(&layer, len, len, 0).unwrap();
        }
        check::<1>(3);
        check::<5>(3);
        check::<17>(2);
        check::<35>(1);
    }

    #[test]
    fn gradients_along_any_axes_match_finite_differences() {
        let (layer, image) = (LayerNormalization::new(5), Shape::new(&[2, 3, 5]));
        let check = |axes| layer.axes(image, axes);
        check_operation::<ScaleAndShift<[f32; 5], [f32; 0]>, _>(&check(&[2]), 30, 30, 0).unwrap();
        check_operation::<ScaleAndShift<[f32; 0], [f32; 3]>, _>(&check(&[1]), 30, 30, 0).unwrap();
        type Matrix = [[f32; 5]; 2];
        check_operation::<ScaleAndShift<Matrix, Matrix>, _>(&check(&[0, 2]), 30, 30, 0).unwrap();
    }

    #[test]
    fn the_input_may_be_overwritten() {
        fn check<const C: usize>() {
            let mut weights = LayerNormalizationWeights::<C>::zeroed();
            let values = weights.as_mut_slice().iter_mut().enumerate();
            values.for_each(|(i, value)| *value = (i * 7 % 11) as f32 - 4.0);
            check_in_place(&LayerNormalization::new(C), &*weights, C);
        }
        check::<1>();
        check::<17>();
        check::<35>();
    }

    #[test]
    fn each_place_is_normalized_alone() {
        let layer = LayerNormalization::new(2).epsilon(0.0);
        let weights = LayerNormalizationWeights {
            gamma: [2.0, 1.0],
            beta: [0.0, 10.0],
        };
        let mut y = [f32::NAN; 4];
        layer.forward(&weights, &[1.0, 5.0, 30.0, 10.0], &mut y, ());
        assert_eq!(y, [-2.0, 11.0, 2.0, 9.0]);
    }
}
