//! Products of two values along one axis of each.

use crate::gradient::Gradient;
use crate::kernels::product_of;
use crate::layer::{Forward, Operation, Pass};

/// Sums the products of two inputs along one axis of each.
///
/// `y[i, j] = Σ a[i, k] · b[k, j]`, where k is the axis that is summed over.
///
/// # Arguments
/// - `axes`: the axis of both inputs, or `(1, 2)` for one of each. As in Keras the batch is axis 0.
///
/// # Shapes
/// `[M][K]` and `[N][K]` to `[M][N]` along axis 2 of both; `[K]` and `[K]` to `[1]` along axis 1
///
/// # Cost
/// `M * K * N` multiply-adds; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Match {
///         let a = Input(5, 8);
///         let b = Input(7, 8);
///         Dot(a, b, axes = 2) => Flatten => Dense(1)
///     }
/// }
/// assert_eq!(Match::PARAMS, 5 * 7 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    /// Values of the first one beside the axis, along it, and of the second one beside it.
    sizes: [usize; 3],
    /// Whether the axis is the first one of each.
    first: [bool; 2],
}

impl Dot {
    /// A layer over values that have `sizes` beside the axis, along it, and beside it in the second one; `first` says
    /// of each whether the axis stands before what is beside it.
    pub const fn new(sizes: [usize; 3], first: [bool; 2]) -> Self {
        Self { sizes, first }
    }

    /// Calls `work` for each sample with its values.
    fn each(&self, [a, b, y]: [&[f32]; 3], mut work: impl FnMut(usize, [&[f32]; 3])) {
        let [m, k, n] = self.sizes;
        let samples = a
            .chunks_exact((m * k).max(1))
            .zip(b.chunks_exact((k * n).max(1)));
        for (sample, ((a, b), y)) in samples.zip(y.chunks_exact((m * n).max(1))).enumerate() {
            work(sample, [a, b, y]);
        }
    }
}

impl Forward<(), [f32; 2]> for Dot {
    fn forward(&self, (): &(), [a, b]: [&[f32]; 2], y: &mut [f32], (): ()) {
        let [m, k, n] = self.sizes;
        let samples = a
            .chunks_exact((m * k).max(1))
            .zip(b.chunks_exact((k * n).max(1)));
        for ((a, b), y) in samples.zip(y.chunks_exact_mut((m * n).max(1))) {
            // `b` as (K, N) is turned where its axis stands last.
            product_of([a, b], [self.first[0], !self.first[1]], self.sizes, y);
        }
    }
}

impl Operation<(), [f32; 2]> for Dot {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; 2]>, _: Gradient<'_>) {
        let [m, k, n] = self.sizes;
        let ([a, b], [da, db]) = (pass.x, pass.dx);
        if let Some(da) = da {
            self.each([a, b, pass.dy], |sample, [_, b, dy]| {
                let da = &mut da[sample * m * k..][..m * k];
                match self.first[0] {
                    // `da` as (K, M) is b·dyᵀ, as (M, K) dy·bᵀ.
                    true => product_of([b, dy], [!self.first[1], true], [k, n, m], da),
                    false => product_of([dy, b], [false, self.first[1]], [m, n, k], da),
                }
            });
        }
        if let Some(db) = db {
            self.each([a, b, pass.dy], |sample, [a, _, dy]| {
                let db = &mut db[sample * k * n..][..k * n];
                match self.first[1] {
                    // `db` as (K, N) is aᵀ·dy, as (N, K) dyᵀ·a.
                    true => product_of([a, dy], [!self.first[0], false], [k, m, n], db),
                    false => product_of([dy, a], [true, self.first[0]], [n, m, k], db),
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_merge;

    #[test]
    fn gradients_match_finite_differences() {
        for first in [[false, false], [false, true], [true, false], [true, true]] {
            for [m, k, n] in [[3, 5, 2], [1, 17, 1], [7, 1, 3]] {
                let layer = Dot::new([m, k, n], first);
                check_merge(&layer, [m * k, k * n], m * n).unwrap();
            }
        }
    }

    #[test]
    fn rows_are_multiplied_with_rows() {
        let layer = Dot::new([2, 3, 1], [false, false]);
        let mut y = [f32::NAN; 2];
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 10.0, 100.0]);
        layer.forward(&(), [&a, &b], &mut y, ());
        assert_eq!(y, [321.0, 654.0]);
    }
}
