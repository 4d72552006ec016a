//! Real values and the 8 bits that stand for them.

/// How the values of a tensor stand for real ones: `scale · (q − zero_point)`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Quantization {
    /// The distance between two values, positive and finite.
    pub scale: f32,
    /// The value that stands for 0.
    pub zero_point: i8,
}

impl Quantization {
    /// The value that is nearest to `x`, halves away from zero; what is out of range is held at the
    /// ends.
    pub const fn quantize(self, x: f32) -> i8 {
        let q = self.unclamped(x);
        if q < i8::MIN as i32 {
            i8::MIN
        } else if q > i8::MAX as i32 {
            i8::MAX
        } else {
            q as i8
        }
    }

    /// The real value that `q` stands for.
    pub const fn dequantize(self, q: i8) -> f32 {
        self.scale * (q as i32 - self.zero_point as i32) as f32
    }

    /// [`quantize`](Self::quantize) before it is held in range.
    pub(super) const fn unclamped(self, x: f32) -> i32 {
        round(x / self.scale).saturating_add(self.zero_point as i32)
    }
}

/// The values that stand for `x`.
pub fn quantize(x: &[f32], quantization: Quantization, y: &mut [i8]) {
    check!(x.len() == y.len(), "as many outputs as inputs");
    let pairs = y.iter_mut().zip(x);
    pairs.for_each(|(y, x)| *y = quantization.quantize(*x));
}

/// The real values that `x` stands for.
pub fn dequantize(x: &[i8], quantization: Quantization, y: &mut [f32]) {
    check!(x.len() == y.len(), "as many outputs as inputs");
    let pairs = y.iter_mut().zip(x);
    pairs.for_each(|(y, x)| *y = quantization.dequantize(*x));
}

/// The nearest integer, halves away from zero, held at the ends; 0 for what is not a number.
/// (`f32::round` needs `std`.)
#[inline(always)]
const fn round(x: f32) -> i32 {
    let whole = x as i32;
    // Exact: a whole number of 2^24 or more has no fraction, and at the ends it is at most the excess.
    let rest = x - whole as f32;
    if rest >= 0.5 {
        whole.saturating_add(1)
    } else if rest <= -0.5 {
        whole.saturating_sub(1)
    } else {
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_is_that_of_the_standard_library() {
        let steps = (0..u32::MAX - 1_000_003).step_by(1_000_003);
        let near = (-2000..2000).map(|n| n as f32 / 4.0);
        let ends = [
            8_388_607.5,
            8_388_608.0,
            16_777_217.0,
            2e9,
            2_147_483_648.0,
            3e9,
            f32::MAX,
        ];
        let ends = ends.into_iter().flat_map(|x| [x, -x]);
        for x in steps.map(f32::from_bits).chain(near).chain(ends) {
            assert_eq!(round(x), x.round() as i32, "{x}");
        }
    }

    #[test]
    fn values_out_of_range_are_held_at_the_ends() {
        let quantization = Quantization {
            scale: 0.5,
            zero_point: -3,
        };
        let x = [
            0.0,
            0.25,
            -0.25,
            0.2499,
            1e30,
            -1e30,
            f32::NAN,
            f32::INFINITY,
        ];
        let mut y = [0; 8];
        quantize(&x, quantization, &mut y);
        assert_eq!(y, [-3, -2, -4, -3, 127, -128, -3, 127]);
        let mut back = [0.0; 3];
        dequantize(&[-128, -3, 127], quantization, &mut back);
        assert_eq!(back, [-62.5, 0.0, 65.0]);
    }
}
