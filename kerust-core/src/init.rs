//! Initializers: Keras's names, defaults and distributions.

use crate::rng::Rng;
use rand::RngExt;

/// How fresh weights are drawn.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Initializer {
    /// All 0.
    Zeros,
    /// Uniform in `±sqrt(6 / (fan_in + fan_out))`: Glorot & Bengio (2010), eq. 16.
    GlorotUniform,
}

impl Initializer {
    /// Keras's `glorot_uniform`.
    pub const GLOROT_UNIFORM: Self = Self::GlorotUniform;
    /// Keras's `zeros`.
    pub const ZEROS: Self = Self::Zeros;

    /// Fills `values`, a tensor of the given sizes, row-major. The last size counts the outputs;
    /// all before the last two are a kernel's window.
    pub fn fill(self, values: &mut [f32], sizes: &[usize], rng: &mut Rng) {
        match self {
            Self::Zeros => values.fill(0.0),
            Self::GlorotUniform => {
                let fans: usize = sizes.iter().rev().take(2).sum();
                let window: usize = sizes.iter().rev().skip(2).product();
                let limit = libm::sqrtf(6.0 / (fans * window) as f32);
                values
                    .iter_mut()
                    .for_each(|value| *value = limit * (2.0 * rng.random::<f32>() - 1.0));
            }
        }
    }
}
