//! Kernels in assembly for a Cortex-M with a single-precision FPU (M4F, M7, M33).
//!
//! The sums of a block are in s0 to s15. One instruction loads a row of weights into s16 to s23, and four
//! values of each row of `x` into s24 to s31. A block of 2 × 8 thus takes 78 instructions for 64
//! multiply-adds, and a block of 1 × 16 takes 79. All multiply-adds are fused, so the results are the same as
//! on a workstation.

use super::matmul::{End, SumBlock};
use core::arch::asm;

/// The number of rows in a block of a product.
pub(super) const ROWS: usize = 2;

/// The number of columns in a block, if `left` columns remain.
#[inline(always)]
pub(super) fn columns(rows: usize, left: usize) -> usize {
    match left {
        16.. if rows == 1 => 16,
        8.. => 8,
        4.. => 4,
        _ => 1,
    }
}

/// The square root, correctly rounded.
#[inline(always)]
pub(crate) fn sqrt(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: arithmetic on registers.
    unsafe {
        asm!(
            "vmov s0, {bits}",
            "vsqrt.f32 s0, s0",
            "vmov {bits}, s0",
            bits = inout(reg) bits, out("s0") _,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    f32::from_bits(bits)
}

/// The sums of one run in ascending order.
///
/// # Safety
/// The operands have values at every tap, and the columns are those that [`columns`] gave.
#[inline(always)]
pub(super) unsafe fn run(run: &SumBlock) {
    let dense = run.steps[0] == 1 && run.across == 1;
    // SAFETY: the caller's promises are those of each function called.
    unsafe {
        if dense && run.rows == ROWS && run.columns == 8 {
            return two_by_eight(run);
        }
        let rows = run.from.iter().zip(run.to).zip(run.x).take(run.rows);
        for ((from, to), x) in rows {
            let row = Row {
                from: from.add(run.first),
                to: to.add(run.first),
                x,
            };
            match run.columns {
                16 if dense => one_by_sixteen(run, row),
                8 if dense => one_by_eight(run, row),
                4 if dense => one_by_four(run, row),
                _ => (0..run.columns).for_each(|j| one(run, &row, j)),
            }
        }
    }
}

/// Finishes some sums in s0 and the following registers. A part whose operand is null is skipped.
macro_rules! end {
    ($sums:literal, $other:literal, $shifts:literal: $(($y:literal $x:literal $shift:literal))+) => {
        concat!(
            "vldmia {sums}!, {{", $sums, "}}\n",
            "cbz r0, 6f\n",
            "vldmia r0!, {{", $other, "}}\n vldmia {shift}!, {{", $shifts, "}}\n",
            $("vmul.f32 s", $y, ", s", $y, ", s", $x, "\n vadd.f32 s", $y, ", s", $y, ", s", $shift, "\n",)+
            "6: cbz r1, 7f\n",
            "vldmia {y}, {{", $other, "}}\n",
            $("vadd.f32 s", $y, ", s", $y, ", s", $x, "\n",)+
            "7: cbz r2, 8f\n",
            $("vcmp.f32 s", $y, ", #0\n vmrs APSR_nzcv, fpscr\n it mi\n vmovmi s", $y, ", s12\n",)+
            "8: vstmia {y}!, {{", $sums, "}}\n",
        )
    };
}

/// Finishes a row of sums, four at a time and then one by one.
///
/// # Safety
/// Every part has a value for each column.
#[inline(never)]
pub(super) unsafe fn end(end: &End) {
    let [factor, shift] = end.line.unwrap_or([core::ptr::null(); 2]);
    // SAFETY: reads and writes a value of each column, which exist as the caller promises.
    unsafe {
        asm!(
            "vmov s12, {zero}",
            "subs {left}, {left}, #4",
            "blt 3f",
            "2:",
            end!("s0-s3", "s4-s7", "s8-s11": (0 4 8) (1 5 9) (2 6 10) (3 7 11)),
            "subs {left}, {left}, #4",
            "bge 2b",
            "3: adds {left}, {left}, #4",
            "beq 5f",
            "4:",
            end!("s0", "s4", "s8": (0 4 8)),
            "subs {left}, {left}, #1",
            "bne 4b",
            "5:",
            zero = in(reg) 0,
            left = inout(reg) end.columns => _,
            sums = inout(reg) end.sums => _,
            y = inout(reg) end.y => _,
            shift = inout(reg) shift => _,
            // `cbz` can only test low registers.
            inout("r0") factor => _,
            in("r1") u32::from(end.adds),
            in("r2") u32::from(end.relu),
            out("s0") _, out("s1") _, out("s2") _, out("s3") _, out("s4") _, out("s5") _, out("s6") _,
            out("s7") _, out("s8") _, out("s9") _, out("s10") _, out("s11") _, out("s12") _,
            options(nostack),
        );
    }
}

/// One row of a run, from its first column on.
#[derive(Clone, Copy)]
struct Row {
    from: *const f32,
    to: *mut f32,
    x: *const f32,
}

/// One sum, for any layout of the operands.
///
/// # Safety
/// The same as for [`run`].
#[inline(never)]
unsafe fn one(run: &SumBlock, row: &Row, j: usize) {
    // SAFETY: the operands have `taps` values, as the caller promises.
    unsafe {
        asm!(
            "vldr s0, [{from}]",
            "cmp {taps}, #0",
            "beq 3f",
            "2: vldr s1, [{x}]",
            "vldr s2, [{w}]",
            "add {x}, {x}, {along}",
            "add {w}, {w}, {down}",
            "vfma.f32 s0, s1, s2",
            "subs {taps}, {taps}, #1",
            "bne 2b",
            "3: vstr s0, [{to}]",
            from = in(reg) row.from.add(j),
            to = in(reg) row.to.add(j),
            x = inout(reg) row.x => _,
            w = inout(reg) run.w.add((run.first + j) * run.across) => _,
            along = in(reg) 4 * run.steps[0],
            down = in(reg) 4 * run.steps[1],
            taps = inout(reg) run.taps => _,
            out("s0") _, out("s1") _, out("s2") _,
            options(nostack),
        );
    }
}

/// Adds the products of a row of weights, in s16 and the following registers, with one value to as many sums.
macro_rules! products {
    ($x:literal: $a:literal $b:literal $c:literal $d:literal) => {
        concat!(
            "vfma.f32 s", $a, ", s16, s", $x, "\n", "vfma.f32 s", $b, ", s17, s", $x, "\n",
            "vfma.f32 s", $c, ", s18, s", $x, "\n", "vfma.f32 s", $d, ", s19, s", $x, "\n",
        )
    };
    ($x:literal: $a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal) => {
        concat!(
            products!($x: $a $b $c $d),
            "vfma.f32 s", $e, ", s20, s", $x, "\n", "vfma.f32 s", $f, ", s21, s", $x, "\n",
            "vfma.f32 s", $g, ", s22, s", $x, "\n", "vfma.f32 s", $h, ", s23, s", $x, "\n",
        )
    };
}

/// Loads the next row of weights.
macro_rules! row {
    ($registers:literal) => {
        concat!("vldmia {w}, {{", $registers, "}}\n add {w}, {w}, {down}\n")
    };
}

/// Loops over four taps at a time, and then over single taps. All registers of the FPU may change.
macro_rules! taps {
    ($load:expr, $four:expr, $one:expr, $store:expr, $run:ident, $($operand:tt)*) => {
        asm!(
            concat!(
                $load,
                "subs {taps}, {taps}, #4\n",
                "blt 3f\n",
                "2:\n", $four,
                "subs {taps}, {taps}, #4\n",
                "bge 2b\n",
                "3: adds {taps}, {taps}, #4\n",
                "beq 5f\n",
                "4:\n", $one,
                "subs {taps}, {taps}, #1\n",
                "bne 4b\n",
                "5:\n", $store,
            ),
            $($operand)*
            w = inout(reg) $run.w.add($run.first) => _, taps = inout(reg) $run.taps => _,
            out("d0") _, out("d1") _, out("d2") _, out("d3") _,
            out("d4") _, out("d5") _, out("d6") _, out("d7") _,
            out("d8") _, out("d9") _, out("d10") _, out("d11") _,
            out("d12") _, out("d13") _, out("d14") _, out("d15") _,
            options(nostack),
        )
    };
}

/// Two rows, eight columns.
///
/// # Safety
/// The same as for [`run`].
#[inline(never)]
unsafe fn two_by_eight(run: &SumBlock) {
    macro_rules! tap {
        ($x0:literal $x1:literal) => {
            concat!(row!("s16-s23"), products!($x0: 0 1 2 3 4 5 6 7), products!($x1: 8 9 10 11 12 13 14 15))
        };
    }
    // SAFETY: reads `taps` values of each `x`, and rows of eight of `w`, which exist as the caller promises.
    unsafe {
        taps!(
            "vldmia {from0}, {{s0-s7}}\n vldmia {from1}, {{s8-s15}}\n",
            concat!(
                "vldmia {x0}!, {{s24-s27}}\n vldmia {x1}!, {{s28-s31}}\n",
                tap!(24 28), tap!(25 29), tap!(26 30), tap!(27 31),
            ),
            concat!("vldmia {x0}!, {{s24}}\n vldmia {x1}!, {{s28}}\n", tap!(24 28)),
            "vstmia {to0}, {{s0-s7}}\n vstmia {to1}, {{s8-s15}}\n",
            run,
            from0 = in(reg) run.from[0].add(run.first), from1 = in(reg) run.from[1].add(run.first),
            to0 = in(reg) run.to[0].add(run.first), to1 = in(reg) run.to[1].add(run.first),
            x0 = inout(reg) run.x[0] => _, x1 = inout(reg) run.x[1] => _,
            down = in(reg) 4 * run.steps[1],
        );
    }
}

/// A block with one row, with the given instructions for each value of `x`.
macro_rules! one_row {
    ($(#[$doc:meta])* $name:ident, $sums:literal, $skip:literal, $tap:ident) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// The same as for [`run`].
        #[inline(never)]
        unsafe fn $name(run: &SumBlock, row: Row) {
            // SAFETY: reads `taps` values of `x` and rows of `w`, which exist as the caller promises.
            unsafe {
                taps!(
                    concat!("vldmia {from}, {{", $sums, "}}\n"),
                    concat!("vldmia {x}!, {{s24-s27}}\n", $tap!(24), $tap!(25), $tap!(26), $tap!(27)),
                    concat!("vldmia {x}!, {{s24}}\n", $tap!(24)),
                    concat!("vstmia {to}, {{", $sums, "}}\n"),
                    run,
                    from = in(reg) row.from, to = in(reg) row.to, x = inout(reg) row.x => _,
                    down = in(reg) (4 * run.steps[1]).wrapping_sub($skip),
                );
            }
        }
    };
}

macro_rules! tap_of_sixteen {
    ($x:literal) => {
        concat!(
            "vldmia {w}!, {{s16-s23}}\n", products!($x: 0 1 2 3 4 5 6 7),
            row!("s16-s23"), products!($x: 8 9 10 11 12 13 14 15),
        )
    };
}
one_row!(
    /// One row, sixteen columns. The second load of a tap starts eight columns further.
    one_by_sixteen, "s0-s15", 32, tap_of_sixteen
);

macro_rules! tap_of_eight {
    ($x:literal) => { concat!(row!("s16-s23"), products!($x: 0 1 2 3 4 5 6 7)) };
}
one_row!(
    /// One row, eight columns.
    one_by_eight, "s0-s7", 0, tap_of_eight
);

macro_rules! tap_of_four {
    ($x:literal) => { concat!(row!("s16-s19"), products!($x: 0 1 2 3)) };
}
one_row!(
    /// One row, four columns.
    one_by_four, "s0-s3", 0, tap_of_four
);
