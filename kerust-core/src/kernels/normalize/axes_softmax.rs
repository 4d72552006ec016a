//! Softmax along any axes of a sample.

use super::{Groups, VALUE_MACS};
use crate::activation::exp;
use crate::kernels::parallel;

impl Groups {
    /// Replaces the values of each group by `exp(y) / Σ exp(y)`.
    pub fn softmax(&self, y: &mut [f32]) {
        let macs = y.len() * VALUE_MACS;
        parallel::chunks(y, self.len(), macs, |_, y| {
            self.each_group(|group| {
                // The maximum is subtracted first: exp(89.0) overflows f32.
                let mut peak = f32::NEG_INFINITY;
                group.runs(|place| {
                    peak = group.run(y, place).iter().copied().fold(peak, f32::max);
                });
                let mut sum = 0.0;
                group.runs(|place| {
                    for y in group.run_mut(y, place) {
                        *y = exp(*y - peak);
                        sum += *y;
                    }
                });
                group.runs(|place| {
                    group.run_mut(y, place).iter_mut().for_each(|y| *y /= sum);
                });
            });
        });
    }

    /// The gradient of [`softmax`](Self::softmax), from its output `y` and `dy` to `dx`.
    pub fn softmax_gradient(&self, y: &[f32], dy: &[f32], dx: &mut [f32]) {
        let (len, macs) = (self.len(), y.len() * VALUE_MACS);
        parallel::chunks(dx, len, macs, |sample, dx| {
            let first = sample * len;
            let [y, dy] = [y, dy].map(|it| it.get(first..first + len).unwrap_or_default());
            self.each_group(|group| {
                let mut dot = 0.0;
                group.runs(|place| {
                    let pairs = group.run(y, place).iter().zip(group.run(dy, place));
                    dot += pairs.map(|(y, dy)| y * dy).sum::<f32>();
                });
                group.runs(|place| {
                    let pairs = group.run(y, place).iter().zip(group.run(dy, place));
                    for (dx, (y, dy)) in group.run_mut(dx, place).iter_mut().zip(pairs) {
                        *dx = y * (dy - dot);
                    }
                });
            });
        });
    }
}
