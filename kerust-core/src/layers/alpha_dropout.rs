//! Alpha dropout layer.
//!
//! In training a share of `rate` of the values becomes `-s·a`, the limit of selu on the left (`s` = 1.0507,
//! `a` = 1.6733), and then all become `y = p·x + q`, with `p` and `q` such that mean 0 and variance 1 stay; else
//! `y = x`. Klambauer et al. (2017), section 3.

use super::dropout::{Mask, Rate};
use crate::gradient::Gradient;
use crate::kernels::sqrt;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::LayerStep;
use crate::shape::Shape;

/// The limit of selu on the left.
const LOWEST: f32 = -1.758_099_3;

/// Sets values to the limit of selu at random in training, and keeps mean and variance: `AlphaDropout(rate,
/// noise_shape)`. It goes with the activation `selu` and the initializer `lecun_normal`.
///
/// # Arguments
/// - `rate`: the fraction of the values that are dropped, from 0 to below 1.
/// - `noise_shape` (optional): the shape of the mask, with the batch, which is `None`; a 1 shares the mask along that
///   axis. If left out, each value is dropped on its own. `(None, 1, 8)` drops the same of 8 features at every step.
///
/// # Shapes
/// output as input; saves one value for each of the mask
///
/// # Cost
/// in training one random number and one multiply-add for each value; in inference nothing
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net:
///         Input(4)
///         => Dense(8, selu, kernel_initializer = lecun_normal)
///         => AlphaDropout(0.1)
///         => Dense(2)
/// }
///
/// assert_eq!(Net::MACS, 4 * 8 + 8 * 2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AlphaDropout {
    rate: f32,
    mask: Mask,
}

impl AlphaDropout {
    /// Drops a share of `rate`.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1, or is 1.
    pub const fn new(rate: f32) -> Self {
        assert!(rate < 1.0, "`rate` is not below 1");
        Self {
            rate,
            mask: Mask::new(Rate::new(rate)),
        }
    }

    /// Shares the mask of samples of the shape `sample` along the axes `shared`, counted from 0 without the batch.
    pub const fn noise_shape(mut self, sample: Shape, shared: &[usize]) -> Self {
        self.mask = self.mask.shared(sample, shared);
        self
    }

    /// What the values are multiplied with, and what is added.
    fn line(&self) -> [f32; 2] {
        let rate = self.rate;
        let factor = 1.0 / sqrt((1.0 - rate) * (1.0 + rate * LOWEST * LOWEST));
        [factor, -factor * LOWEST * rate]
    }
}

impl Forward<()> for AlphaDropout {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for AlphaDropout {
    fn forward_training(
        &self,
        (): &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        if step.is_inference() {
            return self.forward(&(), x, y, ());
        }
        self.mask.draw(step, saved);
        let [factor, shift] = self.line();
        self.mask.apply(x, saved, y, |x, kept| {
            let x = if kept == 0.0 { LOWEST } else { x };
            factor * x + shift
        });
    }

    fn backward(&self, (): &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let [factor, _] = self.line();
        self.mask.apply(pass.dy, pass.saved, dx, |dy, kept| {
            if kept == 0.0 { 0.0 } else { factor * dy }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = AlphaDropout::new(0.3);
        check_operation::<(), _>(&layer, 17, 17, 17).unwrap();
        let shared = layer.noise_shape(Shape::new(&[3, 5]), &[1]);
        check_operation::<(), _>(&shared, 15, 15, 3).unwrap();
    }

    #[test]
    fn dropped_and_kept_values_are_those_of_keras() {
        // `a * alpha_p + b` and `a * x + b` of Keras's formula in float64, at a rate of 0.3 and x = 2.
        let (mut y, mut saved) = (vec![f32::NAN; 20_000], vec![f32::NAN; 20_000]);
        let step = Step::new(Seed(1), 2);
        let layer = AlphaDropout::new(0.3);
        layer.forward_training(&(), &[2.0; 20_000], &mut y, (), &mut saved, step.layer(1));
        let (dropped, kept): (Vec<f32>, Vec<f32>) = y.iter().partition(|y| **y < 0.0);
        let share = dropped.len() as f32 / 20_000.0;
        assert!((share - 0.3).abs() < 0.0162, "{share}");
        assert!(dropped.iter().all(|y| (y - DROPPED).abs() < 1e-6));
        assert!(kept.iter().all(|y| (y - KEPT).abs() < 1e-6));
    }

    const DROPPED: f32 = -1.059_548_2;
    const KEPT: f32 = 2.175_997_3;
}
