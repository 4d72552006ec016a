//! Sums of products of 8-bit values on a Cortex-M with the DSP extension: two products an instruction.
//!
//! Four values are one word. `SXTB16` widens the values 0 and 2 of a word to 16 bits, and with a rotation by 8 bits the
//! values 1 and 3; `SMLAD` adds both products of two such pairs to a sum: Armv7-M Architecture Reference Manual,
//! sections A7.7.182 and A7.7.138. The sums are those of the plain loops, since integer addition has no order.

use super::{Multiplier, Output};
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

/// How many patches of a convolution are multiplied at once, and with how many filters: two at a time.
pub(super) const PATCHES: usize = 2;
pub(super) const FILTERS: usize = 16;

/// Stores a patch as [`add_patches`] reads it: the values with 16 bits each, four of the first patch, four of the
/// second one, and so on.
#[inline(always)]
pub(super) fn spread(patch: &[i8], number: usize, patches: &mut [i32]) {
    let (quads, rest) = patch.as_chunks::<4>();
    let first = 2 * number;
    let mut places = patches.chunks_exact_mut(4);
    for (quad, to) in quads.iter().zip(&mut places) {
        if let Some([even, odd]) = to
            .get_mut(first..first + 2)
            .and_then(|to| to.first_chunk_mut())
        {
            [*even, *odd] = pairs(*quad).map(u32::cast_signed);
        }
    }
    if let (false, Some(to)) = (rest.is_empty(), places.next()) {
        let mut last = [0; 4];
        last.iter_mut().zip(rest).for_each(|(to, x)| *to = *x);
        if let Some([even, odd]) = to
            .get_mut(first..first + 2)
            .and_then(|to| to.first_chunk_mut())
        {
            [*even, *odd] = pairs(last).map(u32::cast_signed);
        }
    }
}

/// Adds to the sums of each patch the products with the filters that there are, each of `taps` weights.
#[inline(always)]
pub(super) fn add_patches(
    patches: &[i32],
    weights: &[i8],
    taps: usize,
    sums: &mut [[i32; FILTERS]; PATCHES],
) {
    let (quads, _) = patches.as_chunks::<4>();
    let filters = weights.len().checked_div(taps).unwrap_or(0).min(FILTERS);
    let pairs = filters / 2;
    add_pairs(quads, weights, [taps; 2], pairs, sums);
    if filters % 2 == 1 {
        // A lone filter is multiplied twice.
        let [first, second] = sums;
        let mut last = [[0; FILTERS]; PATCHES];
        let at = 2 * pairs;
        if let (Some(first), Some(second)) = (first.get_mut(at), second.get_mut(at)) {
            (last[0][0], last[1][0]) = (*first, *second);
            add_pairs(
                quads,
                super::from(weights, at * taps),
                [taps, 0],
                1,
                &mut last,
            );
            (*first, *second) = (last[0][0], last[1][0]);
        }
    }
}

/// Adds the products of pairs of filters with `taps` weights, whose second one begins `stride` behind the first one:
/// 17 instructions for 16 products.
#[inline(always)]
fn add_pairs(
    quads: &[[i32; 4]],
    weights: &[i8],
    [taps, stride]: [usize; 2],
    pairs: usize,
    sums: &mut [[i32; FILTERS]; PATCHES],
) {
    const _: () = assert!(
        FILTERS == 16,
        "the distance between two patches' sums is 64 bytes"
    );
    let (whole, rest) = (taps / 4, taps % 4);
    let Some((quads, last)) = quads.split_at_checked(whole) else {
        return;
    };
    let needed = (2 * pairs).saturating_sub(2) * taps + stride + taps;
    if weights.len() < needed || pairs == 0 || pairs > FILTERS / 2 {
        return;
    }
    if !quads.is_empty() {
        let ends = quads.as_ptr_range();
        let first = sums.as_mut_ptr().cast::<i32>();
        // SAFETY: for each of at most 8 pairs, the inner loop reads the four words of each of `quads`, and as many words of
        // the weights of two filters, of which there are `needed`. The sums of the first patch lie at `first`, two for each
        // pair, and those of the second one 16 words behind. R6 and R7, which no operand may be, and the stack hold what
        // they held before at the end. The sums wrap; `SMLAD` sets the Q flag then, which nothing reads.
        unsafe {
            asm!(
                "push {{r6, r7}}",
                "push {{r0, r3, r4}}",
                "2:",
                "push {{r2}}",
                "ldrd r10, r11, [r2]",
                "ldrd r12, lr, [r2, #64]",
                "3:",
                "ldr r6, [r1, r8]",
                "ldm r0!, {{r2, r3, r4, r5}}",
                "sxtb16 r7, r6",
                "sxtb16 r6, r6, ror #8",
                "smlad r11, r7, r2, r11",
                "smlad lr, r7, r4, lr",
                "smlad r11, r6, r3, r11",
                "smlad lr, r6, r5, lr",
                "ldr r6, [r1], #4",
                "sxtb16 r7, r6",
                "sxtb16 r6, r6, ror #8",
                "smlad r10, r7, r2, r10",
                "smlad r12, r7, r4, r12",
                "smlad r10, r6, r3, r10",
                "smlad r12, r6, r5, r12",
                "cmp r0, r9",
                "bne 3b",
                "pop {{r2}}",
                "ldm sp, {{r0, r3, r4}}",
                "strd r12, lr, [r2, #64]",
                "strd r10, r11, [r2], #8",
                "add r1, r1, r4",
                "cmp r2, r3",
                "bne 2b",
                "add sp, sp, #12",
                "pop {{r6, r7}}",
                inout("r0") ends.start => _,
                inout("r1") weights.as_ptr() => _,
                inout("r2") first => _,
                inout("r3") first.wrapping_add(2 * pairs) => _,
                // From behind a filter's last whole word to the next pair.
                inout("r4") (2 * taps).wrapping_sub(4 * whole) => _,
                out("r5") _,
                in("r8") stride,
                in("r9") ends.end,
                out("r10") _,
                out("r11") _,
                out("r12") _,
                out("lr") _,
            );
        }
    }
    let Some(last) = last.first().filter(|_| rest > 0) else {
        return;
    };
    let values = |[even, odd]: [i32; 2]| [even as i16, odd as i16, (even >> 16) as i16];
    let patches = [values([last[0], last[1]]), values([last[2], last[3]])];
    for filter in 0..2 * pairs {
        let start = (filter & !1) * taps + (filter & 1) * stride + 4 * whole;
        let weights = super::from(weights, start);
        for (sums, patch) in sums.iter_mut().zip(&patches) {
            if let Some(sum) = sums.get_mut(filter) {
                for (x, w) in patch.iter().zip(weights).take(rest) {
                    *sum = sum.wrapping_add(i32::from(*x) * i32::from(*w));
                }
            }
        }
    }
}

/// Stores the outputs of sums, each scaled by the multiplier of its channel, as [`Output::requantize`] computes them.
#[inline(always)]
pub(super) fn store(sums: &[i32], multipliers: &[Multiplier], output: Output, y: &mut [i8]) {
    let count = sums.len().min(multipliers.len()).min(y.len());
    if count == 0 {
        return;
    }
    let y = y.as_mut_ptr();
    macro_rules! loop_with {
        ([$($hold:literal),+] $($ends:tt)*) => {
            // SAFETY: reads and writes `count` values of each slice. `SSAT` may set the Q flag, which nothing reads.
            unsafe {
                asm!(
                    "2:",
                    "ldr {value}, [{sums}], #4",
                    "ldrd {mantissa}, {shift}, [{multipliers}], #8",
                    // The product with the mantissa, after a shift to the left, if there is one.
                    "usat {low}, #5, {shift}",
                    "lsl {value}, {value}, {low}",
                    "mov {low}, #0x40000000",
                    "mov {high}, #0",
                    "smlal {low}, {high}, {value}, {mantissa}",
                    "lsr {low}, {low}, #31",
                    "orr {value}, {low}, {high}, lsl #1",
                    // A shift to the right by 1 less, if there is one, and a half that is rounded.
                    "mvns {shift}, {shift}",
                    "itttt pl",
                    "addpl {value}, {value}, {value}, asr #31",
                    "asrpl {value}, {value}, {shift}",
                    "andpl {low}, {value}, #1",
                    "addpl {value}, {low}, {value}, asr #1",
                    "add {value}, {value}, {zero_point}",
                    $($hold,)+
                    "strb {value}, [{y}], #1",
                    "cmp {y}, {end}",
                    "bne 2b",
                    sums = inout(reg) sums.as_ptr() => _,
                    multipliers = inout(reg) multipliers.as_ptr() => _,
                    y = inout(reg) y => _,
                    end = in(reg) y.wrapping_add(count),
                    zero_point = in(reg) i32::from(output.zero_point),
                    value = out(reg) _,
                    mantissa = out(reg) _,
                    shift = out(reg) _,
                    low = out(reg) _,
                    high = out(reg) _,
                    $($ends)*
                    options(nostack),
                )
            }
        };
    }
    match (output.min, output.max) {
        (i8::MIN, i8::MAX) => loop_with!(["ssat {value}, #8, {value}"]),
        (min, max) => loop_with!(
            [
                "cmp {value}, {max}",
                "it gt",
                "movgt {value}, {max}",
                "cmp {value}, {min}",
                "it lt",
                "movlt {value}, {min}"
            ]
            min = in(reg) i32::from(min),
            max = in(reg) i32::from(max),
        ),
    }
}

/// How many channels of a depthwise convolution or a pool are computed at once, and how many of the rest.
pub(super) const CHANNELS: [usize; 2] = [16, 4];

/// Adds to the sums of `N` channels the products of `x` with `weights` for each of `taps`, between which they have these
/// strides: 12 instructions for four products.
#[inline(always)]
pub(super) fn add_taps<const N: usize>(
    [x, weights]: [&[i8]; 2],
    strides: [usize; 2],
    taps: usize,
    sums: &mut [i32; N],
) {
    // Behind the last value of the last tap.
    let ends = strides.map(|stride| taps.saturating_sub(1) * stride + N);
    if x.len() < ends[0] || weights.len() < ends[1] || taps == 0 {
        return;
    }
    if N % 4 == 0 && strides[0] == strides[1] {
        let fours = sums.as_chunks_mut::<4>().0;
        for (number, [s0, s1, s2, s3]) in fours.iter_mut().enumerate() {
            let x = super::from(x, 4 * number).as_ptr();
            let weights = super::from(weights, 4 * number).as_ptr();
            // SAFETY: each of the `taps` rounds reads four values of `x` and of `weights`, the last ones before their ends.
            unsafe {
                asm!(
                    "2:",
                    "ldr {a}, [{x}]",
                    "ldr {b}, [{w}]",
                    "add {x}, {x}, {stride}",
                    "add {w}, {w}, {stride}",
                    "sxtb16 {c}, {a}",
                    "sxtb16 {d}, {b}",
                    "smlabb {s0}, {c}, {d}, {s0}",
                    "smlatt {s2}, {c}, {d}, {s2}",
                    "sxtb16 {a}, {a}, ror #8",
                    "sxtb16 {b}, {b}, ror #8",
                    "smlabb {s1}, {a}, {b}, {s1}",
                    "smlatt {s3}, {a}, {b}, {s3}",
                    "cmp {x}, {end}",
                    "bne 2b",
                    x = inout(reg) x => _,
                    w = inout(reg) weights => _,
                    stride = in(reg) strides[0],
                    end = in(reg) x.wrapping_add(taps * strides[0]),
                    s0 = inout(reg) *s0,
                    s1 = inout(reg) *s1,
                    s2 = inout(reg) *s2,
                    s3 = inout(reg) *s3,
                    a = out(reg) _,
                    b = out(reg) _,
                    c = out(reg) _,
                    d = out(reg) _,
                    options(readonly, nostack),
                );
            }
        }
        return;
    }
    for tap in 0..taps {
        let x = super::from(x, tap * strides[0]);
        let weights = super::from(weights, tap * strides[1]);
        for (sum, (x, w)) in sums.iter_mut().zip(x.iter().zip(weights)) {
            *sum = sum.wrapping_add(product(*x, *w));
        }
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
