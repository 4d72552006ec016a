//! From `f32` to 8 bits and back, at the ends of an 8-bit model.
//!
//! `q = round(x / scale) + zero_point`, halves away from zero, and `x = scale · (q − zero_point)`: Jacob et al. (2018),
//! eq. 1.

use super::Rescaling;
use super::int8::QuantizationWeights;
use crate::kernels::int8::{Quantization, dequantize, quantize};
use crate::layer::Forward;

/// Turns `f32` inputs into 8-bit values. `model!` places it behind the input of an `#[int8]` model.
///
/// # Shapes
/// output as input
///
/// # Cost
/// one division for each value; 5 bytes of weights.
#[derive(Clone, Copy, Debug)]
pub struct Quantize {
    rescaling: Option<Rescaling>,
}

/// Turns 8-bit values into `f32` outputs. `model!` places it before the output of an `#[int8]` model.
///
/// # Shapes
/// output as input
///
/// # Cost
/// one multiplication for each value; 5 bytes of weights.
#[derive(Clone, Copy, Debug)]
pub struct Dequantize;

impl Quantize {
    /// The layer.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self { rescaling: None }
    }

    /// The layer behind a [`Rescaling`], which it applies too.
    pub const fn rescaled(rescaling: Rescaling) -> Self {
        Self {
            rescaling: Some(rescaling),
        }
    }
}

impl Dequantize {
    /// The layer.
    #[allow(
        clippy::new_without_default,
        reason = "a declaration, read in an expansion"
    )]
    pub const fn new() -> Self {
        Self
    }
}

impl Forward<QuantizationWeights, f32, i8> for Quantize {
    fn forward(&self, weights: &QuantizationWeights, x: &[f32], y: &mut [i8], (): ()) {
        let quantization = weights.quantization();
        match self.rescaling {
            None => quantize(x, quantization, y),
            Some(rescaling) => {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = quantization.quantize(rescaling.value(*x));
                }
            }
        }
    }
}

impl Forward<QuantizationWeights, i8, f32> for Dequantize {
    fn forward(&self, weights: &QuantizationWeights, x: &[i8], y: &mut [f32], (): ()) {
        dequantize(x, weights.quantization(), y);
    }
}

impl QuantizationWeights {
    /// The scale and the zero point.
    pub const fn quantization(&self) -> Quantization {
        Quantization {
            scale: self.scale[0],
            zero_point: self.zero_point[0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rescaling_is_applied_before() {
        let weights = QuantizationWeights {
            scale: [0.5],
            zero_point: [-3],
        };
        let mut y = [0; 3];
        Quantize::new().forward(&weights, &[0.0, 1.0, 1000.0], &mut y, ());
        assert_eq!(y, [-3, -1, 127]);
        let rescaled = Quantize::rescaled(Rescaling::new(0.25, 1.0));
        rescaled.forward(&weights, &[-4.0, 4.0, 0.0], &mut y, ());
        assert_eq!(y, [-3, 1, -1]);
        let mut x = [0.0; 3];
        Dequantize::new().forward(&weights, &y, &mut x, ());
        assert_eq!(x, [0.0, 2.0, 1.0]);
    }
}
