//! The tile operations for NEON.

use super::registers::Registers;
use crate::kernels::simd::Neon;
use core::arch::aarch64::*;

impl Registers for Neon {
    // Multiply-adds cannot take an operand from memory: 6 × 4 sums, four vectors and a broadcast value.
    const SUMS: usize = 24;

    #[inline(always)]
    unsafe fn mul(x: float32x4_t, y: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vmulq_f32(x, y) }
    }

    #[inline(always)]
    unsafe fn fma(x: float32x4_t, y: float32x4_t, sum: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vfmaq_f32(sum, x, y) }
    }

    #[inline(always)]
    unsafe fn relu(x: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON. `vmaxq_f32` would turn -0 into 0, unlike all other sets.
        unsafe { vbslq_f32(vcltzq_f32(x), vdupq_n_f32(0.0), x) }
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [float32x4_t; 16]) {
        // SAFETY: the caller has NEON.
        unsafe {
            // 2×2 blocks of values, then of pairs.
            let even = |a, b| vreinterpretq_f64_f32(vtrn1q_f32(a, b));
            let odd = |a, b| vreinterpretq_f64_f32(vtrn2q_f32(a, b));
            let (top_even, top_odd) = (even(rows[0], rows[1]), odd(rows[0], rows[1]));
            let (low_even, low_odd) = (even(rows[2], rows[3]), odd(rows[2], rows[3]));
            rows[0] = vreinterpretq_f32_f64(vtrn1q_f64(top_even, low_even));
            rows[1] = vreinterpretq_f32_f64(vtrn1q_f64(top_odd, low_odd));
            rows[2] = vreinterpretq_f32_f64(vtrn2q_f64(top_even, low_even));
            rows[3] = vreinterpretq_f32_f64(vtrn2q_f64(top_odd, low_odd));
        }
    }
}
