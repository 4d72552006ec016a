//! The function `ln(1 + x)`.

/// `(2 artanh(s) − 2s) / s³` as a polynomial in s² up to 1/9, with the highest power first. It is fitted for
/// the smallest relative error, 4e-10 of the logarithm.
const POLYNOMIAL: [f32; 5] = [
    0.232_537_73,
    0.217_000_44,
    0.285_928_1,
    0.399_996_97,
    0.666_666_7,
];

/// `ln(1 + x)` for `x` from 0 to 1, within two units in the last place: `2 artanh(x / (2 + x))`.
///
/// It has no branch and no fused multiply-add, like [`exp`](super::exp::exp).
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(super) fn log1p(x: f32) -> f32 {
    let s = x / (2.0 + x);
    let square = s * s;
    let sum = POLYNOMIAL
        .iter()
        .fold(0.0, |sum, factor| sum * square + factor);
    2.0 * s + s * square * sum
}

#[cfg(test)]
mod tests {
    use super::log1p;
    use crate::activation::accuracy::{largest_gap, numbers};

    #[test]
    fn it_is_within_two_units_in_the_last_place() {
        let gap = largest_gap(numbers(0.0..=1.0, 1_009), log1p, f64::ln_1p);
        assert!(gap.units <= 2.0, "{gap:?}");
        assert_eq!(log1p(0.0), 0.0);
        assert!(log1p(f32::NAN).is_nan());
    }
}
