//! Dropout layer.

use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::{LayerStep, Rng};
use rand::Rng as _;

/// Sets values to 0 at random in training.
///
/// In training `y = x * m`, with `m` = 0 at a share of `rate` of the values and `1 / (1 - rate)`
/// elsewhere, so that the expectation stays; else `y = x`. Srivastava et al. (2014), in the inverted
/// form.
///
/// # Arguments
/// - `rate`: the share that is dropped, from 0 up to, but without, 1.
///
/// # Shapes
/// output as input; saves one value for each
///
/// # Cost
/// in training one random number and one product for each value; in inference a copy
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(8) => Dense(64, relu) => Dropout(0.5) => Dense(3) }
/// assert_eq!(Net::PARAMS, 9 * 64 + 65 * 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    rate: Rate,
}

impl Dropout {
    /// Drops a share of `rate`.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn new(rate: f32) -> Self {
        Self {
            rate: Rate::new(rate),
        }
    }
}

/// The share of values that is dropped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate(f32);

impl Rate {
    /// A share of 0 to 1.
    pub(super) const fn new(rate: f32) -> Self {
        assert!(rate >= 0.0 && rate <= 1.0, "`rate` is outside of 0 to 1");
        Self(rate)
    }

    /// [`draw`](Self::draw) in a step, which drops nothing where it only infers.
    pub(super) fn draw_in(self, step: LayerStep<'_>, factors: &mut [f32]) {
        match step.is_inference() {
            true => factors.fill(1.0),
            false => self.draw(&mut step.rng(factors.len()), factors),
        }
    }

    /// Draws what values are multiplied with: 0 for those that are dropped.
    pub(super) fn draw(self, rng: &mut Rng, factors: &mut [f32]) {
        // As 33 bits, so that the rates 0 and 1 are exact.
        let dropped_below = (f64::from(self.0) * 4_294_967_296.0) as u64;
        let kept = 1.0 / (1.0 - self.0);
        for factor in factors {
            let is_dropped = u64::from(rng.next_u32()) < dropped_below;
            *factor = if is_dropped { 0.0 } else { kept };
        }
    }
}

impl Forward<()> for Dropout {
    fn forward(&self, _weights: &(), x: &[f32], y: &mut [f32], (): ()) {
        y.copy_from_slice(x);
    }
}

impl Operation<(), f32, f32, (), f32> for Dropout {
    fn forward_training(
        &self,
        _weights: &(),
        x: &[f32],
        y: &mut [f32],
        (): (),
        saved: &mut [f32],
        step: LayerStep<'_>,
    ) {
        if step.is_inference() {
            return self.forward(&(), x, y, ());
        }
        self.rate.draw(&mut step.rng(x.len()), saved);
        for ((y, x), factor) in y.iter_mut().zip(x).zip(saved) {
            // A product with 0 would keep what is not finite.
            *y = if *factor == 0.0 { 0.0 } else { x * *factor };
        }
    }

    fn backward(&self, _weights: &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        kernels::combine(pass.dy, pass.saved, dx, |dy, factor| dy * factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Seed, Step};
    use crate::testing::check_operation;

    fn trained(rate: f32, seed: u64, number: u64, layer: u64) -> Vec<f32> {
        let step = Step::new(Seed(seed), number);
        let (mut y, mut saved) = (vec![f32::NAN; 20_000], vec![f32::NAN; 20_000]);
        let dropout = Dropout::new(rate);
        dropout.forward_training(
            &(),
            &[1.0; 20_000],
            &mut y,
            (),
            &mut saved,
            step.layer(layer),
        );
        assert_eq!(y, saved);
        y
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_operation::<(), _>(&Dropout::new(0.3), 17, 17, 17).unwrap();
    }

    #[test]
    fn a_share_of_rate_is_0_and_the_expectation_stays() {
        let y = trained(0.3, 1, 2, 3);
        let dropped = y.iter().filter(|y| **y == 0.0).count() as f32 / 20_000.0;
        // Five standard errors.
        assert!((dropped - 0.3).abs() < 0.0162, "{dropped}");
        let mean = y.iter().sum::<f32>() / 20_000.0;
        assert!((mean - 1.0).abs() < 0.0232, "{mean}");
        assert!(y.iter().all(|y| *y == 0.0 || *y == 1.0 / 0.7));
    }

    #[test]
    fn the_mask_is_that_of_seed_step_and_layer() {
        let y = trained(0.5, 1, 2, 3);
        assert_eq!(y, trained(0.5, 1, 2, 3));
        for other in [
            trained(0.5, 2, 2, 3),
            trained(0.5, 1, 3, 3),
            trained(0.5, 1, 2, 4),
        ] {
            let equal = y.iter().zip(&other).filter(|(a, b)| a == b).count();
            assert!((9_500..10_500).contains(&equal), "{equal}");
        }
    }

    #[test]
    fn rates_0_and_1_are_exact() {
        assert_eq!(trained(0.0, 1, 2, 3), vec![1.0; 20_000]);
        assert_eq!(trained(1.0, 1, 2, 3), vec![0.0; 20_000]);
    }

    #[test]
    fn inference_copies() {
        let mut y = [f32::NAN; 3];
        Dropout::new(0.9).forward(&(), &[1.0, -2.0, 3.0], &mut y, ());
        assert_eq!(y, [1.0, -2.0, 3.0]);
    }
}
