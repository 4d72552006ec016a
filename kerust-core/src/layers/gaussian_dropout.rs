//! Gaussian dropout layer.
//!
//! In training `y = x * n`, with `n` normal of mean 1 and variance `rate / (1 - rate)`; else `y = x`.
//! Srivastava et al. (2014), section 10.

use super::dropout::Rate;
use crate::gradient::Gradient;
use crate::init::RandomNormal;
use crate::kernels::{self, sqrt};
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;

/// Multiplies values by normal noise of mean 1 in training: `GaussianDropout(rate)`.
///
/// # Arguments
/// - `rate`: from 0 to below 1; the standard deviation of the noise is `sqrt(rate / (1 - rate))`, as that of a
///   dropout with this rate.
///
/// # Shapes
/// output as input; saves one value for each
///
/// # Cost
/// in training one normal number and one product for each value; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(4) => Dense(8, relu) => GaussianDropout(0.2) => Dense(2) }
///
/// assert_eq!(Net::MACS, 4 * 8 + 8 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GaussianDropout {
    rate: Rate,
}

impl GaussianDropout {
    /// Noise as large as that of a dropout of this rate.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1, or is 1.
    pub const fn new(rate: f32) -> Self {
        assert!(rate < 1.0, "`rate` is not below 1");
        Self {
            rate: Rate::new(rate),
        }
    }

    fn noise(&self) -> RandomNormal {
        let rate = self.rate.share();
        RandomNormal {
            mean: 1.0,
            stddev: sqrt(rate / (1.0 - rate)),
        }
    }
}

impl Forward<()> for GaussianDropout {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for GaussianDropout {
    fn forward_training(
        &self,
        (): &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        match step.is_inference() {
            true => saved.fill(1.0),
            false => self.noise().fill_samples(saved, step),
        }
        kernels::combine(x, saved, y, |x, factor| x * factor);
    }

    fn backward(&self, (): &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            kernels::combine(pass.dy, pass.saved, dx, |dy, factor| dy * factor);
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
        check_operation::<(), _>(&GaussianDropout::new(0.3), 17, 17, 17).unwrap();
    }

    #[test]
    fn the_noise_has_mean_1_and_the_deviation_of_a_dropout() {
        let step = Step::new(Seed(1), 2);
        let (mut y, mut saved) = (vec![f32::NAN; 20_000], vec![f32::NAN; 20_000]);
        let layer = GaussianDropout::new(0.2);
        layer.forward_training(&(), &[3.0; 20_000], &mut y, (), &mut saved, step.layer(1));
        let mean = y.iter().sum::<f32>() / 20_000.0;
        let variance = y.iter().map(|y| (y - mean) * (y - mean)).sum::<f32>() / 20_000.0;
        // 9 times 0.2 / 0.8. Five standard errors.
        assert!((mean - 3.0).abs() < 0.054, "{mean}");
        assert!((variance - 2.25).abs() < 0.113, "{variance}");
    }
}
