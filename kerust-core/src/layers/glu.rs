//! Gated linear units: what `Activation(glu)` expands to.
//!
//! `y = a · sigmoid(b)`, with `a` and `b` as the halves of the last axis. Dauphin et al. (2017).

use crate::activation::sigmoid;
use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};

/// Halves the last axis: its first half, times the sigmoid of its second half.
///
/// # Shapes
/// `[.., 2 * N]` to `[.., N]`
///
/// # Cost
/// one sigmoid for each output; no weights
#[derive(Clone, Copy, Debug)]
pub struct Glu {
    /// The size of the last axis of the output.
    features: usize,
}

impl Glu {
    /// The activation over inputs whose last axis has `features` values.
    pub const fn new(features: usize) -> Self {
        Self {
            features: features / 2,
        }
    }
}

impl Forward<()> for Glu {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        let half = self.features.max(1);
        for (x, y) in x.chunks_exact(2 * half).zip(y.chunks_exact_mut(half)) {
            let (a, b) = x.split_at(half);
            for ((a, b), y) in a.iter().zip(b).zip(y) {
                *y = a * sigmoid(*b);
            }
        }
    }
}

impl Operation<()> for Glu {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else {
            return;
        };
        let half = self.features.max(1);
        let samples = pass
            .x
            .chunks_exact(2 * half)
            .zip(pass.dy.chunks_exact(half));
        for ((x, dy), dx) in samples.zip(dx.chunks_exact_mut(2 * half)) {
            let ((a, b), (da, db)) = (x.split_at(half), dx.split_at_mut(half));
            let inputs = a.iter().zip(b).zip(dy);
            for (((a, b), dy), (da, db)) in inputs.zip(da.iter_mut().zip(db)) {
                let gate = sigmoid(*b);
                *da = dy * gate;
                *db = dy * a * gate * (1.0 - gate);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        check_operation::<(), _>(&Glu::new(6), 18, 9, 0).unwrap();
        check_operation::<(), _>(&Glu::new(2), 2, 1, 0).unwrap();
    }
}
