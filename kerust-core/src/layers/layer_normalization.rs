//! Normalization over the features.

use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, InPlace, Operation, Pass, weights};
use crate::rng::Rng;

/// Normalizes the features of each sample.
///
/// `y = gamma · (x − mean) / sqrt(variance + epsilon) + beta`, with the mean and the variance of each
/// run of the last axis, in training and inference alike. Ba et al. (2016).
///
/// # Arguments
/// - `epsilon = 0.001`: what is added to the variance.
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
    epsilon: f32,
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
            epsilon: 0.001,
        }
    }

    /// Sets what is added to the variance.
    pub const fn epsilon(mut self, epsilon: f32) -> Self {
        self.epsilon = epsilon;
        self
    }
}

impl<const C: usize> Forward<LayerNormalizationWeights<C>> for LayerNormalization {
    fn forward(&self, weights: &LayerNormalizationWeights<C>, x: &[f32], y: &mut [f32], (): ()) {
        kernels::layer_norm(x, &weights.gamma, &weights.beta, self.epsilon, y);
    }
}

impl<const C: usize> Operation<LayerNormalizationWeights<C>> for LayerNormalization {
    fn init(&self, weights: &mut LayerNormalizationWeights<C>, _rng: &mut Rng) {
        debug_assert_eq!(self.features, C, "the weights are of another layer");
        weights.gamma.fill(1.0);
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
            self.epsilon,
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
        kernels::layer_norm_in_place(&weights.gamma, &weights.beta, self.epsilon, y);
    }
}

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
