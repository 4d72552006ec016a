//! `tanh`.

use super::Quantization;
use super::fixed_point::{divide_by_power_of_two, tanh};
use super::logistic::Argument;
use super::table::tabulated;

/// The hyperbolic tangent. Its output has the scale 1/128 and the zero point 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tanh(Argument);

impl Tanh {
    /// The output's quantization.
    pub const OUTPUT: Quantization = Quantization {
        scale: 1.0 / 128.0,
        zero_point: 0,
    };

    /// The function of values in a quantization.
    pub const fn new(input: Quantization) -> Self {
        Self(Argument::new(input))
    }

    /// The value of `x`.
    pub const fn value(self, x: i8) -> i8 {
        match self.0.fixed_point(x) {
            Ok(a) => {
                let q = divide_by_power_of_two(tanh(a), 24);
                if q > 127 { 127 } else { q as i8 }
            }
            Err(end) => end,
        }
    }
}

tabulated!(Tanh);
