//! Dropout layer.

use super::broadcast::{Broadcast, along};
use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::rng::{LayerStep, Rng};
use crate::shape::Shape;
use rand::Rng as _;

/// Sets values to 0 at random in training. What is dropped depends on the seed, the step, the layer and the place in
/// the batch only.
///
/// # Arguments
/// - `rate`: the fraction of the values that are dropped, from 0 to 1.
/// - `noise_shape` (optional): the shape of the mask, with the batch, which is `None`; a 1 shares the mask along that
///   axis. If left out, each value is dropped on its own. `(None, 1, 8)` drops the same of 8 features at every step.
///
/// # Shapes
/// output as input; saves one value for each of the mask
///
/// # Cost
/// in training one random number and one product for each value; in inference a copy
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net:
///         Input(10, 8)
///         => Dropout(0.2, noise_shape = (None, 1, 8))
///         => Flatten
///         => Dense(16, relu)
///         => Dropout(0.5)
///         => Dense(3, softmax)
/// }
///
/// assert_eq!(Net::PARAMS, 80 * 16 + 16 + 16 * 3 + 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    mask: Mask,
}

impl Dropout {
    /// Drops a share of `rate`.
    ///
    /// # Panics
    /// When the rate lies outside of 0 to 1.
    pub const fn new(rate: f32) -> Self {
        Self {
            mask: Mask::new(Rate::new(rate)),
        }
    }

    /// Shares the mask of samples of the shape `sample` along the axes `shared`, counted from 0 without the batch.
    pub const fn noise_shape(mut self, sample: Shape, shared: &[usize]) -> Self {
        self.mask = self.mask.shared(sample, shared);
        self
    }
}

/// Which values are dropped together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mask {
    rate: Rate,
    shared: Option<Broadcast>,
}

impl Mask {
    /// A share of `rate`, each value by itself.
    pub(super) const fn new(rate: Rate) -> Self {
        Self { rate, shared: None }
    }

    /// The same for samples of the shape `sample` along the axes `shared`.
    pub(super) const fn shared(mut self, sample: Shape, shared: &[usize]) -> Self {
        self.shared = Some(Broadcast::new(sample, shared));
        self
    }

    /// Draws the mask of a step: 0 for what is dropped, which is nothing in a step that only infers.
    pub(super) fn draw(&self, step: LayerStep<'_>, mask: &mut [f32]) {
        self.rate.draw_in(step, mask);
    }

    /// `y = function(x, m)`, with what the mask says of each value.
    pub(super) fn apply(
        &self,
        x: &[f32],
        mask: &[f32],
        y: &mut [f32],
        function: impl Fn(f32, f32) -> f32,
    ) {
        let Some(shared) = &self.shared else {
            let values = y.iter_mut().zip(x.iter().zip(mask));
            return values.for_each(|(y, (x, mask))| *y = function(*x, *mask));
        };
        y.copy_from_slice(x);
        let samples = y.chunks_exact_mut(shared.len().max(1));
        for (sample, mask) in samples.zip(mask.chunks_exact(shared.array_len().max(1))) {
            shared.rows(sample, mask, |_, row, mask| along(row, mask, &function));
        }
    }
}

/// What a value becomes by its factor in the mask. A product with 0 would keep what is not finite.
pub(super) fn scaled(x: f32, factor: f32) -> f32 {
    if factor == 0.0 { 0.0 } else { x * factor }
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

    /// The share.
    pub(super) const fn share(self) -> f32 {
        self.0
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
        self.mask.draw(step, saved);
        self.mask.apply(x, saved, y, scaled);
    }

    fn backward(&self, _weights: &(), pass: Pass<'_, f32, f32, f32>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.mask.apply(pass.dy, pass.saved, dx, scaled);
        }
    }
}

/// Implements a dropout of whole channels, a struct of one field: the [`Dropout`] with a shared mask.
macro_rules! spatial {
    ($layer:ident) => {
        impl $crate::layer::Forward<()> for $layer {
            fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
                self.0.forward(&(), x, y, ());
            }
        }

        impl $crate::layer::Operation<(), f32, f32, (), f32> for $layer {
            fn forward_training(
                &self,
                (): &(),
                x: &[f32],
                y: &mut [f32],
                (): (),
                saved: &mut [f32],
                step: $crate::rng::LayerStep<'_>,
            ) {
                self.0.forward_training(&(), x, y, (), saved, step);
            }

            fn backward(
                &self,
                (): &(),
                pass: $crate::layer::Pass<'_, f32, f32, f32>,
                gradient: $crate::gradient::Gradient<'_>,
            ) {
                self.0.backward(&(), pass, gradient);
            }
        }
    };
}

pub(super) use spatial;

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
        let shared = Dropout::new(0.3).noise_shape(Shape::new(&[3, 5]), &[0]);
        check_operation::<(), _>(&shared, 15, 15, 5).unwrap();
    }

    #[test]
    fn a_shared_mask_drops_the_same_along_its_axis() {
        let layer = Dropout::new(0.5).noise_shape(Shape::new(&[3, 100]), &[0]);
        let (mut y, mut saved) = (vec![f32::NAN; 600], vec![f32::NAN; 200]);
        let step = Step::new(Seed(1), 2).over(0, 2).layer(3);
        layer.forward_training(&(), &[1.0; 600], &mut y, (), &mut saved, step);
        for (sample, mask) in y.chunks(300).zip(saved.chunks(100)) {
            assert!(sample.chunks(100).all(|row| row == mask));
        }
        assert_ne!(saved[..100], saved[100..]);
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
