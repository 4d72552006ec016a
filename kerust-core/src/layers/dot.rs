//! Products of two values along one axis of each.

use crate::gradient::Gradient;
use crate::kernels::product_of;
use crate::kernels::scratch::{self, Use};
use crate::layer::{Forward, Operation, Pass};

/// Sums the products of two inputs along one axis of each.
///
/// `y[i, j] = Σ a[i, k] · b[k, j]`, where k is the axis that is summed over. With `normalize`, each vector along the axis is
/// divided by its Euclidean norm before, so that y is the cosine of the angle between two vectors; a norm below 1e-7
/// counts as 1e-7.
///
/// # Arguments
/// - `axes`: the axis of both inputs, or `(1, 2)` for one of each. As in Keras the batch is axis 0, and -1 is the last axis.
/// - `normalize = false`: whether vectors are normalized along the axis.
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
    normalize: bool,
}

impl Dot {
    /// A layer over values that have `sizes` beside the axis, along it, and beside it in the second one; `first` says
    /// of each whether the axis stands before what is beside it.
    pub const fn new(sizes: [usize; 3], first: [bool; 2]) -> Self {
        Self {
            sizes,
            first,
            normalize: false,
        }
    }

    /// Sets whether vectors are normalized along the axis.
    pub const fn normalize(mut self, normalize: bool) -> Self {
        self.normalize = normalize;
        self
    }

    /// The places of a vector of the first value, or of the second one: the first number, and the distance to the next.
    const fn vector(&self, second: bool, number: usize) -> [usize; 2] {
        let [m, k, n] = self.sizes;
        let count = if second { n } else { m };
        match self.first[second as usize] {
            true => [number, count],
            false => [number * k, 1],
        }
    }

    /// What the vectors of both values are multiplied by in `y`.
    fn scale(&self, a: &[f32], b: &[f32], y: &mut [f32]) {
        let [_, k, n] = self.sizes;
        for (i, y) in y.chunks_exact_mut(n.max(1)).enumerate() {
            let factor = factor(a, self.vector(false, i), k);
            y.iter_mut().for_each(|y| *y *= factor);
        }
        for j in 0..n {
            let factor = factor(b, self.vector(true, j), k);
            y.iter_mut()
                .skip(j)
                .step_by(n.max(1))
                .for_each(|y| *y *= factor);
        }
    }

    /// Turns the gradient of normalized vectors, times their factors, into that of the vectors.
    fn normalized_gradient(&self, second: bool, values: &[f32], gradient: &mut [f32]) {
        let [m, k, n] = self.sizes;
        for number in 0..if second { n } else { m } {
            let [first, step] = self.vector(second, number);
            let factor = factor(values, [first, step], k);
            if factor >= LARGEST {
                continue;
            }
            let places = || (0..k).map(move |at| first + at * step);
            let along: f32 = places().map(|at| values[at] * gradient[at]).sum();
            for at in places() {
                gradient[at] -= values[at] * factor * factor * along;
            }
        }
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

/// The largest factor of a vector: that of the smallest norm.
const LARGEST: f32 = 1e7;

/// The inverse of a vector's norm.
fn factor(values: &[f32], [first, step]: [usize; 2], len: usize) -> f32 {
    let values = values.iter().skip(first).step_by(step.max(1)).take(len);
    let squares: f32 = values.map(|value| value * value).sum();
    (1.0 / libm::sqrtf(squares)).min(LARGEST)
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
            if self.normalize {
                self.scale(a, b, y);
            }
        }
    }
}

impl Operation<(), [f32; 2]> for Dot {
    fn backward(&self, (): &(), pass: Pass<'_, [f32; 2]>, _: Gradient<'_>) {
        let ([a, b], [mut da, mut db]) = (pass.x, pass.dx);
        if !self.normalize {
            return self.back([a, b, pass.dy], [da, db]);
        }
        scratch::with(Use::Scores, pass.dy.len(), |scaled| {
            scaled.copy_from_slice(pass.dy);
            let [m, k, n] = self.sizes;
            let samples = a.chunks_exact(m * k).zip(b.chunks_exact(k * n));
            for ((a, b), dy) in samples.zip(scaled.chunks_exact_mut(m * n)) {
                self.scale(a, b, dy);
            }
            self.back([a, b, scaled], [da.as_deref_mut(), db.as_deref_mut()]);
        });
        let [m, k, n] = self.sizes;
        for (second, values, gradient, len) in [(false, a, da, m * k), (true, b, db, k * n)] {
            let Some(gradient) = gradient else { continue };
            for (values, gradient) in values.chunks_exact(len).zip(gradient.chunks_exact_mut(len)) {
                self.normalized_gradient(second, values, gradient);
            }
        }
    }
}

impl Dot {
    /// The gradients without a norm.
    fn back(&self, [a, b, dy]: [&[f32]; 3], [da, db]: [Option<&mut [f32]>; 2]) {
        let [m, k, n] = self.sizes;
        if let Some(da) = da {
            self.each([a, b, dy], |sample, [_, b, dy]| {
                let da = &mut da[sample * m * k..][..m * k];
                match self.first[0] {
                    // `da` as (K, M) is b·dyᵀ, as (M, K) dy·bᵀ.
                    true => product_of([b, dy], [!self.first[1], true], [k, n, m], da),
                    false => product_of([dy, b], [false, self.first[1]], [m, n, k], da),
                }
            });
        }
        if let Some(db) = db {
            self.each([a, b, dy], |sample, [a, _, dy]| {
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
                let layer = layer.normalize(true);
                check_merge(&layer, [m * k, k * n], m * n).unwrap();
            }
        }
    }

    #[test]
    fn a_vector_of_zeros_has_no_angle() {
        let layer = Dot::new([1, 3, 1], [false, false]).normalize(true);
        let mut y = [f32::NAN; 2];
        let (a, b) = (
            [0.0, 0.0, 0.0, 3.0, 0.0, 4.0],
            [1.0, 2.0, 3.0, 0.5, 0.0, 0.0],
        );
        layer.forward(&(), [&a, &b], &mut y, ());
        assert_eq!(y, [0.0, 0.6]);
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
