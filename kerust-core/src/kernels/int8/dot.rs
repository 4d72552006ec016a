//! Sums of products of 8-bit values: what instruction sets differ in.

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

/// Adds to each sum the product of the values that stand at its place.
#[inline(always)]
pub(super) fn add_each<const N: usize>(x: &[i8; N], weights: &[i8; N], sums: &mut [i32; N]) {
    for (sum, (x, w)) in sums.iter_mut().zip(x.iter().zip(weights)) {
        *sum = sum.wrapping_add(product(*x, *w));
    }
}

/// Adds to each sum the products of one value with its weights.
#[inline(always)]
pub(super) fn add_constant<const N: usize>(x: i8, weights: [&[i8]; N], sums: &mut [i32; N]) {
    for (sum, weights) in sums.iter_mut().zip(weights) {
        for w in weights {
            *sum = sum.wrapping_add(product(x, *w));
        }
    }
}

#[inline(always)]
fn product(x: i8, w: i8) -> i32 {
    i32::from(x) * i32::from(w)
}
