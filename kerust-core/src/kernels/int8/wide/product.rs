//! Sums of products over packed weights.

use super::image::Image;
use super::{Wide, Work};
use crate::kernels::int8::{self, Filters, Multiplier, Output};
use crate::shape::Window;

/// What turns the sums of a block of filters into outputs: the multipliers' mantissas, and by how many bits a sum is
/// shifted to the left before, or to the right after the multiplication.
pub(super) struct Numbers<V> {
    pub(super) mantissas: V,
    pub(super) left: V,
    pub(super) right: V,
}

/// Vectors that a block of filters has before its weights: the bias and those of [`Numbers`].
const HEAD: usize = 4;

/// The product of windows of an image with filters.
pub(super) struct Product {
    /// Rows and columns of the output.
    places: [usize; 2],
    /// Bytes from an output's window to the next one's.
    steps: [usize; 2],
    /// A window is so many rows and columns of runs, each of so many values side by side.
    runs: [usize; 2],
    run_steps: [usize; 2],
    run_len: usize,
    /// Words of a run.
    words: usize,
    /// Filters of a group, and bytes from a group to the next one.
    group: [usize; 2],
    groups: usize,
    taps: usize,
    is_depthwise: bool,
    output: Output,
}

impl Product {
    pub(super) fn new<S: Wide>(
        image: &Image,
        groups: usize,
        filters: usize,
        is_depthwise: bool,
        output: Output,
    ) -> Self {
        let Window {
            size: [height, width],
            strides,
            dilation,
            ..
        } = image.window;
        let channels = image.channels();
        let value = if is_depthwise { 4 } else { image.value_bytes };
        let [row, pixel] = [image.row_len() * value, channels * value];
        let of_group = channels / groups;
        let (runs, column_step, run_len) = if is_depthwise {
            // A word has `TAPS` columns of the window.
            (width.div_ceil(S::TAPS), S::TAPS * dilation[1], S::TAPS)
        } else if groups == 1 && dilation[1] == 1 {
            (1, 0, width * channels)
        } else {
            (width, dilation[1], of_group)
        };
        Self {
            places: image.places,
            steps: [strides[0] * row, strides[1] * pixel],
            runs: [height, runs],
            run_steps: [dilation[0] * row, column_step * pixel],
            run_len,
            words: run_len.div_ceil(S::TAPS),
            group: [filters / groups, of_group * value],
            groups,
            taps: match is_depthwise {
                true => height * width,
                false => height * width * of_group,
            },
            is_depthwise,
            output,
        }
    }

    /// Vectors of a block of filters.
    fn block_vectors(&self) -> usize {
        HEAD + self.runs[0] * self.runs[1] * self.words
    }

    /// The words that the packed weights need, on every instruction set.
    pub(super) fn packed_len(&self) -> usize {
        const MOST_LANES: usize = 16;
        self.groups * self.group[0].next_multiple_of(MOST_LANES) * self.block_vectors()
    }

    /// Packs the weights: for each block of filters its [`HEAD`], then for each word of a window a vector.
    #[inline(always)]
    pub(super) fn pack<S: Wide>(&self, filters: Filters<'_>, to: &mut [i32]) {
        let count = self.group[0];
        let mut blocks = to.chunks_exact_mut(self.block_vectors() * S::LANES);
        for group in 0..self.groups {
            for start in (0..count).step_by(S::LANES) {
                let Some(block) = blocks.next() else {
                    return;
                };
                let lanes = S::LANES.min(count - start);
                let first = group * count + start;
                let (head, words) = block.split_at_mut(HEAD * S::LANES);
                head.fill(0);
                if lanes < S::LANES || self.is_depthwise {
                    words.fill(0);
                }
                for lane in 0..lanes {
                    let [left, right] = shifts(filters.multipliers[first + lane]);
                    head[lane] = filters.bias[first + lane];
                    head[S::LANES + lane] = filters.multipliers[first + lane].mantissa;
                    head[2 * S::LANES + lane] = left;
                    head[3 * S::LANES + lane] = right;
                }
                let bias = &mut head[..lanes];
                if self.is_depthwise {
                    self.pack_channels::<S>(filters.weights, first, bias, words);
                } else {
                    self.pack_filters::<S>(filters.weights, first, bias, words);
                }
            }
        }
    }

    /// Packs filters whose weights lie side by side.
    #[inline(always)]
    fn pack_filters<S: Wide>(
        &self,
        weights: &[i8],
        first: usize,
        bias: &mut [i32],
        to: &mut [i32],
    ) {
        for (lane, bias) in bias.iter_mut().enumerate() {
            let filter = &weights[(first + lane) * self.taps..][..self.taps];
            if S::OFFSET != 0 {
                let sum: i32 = filter.iter().map(|w| i32::from(*w)).sum();
                *bias = bias.wrapping_sub(S::OFFSET * sum);
            }
            let mut words = to[lane..].iter_mut().step_by(S::LANES);
            for run in filter.chunks_exact(self.run_len.max(1)) {
                let (whole, rest) = run.split_at(run.len() - run.len() % S::TAPS);
                for (values, word) in whole.chunks_exact(S::TAPS).zip(&mut words) {
                    *word = word_of::<S>(values);
                }
                if !rest.is_empty()
                    && let Some(word) = words.next()
                {
                    *word = word_of::<S>(rest);
                }
            }
        }
    }

    /// Packs the weights of channels, of which those of one tap lie side by side.
    #[inline(always)]
    fn pack_channels<S: Wide>(
        &self,
        weights: &[i8],
        first: usize,
        bias: &mut [i32],
        to: &mut [i32],
    ) {
        let channels = self.group[0];
        let width = self.taps / self.runs[0].max(1);
        for (tap, weights) in weights.chunks_exact(channels).enumerate() {
            let [row, column] = [tap / width, tap % width];
            let place = (row * self.runs[1] + column / S::TAPS) * S::LANES;
            let shift = 32 / S::TAPS * (column % S::TAPS);
            let mask = if S::TAPS == 4 { 0xff } else { 0xffff };
            let words = to[place..].iter_mut().zip(&weights[first..]);
            for (bias, (word, weight)) in bias.iter_mut().zip(words) {
                let weight = i32::from(*weight);
                *bias = bias.wrapping_sub(S::OFFSET * weight);
                *word |= (weight & mask) << shift;
            }
        }
    }

    /// Computes the outputs of an image from its copy.
    ///
    /// # Safety
    /// The machine has `S`; the numbers were packed and the image copied (and spread, where it is depthwise) with it.
    #[inline(always)]
    pub(super) unsafe fn multiply<S: Wide>(&self, packed: &[i32], image: &[u8], y: &mut [i8]) {
        let blocks = self.group[0].div_ceil(S::LANES);
        for group in 0..self.groups {
            let mut block = 0;
            while block < blocks {
                // SAFETY: the caller's promises.
                unsafe {
                    block += match blocks - block {
                        4.. if S::MANY_REGISTERS && !self.is_depthwise => {
                            self.block::<S, 6, 4>(packed, image, y, [group, block])
                        }
                        2.. if S::MANY_REGISTERS && !self.is_depthwise => {
                            self.block::<S, 12, 2>(packed, image, y, [group, block])
                        }
                        2.. if !self.is_depthwise => {
                            self.block::<S, 4, 2>(packed, image, y, [group, block])
                        }
                        _ if S::MANY_REGISTERS => {
                            self.block::<S, 12, 1>(packed, image, y, [group, block])
                        }
                        _ => self.block::<S, 6, 1>(packed, image, y, [group, block]),
                    };
                }
            }
        }
    }

    /// The outputs of `B` blocks of filters, `P` at a time; returns `B`.
    ///
    /// # Safety
    /// As for [`multiply`](Self::multiply).
    #[inline(always)]
    unsafe fn block<S: Wide, const P: usize, const B: usize>(
        &self,
        packed: &[i32],
        image: &[u8],
        y: &mut [i8],
        [group, block]: [usize; 2],
    ) -> usize {
        let [filters, group_step] = self.group;
        let all = filters * self.groups;
        let len = self.block_vectors() * S::LANES;
        let blocks = filters.div_ceil(S::LANES);
        let packed = &packed[(group * blocks + block) * len..][..B * len];
        let mut channel = group * group_step;
        if self.is_depthwise {
            channel += block * S::LANES * 4;
        }
        let start = block * S::LANES;
        let mut lanes = [S::LANES; B];
        lanes[B - 1] = S::LANES.min(filters - start - (B - 1) * S::LANES);
        let [rows, columns] = self.places;
        let (mut i, mut j) = (0, 0);
        let mut left = rows * columns;
        assert!(y.len() >= left * all, "room for the outputs");
        // SAFETY: the machine has `S`. The copy has all windows of `rows` times `columns` outputs, and a word more;
        // `y` has their outputs.
        unsafe {
            let mut y = y.as_mut_ptr().add(group * filters + start);
            while left > 0 {
                let pixels = left.min(P);
                let mut x = [image.as_ptr(); P];
                for p in 0..P {
                    x[p] = image
                        .as_ptr()
                        .add(i * self.steps[0] + j * self.steps[1] + channel);
                    // Beyond the last window it is computed again.
                    if p + 1 < pixels {
                        j += 1;
                        if j == columns {
                            (i, j) = (i + 1, 0);
                        }
                    }
                }
                j += 1;
                if j == columns {
                    (i, j) = (i + 1, 0);
                }
                self.tile::<S, P, B>(x, packed.as_ptr(), len, y, all, pixels, lanes);
                y = y.wrapping_add(pixels * all);
                left -= pixels;
            }
        }
        B
    }

    /// The outputs of `P` windows and `B` blocks of filters, of which the first `pixels` are stored.
    ///
    /// # Safety
    /// As for [`multiply`](Self::multiply).
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "all are in registers")]
    unsafe fn tile<S: Wide, const P: usize, const B: usize>(
        &self,
        x: [*const u8; P],
        packed: *const i32,
        len: usize,
        y: *mut i8,
        y_step: usize,
        pixels: usize,
        lanes: [usize; B],
    ) {
        // SAFETY: the caller's promises.
        unsafe {
            let mut sums = [[S::zero(); B]; P];
            for b in 0..B {
                let bias = S::load(packed.add(b * len));
                for sums in &mut sums {
                    sums[b] = bias;
                }
            }
            let mut w = packed.add(HEAD * S::LANES);
            for row in 0..self.runs[0] {
                for column in 0..self.runs[1] {
                    let run = row * self.run_steps[0] + column * self.run_steps[1];
                    for word in 0..self.words {
                        let mut weights = [S::zero(); B];
                        for b in 0..B {
                            weights[b] = S::load(w.add(b * len));
                        }
                        for p in 0..P {
                            let from = x[p].add(run + 4 * word).cast::<i32>();
                            let x = match self.is_depthwise {
                                true => S::load(from),
                                false => S::splat(from.read_unaligned()),
                            };
                            for b in 0..B {
                                sums[p][b] = S::dot(sums[p][b], x, weights[b]);
                            }
                        }
                        w = w.add(S::LANES);
                    }
                }
            }
            // A copy, so that the sums above stay in registers, though those below are indexed by a loop.
            let sums = sums;
            for b in 0..B {
                let numbers = |number: usize| packed.add(b * len + number * S::LANES);
                let numbers = Numbers {
                    mantissas: S::load(numbers(1)),
                    left: S::load(numbers(2)),
                    right: S::load(numbers(3)),
                };
                for p in 0..P {
                    if p < pixels {
                        let y = y.add(p * y_step + b * S::LANES);
                        S::finish(sums[p][b], &numbers, self.output, y, lanes[b]);
                    }
                }
            }
        }
    }
}

/// By how many bits a multiplier shifts a sum: to the left before, and to the right after.
fn shifts(multiplier: Multiplier) -> [i32; 2] {
    match multiplier.shift {
        shift @ 1.. => [shift & 31, 0],
        0 => [0, 0],
        // What is no shift is held in range as by the portable kernels.
        shift => [0, (shift.wrapping_neg().wrapping_sub(1) & 31) + 1],
    }
}

/// Up to [`Wide::TAPS`] weights as a word.
#[inline(always)]
fn word_of<S: Wide>(values: &[i8]) -> i32 {
    if S::TAPS == 4 {
        if let [a, b, c, d] = *values {
            return i32::from_ne_bytes([a as u8, b as u8, c as u8, d as u8]);
        }
        let mut bytes = [0; 4];
        for (to, value) in bytes.iter_mut().zip(values) {
            *to = *value as u8;
        }
        return i32::from_ne_bytes(bytes);
    }
    let value = |place: usize| values.get(place).map_or(0, |value| i32::from(*value));
    value(0) & 0xffff | value(1) << 16
}

/// A dense layer.
pub(super) struct Dense<'a> {
    pub(super) shape: &'a int8::Dense,
    pub(super) x: &'a [i8],
    pub(super) filters: Filters<'a>,
    pub(super) y: &'a mut [i8],
}

impl Work for Dense<'_> {
    unsafe fn run<S: Wide>(self) {
        let [inputs, outputs] = [self.shape.inputs, self.shape.outputs];
        if inputs == 0 || outputs == 0 {
            return;
        }
        // SAFETY: the caller has `S`, and a vector has at most 16 lanes.
        unsafe {
            S::enter(
                #[inline(always)]
                || {
                    let filters = self.filters;
                    let rows = self.x.chunks_exact(inputs);
                    for (x, y) in rows.zip(self.y.chunks_exact_mut(outputs)) {
                        let of_outputs = y
                            .chunks_mut(S::LANES)
                            .zip(filters.weights.chunks(S::LANES * inputs));
                        let numbers = filters
                            .bias
                            .chunks(S::LANES)
                            .zip(filters.multipliers.chunks(S::LANES));
                        for ((y, weights), (bias, multipliers)) in of_outputs.zip(numbers) {
                            let mut head = [[0; 16]; HEAD];
                            for (lane, weights) in weights.chunks_exact(inputs).enumerate() {
                                let sum = S::dot_of(x, weights);
                                let [left, right] = shifts(multipliers[lane]);
                                head[0][lane] = bias[lane].wrapping_add(sum);
                                head[1][lane] = multipliers[lane].mantissa;
                                head[2][lane] = left;
                                head[3][lane] = right;
                            }

                            let [sums, mantissas, left, right] = [
                                S::load(head[0].as_ptr()),
                                S::load(head[1].as_ptr()),
                                S::load(head[2].as_ptr()),
                                S::load(head[3].as_ptr()),
                            ];
                            let numbers = Numbers {
                                mantissas,
                                left,
                                right,
                            };
                            S::finish(sums, &numbers, self.shape.output, y.as_mut_ptr(), y.len());
                        }
                    }
                },
            );
        }
    }
}
