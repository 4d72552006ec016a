//! Regularizers: penalties on weights that are part of the loss.
//!
//! Keras's `keras.regularizers`. In `model!` a layer takes one for each of its arrays of weights:
//! `Dense(64, relu, kernel_regularizer = l2(0.01))`.

/// A penalty on an array of weights.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Regularizer {
    /// `l1 · Σ|w| + l2 · Σw²`
    L1L2 {
        /// The factor of the sum of absolute values.
        l1: f32,
        /// The factor of the sum of squares.
        l2: f32,
    },
}

impl Regularizer {
    /// `l2 · Σw²`, Keras's `L2`.
    pub const fn l2(l2: f32) -> Self {
        Self::L1L2 { l1: 0.0, l2 }
    }

    /// `l1 · Σ|w|`, Keras's `L1`.
    pub const fn l1(l1: f32) -> Self {
        Self::L1L2 { l1, l2: 0.0 }
    }

    /// `l1 · Σ|w| + l2 · Σw²`, Keras's `L1L2`.
    pub const fn l1_l2(l1: f32, l2: f32) -> Self {
        Self::L1L2 { l1, l2 }
    }

    /// The penalty on these weights.
    pub fn penalty(&self, weights: &[f32]) -> f64 {
        let Self::L1L2 { l1, l2 } = *self;
        let absolute: f64 = weights.iter().map(|w| f64::from(w.abs())).sum();
        let squares: f64 = weights.iter().map(|w| f64::from(w * w)).sum();
        f64::from(l1) * absolute + f64::from(l2) * squares
    }

    /// Adds the derivative of the penalty with respect to each weight to `gradient`.
    pub fn add_derivative(&self, weights: &[f32], gradient: &mut [f32]) {
        let Self::L1L2 { l1, l2 } = *self;
        for (w, g) in weights.iter().zip(gradient) {
            let sign = if *w == 0.0 { 0.0 } else { w.signum() };
            *g += l1 * sign + 2.0 * l2 * w;
        }
    }
}
