//! The tile operations that an instruction set must provide, in addition to its vectors.

use crate::kernels::simd::Simd;

/// Registers, and the operations on them.
///
/// # Safety
/// The same as for [`Simd`].
pub(super) trait Registers: Simd {
    /// The number of sums that fit in registers together with the operands.
    const SUMS: usize;

    /// Prefetches the cache line of a value, if the instruction set can. The value need not exist.
    #[inline(always)]
    unsafe fn prefetch(_value: *const f32) {}
    /// Prefetches the cache line of an output, which other cores then no longer hold.
    #[inline(always)]
    unsafe fn prefetch_to_write(_output: *mut f32) {}
    unsafe fn mul(x: Self::Vector, y: Self::Vector) -> Self::Vector;
    /// `x * y + sum`, rounded once.
    unsafe fn fma(x: Self::Vector, y: Self::Vector, sum: Self::Vector) -> Self::Vector;
    /// Replaces negative values by zero; NaN is kept.
    unsafe fn relu(x: Self::Vector) -> Self::Vector;
    /// Transposes `LANES` vectors: lane i of vector j becomes lane j of vector i.
    unsafe fn transpose(rows: &mut [Self::Vector; 16]);
}
