//! Gaussian noise layer.

use crate::gradient::Gradient;
use crate::init::RandomNormal;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;

/// Adds normal noise in training.
///
/// In training `y = x + n`, with `n` normal of mean 0; else `y = x`. It keeps a model from leaning
/// on single values of its input.
///
/// # Arguments
/// - `stddev`: the standard deviation of the noise, from 0 up to, but without, 1.
///
/// # Shapes
/// output as input
///
/// # Cost
/// in training one normal number for each value; in inference a copy
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(8) => GaussianNoise(0.1) => Dense(16, relu) => Dense(3) }
/// assert_eq!(Net::PARAMS, 9 * 16 + 17 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GaussianNoise {
    noise: RandomNormal,
}

impl GaussianNoise {
    /// Noise of this standard deviation.
    pub const fn new(stddev: f32) -> Self {
        Self {
            noise: RandomNormal { mean: 0.0, stddev },
        }
    }
}

impl Forward<()> for GaussianNoise {
    fn forward(&self, _weights: &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<()> for GaussianNoise {
    fn forward_training(
        &self,
        _weights: &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        (): (),
        step: LayerStep<'_>,
    ) {
        if step.is_inference() {
            return self.forward(&(), x, y, ());
        }
        self.noise.fill_samples(y, step);
        y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
    }

    fn backward(&self, _weights: &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            dx.copy_from_slice(pass.dy);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        check_operation::<(), _>(&GaussianNoise::new(0.5), 17, 17, 0).unwrap();
    }

    #[test]
    fn the_noise_has_the_deviation_asked_for() {
        let step = Step::new(Seed(1), 2);
        let mut y = vec![f32::NAN; 20_000];
        GaussianNoise::new(0.5).forward_training(
            &(),
            &[3.0; 20_000],
            &mut y,
            (),
            (),
            step.layer(1),
        );
        let mean = y.iter().sum::<f32>() / 20_000.0;
        let variance = y.iter().map(|y| (y - mean) * (y - mean)).sum::<f32>() / 20_000.0;
        // Five standard errors.
        assert!((mean - 3.0).abs() < 0.018, "{mean}");
        assert!((variance - 0.25).abs() < 0.0125, "{variance}");
    }
}
