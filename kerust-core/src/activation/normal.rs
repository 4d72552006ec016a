//! The normal distribution.

use super::exp::exp;

/// `1 / √(2π)`
const PEAK_DENSITY: f32 = 0.398_942_3;
/// Below the negative of this value, the distribution underflows to 0.
const LAST: f32 = 14.5;
/// Transforms `a ≥ 0` to `t = (a − 3) / (a + 3)`, which is between -1 and 1, for the polynomial.
const CENTRE: f32 = 3.0;
/// `Φ(−a) · exp(a² / 2)` as a polynomial in t, with the highest power first. It is fitted up to [`LAST`] for
/// the smallest relative error, 1e-8.
const POLYNOMIAL: [f32; 10] = [
    5.316_186_8e-5,
    1.150_136_74e-4,
    -3.390_128e-4,
    -9.832_882e-4,
    2.904_387_4e-3,
    6.131_942_4e-3,
    -4.621_326e-2,
    1.232_250_4e-1,
    -2.064_026_1e-1,
    1.215_139_5e-1,
];

/// The normal distribution's `Φ(x)`, within 8 units in the last place, and its density.
///
/// It has no branch and no fused multiply-add, like [`exp`]. `Φ` of numbers far below 0 is accurate, unlike
/// `1 + erf`.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(super) fn normal(x: f32) -> [f32; 2] {
    // NaN is kept.
    let a = if x.abs() > LAST { LAST } else { x.abs() };
    let t = (a - CENTRE) / (a + CENTRE);
    let sum = POLYNOMIAL.iter().fold(0.0, |sum, factor| sum * t + factor);
    let bell = bell(a);
    let tail = sum * bell;
    // By bits, because a comparison would become a branch.
    let negative = ((x.to_bits() as i32) >> 31) as u32;
    let below = tail.to_bits() & negative | (1.0 - tail).to_bits() & !negative;
    [f32::from_bits(below), PEAK_DENSITY * bell]
}

/// `exp(−a² / 2)`, with a correction for the rounding of the square.
#[inline(always)]
fn bell(a: f32) -> f32 {
    // The upper 12 bits of the number, whose products are exact, and the rest.
    let high = f32::from_bits(a.to_bits() & !0xfff);
    let low = a - high;
    let square = a * a;
    let lost = high * high - square + 2.0 * high * low + low * low;
    let bell = exp(-0.5 * square);
    bell - bell * (0.5 * lost)
}

#[cfg(test)]
mod tests {
    use super::normal;
    use crate::activation::accuracy::{largest_gap, numbers};

    #[test]
    fn it_is_within_eight_units_in_the_last_place() {
        let exact = |x: f64| 0.5 * libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2);
        // For smaller numbers the result is subnormal.
        let gap = largest_gap(numbers(-12.9..=30.0, 1_009), |x| normal(x)[0], exact);
        assert!(gap.units <= 8.0, "{gap:?}");
        let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * core::f64::consts::PI).sqrt();
        let gap = largest_gap(numbers(-12.9..=12.9, 1_009), |x| normal(x)[1], density);
        assert!(gap.units <= 4.0, "{gap:?}");
    }

    #[test]
    fn the_ends_are_those_of_the_function() {
        let far = [f32::INFINITY, f32::MAX, 15.0];
        assert_eq!(far.map(|x| normal(x)[0]), [1.0; 3]);
        assert!(far.iter().all(|x| normal(-x)[0] < 1e-44));
        assert_eq!([0.0, -0.0].map(|x| normal(x)[0]), [0.5; 2]);
        assert!(normal(f32::NAN).iter().all(|y| y.is_nan()));
    }
}
