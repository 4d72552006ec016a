//! Axes of plots, with their ticks.

/// Beyond this limit, differences of values may overflow.
pub(super) const GREATEST: f64 = 1e300;
/// The approximate maximum number of ticks.
const TICKS: f64 = 8.0;

/// A range of numbers, with ticks at the multiples of a step.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    step: f64,
}

impl Axis {
    /// An axis of epochs from 1 to `last`.
    pub(super) fn of_epochs(last: usize) -> Self {
        // There is space for the dots of the first and the last epoch, but not for a tick at 0.
        let margin = 0.03 * last.max(8) as f64;
        Self {
            low: (1.0 - margin).max(0.01),
            high: last as f64 + margin,
            step: step(last as f64 / TICKS).max(1.0),
        }
    }

    /// An axis around values, none of which is beyond [`GREATEST`].
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let low = values.clone().fold(GREATEST, f64::min);
        let high = values.fold(-GREATEST, f64::max);
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high) };
        let greatest = low.abs().max(high.abs());
        // Values that are equal except for rounding are placed in the middle.
        let margin = if high - low > 1e-9 * greatest && greatest > 1e-200 {
            0.04 * (high - low)
        } else if greatest > 1e-200 {
            0.1 * greatest
        } else {
            0.1
        };
        let axis = |low: f64, high: f64| Self {
            low,
            high,
            step: step((high - low) / TICKS),
        };
        // An axis of positive values does not extend below 0.
        if low > 0.0 && low < margin {
            axis(0.0, high + margin)
        } else {
            axis(low - margin, high + margin)
        }
    }

    /// The ticks with their labels.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        let Self { low, high, step } = *self;
        let greatest = low.abs().max(high.abs());
        let places = (low / step).ceil() as i64..=(high / step).floor() as i64;
        places.map(move |place| {
            let value = place as f64 * step;
            (value, reading(value, step, greatest))
        })
    }

    /// The position of a value on an axis from `start` to `end`.
    pub(super) fn place(&self, value: f64, [start, end]: [f64; 2]) -> f64 {
        start + (value - self.low) / (self.high - self.low) * (end - start)
    }
}

/// The smallest number of 1, 2 and 5 times a power of ten that is not below `least`.
fn step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|times| times * power);
    // Rounding must not reject a step that is too small by only a fraction of 1e-16.
    let enough = |step: &f64| *step >= least * (1.0 - 1e-9);
    steps.into_iter().find(enough).unwrap_or(10.0 * power)
}

/// Formats a multiple of a step with enough digits to distinguish it from its neighbours.
fn reading(value: f64, step: f64, greatest: f64) -> String {
    let power = |number: f64| (number * (1.0 + 1e-9)).log10().floor() as i32;
    let digits = |count: i32| count.max(0) as usize;
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e6).contains(&greatest) {
        format!("{value:.0$}", digits(-power(step)))
    } else {
        format!("{value:.0$e}", digits(power(value.abs()) - power(step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(axis: Axis) -> Vec<String> {
        axis.ticks().map(|(_, reading)| reading).collect()
    }

    #[test]
    fn ticks_of_epochs_are_whole() {
        let ticks = |last| readings(Axis::of_epochs(last)).join(" ");
        assert_eq!(ticks(1), "1");
        assert_eq!(ticks(7), "1 2 3 4 5 6 7");
        assert_eq!(ticks(12), "2 4 6 8 10 12");
        assert_eq!(ticks(100), "20 40 60 80 100");
        assert_eq!(ticks(1000), "200 400 600 800 1000");
    }

    #[test]
    fn ticks_read_as_short_as_they_differ() {
        let ticks = |values: &[f64]| readings(Axis::of(values.iter().copied())).join(" ");
        assert_eq!(ticks(&[0.1, 1.2]), "0.2 0.4 0.6 0.8 1.0 1.2");
        assert_eq!(ticks(&[0.91, 0.99]), "0.92 0.94 0.96 0.98");
        assert_eq!(ticks(&[-3.0, 1.0]), "-3 -2 -1 0 1");
        assert_eq!(
            ticks(&[100.0, 12345.0]),
            "0 2000 4000 6000 8000 10000 12000"
        );
        assert_eq!(ticks(&[1e-6, 5e-9]), "0 2e-7 4e-7 6e-7 8e-7 1.0e-6");
    }

    #[test]
    fn any_finite_values_have_an_axis_around_them() {
        let cases: [&[f64]; 8] = [
            &[],
            &[0.0],
            &[0.7, 0.7],
            &[1e9, 1e9 + 1e-7],
            &[1e-310, 2e-310],
            &[-GREATEST, GREATEST],
            &[f64::MIN_POSITIVE, 1.0],
            &[1.0, 1.0 + 1e-8],
        ];
        for values in cases {
            let axis = Axis::of(values.iter().copied());
            assert!(axis.low < axis.high, "{values:?}: {axis:?}");
            for value in values {
                assert!(
                    (axis.low..=axis.high).contains(value),
                    "{values:?}: {axis:?}"
                );
            }
            let ticks = axis.ticks().count();
            assert!((1..=12).contains(&ticks), "{values:?}: {ticks} ticks");
        }
    }
}
