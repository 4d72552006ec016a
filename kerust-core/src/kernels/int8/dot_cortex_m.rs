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
    if let (Some(weights), Some(sums)) = (weights.first_chunk(), sums.first_chunk_mut())
        && N == BLOCK
    {
        add_four_products(quads, weights, sums);
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

/// The products of four filters, whose weights lie equally far apart: 25 instructions for 16 products.
#[inline(never)]
fn add_four_products(quads: &[[i8; 4]], weights: &[&[i8]; BLOCK], sums: &mut [i32; BLOCK]) {
    let [w0, w1, w2, w3] = weights.map(<[i8]>::as_ptr);
    let stride = w1.addr().wrapping_sub(w0.addr());
    let equal =
        w2.addr().wrapping_sub(w1.addr()) == stride && w3.addr().wrapping_sub(w2.addr()) == stride;
    let enough = weights
        .iter()
        .all(|weights| weights.len() >= 4 * quads.len());
    if !equal || !enough || quads.is_empty() {
        return;
    }
    let ends = quads.as_ptr_range();
    let [s0, s1, s2, s3] = sums;
    // SAFETY: the loop reads the words from the first to the last one of `quads`, and as many from each filter's
    // weights, which has them: that of filter k lies `k * stride` behind that of filter 0. R6 and R7, which no operand
    // may be, hold what they held before at the end. The sums wrap; `SMLAD` sets the Q flag then, which nothing reads.
    unsafe {
        asm!(
            "push {{r6, r7}}",
            "2:",
            "ldr r8, [r0], #4",
            "ldr r6, [r2, r4]",
            "sxtb16 r5, r8",
            "sxtb16 r8, r8, ror #8",
            "sxtb16 r7, r6",
            "sxtb16 r6, r6, ror #8",
            "smlad r11, r7, r5, r11",
            "smlad r11, r6, r8, r11",
            "ldr r6, [r2, r4, lsl #1]",
            "sxtb16 r7, r6",
            "sxtb16 r6, r6, ror #8",
            "smlad r12, r7, r5, r12",
            "smlad r12, r6, r8, r12",
            "ldr r6, [r2], #4",
            "sxtb16 r7, r6",
            "sxtb16 r6, r6, ror #8",
            "smlad r10, r7, r5, r10",
            "smlad r10, r6, r8, r10",
            "ldr r6, [r3], #4",
            "sxtb16 r7, r6",
            "sxtb16 r6, r6, ror #8",
            "smlad lr, r7, r5, lr",
            "smlad lr, r6, r8, lr",
            "cmp r0, r1",
            "bne 2b",
            "pop {{r6, r7}}",
            inout("r0") ends.start => _,
            in("r1") ends.end,
            inout("r2") w0 => _,
            inout("r3") w3 => _,
            in("r4") stride,
            out("r5") _,
            out("r8") _,
            inout("r10") *s0,
            inout("r11") *s1,
            inout("r12") *s2,
            inout("lr") *s3,
            options(readonly),
        );
    }
}

/// Adds to each sum the product of the values that stand at its place.
#[inline(always)]
pub(super) fn add_each<const N: usize>(x: &[i8; N], weights: &[i8; N], sums: &mut [i32; N]) {
    let ((x, x_rest), (w, w_rest)) = (x.as_chunks::<4>(), weights.as_chunks::<4>());
    let (fours, rest) = sums.as_chunks_mut::<4>();
    for (sums, (x, w)) in fours.iter_mut().zip(x.iter().zip(w)) {
        let ([x02, x13], [w02, w13]) = (pairs(*x), pairs(*w));
        let [s0, s1, s2, s3] = sums;
        // SAFETY: as in `pairs`.
        unsafe {
            asm!(
                "smlabb {s0}, {x02}, {w02}, {s0}",
                "smlabb {s1}, {x13}, {w13}, {s1}",
                "smlatt {s2}, {x02}, {w02}, {s2}",
                "smlatt {s3}, {x13}, {w13}, {s3}",
                x02 = in(reg) x02,
                x13 = in(reg) x13,
                w02 = in(reg) w02,
                w13 = in(reg) w13,
                s0 = inout(reg) *s0,
                s1 = inout(reg) *s1,
                s2 = inout(reg) *s2,
                s3 = inout(reg) *s3,
                options(pure, nomem, nostack),
            );
        }
    }
    for (sum, (x, w)) in rest.iter_mut().zip(x_rest.iter().zip(w_rest)) {
        *sum = sum.wrapping_add(product(*x, *w));
    }
}

/// Adds to each sum the products of one value with its weights.
#[inline(always)]
pub(super) fn add_constant<const N: usize>(x: i8, weights: [&[i8]; N], sums: &mut [i32; N]) {
    for (sum, weights) in sums.iter_mut().zip(weights) {
        let total = weights
            .iter()
            .fold(0i32, |total, w| total.wrapping_add(i32::from(*w)));
        *sum = sum.wrapping_add(i32::from(x).wrapping_mul(total));
    }
}

#[inline(always)]
fn product(x: i8, w: i8) -> i32 {
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
