//! Portable kernels: plain loops, which the compiler vectorizes for its target. On a Cortex-M with an FPU,
//! `cortex_m.rs` is used instead.

use super::matmul::{End, SumBlock};

/// A Cortex-M without an FPU multiplies by function calls, which keep nothing in registers.
const SOFT: bool = cfg!(all(target_arch = "arm", target_abi = "eabi"));

/// The number of rows in a block of a product.
pub(super) const ROWS: usize = if SOFT { 1 } else { 4 };

/// The number of columns in a block, if `left` columns remain.
#[inline(always)]
pub(super) fn columns(_rows: usize, left: usize) -> usize {
    match left {
        8.. if !SOFT => 8,
        4.. if !SOFT => 4,
        _ => 1,
    }
}

/// The square root, correctly rounded.
#[inline(always)]
pub(crate) fn sqrt(x: f32) -> f32 {
    // With `std` this is an instruction, and a loop of it is vectorized.
    #[cfg(feature = "std")]
    {
        x.sqrt()
    }
    #[cfg(not(feature = "std"))]
    libm::sqrtf(x)
}

/// The sums of one run in ascending order; each product is rounded before it is added.
///
/// # Safety
/// The operands have values at every tap, and the columns are those that [`columns`] gave.
#[inline(always)]
pub(super) unsafe fn run(run: &SumBlock) {
    // SAFETY: the caller's promises are those of each function called.
    unsafe {
        match (run.rows, run.columns) {
            (ROWS, 8) if !SOFT => walk::<ROWS, 8>(run),
            (ROWS, 4) if !SOFT => walk::<ROWS, 4>(run),
            (_, 8) if !SOFT => walk::<1, 8>(run),
            (_, 4) if !SOFT => walk::<1, 4>(run),
            (ROWS, _) => walk::<ROWS, 1>(run),
            _ => walk::<1, 1>(run),
        }
    }
}

/// Finishes a row of sums.
///
/// # Safety
/// Every part has a value for each column.
pub(super) unsafe fn end(end: &End) {
    for j in 0..end.columns {
        // SAFETY: the caller's promise.
        unsafe {
            let mut y = *end.sums.add(j);
            if let Some([factor, shift]) = end.line {
                y = y * *factor.add(j) + *shift.add(j);
            }
            if end.adds {
                y += *end.y.add(j);
            }
            if end.relu && y < 0.0 {
                y = 0.0;
            }
            *end.y.add(j) = y;
        }
    }
}

/// # Safety
/// The same as for [`run`].
#[inline(always)]
unsafe fn walk<const M: usize, const N: usize>(run: &SumBlock) {
    // SAFETY: the caller's promises are those of each function called.
    unsafe {
        // Written twice, so that the common case is vectorized.
        if run.across == 1 {
            sum::<M, N>(run, 1);
        } else {
            sum::<M, N>(run, run.across);
        }
    }
}

/// # Safety
/// The same as for [`run`].
#[inline(always)]
unsafe fn sum<const M: usize, const N: usize>(run: &SumBlock, across: usize) {
    let mut sums = [[0.0; N]; M];
    for (sums, from) in sums.iter_mut().zip(run.from) {
        // SAFETY: there is a sum for each column, as the caller promises.
        *sums = unsafe { from.add(run.first).cast::<[f32; N]>().read() };
    }
    let (mut x, mut w) = (0, run.first * across);
    for _ in 0..run.taps {
        let mut row = [0.0; N];
        for (j, value) in row.iter_mut().enumerate() {
            // SAFETY: there is a value, as the caller promises.
            *value = unsafe { *run.w.add(w + j * across) };
        }
        for (sums, from) in sums.iter_mut().zip(run.x) {
            // SAFETY: as above.
            let x = unsafe { *from.add(x) };
            sums.iter_mut().zip(row).for_each(|(sum, w)| *sum += x * w);
        }
        x += run.steps[0];
        w += run.steps[1];
    }
    for (sums, to) in sums.into_iter().zip(run.to) {
        // SAFETY: as above.
        unsafe { to.add(run.first).cast::<[f32; N]>().write(sums) };
    }
}
