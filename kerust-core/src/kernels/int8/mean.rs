//! `GlobalAveragePooling`.

use super::{Fused, Multiplier, Output, Quantization, from};
use crate::kernels::vectorized;

/// The mean of each channel over all places of a sample. Its arithmetic is not that of an average
/// pool: the sum is scaled, from one quantization to another.
#[derive(Clone, Copy, Debug)]
pub struct Mean {
    /// Pixels of an image, or steps of a sequence.
    pub places: usize,
    /// Channels of a place.
    pub channels: usize,
    /// What the zero points of a channel's values add up to.
    pub zero_sum: i32,
    /// The input's scale over the output's, and over the number of places.
    pub multiplier: Multiplier,
    /// The output.
    pub output: Output,
}

impl Mean {
    /// The mean from one quantization to another.
    pub const fn new(
        [places, channels]: [usize; 2],
        input: Quantization,
        output: Quantization,
    ) -> Self {
        let scale = Multiplier::from_real(input.scale as f64 / output.scale as f64);
        let count = if places == 0 { 1 } else { places as u64 };
        // As many bits as the division by the count leaves free.
        let mut shift = 63 - count.leading_zeros() as i32;
        if shift > 32 {
            shift = 32;
        }
        if shift > 31 + scale.shift {
            shift = 31 + scale.shift;
        }
        let mantissa = ((scale.mantissa as i64) << shift) / count as i64;
        Self {
            places,
            channels,
            zero_sum: (input.zero_point as i64 * count as i64) as i32,
            multiplier: Multiplier {
                mantissa: mantissa as i32,
                shift: scale.shift - shift,
            },
            output: Output::new(output, Fused::None),
        }
    }

    /// Computes every sample that there is.
    pub fn forward(&self, x: &[i8], y: &mut [i8]) {
        check!(
            x.len() == y.len() * self.places,
            "as many means as samples have channels"
        );
        vectorized(
            #[inline(always)]
            || {
                let mut samples = x.chunks_exact((self.places * self.channels).max(1));
                for y in y.chunks_exact_mut(self.channels.max(1)) {
                    let x = samples.next().unwrap_or_default();
                    let mut first = 0;
                    while first + 32 <= self.channels {
                        self.block::<32>(x, first, y);
                        first += 32;
                    }
                    while first < self.channels {
                        self.block::<1>(x, first, y);
                        first += 1;
                    }
                }
            },
        );
    }

    /// The means of `N` channels.
    #[inline(always)]
    fn block<const N: usize>(&self, x: &[i8], first: usize, y: &mut [i8]) {
        let mut sums = [0i32; N];
        for place in x.chunks_exact(self.channels.max(1)) {
            let values = from(place, first).first_chunk::<N>().into_iter().flatten();
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum = sum.wrapping_add(i32::from(*value));
            }
        }
        for (y, sum) in y.iter_mut().skip(first).zip(sums) {
            let sum = sum.wrapping_sub(self.zero_sum);
            *y = self.output.requantize(sum, self.multiplier);
        }
    }
}
