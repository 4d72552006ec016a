//! A vector at each step of a sequence.

use crate::gradient::Gradient;
use crate::kernels::parallel::pairs;
use crate::kernels::{copy, sum_into};
use crate::layer::{Forward, Operation, Pass};

/// Repeats a vector at each of several steps.
///
/// `y[t, c] = x[c]`
///
/// # Arguments
/// - `n`: the number of steps.
///
/// # Shapes
/// input `[C]`, output `[n][C]`
///
/// # Cost
/// a copy of each value of the output; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Line: Input(3) => RepeatVector(4) => LSTM(5) }
/// assert_eq!(Line::PARAMS, (3 + 5 + 1) * 4 * 5);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RepeatVector {
    features: usize,
    n: usize,
}

impl RepeatVector {
    /// A layer over vectors of so many features.
    pub const fn new(features: usize, n: usize) -> Self {
        Self { features, n }
    }
}

impl Forward<()> for RepeatVector {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        let features = self.features;
        pairs(x, features, y, self.n * features, |x, y| {
            y.chunks_exact_mut(features.max(1)).for_each(|y| copy(x, y));
        });
    }
}

impl Operation<()> for RepeatVector {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        dx.fill(0.0);
        let sequences = pass.dy.chunks_exact(self.n * self.features);
        for (dx, dy) in dx.chunks_exact_mut(self.features).zip(sequences) {
            dy.chunks_exact(self.features)
                .for_each(|dy| sum_into(dx, dy));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        check_operation(&RepeatVector::new(3, 17), 3, 51, 0).unwrap();
        check_operation(&RepeatVector::new(1, 1), 1, 1, 0).unwrap();
    }
}
