//! `sigmoid`, and what it shares with `tanh`.

use super::fixed_point::{divide_by_power_of_two, logistic};
use super::table::tabulated;
use super::{Multiplier, Quantization};

/// The sigmoid. Its output has the scale 1/256 and the zero point −128.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Logistic(pub(super) Argument);

impl Logistic {
    /// The output's quantization.
    pub const OUTPUT: Quantization = Quantization {
        scale: 1.0 / 256.0,
        zero_point: -128,
    };

    /// The function of values in a quantization.
    pub const fn new(input: Quantization) -> Self {
        Self(Argument::new(input))
    }

    /// The value of `x`.
    pub const fn value(self, x: i8) -> i8 {
        match self.0.fixed_point(x) {
            Ok(a) => {
                let q = divide_by_power_of_two(logistic(a), 23) - 128;
                if q > 127 { 127 } else { q as i8 }
            }
            Err(end) => end,
        }
    }
}

tabulated!(Logistic);

/// The argument of a function that is flat beyond ±16.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Argument {
    zero_point: i8,
    multiplier: Multiplier,
    /// The distance from the zero point at which the function is flat.
    radius: i32,
}

impl Argument {
    pub(super) const fn new(input: Quantization) -> Self {
        let multiplier = Multiplier::from_real(input.scale as f64 * (1 << 27) as f64);
        Self {
            zero_point: input.zero_point,
            multiplier,
            radius: input_radius(4, multiplier.shift),
        }
    }

    /// The argument with 4 integer bits, or the output beyond them.
    pub(super) const fn fixed_point(self, x: i8) -> Result<i32, i8> {
        let difference = x as i32 - self.zero_point as i32;
        if difference <= -self.radius {
            Err(i8::MIN)
        } else if difference >= self.radius {
            Err(i8::MAX)
        } else {
            Ok(self.multiplier.apply(difference))
        }
    }
}

/// The largest difference of two inputs that a shift to the left leaves within so many integer bits.
pub(super) const fn input_radius(integer_bits: u32, shift: i32) -> i32 {
    let largest = ((1i64 << integer_bits) - 1) << (31 - integer_bits);
    let radius = match shift {
        // As a quotient it would be more than any difference.
        ..0 => largest,
        _ => largest >> shift,
    };
    // At most 2^31 − 2^26.
    radius as i32
}
