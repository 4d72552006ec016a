//! `Conv2D`.

use super::dot::{FILTERS, PATCHES, add_patches, spread, store};
use super::patch::{Patches, rows_in_place};
use super::{Filters, Output, Rows, wide};
use crate::kernels::vectorized;
use crate::shape::Window;
use core::ops::Range;

/// A convolution, channels last. The weights of one filter lie side by side: rows, columns, channels of
/// the filter's group.
///
/// The inputs under a window are first gathered into a patch, with the zero point beside the image, so that a sum
/// is one product of two vectors. A few patches are multiplied at once with a few filters.
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
    /// Computes every image that there is. `scratch` has at least [`conv_scratch_len`] words.
    pub fn forward(&self, x: &[i8], filters: Filters<'_>, y: &mut [i8], scratch: &mut [i32]) {
        let [height, width, channels] = self.input;
        let [rows, columns] = self.window.output(height, width);
        let (x_len, y_len) = (height * width * channels, rows * columns * self.filters);
        check!(
            x.len() * y_len == y.len() * x_len,
            "as many output images as input images"
        );
        if self.is_sound(filters) && wide::convolution(self, Some(x), filters, y) {
            return;
        }
        let mut images = x.chunks_exact(x_len.max(1));
        for y in y.chunks_exact_mut(y_len.max(1)) {
            let x = Rows::new(images.next().unwrap_or_default(), width * channels);
            self.rows(x, 0, filters, y, scratch);
        }
    }

    /// Computes every image that there is, each over itself: an output has the size of an image, and as many
    /// channels. `scratch` has at least [`conv_scratch_len`] words, and room for as many rows as
    /// [`Window::rows_kept`].
    pub fn forward_in_place(&self, y: &mut [i8], filters: Filters<'_>, scratch: &mut [i32]) {
        check!(self.filters == self.input[2], "as many filters as channels");
        if self.is_sound(filters) && wide::convolution(self, None, filters, y) {
            return;
        }
        let words = conv_scratch_len(self.taps());
        if self.window.size == [1, 1] {
            self.pixels_in_place(y, filters, scratch);
            return;
        }
        let Some((scratch, copies)) = scratch.split_at_mut_checked(words) else {
            return;
        };
        let copies = bytemuck::cast_slice_mut(copies);
        rows_in_place(self.window, self.input, y, copies, |x, i, y| {
            self.rows(x, i, filters, y, scratch);
        });
    }

    /// Overwrites pixels by their outputs: no window sees more than the patches that are multiplied at once.
    fn pixels_in_place(&self, y: &mut [i8], filters: Filters<'_>, patches: &mut [i32]) {
        let (all, channels) = (self.filters, self.channels());
        check!(
            filters.fit(all, channels) && self.groups > 0,
            "weights of these sizes"
        );
        check!(
            patches.len() >= conv_scratch_len(channels),
            "scratch of this size"
        );
        vectorized(
            #[inline(always)]
            || {
                for y in y.chunks_mut((PATCHES * all).max(1)) {
                    for group in 0..self.groups {
                        let range = group * channels..(group + 1) * channels;
                        for (number, x) in y.chunks_exact(all.max(1)).enumerate() {
                            spread(x.get(range.clone()).unwrap_or_default(), number, patches);
                        }
                        let filters = filters.part(range.start, range.end, channels);
                        let outputs = parts(y, all, &range);
                        multiply(patches, channels, filters, self.output, outputs);
                    }
                }
            },
        );
    }

    /// Computes the rows of an image's output from row `first` on, as many as `y` holds, from the rows of the input
    /// that their windows span. `scratch` has at least [`conv_scratch_len`] words.
    pub fn rows(
        &self,
        x: Rows<'_>,
        first: usize,
        filters: Filters<'_>,
        y: &mut [i8],
        scratch: &mut [i32],
    ) {
        let taps = self.taps();
        check!(filters.fit(self.filters, taps), "weights of these sizes");
        check!(self.groups > 0, "at least one group");
        if self.is_sound(filters) && wide::convolution_rows(self, x, first, filters, y) {
            return;
        }
        check!(
            scratch.len() >= conv_scratch_len(taps),
            "scratch of this size"
        );
        let Some((patch, spread_patches)) = scratch.split_at_mut_checked(taps.div_ceil(4)) else {
            return;
        };
        let patch: &mut [i8] = bytemuck::cast_slice_mut(patch);
        let patch = patch.get_mut(..taps).unwrap_or_default();
        let columns = self.window.output(self.input[0], self.input[1])[1];
        let patches = Patches::new(self.window, self.input, self.channels(), self.zero_point);
        let group_filters = self.filters.checked_div(self.groups).unwrap_or(0);
        vectorized(
            #[inline(always)]
            || {
                let mut at = [first, 0];
                for y in y.chunks_mut((PATCHES * self.filters).max(1)) {
                    let mut next = at;
                    for group in 0..self.groups {
                        next = at;
                        for number in 0..y.len().checked_div(self.filters).unwrap_or(0) {
                            let patch = patches.gather(x, next, group * self.channels(), patch);
                            spread(patch, number, spread_patches);
                            next = match next {
                                [i, j] if j + 1 == columns => [i + 1, 0],
                                [i, j] => [i, j + 1],
                            };
                        }
                        let range = group * group_filters..(group + 1) * group_filters;
                        let outputs = parts(y, self.filters, &range);
                        let filters = filters.part(range.start, range.end, taps);
                        multiply(spread_patches, taps, filters, self.output, outputs);
                    }
                    at = next;
                }
            },
        );
    }

    /// Whether these are the numbers of this convolution, and its window is one.
    fn is_sound(&self, filters: Filters<'_>) -> bool {
        filters.fit(self.filters, self.taps())
            && self.groups > 0
            && self.filters.is_multiple_of(self.groups)
            && self.taps() > 0
    }

    /// Channels of the input that a filter sees.
    const fn channels(&self) -> usize {
        match self.groups {
            0 => 0,
            groups => self.input[2] / groups,
        }
    }

    /// Weights of a filter.
    const fn taps(&self) -> usize {
        self.window.size[0] * self.window.size[1] * self.channels()
    }
}

/// The channels of a group at each of a few pixels.
#[inline(always)]
fn parts<'a>(y: &'a mut [i8], channels: usize, group: &Range<usize>) -> [&'a mut [i8]; PATCHES] {
    let mut pixels = y.chunks_exact_mut(channels.max(1));
    core::array::from_fn(|_| {
        let pixel = pixels.next().unwrap_or_default();
        pixel.get_mut(group.clone()).unwrap_or_default()
    })
}

/// The outputs of filters of `taps` weights each, for each patch. There may be fewer places than patches.
#[cfg_attr(feature = "std", inline(always))]
#[cfg_attr(not(feature = "std"), inline(never))]
fn multiply(
    patches: &[i32],
    taps: usize,
    filters: Filters<'_>,
    output: Output,
    mut y: [&mut [i8]; PATCHES],
) {
    let blocks = filters.weights.chunks((FILTERS * taps).max(1));
    let blocks = blocks.zip(filters.bias.chunks(FILTERS));
    let blocks = blocks.zip(filters.multipliers.chunks(FILTERS));
    for (number, ((weights, bias), multipliers)) in blocks.enumerate() {
        let bias = match bias.first_chunk() {
            Some(bias) => *bias,
            None => core::array::from_fn(|k| bias.get(k).copied().unwrap_or(0)),
        };
        let mut sums = [bias; PATCHES];
        add_patches(patches, weights, taps, &mut sums);
        for (y, sums) in y.iter_mut().zip(&sums) {
            let y = y.get_mut(number * FILTERS..).unwrap_or_default();
            store(sums, multipliers, output, y);
        }
    }
}

/// The number of words of scratch that a convolution whose filters have so many weights needs: for a gathered patch,
/// and for the patches that are multiplied at once, on some machines with 16 bits for each value.
pub const fn conv_scratch_len(taps: usize) -> usize {
    5 * taps.div_ceil(4)
}
