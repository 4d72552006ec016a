//! `LeakyReLU`.

use super::table::tabulated;
use super::{Fused, Multiplier, Output, Quantization};

/// `x` above 0, `alpha · x` below.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeakyRelu {
    /// The input's zero point.
    pub zero_point: i8,
    /// The input's scale over the output's.
    pub above: Multiplier,
    /// The same times the magnitude of `alpha`.
    pub below: Multiplier,
    /// Whether `alpha` is negative.
    pub negative: bool,
    /// The output.
    pub output: Output,
}

impl LeakyRelu {
    /// The function from one quantization to another.
    pub const fn new(alpha: f32, input: Quantization, output: Quantization) -> Self {
        let scale = input.scale as f64 / output.scale as f64;
        let below = input.scale as f64 * alpha as f64 / output.scale as f64;
        let negative = below < 0.0;
        Self {
            zero_point: input.zero_point,
            above: Multiplier::from_real(scale),
            below: Multiplier::from_real(if negative { -below } else { below }),
            negative,
            output: Output::new(output, Fused::None),
        }
    }

    /// The value of `x`.
    pub const fn value(self, x: i8) -> i8 {
        let difference = x as i32 - self.zero_point as i32;
        let scaled = if difference >= 0 {
            self.above.apply(difference)
        } else if self.negative {
            self.below.apply(difference).wrapping_neg()
        } else {
            self.below.apply(difference)
        };
        self.output
            .hold(scaled.wrapping_add(self.output.zero_point as i32))
    }
}

tabulated!(LeakyRelu);
