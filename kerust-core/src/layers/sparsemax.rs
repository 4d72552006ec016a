//! Sparse probabilities: what `Activation(sparsemax)` expands to.
//!
//! `y = max(x - τ, 0)`, with τ such that the values along the last axis sum to 1. Martins & Astudillo (2016). Keras 3.15
//! documents the same, but its values sum to 1 only where a single one is above τ: it adds up all partial sums of the
//! sorted values. kerust follows the paper.

use crate::gradient::Gradient;
use crate::layer::{Forward, InPlace, Operation, Pass};

/// Projects the values along the last axis onto probabilities, many of which are 0.
///
/// # Shapes
/// output as input
///
/// # Cost
/// a few passes over the last axis, at most one for each of its values; no weights
#[derive(Clone, Copy, Debug)]
pub struct Sparsemax {
    features: usize,
}

#[allow(
    clippy::new_without_default,
    reason = "a declaration, read in an expansion"
)]
impl Sparsemax {
    /// The activation over single values.
    pub const fn new() -> Self {
        Self { features: 1 }
    }

    /// Sets the number of values along the last axis.
    pub const fn features(self, features: usize) -> Self {
        Self { features }
    }
}

/// The threshold τ. Values at or below the threshold of a larger set cannot be above
/// that of a smaller one, so the set shrinks until it stays (Michelot, 1986), and no values need to be sorted.
fn threshold(x: &[f32]) -> f32 {
    let mean = |sum: f32, count: usize| (sum - 1.0) / count as f32;
    let (mut tau, mut count) = (mean(x.iter().sum(), x.len()), x.len());
    for _ in 0..x.len() {
        let above = x.iter().filter(|x| **x > tau);
        let (sum, found) = above.fold((0.0, 0), |(sum, found), x| (sum + x, found + 1));
        if found == count || found == 0 {
            break;
        }
        (tau, count) = (mean(sum, found), found);
    }
    tau
}

/// `max(x - τ, 0)`, which keeps NaN.
fn above(x: f32, tau: f32) -> f32 {
    let y = x - tau;
    if y < 0.0 { 0.0 } else { y }
}

impl Forward<()> for Sparsemax {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        let features = self.features.max(1);
        for (x, y) in x.chunks_exact(features).zip(y.chunks_exact_mut(features)) {
            let tau = threshold(x);
            for (x, y) in x.iter().zip(y) {
                *y = above(*x, tau);
            }
        }
    }
}

impl InPlace<()> for Sparsemax {
    fn forward_in_place(&self, (): &(), y: &mut [f32], (): (), (): ()) {
        for y in y.chunks_exact_mut(self.features.max(1)) {
            let tau = threshold(y);
            y.iter_mut().for_each(|y| *y = above(*y, tau));
        }
    }
}

impl Operation<()> for Sparsemax {
    /// Among the values above the threshold, the gradient is moved to a mean of 0; elsewhere it is 0.
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else {
            return;
        };
        let features = self.features.max(1);
        let rows = pass
            .x
            .chunks_exact(features)
            .zip(pass.dy.chunks_exact(features));
        for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(features)) {
            let tau = threshold(x);
            let above = x.iter().zip(dy).filter(|(x, _)| **x > tau);
            let (sum, count) = above.fold((0.0, 0), |(sum, count), (_, dy)| (sum + dy, count + 1));
            let mean = sum / count.max(1) as f32;
            for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
                *dx = if *x > tau { dy - mean } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_in_place;

    fn forward(x: &[f32]) -> Vec<f32> {
        let mut y = vec![f32::NAN; x.len()];
        Sparsemax::new()
            .features(x.len())
            .forward(&(), x, &mut y, ());
        y
    }

    #[test]
    fn the_example_of_keras_comes_out() {
        assert_eq!(forward(&[-1.0, 0.0, 1.0]), [0.0, 0.0, 1.0]);
        assert_eq!(forward(&[7.5]), [1.0]);
        assert_eq!(forward(&[0.2; 4]), [0.25; 4]);
    }

    #[test]
    fn nan_is_not_hidden() {
        assert!(forward(&[f32::NAN, 1.0]).iter().any(|y| y.is_nan()));
    }

    #[test]
    fn the_input_may_be_overwritten() {
        check_in_place(&Sparsemax::new().features(5), &(), 5);
    }

    #[test]
    fn the_gradient_is_that_of_the_values_above_the_threshold() {
        // Both sides of a step of 1/64 lie on the same piece of the function, which is linear there.
        let (x, dy) = ([0.5, 0.25, -2.0, 0.375], [1.0, -2.0, 5.0, 0.25]);
        let layer = Sparsemax::new().features(4);
        let mut dx = [f32::NAN; 4];
        let pass = Pass {
            x: &x[..],
            y: &[0.0; 4][..],
            saved: (),
            dy: &mut { dy }[..],
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        layer.backward(&(), pass, Gradient::none());
        for place in 0..4 {
            let loss = |step: f32| {
                let mut x = x;
                x[place] += step;
                let products = forward(&x).into_iter().zip(dy);
                products.map(|(y, dy)| y * dy).sum::<f32>()
            };
            let slope = (loss(1.0 / 64.0) - loss(-1.0 / 64.0)) * 32.0;
            assert!((dx[place] - slope).abs() < 1e-4, "{dx:?}, {slope}");
        }
    }
}
