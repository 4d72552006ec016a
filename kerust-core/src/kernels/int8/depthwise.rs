//! `DepthwiseConv2D`.

use super::dot::add_each;
use super::{Filters, Output, Rows, from};
use crate::kernels::vectorized;
use crate::kernels::walk::Walk;
use crate::shape::Window;
use core::ops::Range;

/// A convolution of each channel alone, channels last. The weights of one tap lie side by side: rows,
/// columns, channels, outputs of the channel.
#[derive(Clone, Copy, Debug)]
pub struct Depthwise {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// Outputs of each channel.
    pub multiplier: usize,
    /// The kernel's window.
    pub window: Window,
    /// The input's zero point: what stands around the image.
    pub zero_point: i8,
    /// The output's zero point and range.
    pub output: Output,
}

impl Depthwise {
    /// Computes every image that there is.
    pub fn forward(&self, x: &[i8], filters: Filters<'_>, y: &mut [i8]) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let (x_len, y_row) = (height * width * channels, columns * self.outputs());
        check!(
            x.len() * rows * y_row == y.len() * x_len,
            "as many output images as input images"
        );
        let mut images = x.chunks_exact(x_len.max(1));
        for y in y.chunks_exact_mut((rows * y_row).max(1)) {
            let x = Rows::new(images.next().unwrap_or_default(), width * channels);
            for (i, y) in y.chunks_exact_mut(y_row.max(1)).enumerate() {
                self.row(x, i, filters, y);
            }
        }
    }

    /// Computes row `i` of an image's output from the rows of the input that its window spans.
    pub fn row(&self, x: Rows<'_>, i: usize, filters: Filters<'_>, y: &mut [i8]) {
        let taps = self.window.size[0] * self.window.size[1];
        check!(filters.fit(self.outputs(), taps), "weights of these sizes");
        let walk = Walk::new(self.window, self.input);
        let rows = walk.inside(i, 0);
        vectorized(
            #[inline(always)]
            || {
                for (j, y) in y.chunks_exact_mut(self.outputs().max(1)).enumerate() {
                    let inside = [rows.clone(), walk.inside(j, 1)];
                    self.pixel(x, walk, [i, j], inside, filters, y);
                }
            },
        );
    }

    /// The outputs at one pixel, of whose window the given taps lie inside the image.
    #[inline(always)]
    fn pixel(
        &self,
        x: Rows<'_>,
        walk: Walk,
        at: [usize; 2],
        inside: [Range<usize>; 2],
        filters: Filters<'_>,
        y: &mut [i8],
    ) {
        let outputs = self.outputs();
        let taps = || self.taps(x, walk, at, inside.clone());
        if self.multiplier != 1 {
            for first in 0..outputs {
                let channel = first.checked_div(self.multiplier).unwrap_or(0);
                self.block::<1>(taps(), filters, channel, first, y);
            }
            return;
        }
        let mut first = 0;
        while first + 32 <= outputs {
            self.block::<32>(taps(), filters, first, first, y);
            first += 32;
        }
        while first + 8 <= outputs {
            self.block::<8>(taps(), filters, first, first, y);
            first += 8;
        }
        while first < outputs {
            self.block::<1>(taps(), filters, first, first, y);
            first += 1;
        }
    }

    /// `N` outputs from `first` on, of as many channels from `channel` on.
    #[inline(always)]
    fn block<'a, const N: usize>(
        &self,
        taps: impl Iterator<Item = (Option<&'a [i8]>, usize)>,
        filters: Filters<'_>,
        channel: usize,
        first: usize,
        y: &mut [i8],
    ) {
        let Some(sums) = from(filters.bias, first).first_chunk::<N>() else {
            return;
        };
        let mut sums = *sums;
        let beside = [self.zero_point; N];
        for (x, tap) in taps {
            let x = match x {
                Some(x) => from(x, channel).first_chunk::<N>(),
                None => Some(&beside),
            };
            let weights = from(filters.weights, tap + first).first_chunk::<N>();
            if let (Some(x), Some(weights)) = (x, weights) {
                add_each(x, weights, &mut sums);
            }
        }
        let y = y.iter_mut().skip(first).zip(sums).enumerate();
        for (k, (y, sum)) in y {
            *y = self
                .output
                .requantize(sum, filters.multipliers.of(first + k));
        }
    }

    /// The pixel under each tap of a window, none beside the image, and the place of the tap's weights.
    #[inline(always)]
    fn taps<'a>(
        &self,
        x: Rows<'a>,
        walk: Walk,
        [i, j]: [usize; 2],
        [rows, columns]: [Range<usize>; 2],
    ) -> impl Iterator<Item = (Option<&'a [i8]>, usize)> {
        let ([height, width], channels, outputs) =
            (self.window.size, self.input[2], self.outputs());
        (0..height).flat_map(move |u| {
            let row = rows.contains(&u).then(|| x.get(walk.under(i, u, 0)));
            let columns = columns.clone();
            (0..width).map(move |v| {
                let row = row.filter(|_| columns.contains(&v));
                let pixel = row.map(|row| from(row, walk.under(j, v, 1) * channels));
                (pixel, (u * width + v) * outputs)
            })
        })
    }

    /// Channels of the output.
    const fn outputs(&self) -> usize {
        self.input[2] * self.multiplier
    }
}
