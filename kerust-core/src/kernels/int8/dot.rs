//! Sums of products of 8-bit values: what instruction sets differ in.

use super::{Multiplier, Output};

/// How many filters are summed in one pass over the input.
pub(super) const BLOCK: usize = 4;

/// Adds to each sum the products of `x` with its weights, of which there are as many or more.
#[inline(always)]
pub(super) fn add_products<const N: usize>(x: &[i8], weights: [&[i8]; N], sums: &mut [i32; N]) {
    if let ([w0, w1, w2, w3], [s0, s1, s2, s3]) = (weights.as_slice(), sums.as_mut_slice()) {
        // One pass: each input is loaded once for four products.
        let taps = x.iter().zip(*w0).zip(*w1).zip(*w2).zip(*w3);
        for ((((x, w0), w1), w2), w3) in taps {
            *s0 = s0.wrapping_add(product(*x, *w0));
            *s1 = s1.wrapping_add(product(*x, *w1));
            *s2 = s2.wrapping_add(product(*x, *w2));
            *s3 = s3.wrapping_add(product(*x, *w3));
        }
        return;
    }
    for (sum, weights) in sums.iter_mut().zip(weights) {
        for (x, w) in x.iter().zip(weights) {
            *sum = sum.wrapping_add(product(*x, *w));
        }
    }
}

/// How many patches of a convolution are multiplied at once, and with how many filters.
pub(super) const PATCHES: usize = 1;
pub(super) const FILTERS: usize = 4;

/// Stores a patch as [`add_patches`] reads it.
#[inline(always)]
pub(super) fn spread(patch: &[i8], _number: usize, patches: &mut [i32]) {
    let patches = bytemuck::cast_slice_mut(patches);
    patches.iter_mut().zip(patch).for_each(|(to, x)| *to = *x);
}

/// Adds to the sums of each patch the products with the filters that there are, each of `taps` weights.
#[inline(always)]
pub(super) fn add_patches(
    patches: &[i32],
    weights: &[i8],
    taps: usize,
    sums: &mut [[i32; FILTERS]; PATCHES],
) {
    let patch: &[i8] = bytemuck::cast_slice(patches);
    let patch = patch.get(..taps).unwrap_or_default();
    let [sums] = sums;
    let filter = |k| super::from(weights, k * taps);
    if weights.len() == FILTERS * taps {
        add_products(patch, core::array::from_fn(filter), sums);
    } else {
        for (k, sum) in sums.iter_mut().enumerate() {
            add_products(patch, [filter(k)], core::array::from_mut(sum));
        }
    }
}

/// Stores the outputs of sums, each scaled by the multiplier of its channel.
#[inline(always)]
pub(super) fn store(sums: &[i32], multipliers: &[Multiplier], output: Output, y: &mut [i8]) {
    for ((y, sum), multiplier) in y.iter_mut().zip(sums).zip(multipliers) {
        *y = output.requantize(*sum, *multiplier);
    }
}

/// How many channels of a depthwise convolution or a pool are computed at once, and how many of the rest.
pub(super) const CHANNELS: [usize; 2] = [32, 8];

/// Adds to the sums of `N` channels the products of `x` with `weights` for each of `taps`, between which they have these
/// strides.
#[inline(always)]
pub(super) fn add_taps<const N: usize>(
    [x, weights]: [&[i8]; 2],
    strides: [usize; 2],
    taps: usize,
    sums: &mut [i32; N],
) {
    for tap in 0..taps {
        let x = super::from(x, tap * strides[0]);
        let weights = super::from(weights, tap * strides[1]);
        if let (Some(x), Some(weights)) = (x.first_chunk::<N>(), weights.first_chunk::<N>()) {
            for (sum, (x, w)) in sums.iter_mut().zip(x.iter().zip(weights)) {
                *sum = sum.wrapping_add(product(*x, *w));
            }
        }
    }
}

#[inline(always)]
fn product(x: i8, w: i8) -> i32 {
    i32::from(x) * i32::from(w)
}
