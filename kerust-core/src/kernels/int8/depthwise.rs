//! `DepthwiseConv2D`.

use super::dot::{CHANNELS, add_taps, store};
use super::patch::{Patches, rows_in_place};
use super::{Filters, Output, Rows, from, wide};
use crate::kernels::vectorized;
use crate::shape::Window;

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
    /// Computes every image that there is. `scratch` has at least [`depthwise_scratch_len`] words.
    pub fn forward(&self, x: &[i8], filters: Filters<'_>, y: &mut [i8], scratch: &mut [i32]) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let (x_len, y_len) = (height * width * channels, rows * columns * self.outputs());
        check!(
            x.len() * y_len == y.len() * x_len,
            "as many output images as input images"
        );
        if self.is_sound(filters) && wide::depthwise(self, Some(x), filters, y) {
            return;
        }
        let mut images = x.chunks_exact(x_len.max(1));
        for y in y.chunks_exact_mut(y_len.max(1)) {
            let x = Rows::new(images.next().unwrap_or_default(), width * channels);
            self.rows(x, 0, filters, y, scratch);
        }
    }

    /// Computes every image that there is, each over itself: an output has the size of an image. `scratch` has at
    /// least [`depthwise_scratch_len`] words, and room for as many rows as [`Window::rows_kept`].
    pub fn forward_in_place(&self, y: &mut [i8], filters: Filters<'_>, scratch: &mut [i32]) {
        check!(self.multiplier == 1, "one output for each channel");
        if self.is_sound(filters) && wide::depthwise(self, None, filters, y) {
            return;
        }
        let words = depthwise_scratch_len(self.taps(), self.input[2]);
        let Some((scratch, copies)) = scratch.split_at_mut_checked(words) else {
            return;
        };
        let copies = bytemuck::cast_slice_mut(copies);
        rows_in_place(self.window, self.input, y, copies, |x, i, y| {
            self.rows(x, i, filters, y, scratch);
        });
    }

    /// Computes the rows of an image's output from row `first` on, as many as `y` holds, from the rows of the input
    /// that their windows span. `scratch` has at least [`depthwise_scratch_len`] words.
    pub fn rows(
        &self,
        x: Rows<'_>,
        first: usize,
        filters: Filters<'_>,
        y: &mut [i8],
        scratch: &mut [i32],
    ) {
        let (outputs, taps) = (self.outputs(), self.taps());
        check!(filters.fit(outputs, taps), "weights of these sizes");
        if self.is_sound(filters) && wide::depthwise_rows(self, x, first, filters, y) {
            return;
        }
        check!(
            scratch.len() >= depthwise_scratch_len(taps, self.input[2]),
            "scratch of this size"
        );
        let patch: &mut [i8] = bytemuck::cast_slice_mut(scratch);
        let len = (taps * self.input[2]).min(patch.len());
        let patch = patch.get_mut(..len).unwrap_or_default();
        let columns = self.window.output(self.input[0], self.input[1])[1];
        let patches = Patches::new(self.window, self.input, self.input[2], self.zero_point);
        vectorized(
            #[inline(always)]
            || {
                let mut at = [first, 0];
                for y in y.chunks_exact_mut(outputs.max(1)) {
                    self.pixel(patches.gather(x, at, 0, patch), filters, y);
                    at = match at {
                        [i, j] if j + 1 == columns => [i + 1, 0],
                        [i, j] => [i, j + 1],
                    };
                }
            },
        );
    }

    /// The outputs at one pixel.
    #[inline(always)]
    fn pixel(&self, patch: &[i8], filters: Filters<'_>, y: &mut [i8]) {
        let mut first = 0;
        if self.multiplier == 1 {
            first = self.blocks::<{ CHANNELS[0] }>(patch, filters, first, y);
            first = self.blocks::<{ CHANNELS[1] }>(patch, filters, first, y);
        }
        self.blocks::<1>(patch, filters, first, y);
    }

    /// The outputs from `first` on, as long as there are `N`; returns the next one.
    #[inline(always)]
    fn blocks<const N: usize>(
        &self,
        patch: &[i8],
        filters: Filters<'_>,
        first: usize,
        y: &mut [i8],
    ) -> usize {
        let (mut y, mut next) = (from_mut(y, first).chunks_exact_mut(N), first);
        let bias = from(filters.bias, first).as_chunks::<N>().0;
        let multipliers = from(filters.multipliers, first).chunks_exact(N);
        for ((bias, multipliers), y) in bias.iter().zip(multipliers).zip(&mut y) {
            let mut sums = *bias;
            let channel = match self.multiplier {
                1 => next,
                several => next.checked_div(several).unwrap_or(0),
            };
            let strides = [self.input[2], self.outputs()];
            let values = [from(patch, channel), from(filters.weights, next)];
            add_taps(values, strides, self.taps(), &mut sums);
            store(&sums, multipliers, self.output, y);
            next += N;
        }
        next
    }

    /// Whether these are the numbers of this convolution, and its window is one.
    fn is_sound(&self, filters: Filters<'_>) -> bool {
        filters.fit(self.outputs(), self.taps()) && self.taps() > 0
    }

    /// Channels of the output.
    const fn outputs(&self) -> usize {
        self.input[2] * self.multiplier
    }

    /// Weights of an output.
    const fn taps(&self) -> usize {
        self.window.size[0] * self.window.size[1]
    }
}

/// The values from `place` on; none beyond the end.
#[inline(always)]
fn from_mut(values: &mut [i8], place: usize) -> &mut [i8] {
    values.get_mut(place..).unwrap_or_default()
}

/// The number of words of scratch that a depthwise convolution with such a window over so many channels needs: for a
/// gathered patch.
pub const fn depthwise_scratch_len(taps: usize, channels: usize) -> usize {
    match taps {
        // One pixel lies where it is.
        1 => 0,
        taps => (taps * channels).div_ceil(4),
    }
}
