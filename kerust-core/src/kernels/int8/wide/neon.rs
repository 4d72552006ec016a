//! NEON with dot products.

use super::Wide;
use super::product::Numbers;
use crate::kernels::int8::Output;
use core::arch::aarch64::*;

/// NEON with `sdot`: 32 registers of 4 lanes.
pub(super) struct Neon;

impl Wide for Neon {
    const LANES: usize = 4;
    const TAPS: usize = 4;
    const OFFSET: i32 = 0;
    const MANY_REGISTERS: bool = true;
    type Vector = int32x4_t;

    #[inline(always)]
    unsafe fn zero() -> int32x4_t {
        // SAFETY: every aarch64 has NEON.
        unsafe { vdupq_n_s32(0) }
    }

    #[inline(always)]
    unsafe fn load(from: *const i32) -> int32x4_t {
        // SAFETY: as above; the caller has 4 values at `from`.
        unsafe { vld1q_s32(from) }
    }

    #[inline(always)]
    unsafe fn splat(word: i32) -> int32x4_t {
        // SAFETY: as above.
        unsafe { vdupq_n_s32(word) }
    }

    #[inline(always)]
    unsafe fn dot(sums: int32x4_t, x: int32x4_t, weights: int32x4_t) -> int32x4_t {
        let mut sums = sums;
        // SAFETY: the caller has dot products. The intrinsic is not stable.
        unsafe {
            core::arch::asm!(
                ".arch_extension dotprod",
                "sdot {sums:v}.4s, {x:v}.16b, {weights:v}.16b",
                sums = inout(vreg) sums,
                x = in(vreg) x,
                weights = in(vreg) weights,
                options(pure, nomem, nostack, preserves_flags),
            );
        }
        sums
    }

    #[inline(always)]
    unsafe fn dot_of(x: &[i8], weights: &[i8]) -> i32 {
        let (x, x_rest) = x.as_chunks::<16>();
        let (weights, weights_rest) = weights.as_chunks::<16>();
        // SAFETY: the caller has dot products; each chunk has 16 values.
        let mut sum = unsafe {
            let mut sums = Self::zero();
            for (x, weights) in x.iter().zip(weights) {
                let x = vreinterpretq_s32_s8(vld1q_s8(x.as_ptr()));
                let weights = vreinterpretq_s32_s8(vld1q_s8(weights.as_ptr()));
                sums = Self::dot(sums, x, weights);
            }
            vaddvq_s32(sums)
        };
        for (x, weight) in x_rest.iter().zip(weights_rest) {
            sum = sum.wrapping_add(i32::from(*x) * i32::from(*weight));
        }
        sum
    }

    #[inline(always)]
    unsafe fn finish(
        sums: int32x4_t,
        numbers: &Numbers<int32x4_t>,
        output: Output,
        to: *mut i8,
        lanes: usize,
    ) {
        // SAFETY: every aarch64 has NEON; the caller has room for the outputs.
        unsafe {
            let sums = vshlq_s32(sums, numbers.left);
            // A mantissa is positive, so that nothing saturates.
            let high = vqrdmulhq_s32(sums, numbers.mantissas);
            let right = vnegq_s32(numbers.right);
            // Lowers a negative number by 1 where it is shifted.
            let lowered = vqaddq_s32(high, vshrq_n_s32::<31>(vandq_s32(high, right)));
            let y = vrshlq_s32(lowered, right);
            let y = vaddq_s32(y, vdupq_n_s32(output.zero_point.into()));
            let y = vmaxq_s32(y, vdupq_n_s32(output.min.into()));
            let y = vminq_s32(y, vdupq_n_s32(output.max.into()));
            let mut values = [0i32; 4];
            vst1q_s32(values.as_mut_ptr(), y);
            for (lane, value) in values.into_iter().enumerate().take(lanes) {
                to.add(lane).write(value as i8);
            }
        }
    }

    #[inline(always)]
    unsafe fn enter(work: impl FnOnce()) {
        work();
    }
}
