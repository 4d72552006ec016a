//! The exponential function, and `exp(x) - 1`.

use core::f32::consts::LOG2_E;

/// `1.5 · 2²³`: when it is added to a number below 2²², the last bits of the sum hold the nearest integer.
const WHOLE: f32 = 12_582_912.0;
/// ln 2 in two parts. The product of the first part and an integer of up to 9 bits is exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// `(eʳ − 1 − r) / r²` for |r| ≤ ln 2 / 2, the highest power first: Moshier's Cephes, `expf`.
const POLYNOMIAL: [f32; 6] = [
    1.987_569_1e-4,
    1.398_199_9e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    5e-1,
];

/// `eˣ`, within two units in the last place: `2ⁿ · eʳ` with `x = n · ln 2 + r`.
///
/// It has no branch and no fused multiply-add, so that a loop of it is vectorized and all targets give the
/// same result. In firmware, where loops are not vectorized, it is not inlined.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn exp(x: f32) -> f32 {
    // Beyond these limits the result is 0 or infinity; NaN is kept.
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let (n, rest) = reduced(x);
    // In two steps, since 2ⁿ may overflow when the product does not.
    let half = n >> 1;
    (rest + 1.0) * power_of_2(half) * power_of_2(n.wrapping_sub(half))
}

/// `eˣ − 1`, within two units in the last place, for `x` up to 88. For larger `x` it is the value at 88.
///
/// It is computed as `2ⁿ · (eʳ − 1) + (2ⁿ − 1)`, like [`exp`]. Near 0, `exp(x) - 1` would lose its digits.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn exp_m1(x: f32) -> f32 {
    // Below this limit the result is -1; NaN is kept.
    let clamped = if x < -30.0 { -30.0 } else { x };
    let clamped = if clamped > 88.0 { 88.0 } else { clamped };
    let (n, rest) = reduced(clamped);
    let power = power_of_2(n);
    // Only -0 would lose its sign.
    (power * rest + (power - 1.0)).copysign(x)
}

/// The integer `n` and `eʳ − 1` with `x = n · ln 2 + r`.
#[inline(always)]
fn reduced(x: f32) -> (i32, f32) {
    let shifted = x * LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let sum = POLYNOMIAL.iter().fold(0.0, |sum, factor| sum * r + factor);
    let n = shifted.to_bits().wrapping_sub(WHOLE.to_bits()) as i32;
    (n, sum * r * r + r)
}

#[inline(always)]
fn power_of_2(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::{exp, exp_m1};
    use crate::activation::accuracy::{largest_gap, numbers};

    #[test]
    fn it_is_within_two_units_in_the_last_place() {
        let gap = largest_gap(numbers(-104.0..=89.0, 4_001), exp, f64::exp);
        assert!(gap.units <= 2.0, "{gap:?}");
    }

    #[test]
    fn less_one_it_is_within_two_units_in_the_last_place() {
        let gap = largest_gap(numbers(-104.0..=88.0, 4_001), exp_m1, f64::exp_m1);
        assert!(gap.units <= 2.0, "{gap:?}");
    }

    #[test]
    fn the_ends_are_those_of_the_function() {
        assert_eq!([0.0, -0.0].map(exp), [1.0; 2]);
        assert_eq!([f32::NEG_INFINITY, -1e9, -105.0].map(exp), [0.0; 3]);
        assert_eq!([f32::INFINITY, 1e9, 88.8].map(exp), [f32::INFINITY; 3]);
        assert!([f32::NAN, -f32::NAN].map(exp).iter().all(|y| y.is_nan()));

        assert_eq!([f32::NEG_INFINITY, -1e9, -30.0].map(exp_m1), [-1.0; 3]);
        let kept = [0.0, -0.0, 1e-40, -1e-40, f32::MIN_POSITIVE, -1e-30];
        assert_eq!(
            kept.map(|x| exp_m1(x).to_bits()),
            kept.map(f32::to_bits),
            "a number near 0 is its own value"
        );
        assert!([f32::NAN, -f32::NAN].map(exp_m1).iter().all(|y| y.is_nan()));
    }
}
