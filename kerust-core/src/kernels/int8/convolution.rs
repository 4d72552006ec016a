//! `Conv2D`.

use super::dot::{BLOCK, add_constant, add_products};
use super::{Filters, Output, Rows, from};
use crate::kernels::vectorized;
use crate::kernels::walk::Walk;
use crate::shape::Window;
use core::ops::Range;

/// A convolution, channels last. The weights of one filter lie side by side: rows, columns, channels of
/// the filter's group.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// Channels of the output.
    pub filters: usize,
    /// The kernel's window.
    pub window: Window,
    /// Groups of channels; group g of the output sees group g of the input only.
    pub groups: usize,
    /// The input's zero point: what stands around the image.
    pub zero_point: i8,
    /// The output's zero point and range.
    pub output: Output,
}

impl Convolution {
    /// Computes every image that there is.
    pub fn forward(&self, x: &[i8], filters: Filters<'_>, y: &mut [i8]) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let (x_len, y_len) = (height * width * channels, rows * columns * self.filters);
        check!(
            x.len() * y_len == y.len() * x_len,
            "as many output images as input images"
        );
        let mut images = x.chunks_exact(x_len.max(1));
        for y in y.chunks_exact_mut(y_len.max(1)) {
            let x = Rows::new(images.next().unwrap_or_default(), width * channels);
            let rows = y.chunks_exact_mut((columns * self.filters).max(1));
            for (i, y) in rows.enumerate() {
                self.row(x, i, filters, y);
            }
        }
    }

    /// Computes row `i` of an image's output from the rows of the input that its window spans.
    pub fn row(&self, x: Rows<'_>, i: usize, filters: Filters<'_>, y: &mut [i8]) {
        check!(
            filters.fit(self.filters, self.taps()),
            "weights of these sizes"
        );
        check!(self.groups > 0, "at least one group");
        let walk = Walk::new(self.window, self.input);
        let rows = walk.inside(i, 0);
        vectorized(
            #[inline(always)]
            || {
                for (j, y) in y.chunks_exact_mut(self.filters.max(1)).enumerate() {
                    let columns = walk.inside(j, 1);
                    self.pixel(x, walk, [i, j], [rows.clone(), columns], filters, y);
                }
            },
        );
    }

    /// The filters' outputs at one pixel, of whose window the given taps lie inside the image.
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
        let group_filters = self.filters.checked_div(self.groups).unwrap_or(0);
        for group in 0..self.groups {
            let mut first = group * group_filters;
            let end = first + group_filters;
            let taps = || self.runs(x, walk, at, inside.clone(), group);
            while first + BLOCK <= end {
                self.block::<BLOCK>(taps(), &inside, filters, first, y);
                first += BLOCK;
            }
            while first < end {
                self.block::<1>(taps(), &inside, filters, first, y);
                first += 1;
            }
        }
    }

    /// `N` filters' outputs.
    #[inline(always)]
    fn block<'a, const N: usize>(
        &self,
        runs: impl Iterator<Item = (&'a [i8], usize)>,
        inside: &[Range<usize>; 2],
        filters: Filters<'_>,
        first: usize,
        y: &mut [i8],
    ) {
        let Some(sums) = from(filters.bias, first).first_chunk::<N>() else {
            return;
        };
        let (mut sums, taps) = (*sums, self.taps());
        let weights: [&[i8]; N] =
            core::array::from_fn(|k| from(filters.weights, (first + k) * taps));
        for (x, tap) in runs {
            add_products(x, weights.map(|weights| from(weights, tap)), &mut sums);
        }
        for taps in self.outside(inside) {
            let weights = weights.map(|weights| weights.get(taps.clone()).unwrap_or_default());
            add_constant(self.zero_point, weights, &mut sums);
        }
        let y = y.iter_mut().skip(first).zip(sums).enumerate();
        for (k, (y, sum)) in y {
            *y = self
                .output
                .requantize(sum, filters.multipliers.of(first + k));
        }
    }

    /// The inputs of a group that lie side by side under a window, each run with the place of its
    /// weights in a filter.
    #[inline(always)]
    fn runs<'a>(
        &self,
        x: Rows<'a>,
        walk: Walk,
        [i, j]: [usize; 2],
        [rows, columns]: [Range<usize>; 2],
        group: usize,
    ) -> impl Iterator<Item = (&'a [i8], usize)> {
        let [channels, all] = [self.channels(), self.input[2]];
        let width = self.window.size[1];
        // Neighbours in the window are neighbours in the image.
        let dense = self.groups == 1 && self.window.dilation[1] == 1;
        let (runs, len) = match dense {
            true => (
                columns.start..columns.end.min(columns.start + 1),
                columns.len(),
            ),
            false => (columns, 1),
        };
        rows.flat_map(move |u| {
            let row = x.get(walk.under(i, u, 0));
            runs.clone().map(move |v| {
                let x = from(row, walk.under(j, v, 1) * all + group * channels);
                let x = x.get(..len * channels).unwrap_or_default();
                (x, (u * width + v) * channels)
            })
        })
    }

    /// The weights of a filter whose taps lie beside the image.
    #[inline(always)]
    fn outside(&self, [rows, columns]: &[Range<usize>; 2]) -> impl Iterator<Item = Range<usize>> {
        let ([height, width], channels) = (self.window.size, self.channels());
        let (rows, columns) = (rows.clone(), columns.clone());
        let whole = rows.len() == height && columns.len() == width;
        (0..if whole { 0 } else { height }).flat_map(move |u| {
            let (left, right) = match rows.contains(&u) {
                true => (columns.start, columns.end),
                false => (width, width),
            };
            let run = move |from: usize, to: usize| {
                (u * width + from) * channels..(u * width + to) * channels
            };
            [run(0, left), run(right, width)]
        })
    }

    /// Channels of the input that a filter sees.
    fn channels(&self) -> usize {
        self.input[2].checked_div(self.groups).unwrap_or(0)
    }

    /// Weights of a filter.
    fn taps(&self) -> usize {
        self.window.size[0] * self.window.size[1] * self.channels()
    }
}
