//! The error of a function compared to the exact one, for tests.

use core::ops::RangeInclusive;

/// The position of the largest error.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "printed")]
pub(super) struct Gap {
    pub(super) units: f64,
    x: f32,
    found: f32,
    exact: f64,
}

/// Every `step`th number of a range, including the numbers next to 0 on both sides.
pub(super) fn numbers(range: RangeInclusive<f32>, step: usize) -> impl Iterator<Item = f32> {
    let (low, high) = (*range.start(), *range.end());
    let below = (low < 0.0).then(|| (1 << 31..=low.to_bits()).step_by(step));
    let above = (high >= 0.0).then(|| (0..=high.to_bits()).step_by(step));
    let bits = above
        .into_iter()
        .flatten()
        .chain(below.into_iter().flatten());
    bits.map(f32::from_bits).filter(move |x| range.contains(x))
}

/// The largest error in units of the last place of the exact value. If the exact value overflows, the found
/// value must be next to it.
pub(super) fn largest_gap(
    numbers: impl Iterator<Item = f32>,
    function: impl Fn(f32) -> f32,
    exact: impl Fn(f64) -> f64,
) -> Gap {
    let mut largest = Gap {
        units: 0.0,
        x: 0.0,
        found: 0.0,
        exact: 0.0,
    };
    for x in numbers {
        let (found, exact) = (function(x), exact(f64::from(x)));
        let expected = exact as f32;
        let units = if expected.is_infinite() {
            if found.abs() > 3.4e38 {
                0.0
            } else {
                f64::INFINITY
            }
        } else {
            let size = expected.abs();
            let unit = f64::from(f32::from_bits(size.to_bits() + 1)) - f64::from(size);
            (f64::from(found) - exact).abs() / unit
        };
        if units.is_nan() || units > largest.units {
            largest = Gap {
                units,
                x,
                found,
                exact,
            };
        }
    }
    largest
}
