//! The end of a sum: from 32 bits to 8.

use super::{Multiplier, Quantization};

/// An activation that is part of the layer before it: it narrows the range of the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fused {
    /// The values as they are.
    None,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `min(max(x, -1), 1)`.
    ReluN1To1,
}

/// The zero point of an output and the range that holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Output {
    /// The value that stands for 0.
    pub zero_point: i8,
    /// The smallest value.
    pub min: i8,
    /// The largest value.
    pub max: i8,
}

impl Output {
    /// The output of a layer with a fused activation.
    pub const fn new(quantization: Quantization, activation: Fused) -> Self {
        let (min, max) = match activation {
            Fused::None => (i8::MIN, i8::MAX),
            Fused::Relu => (quantization.quantize(0.0), i8::MAX),
            Fused::Relu6 => (quantization.quantize(0.0), quantization.quantize(6.0)),
            Fused::ReluN1To1 => (quantization.quantize(-1.0), quantization.quantize(1.0)),
        };
        Self {
            zero_point: quantization.zero_point,
            min,
            max,
        }
    }

    /// The value of a sum that `multiplier` scales.
    #[inline(always)]
    pub const fn requantize(self, sum: i32, multiplier: Multiplier) -> i8 {
        self.hold(multiplier.apply(sum).wrapping_add(self.zero_point as i32))
    }

    /// A value held in the range.
    #[inline(always)]
    pub(super) const fn hold(self, value: i32) -> i8 {
        if value > self.max as i32 {
            self.max
        } else if value < self.min as i32 {
            self.min
        } else {
            value as i8
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activation_narrows_the_range() {
        let quantization = Quantization {
            scale: 0.05,
            zero_point: -17,
        };
        let range = |activation| {
            let output = Output::new(quantization, activation);
            (output.min, output.max)
        };
        assert_eq!(range(Fused::None), (-128, 127));
        assert_eq!(range(Fused::Relu), (-17, 127));
        assert_eq!(range(Fused::Relu6), (-17, 103));
        assert_eq!(range(Fused::ReluN1To1), (-37, 3));
    }
}
