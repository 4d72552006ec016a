//! A real factor as an integer and a shift.

use super::fixed_point::{divide_by_power_of_two, high_mul};

/// A positive real factor, `mantissa · 2^(shift − 31)`, by which a sum of products is scaled.
///
/// The mantissa is 0, or from 2^30 up; the shift is at least −31.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Multiplier {
    /// The factor's leading 31 bits.
    pub mantissa: i32,
    /// The power of two, of which the mantissa is a fraction.
    pub shift: i32,
}

impl Multiplier {
    /// The factor 0.
    pub const ZERO: Self = Self {
        mantissa: 0,
        shift: 0,
    };

    /// Pairs of a mantissa and a shift, as files hold them.
    pub const fn slice(pairs: &[[i32; 2]]) -> &[Self] {
        // SAFETY: `repr(C)` and two fields of `i32`: the same sizes, alignment and order as a pair; any number
        // is valid in both.
        unsafe { core::slice::from_raw_parts(pairs.as_ptr().cast(), pairs.len()) }
    }

    /// The pair of mantissa and shift, as files hold it.
    pub const fn pair(self) -> [i32; 2] {
        [self.mantissa, self.shift]
    }

    /// The factor of a pair.
    pub const fn of([mantissa, shift]: [i32; 2]) -> Self {
        Self { mantissa, shift }
    }

    /// The factor nearest to `real`. What is below 2^-32, negative or not a number becomes 0, and what
    /// is above 2^31 becomes the largest factor of a shift of 31.
    pub const fn from_real(real: f64) -> Self {
        let bits = real.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i32 - 1022;
        if real.is_nan() || real <= 0.0 || exponent < -32 {
            return Self::ZERO;
        }
        // `real` is `fraction · 2^(exponent − 53)`; halves round up, away from zero.
        let fraction = (bits & ((1 << 52) - 1)) | (1 << 52);
        let rounded = (fraction + (1 << 21)) >> 22;
        let (mantissa, shift) = match rounded == 1 << 31 {
            true => (1 << 30, exponent + 1),
            false => (rounded as i32, exponent),
        };
        match shift {
            ..-31 => Self::ZERO,
            32.. => Self {
                mantissa: i32::MAX,
                shift: 31,
            },
            _ => Self { mantissa, shift },
        }
    }

    /// The factor of the sums of a layer with weights. Like every factor it is computed in `f64`: with
    /// the scales' product in `f32`, as older versions of TensorFlow Lite Micro had it for dense layers,
    /// one output in 100,000 differs.
    pub const fn from_scales(input: f32, filter: f32, output: f32) -> Self {
        Self::from_real(input as f64 * filter as f64 / output as f64)
    }

    /// The product with `x`, rounded twice: to the mantissa's precision, and to an integer.
    #[inline(always)]
    pub const fn apply(self, x: i32) -> i32 {
        let (left, right) = match self.shift > 0 {
            true => (self.shift as u32, 0),
            false => (0, self.shift.wrapping_neg() as u32),
        };
        divide_by_power_of_two(high_mul(x.wrapping_shl(left), self.mantissa), right)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published arithmetic, in its own words (gemmlowp and TensorFlow Lite).
    fn reference(x: i32, mantissa: i32, shift: i32) -> i32 {
        let left = shift.max(0) as u32;
        let right = (-shift).max(0);
        let a = i64::from(x.wrapping_mul(1i32.wrapping_shl(left)));
        let product = a * i64::from(mantissa);
        let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
        let high = ((product + nudge) / (1 << 31)) as i32;
        let mask = ((1i64 << right) - 1) as i32;
        let threshold = (mask >> 1) + i32::from(high < 0);
        (high >> right) + i32::from((high & mask) > threshold)
    }

    #[test]
    fn the_product_is_the_published_one_at_every_end() {
        let ends = [
            0,
            1,
            -1,
            2,
            -2,
            3,
            -3,
            127,
            -128,
            255,
            1 << 15,
            -(1 << 15),
            (1 << 30) - 1,
            1 << 30,
            -(1 << 30),
            i32::MAX,
            i32::MAX - 1,
            i32::MIN,
            i32::MIN + 1,
        ];
        let mut x = 1u32;
        let random = std::iter::repeat_with(|| {
            x = x.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            (x ^ (x >> 13)) as i32
        });
        let values: Vec<i32> = ends.into_iter().chain(random.take(200)).collect();
        let mantissas = [
            0,
            1 << 30,
            (1 << 30) + 1,
            1_518_500_250,
            i32::MAX - 1,
            i32::MAX,
        ];
        for shift in -31..=31 {
            for mantissa in mantissas {
                for &x in &values {
                    let found = Multiplier { mantissa, shift }.apply(x);
                    assert_eq!(
                        found,
                        reference(x, mantissa, shift),
                        "{x} {mantissa} {shift}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_factor_is_the_nearest_of_its_precision() {
        let of = |real| {
            let Multiplier { mantissa, shift } = Multiplier::from_real(real);
            (mantissa, shift)
        };
        assert_eq!(of(0.5), (1 << 30, 0));
        assert_eq!(of(1.0), (1 << 30, 1));
        assert_eq!(of(0.75), (3 << 29, 0));
        assert_eq!(of(1.0 / 3.0), (1_431_655_765, -1));
        assert_eq!(of(2f64.powi(-32)), (1 << 30, -31));
        // Carries into the next power of two.
        assert_eq!(of(1.0 - 2f64.powi(-33)), (1 << 30, 1));
        assert_eq!(of(1.0 - 2f64.powi(-31)), (i32::MAX, 0));
        assert_eq!(of(2f64.powi(-32) * (1.0 - 2f64.powi(-33))), (1 << 30, -31));
    }

    #[test]
    fn what_is_no_factor_is_held_at_the_ends() {
        for real in [
            0.0,
            -0.0,
            -1.0,
            f64::NAN,
            2f64.powi(-33),
            f64::MIN_POSITIVE,
            5e-324,
        ] {
            assert_eq!(Multiplier::from_real(real), Multiplier::ZERO, "{real}");
        }
        for real in [f64::INFINITY, f64::MAX, 2f64.powi(31)] {
            let held = Multiplier::from_real(real);
            assert_eq!((held.mantissa, held.shift), (i32::MAX, 31), "{real}");
        }
    }
}
