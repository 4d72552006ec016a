//! `Add`.

use super::{Fused, Multiplier, Output, Quantization};
use crate::kernels::vectorized;

/// The bits by which the inputs are scaled up, so that their rescaling loses nothing that matters.
const LEFT_SHIFT: u32 = 20;

/// The sum of two values of their own quantizations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Add {
    /// The inputs' zero points.
    pub zero_points: [i8; 2],
    /// Each input's scale over twice the larger of the two.
    pub multipliers: [Multiplier; 2],
    /// Twice the larger scale over the output's.
    pub multiplier: Multiplier,
    /// The output.
    pub output: Output,
}

impl Add {
    /// The sum with a fused activation.
    pub const fn new(inputs: [Quantization; 2], output: Quantization, activation: Fused) -> Self {
        let [a, b] = inputs;
        let larger = if a.scale > b.scale { a.scale } else { b.scale };
        let twice = 2.0 * larger as f64;
        let shifted = (1 << LEFT_SHIFT) as f64 * output.scale as f64;
        Self {
            zero_points: [a.zero_point, b.zero_point],
            multipliers: [
                Multiplier::from_real(a.scale as f64 / twice),
                Multiplier::from_real(b.scale as f64 / twice),
            ],
            multiplier: Multiplier::from_real(twice / shifted),
            output: Output::new(output, activation),
        }
    }

    /// `y = a + b`.
    pub fn forward(&self, a: &[i8], b: &[i8], y: &mut [i8]) {
        check!(a.len() == y.len() && b.len() == y.len(), "equal lengths");
        vectorized(
            #[inline(always)]
            || {
                for (y, (a, b)) in y.iter_mut().zip(a.iter().zip(b)) {
                    *y = self.value(*a, *b);
                }
            },
        );
    }

    /// `y += b`, where `y` is the first input.
    pub fn forward_in_place(&self, y: &mut [i8], b: &[i8]) {
        check!(b.len() == y.len(), "equal lengths");
        vectorized(
            #[inline(always)]
            || {
                for (y, b) in y.iter_mut().zip(b) {
                    *y = self.value(*y, *b);
                }
            },
        );
    }

    /// The sum of two values.
    #[inline(always)]
    pub const fn value(&self, a: i8, b: i8) -> i8 {
        let [first, second] = self.multipliers;
        let a = scaled(a, self.zero_points[0], first);
        let b = scaled(b, self.zero_points[1], second);
        self.output.requantize(a.wrapping_add(b), self.multiplier)
    }
}

#[inline(always)]
const fn scaled(x: i8, zero_point: i8, multiplier: Multiplier) -> i32 {
    multiplier.apply((x as i32 - zero_point as i32) << LEFT_SHIFT)
}
