//! Sums of products of 8-bit values on a Cortex-M with the DSP extension: two products an instruction.
//!
//! Four values are one word. `SXTB16` widens the values 0 and 2 of a word to 16 bits, and with a rotation by 8 bits the
//! values 1 and 3; `SMLAD` adds both products of two such pairs to a sum: Armv7-M Architecture Reference Manual,
//! sections A7.7.182 and A7.7.138. The sums are those of the plain loops, since integer addition has no order.

use core::arch::asm;

/// How many filters are summed in one pass over the input.
pub(super) const BLOCK: usize = 4;

/// Adds to each sum the products of `x` with its weights, of which there are as many or more.
#[inline(always)]
pub(super) fn add_products<const N: usize>(x: &[i8], weights: [&[i8]; N], sums: &mut [i32; N]) {
    let (quads, rest) = x.as_chunks::<4>();
    let done = x.len() - rest.len();
    if let ([w0, w1, w2, w3], [s0, s1, s2, s3]) = (weights.as_slice(), sums.as_mut_slice()) {
        let w = [w0, w1, w2, w3].map(|w| w.as_chunks::<4>().0.iter());
        let [w0, w1, w2, w3] = w;
        let mut all = [*s0, *s1, *s2, *s3];
        for ((((x, w0), w1), w2), w3) in quads.iter().zip(w0).zip(w1).zip(w2).zip(w3) {
            let x = pairs(*x);
            all[0] = add_four(x, *w0, all[0]);
            all[1] = add_four(x, *w1, all[1]);
            all[2] = add_four(x, *w2, all[2]);
            all[3] = add_four(x, *w3, all[3]);
        }
        [*s0, *s1, *s2, *s3] = all;
    } else {
        for (sum, weights) in sums.iter_mut().zip(weights) {
            let mut all = *sum;
            for (x, w) in quads.iter().zip(weights.as_chunks::<4>().0) {
                all = add_four(pairs(*x), *w, all);
            }
            *sum = all;
        }
    }
    if rest.is_empty() {
        return;
    }
    for (sum, weights) in sums.iter_mut().zip(weights) {
        for (x, w) in rest.iter().zip(super::from(weights, done)) {
            *sum = sum.wrapping_add(product(*x, *w));
        }
    }
}

/// Adds to each sum the products of one value with its weights.
#[inline(always)]
pub(super) fn add_constant<const N: usize>(x: i8, weights: [&[i8]; N], sums: &mut [i32; N]) {
    for (sum, weights) in sums.iter_mut().zip(weights) {
        let total = weights.iter().fold(0i32, |total, w| total.wrapping_add(i32::from(*w)));
        *sum = sum.wrapping_add(i32::from(x).wrapping_mul(total));
    }
}

#[inline(always)]
pub(super) fn product(x: i8, w: i8) -> i32 {
    i32::from(x) * i32::from(w)
}

/// Four values as two words: the first and the third as 16 bits each, and the second and the fourth.
#[inline(always)]
fn pairs(x: [i8; 4]) -> [u32; 2] {
    let x = u32::from_le_bytes(x.map(|x| x as u8));
    let (even, odd): (u32, u32);
    // SAFETY: arithmetic on registers, by instructions that every Cortex-M4 and M7 has.
    unsafe {
        asm!(
            "sxtb16 {even}, {x}",
            "sxtb16 {odd}, {x}, ror #8",
            x = in(reg) x,
            even = out(reg) even,
            odd = lateout(reg) odd,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    [even, odd]
}

/// Adds four products to a sum.
#[inline(always)]
fn add_four([even, odd]: [u32; 2], w: [i8; 4], sum: i32) -> i32 {
    let w = u32::from_le_bytes(w.map(|w| w as u8));
    let mut total = sum;
    // SAFETY: as in `pairs`. The sum wraps; `SMLAD` sets the Q flag then, which nothing reads.
    unsafe {
        asm!(
            "sxtb16 {scratch}, {w}",
            "sxtb16 {w}, {w}, ror #8",
            "smlad {total}, {scratch}, {even}, {total}",
            "smlad {total}, {w}, {odd}, {total}",
            w = inout(reg) w => _,
            scratch = out(reg) _,
            even = in(reg) even,
            odd = in(reg) odd,
            total = inout(reg) total,
            options(pure, nomem, nostack),
        );
    }
    total
}
