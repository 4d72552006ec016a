//! The hyperbolic tangent.

use super::exp::exp_m1;

/// `tanh(x)`, within 2.5 units in the last place (the maximum over all numbers is 2.46): `(e²ˣ − 1) / (e²ˣ +
/// 1)`.
///
/// It is based on [`exp_m1`], so that a loop of it is vectorized and all targets give the same result.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(crate) fn tanh(x: f32) -> f32 {
    // From 9.02 on the result is 1; NaN is kept.
    let size = x.abs();
    let size = if size > 10.0 { 10.0 } else { size };
    let less_one = exp_m1(2.0 * size);
    (less_one / (less_one + 2.0)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::tanh;
    use crate::activation::accuracy::{largest_gap, numbers};

    #[test]
    fn it_is_within_two_and_a_half_units_in_the_last_place() {
        let all = f32::NEG_INFINITY..=f32::INFINITY;
        let gap = largest_gap(numbers(all, 211), tanh, f64::tanh);
        assert!(gap.units <= 2.5, "{gap:?}");
    }

    #[test]
    fn the_ends_are_those_of_the_function() {
        let far = [f32::INFINITY, f32::MAX, 10.0, 9.02];
        assert_eq!(far.map(tanh), [1.0; 4]);
        assert_eq!(far.map(|x| tanh(-x)), [-1.0; 4]);
        let kept = [0.0, -0.0, 1e-45, -1e-45, 1e-40, f32::MIN_POSITIVE, -1e-20];
        assert_eq!(
            kept.map(|x| tanh(x).to_bits()),
            kept.map(f32::to_bits),
            "a number near 0 is its own value"
        );
        assert!([f32::NAN, -f32::NAN].map(tanh).iter().all(|y| y.is_nan()));
    }

    #[test]
    fn it_is_odd_and_never_beyond_one() {
        let mut previous = 0.0;
        for x in numbers(0.0..=12.0, 7_919) {
            let y = tanh(x);
            assert_eq!(tanh(-x).to_bits(), (-y).to_bits());
            assert!(y <= 1.0 && y >= previous - f32::EPSILON, "tanh({x}) = {y}");
            previous = y;
        }
    }
}
