//! What the tile needs of an instruction set, beside its vectors.

use crate::kernels::simd::Simd;

/// Registers, and what is done in them.
///
/// # Safety
/// As of [`Simd`].
pub(super) trait Registers: Simd {
    /// Sums that fit in registers, beside the operands.
    const SUMS: usize;

    /// Asks for the cache line of a value that need not exist, where the language can.
    #[inline(always)]
    unsafe fn prefetch(_value: *const f32) {}
    unsafe fn mul(x: Self::Vector, y: Self::Vector) -> Self::Vector;
    /// `x * y + sum`, rounded once.
    unsafe fn fma(x: Self::Vector, y: Self::Vector, sum: Self::Vector) -> Self::Vector;
    /// Zero for what is below zero; NaN stays.
    unsafe fn relu(x: Self::Vector) -> Self::Vector;
    /// Turns `LANES` vectors around: lane i of vector j becomes lane j of vector i.
    unsafe fn transpose(rows: &mut [Self::Vector; 16]);
}
