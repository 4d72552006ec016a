//! The quantization of each value: from the range that it takes.

use super::calibrate::Calibration;
use super::float::Float;
use super::integer::{fixed_quantization, keeps_quantization};
use crate::Result;
use crate::kernels::int8::Quantization;
use crate::train::TrainError;

/// The bins of a histogram.
const BINS: usize = 2048;

/// By how much a range is tried to be narrowed at an end.
const SHARES: [f32; 12] = [
    1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2,
];

/// The smallest and the largest of some values, 0 among them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range {
    low: f32,
    high: f32,
}

impl Range {
    /// The range between these ends.
    pub(super) fn new(low: f32, high: f32) -> Self {
        Self { low, high }
    }

    /// The smallest and the largest value.
    pub(super) fn ends(self) -> [f32; 2] {
        [self.low, self.high]
    }

    /// The 256 steps from the lowest to the highest value, moved so that 0 is one of them.
    pub(super) fn quantization(self) -> Quantization {
        let scale = (self.high - self.low) / 255.0;
        // Of a value that is always 0 any scale will do.
        let scale = if scale > f32::MIN_POSITIVE {
            scale
        } else {
            1.0
        };
        let zero_point = (-128.0 - self.low / scale).round().clamp(-128.0, 127.0);
        Quantization {
            scale,
            zero_point: zero_point as i8,
        }
    }
}

/// The range of each value over a calibration.
pub(super) fn ranges(float: &Float, calibration: &Calibration) -> Result<Vec<Range>> {
    let parts = calibration.map(|inputs| {
        let values = float.run(inputs);
        let range = |values: &Vec<f32>| {
            let mut range = Range::default();
            let mut finite = true;
            for value in values {
                finite &= value.is_finite();
                range.low = range.low.min(*value);
                range.high = range.high.max(*value);
            }
            // The scale is a quotient of the range's width.
            (finite && (range.high - range.low).is_finite()).then_some(range)
        };
        values.iter().map(range).collect::<Vec<_>>()
    });
    let mut ranges = vec![Range::default(); float.values()];
    for (value, range) in ranges.iter_mut().enumerate() {
        for part in &parts {
            let Some(part) = part[value] else {
                let message = match value.checked_sub(float.input_lens.len()) {
                    Some(node) => {
                        format!("the output of `{}` is not finite", float.nodes[node].name)
                    }
                    None => format!("input {value} is not finite after its rescaling"),
                };
                return Err(TrainError::Quantization { message }.into());
            };
            range.low = range.low.min(part.low);
            range.high = range.high.max(part.high);
        }
    }
    Ok(ranges)
}

/// The ranges within these that lose least: the sum of squares of what rounding and the ends take away.
pub(super) fn least_squares(
    float: &Float,
    calibration: &Calibration,
    ranges: &[Range],
) -> Vec<Range> {
    let parts = calibration.map(|inputs| {
        let values = float.run(inputs);
        let counted = values.iter().zip(ranges);
        counted
            .map(|(values, range)| histogram(values, *range))
            .collect::<Vec<_>>()
    });
    let all = ranges.iter().enumerate().map(|(value, range)| {
        let mut counts = vec![0u32; BINS];
        for part in &parts {
            let both = counts.iter_mut().zip(&part[value]);
            both.for_each(|(count, other)| *count += other);
        }
        narrowed(*range, &counts)
    });
    all.collect()
}

fn histogram(values: &[f32], range: Range) -> Vec<u32> {
    let mut counts = vec![0; BINS];
    let width = (range.high - range.low).max(f32::MIN_POSITIVE);
    for value in values {
        let bin = ((value - range.low) / width * BINS as f32) as usize;
        counts[bin.min(BINS - 1)] += 1;
    }
    counts
}

fn narrowed(range: Range, counts: &[u32]) -> Range {
    let width = (range.high - range.low) / BINS as f32;
    let error = |range: Range, low: f32| -> f64 {
        let quantization = range.quantization();
        let bins = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        bins.map(|(bin, count)| {
            let x = low + (bin as f32 + 0.5) * width;
            let lost = f64::from(x - quantization.dequantize(quantization.quantize(x)));
            f64::from(*count) * lost * lost
        })
        .sum()
    };
    let mut best = (error(range, range.low), range);
    for low in SHARES {
        for high in SHARES {
            // An end at 0 stays there.
            if (low < 1.0 && range.low == 0.0) || (high < 1.0 && range.high == 0.0) {
                continue;
            }
            let narrower = Range {
                low: low * range.low,
                high: high * range.high,
            };
            let error = error(narrower, range.low);
            if error < best.0 {
                best = (error, narrower);
            }
        }
    }
    best.1
}

/// The quantization of each value, by the ranges and by what the layers say.
pub(super) fn quantizations(float: &Float, ranges: &[Range]) -> Vec<Quantization> {
    let mut quantizations: Vec<Quantization> = Vec::new();
    for (value, range) in ranges.iter().enumerate() {
        let node = value.checked_sub(float.input_lens.len());
        quantizations.push(match node.map(|node| &float.nodes[node]) {
            Some(node) if keeps_quantization(&node.kind) => quantizations[node.inputs[0]],
            Some(node) => fixed_quantization(node).unwrap_or(range.quantization()),
            None => range.quantization(),
        });
    }
    quantizations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_one_of_the_steps() {
        for (low, high) in [
            (-1.0, 1.0),
            (0.0, 6.0),
            (-0.3, 17.0),
            (-5.0, 0.0),
            (0.0, 0.0),
        ] {
            let quantization = Range { low, high }.quantization();
            let zero = quantization.quantize(0.0);
            assert_eq!(quantization.dequantize(zero), 0.0, "{low}..{high}");
            let ends = [low, high].map(|x| quantization.dequantize(quantization.quantize(x)) - x);
            assert!(
                ends.iter().all(|gap| gap.abs() <= quantization.scale),
                "{ends:?}"
            );
        }
    }

    #[test]
    fn a_rare_outlier_is_given_up_for_finer_steps() {
        let range = Range {
            low: 0.0,
            high: 100.0,
        };
        let mut counts = vec![0; BINS];
        counts[..20].fill(100_000);
        counts[BINS - 1] = 1;
        let narrower = narrowed(range, &counts);
        assert!(narrower.high < 50.0 && narrower.low == 0.0, "{narrower:?}");
        let mut even = vec![10; BINS];
        even[BINS - 1] = 10;
        assert_eq!(narrowed(range, &even).high, 100.0);
    }
}
