//! The exponential function.

use core::f32::consts::LOG2_E;

/// `1.5 · 2²³`: added to a number below 2²², it leaves the nearest whole number in the last bits.
const WHOLE: f32 = 12_582_912.0;
/// ln 2 in two parts; a whole number of up to 9 bits times the first is exact.
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
/// Without a branch and without a fused multiply-add, so that a loop of it is vectorised and that all
/// targets give the same bits. In firmware, whose loops are no vectors, it stands once.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(super) fn exp(x: f32) -> f32 {
    // Beyond these it is 0 and infinity; NaN stays.
    let x = if x < -104.0 { -104.0 } else { x };
    let x = if x > 89.0 { 89.0 } else { x };
    let shifted = x * LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let sum = POLYNOMIAL.iter().fold(0.0, |sum, factor| sum * r + factor);
    let y = sum * r * r + r + 1.0;
    // In two steps, since 2ⁿ itself may be no number where the product is one.
    let n = shifted.to_bits().wrapping_sub(WHOLE.to_bits()) as i32;
    let half = n >> 1;
    y * power_of_2(half) * power_of_2(n.wrapping_sub(half))
}

#[inline(always)]
fn power_of_2(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn it_is_within_two_units_in_the_last_place() {
        // Each 4,001st of all numbers between -104 and 89.
        for bits in (0..=89f32.to_bits())
            .chain(1 << 31..=(-104f32).to_bits())
            .step_by(4_001)
        {
            let x = f32::from_bits(bits);
            let (found, exact) = (exp(x), f64::from(x).exp());
            let expected = exact as f32;
            if expected.is_infinite() {
                assert!(found > 3.4e38, "exp({x}) = {found}");
                continue;
            }
            let unit = f64::from(f32::from_bits(expected.to_bits() + 1)) - f64::from(expected);
            let gap = (f64::from(found) - exact).abs() / unit;
            assert!(
                gap <= 2.0,
                "exp({x}) = {found}, expected {expected}: {gap} units"
            );
        }
    }

    #[test]
    fn the_ends_are_those_of_the_function() {
        assert_eq!([0.0, -0.0].map(exp), [1.0; 2]);
        assert_eq!([f32::NEG_INFINITY, -1e9, -105.0].map(exp), [0.0; 3]);
        assert_eq!([f32::INFINITY, 1e9, 88.8].map(exp), [f32::INFINITY; 3]);
        assert!([f32::NAN, -f32::NAN].map(exp).iter().all(|y| y.is_nan()));
    }
}
