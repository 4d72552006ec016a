//! An image with its padding, as the instructions read it.

use super::Wide;
use crate::kernels::int8::Rows;
use crate::shape::Window;

/// The part of a padded image that some rows of an output see.
#[derive(Clone, Copy)]
pub(super) struct Image {
    input: [usize; 3],
    pub(super) window: Window,
    /// Rows and columns of the output.
    pub(super) places: [usize; 2],
    /// Rows and columns above and to the left of the image.
    before: [usize; 2],
    /// Rows and columns with the padding.
    padded: [usize; 2],
    zero_point: i8,
    /// Bytes of a value.
    pub(super) value_bytes: usize,
}

/// Bytes that may be read beyond the last value.
const SLACK: usize = 64;

impl Image {
    /// The image of which an output of `places` rows and columns is computed.
    pub(super) fn new<S: Wide>(
        input: [usize; 3],
        window: Window,
        places: [usize; 2],
        zero_point: i8,
    ) -> Self {
        let seen = |axis: usize| {
            (places[axis] - 1) * window.strides[axis]
                + (window.size[axis] - 1) * window.dilation[axis]
                + 1
        };
        Self {
            input,
            window,
            places,
            before: window.padding_before(input[0], input[1]),
            padded: [seen(0), seen(1)],
            zero_point,
            value_bytes: 4 / S::TAPS,
        }
    }

    pub(super) fn channels(&self) -> usize {
        self.input[2]
    }

    /// Values of a padded row.
    pub(super) fn row_len(&self) -> usize {
        self.padded[1] * self.input[2]
    }

    /// The words of memory that [`copy`](Self::copy) needs.
    pub(super) fn len_words(&self) -> usize {
        (self.padded[0] * self.row_len() * self.value_bytes + SLACK).div_ceil(4)
    }

    /// The words of memory that [`spread`](Self::spread) needs.
    pub(super) fn words(&self) -> usize {
        self.padded[0] * self.row_len() + SLACK
    }

    /// Copies the rows that the output's rows from `first` on see, with the padding.
    ///
    /// # Safety
    /// The machine has `S`.
    #[inline(always)]
    pub(super) unsafe fn copy<S: Wide>(&self, x: Rows<'_>, first: usize, to: &mut [u8]) {
        let [height, width, channels] = self.input;
        let row_bytes = self.row_len() * self.value_bytes;
        let left = self.before[1].min(self.padded[1]);
        let inside = width.min(self.padded[1] - left);
        let [left, inside] = [left, inside].map(|columns| columns * channels);
        let start = first * self.window.strides[0];
        for (number, to) in to
            .chunks_exact_mut(row_bytes.max(1))
            .take(self.padded[0])
            .enumerate()
        {
            let row = (start + number).wrapping_sub(self.before[0]);
            let x = match row < height {
                true => x.get(row).get(..inside).unwrap_or_default(),
                false => &[],
            };
            if S::TAPS == 4 {
                let to: &mut [u8] = to;
                let offset = S::OFFSET as u8;
                let (before, rest) = to.split_at_mut(if x.is_empty() { 0 } else { left });
                let (image, after) = rest.split_at_mut(x.len());
                before.fill(self.zero_point as u8 ^ offset);
                after.fill(self.zero_point as u8 ^ offset);
                for (to, x) in image.iter_mut().zip(x) {
                    *to = *x as u8 ^ offset;
                }
            } else {
                let to: &mut [i16] = bytemuck::cast_slice_mut(to);
                let (before, rest) = to.split_at_mut(if x.is_empty() { 0 } else { left });
                let (image, after) = rest.split_at_mut(x.len());
                before.fill(self.zero_point.into());
                after.fill(self.zero_point.into());
                for (to, x) in image.iter_mut().zip(x) {
                    *to = i16::from(*x);
                }
            }
        }
    }

    /// Makes a word of each value of a copied image and of those beside it at the window's next columns, for a
    /// depthwise convolution. What is beyond the row is arbitrary; its weights are 0.
    ///
    /// # Safety
    /// The machine has `S`.
    #[inline(always)]
    pub(super) unsafe fn spread<S: Wide>(&self, pixels: &[u8], words: &mut [i32]) {
        let row = self.row_len();
        let step = self.window.dilation[1] * self.input[2];
        let rows = pixels.chunks_exact((row * self.value_bytes).max(1));
        let rows = rows
            .take(self.padded[0])
            .zip(words.chunks_exact_mut(row.max(1)));
        for (x, words) in rows {
            if S::TAPS == 4 {
                spread::<u8, 4>(x, step, words);
            } else {
                spread::<i16, 2>(bytemuck::cast_slice(x), step, words);
            }
        }
    }
}

/// A word of each value and of those `step`, `2 step`, .. after it, as far as there are any.
#[inline(always)]
fn spread<T: Copy + Into<i32>, const TAPS: usize>(x: &[T], step: usize, words: &mut [i32]) {
    let bits = 32 / TAPS;
    let mask = if TAPS == 4 { 0xff } else { 0xffff };
    let whole = x.len().saturating_sub((TAPS - 1) * step);
    let [mut taps, first] = [[x; TAPS], [x; TAPS]];
    for (tap, taps) in taps.iter_mut().enumerate() {
        *taps = first[tap].get(tap * step..).unwrap_or_default();
    }
    let (all, rest) = words.split_at_mut(whole.min(words.len()));
    if TAPS == 4 {
        let [a, b, c, d] = [taps[0], taps[1 % TAPS], taps[2 % TAPS], taps[3 % TAPS]];
        for ((((word, a), b), c), d) in all.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            let [a, b, c, d]: [i32; 4] = [(*a).into(), (*b).into(), (*c).into(), (*d).into()];
            *word = a | b << 8 | c << 16 | d << 24;
        }
    } else {
        for ((word, a), b) in all.iter_mut().zip(taps[0]).zip(taps[1]) {
            let [a, b]: [i32; 2] = [(*a).into(), (*b).into()];
            *word = a & mask | b << 16;
        }
    }
    for (number, word) in rest.iter_mut().enumerate() {
        *word = 0;
        for (tap, taps) in taps.iter().enumerate() {
            let value: i32 = taps.get(whole + number).map_or(0, |x| (*x).into());
            *word |= (value & mask) << (bits * tap);
        }
    }
}
