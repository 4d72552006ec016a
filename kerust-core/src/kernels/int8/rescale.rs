//! From one quantization to another, with ReLU on the way.

use super::table::tabulated;
use super::{Fused, Multiplier, Output, Quantization};

/// A tensor's values in another quantization: TensorFlow Lite's `QUANTIZE` from 8 bits to 8 bits, and
/// a `RELU` that stands alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rescale {
    /// The input's zero point.
    pub zero_point: i8,
    /// The input's scale over the output's.
    pub multiplier: Multiplier,
    /// The output.
    pub output: Output,
}

impl Rescale {
    /// The same values in another quantization.
    pub const fn new(input: Quantization, output: Quantization) -> Self {
        Self::with(Fused::None, input, output)
    }

    /// `max(x, 0)`.
    pub const fn relu(input: Quantization, output: Quantization) -> Self {
        Self::with(Fused::Relu, input, output)
    }

    /// `min(max(x, 0), 6)` within one quantization.
    pub const fn relu6(quantization: Quantization) -> Self {
        Self::with(Fused::Relu6, quantization, quantization)
    }

    const fn with(activation: Fused, input: Quantization, output: Quantization) -> Self {
        Self {
            zero_point: input.zero_point,
            multiplier: Multiplier::from_real(input.scale as f64 / output.scale as f64),
            output: Output::new(output, activation),
        }
    }

    /// The value of `x`.
    pub const fn value(self, x: i8) -> i8 {
        let difference = x as i32 - self.zero_point as i32;
        self.output.requantize(difference, self.multiplier)
    }
}

tabulated!(Rescale);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_quantization_changes_nothing() {
        let same = Quantization {
            scale: 0.037,
            zero_point: 11,
        };
        const TABLE: super::super::Table = Rescale::new(
            Quantization {
                scale: 0.037,
                zero_point: 11,
            },
            Quantization {
                scale: 0.037,
                zero_point: 11,
            },
        )
        .table();
        assert!((-128..=127).all(|x| Rescale::new(same, same).value(x) == x));
        assert!((-128..=127).all(|x| TABLE.value(x) == x));
    }
}
