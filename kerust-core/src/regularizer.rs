//! Regularizers: penalties on weights or on outputs that are part of the loss.
//!
//! Keras's `keras.regularizers`. In `model!` a layer takes one for each of its arrays of weights and one for its output:
//! `Dense(64, relu, kernel_regularizer = l2(0.01), activity_regularizer = l1(0.01))`. The penalty on an output is divided
//! by the batch size, as in Keras.
//!
//! A custom regularizer is a type that implements [`Regularize`], named by its path:
//!
//! ```
//! use kerust::prelude::*;
//! use kerust::regularizer::Regularize;
//!
//! mod own {
//!     /// Moves the sum of the values towards a number.
//!     pub struct Sum(pub f32);
//! }
//!
//! impl Regularize for own::Sum {
//!     fn penalty(&self, values: &[f32], _sizes: &[usize]) -> f64 {
//!         f64::from(values.iter().sum::<f32>() - self.0).powi(2)
//!     }
//!
//!     fn add_derivative(&self, values: &[f32], _sizes: &[usize], gradient: &mut [f32]) {
//!         let apart = values.iter().sum::<f32>() - self.0;
//!         gradient.iter_mut().for_each(|g| *g += 2.0 * apart);
//!     }
//! }
//!
//! model! { pub Net: Input(4) => Dense(8, relu, kernel_regularizer = own::Sum(1.0)) => Dense(3) }
//! kerust::testing::check_regularizer(&own::Sum(1.0), &[2, 3])?;
//! # Ok::<(), kerust::Error>(())
//! ```

/// A custom regularizer.
///
/// [`testing::check_regularizer`](https://docs.rs/kerust/latest/kerust/testing/fn.check_regularizer.html) compares its
/// derivative with finite differences.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a regularizer",
    label = "expected a regularizer",
    note = "write `l1(0.01)`, `l2(0.01)` or `l1_l2(0.01, 0.02)`, or implement `kerust::regularizer::Regularize` for `{Self}`"
)]
pub trait Regularize: Sync {
    /// The penalty on these values, row-major. `sizes` is the shape of the weights, or the number of samples and the
    /// shape of the output.
    fn penalty(&self, values: &[f32], sizes: &[usize]) -> f64;

    /// Adds the derivative of [`penalty`](Self::penalty) with respect to each value to `gradient`.
    fn add_derivative(&self, values: &[f32], sizes: &[usize], gradient: &mut [f32]);
}

/// A penalty on an array of values.
#[derive(Clone, Copy)]
pub enum Regularizer {
    /// `l1 · Σ|w| + l2 · Σw²`
    L1L2 {
        /// The factor of the sum of absolute values.
        l1: f32,
        /// The factor of the sum of squares.
        l2: f32,
    },
    /// A custom regularizer.
    Custom(&'static dyn Regularize),
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

    /// The penalty on these values, whose shape is `sizes`.
    pub fn penalty(&self, values: &[f32], sizes: &[usize]) -> f64 {
        match self {
            Self::L1L2 { l1, l2 } => {
                let absolute: f64 = values.iter().map(|w| f64::from(w.abs())).sum();
                let squares: f64 = values.iter().map(|w| f64::from(w * w)).sum();
                f64::from(*l1) * absolute + f64::from(*l2) * squares
            }
            Self::Custom(custom) => custom.penalty(values, sizes),
        }
    }

    /// Adds the derivative of the penalty with respect to each value to `gradient`.
    pub fn add_derivative(&self, values: &[f32], sizes: &[usize], gradient: &mut [f32]) {
        match self {
            Self::L1L2 { l1, l2 } => {
                for (w, g) in values.iter().zip(gradient) {
                    let sign = if *w == 0.0 { 0.0 } else { w.signum() };
                    *g += l1 * sign + 2.0 * l2 * w;
                }
            }
            Self::Custom(custom) => custom.add_derivative(values, sizes, gradient),
        }
    }
}

/// A custom regularizer equals itself only.
impl PartialEq for Regularizer {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::L1L2 { l1, l2 },
                Self::L1L2 {
                    l1: other_l1,
                    l2: other_l2,
                },
            ) => (l1, l2) == (other_l1, other_l2),
            (Self::Custom(custom), Self::Custom(other)) => core::ptr::addr_eq(*custom, *other),
            _ => false,
        }
    }
}

impl core::fmt::Debug for Regularizer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::L1L2 { l1, l2 } => f
                .debug_struct("L1L2")
                .field("l1", l1)
                .field("l2", l2)
                .finish(),
            Self::Custom(_) => f.write_str("Custom(..)"),
        }
    }
}
