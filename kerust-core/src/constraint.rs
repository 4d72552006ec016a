//! Constraints: limits on weights, applied after each step of the optimizer.
//!
//! Keras's `keras.constraints`. In `model!` a layer takes one for each of its arrays of weights:
//! `Dense(64, relu, kernel_constraint = max_norm(2))`.

/// A limit on an array of weights.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Constraint {
    /// The weights that lead to one output have at most this norm. Srivastava et al. (2014), section 5.1.
    MaxNorm(f32),
}

impl Constraint {
    /// Limits an array of these sizes. As with Keras's default, `axis = 0`, a norm runs over the first axis.
    pub fn apply(&self, weights: &mut [f32], sizes: &[usize]) {
        /// What Keras adds to a norm before it divides by it.
        const EPSILON: f32 = 1e-7;
        let Self::MaxNorm(limit) = *self;
        let rows = sizes.first().copied().unwrap_or(1).max(1);
        let columns = weights.len() / rows;
        for column in 0..columns {
            let squares: f32 = (0..rows)
                .map(|row| weights[row * columns + column])
                .map(|w| w * w)
                .sum();
            let norm = libm::sqrtf(squares);
            let factor = norm.clamp(0.0, limit) / (EPSILON + norm);
            (0..rows).for_each(|row| weights[row * columns + column] *= factor);
        }
    }
}
