//! Fixed-point arithmetic on 32 bits, as gemmlowp's `fixedpoint.h` defines it.
//!
//! A value with `n` integer bits is its integer divided by 2^(31 − n).

/// The largest value without integer bits, which stands for 1.
pub(super) const ONE: i32 = i32::MAX;

/// The upper 32 bits of twice the product, halves rounded up. Both factors are not `i32::MIN` at once,
/// for which the result would be 1.
#[inline(always)]
pub(super) const fn high_mul(a: i32, b: i32) -> i32 {
    // gemmlowp divides towards zero, after a nudge that depends on the sign: the same number.
    ((a as i64 * b as i64 + (1 << 30)) >> 31) as i32
}

/// `x / 2^exponent`, halves rounded away from zero.
#[inline(always)]
pub(super) const fn divide_by_power_of_two(x: i32, exponent: u32) -> i32 {
    if exponent == 0 {
        return x;
    }
    // Halves are rounded up, and a negative number is lowered by 1 before, which turns halves down.
    let twice = x.saturating_add(x >> 31).wrapping_shr(exponent - 1);
    (twice >> 1) + (twice & 1)
}

/// `x · 2^exponent`, held at the ends.
const fn multiply_by_power_of_two(x: i32, exponent: u32) -> i32 {
    let threshold = (1i32 << (31 - exponent)) - 1;
    if x > threshold {
        i32::MAX
    } else if x < -threshold {
        i32::MIN
    } else {
        x << exponent
    }
}

/// `exp(a)`, without integer bits, of a value up to 0 with so many integer bits (at most 5).
pub(super) const fn exp_on_negative_values(a: i32, integer_bits: u32) -> i32 {
    /// exp of −1/4, −1/2, −1, −2, −4, −8, −16.
    const FACTORS: [i32; 7] = [
        1_672_461_947,
        1_302_514_674,
        790_015_084,
        290_630_308,
        39_332_535,
        720_401,
        242,
    ];
    if a == 0 {
        return ONE;
    }
    let quarter = 1i32 << (29 - integer_bits);
    // `a` is this, from −1/4 to 0, minus a whole number of quarters.
    let rest = (a & (quarter - 1)) - quarter;
    let mut result = exp_of_less_than_a_quarter(multiply_by_power_of_two(rest, integer_bits));
    let quarters = rest.wrapping_sub(a);
    let mut bit = 0;
    while bit < 2 + integer_bits {
        if quarters & (quarter << bit) != 0 {
            result = high_mul(result, FACTORS[bit as usize]);
        }
        bit += 1;
    }
    result
}

/// `exp(a)` for `a` from −1/4 to 0, without integer bits: a Taylor series around −1/8.
const fn exp_of_less_than_a_quarter(a: i32) -> i32 {
    const EXP_OF_MINUS_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = a.wrapping_add(1 << 28);
    let x2 = high_mul(x, x);
    let x3 = high_mul(x2, x);
    let x4_over_4 = divide_by_power_of_two(high_mul(x2, x2), 2);
    let terms = divide_by_power_of_two(high_mul(x4_over_4 + x3, THIRD) + x2, 1);
    EXP_OF_MINUS_EIGHTH + high_mul(EXP_OF_MINUS_EIGHTH, x + terms)
}

/// `1 / (1 + a)` of a value from 0 to 1, both without integer bits.
pub(super) const fn one_over_one_plus(a: i32) -> i32 {
    multiply_by_power_of_two(newton(a), 1)
}

/// `(1 − a) / (1 + a)` of a value from 0 to 1, both without integer bits.
const fn one_minus_over_one_plus(a: i32) -> i32 {
    multiply_by_power_of_two(newton(a).wrapping_sub(1 << 29), 2)
}

/// `2 / (1 + a)`, with two integer bits, by Newton-Raphson division.
const fn newton(a: i32) -> i32 {
    const F48_OVER_17: i32 = 1_515_870_810;
    const MINUS_32_OVER_17: i32 = -1_010_580_540;
    let half_denominator = ((a as i64 + ONE as i64 + 1) / 2) as i32;
    let mut x = F48_OVER_17 + high_mul(half_denominator, MINUS_32_OVER_17);
    let mut step = 0;
    while step < 3 {
        // Nothing overflows where `a` is in range; a damaged file may bring another one.
        let error = (1i32 << 29).wrapping_sub(high_mul(half_denominator, x));
        x = x.wrapping_add(multiply_by_power_of_two(high_mul(x, error), 2));
        step += 1;
    }
    x
}

/// The sigmoid, without integer bits, of a value with 4 integer bits.
pub(super) const fn logistic(a: i32) -> i32 {
    if a == 0 {
        return 1 << 30;
    }
    let below = if a > 0 { a.wrapping_neg() } else { a };
    let above_half = one_over_one_plus(exp_on_negative_values(below, 4));
    if a > 0 { above_half } else { ONE - above_half }
}

/// The hyperbolic tangent, without integer bits, of a value with 4 integer bits.
pub(super) const fn tanh(a: i32) -> i32 {
    if a == 0 {
        return 0;
    }
    let below = if a > 0 { a.wrapping_neg() } else { a };
    // Twice the value: the same integer, with an integer bit more.
    let magnitude = one_minus_over_one_plus(exp_on_negative_values(below, 5));
    if a > 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest distance to `expected` over values with 4 integer bits, in units of 2^-31.
    fn worst(function: fn(i32) -> i32, expected: fn(f64) -> f64) -> f64 {
        let values = (i32::MIN + 1..=i32::MAX).step_by(1_000_003);
        let distance = |a: i32| {
            let real = expected(f64::from(a) / f64::from(1 << 27)) * 2f64.powi(31);
            (f64::from(function(a)) - real).abs()
        };
        values.map(distance).fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_near_the_real_ones() {
        let sigmoid = worst(logistic, |x| 1.0 / (1.0 + (-x).exp()));
        assert!(sigmoid < 500.0, "{sigmoid}");
        let tangent = worst(tanh, f64::tanh);
        assert!(tangent < 2000.0, "{tangent}");
        let exp = worst(
            |a| exp_on_negative_values(if a > 0 { -a } else { a }, 4),
            |x| (-x.abs()).exp(),
        );
        assert!(exp < 500.0, "{exp}");
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(
            [5, -5, 6, -6, 7, -7].map(|x| divide_by_power_of_two(x, 1)),
            [3, -3, 3, -3, 4, -4]
        );
        assert_eq!(divide_by_power_of_two(i32::MIN, 31), -1);
        assert_eq!(divide_by_power_of_two(i32::MAX, 31), 1);
    }
}
