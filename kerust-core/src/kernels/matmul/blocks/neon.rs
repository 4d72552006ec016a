//! Vectors of aarch64: NEON.

use super::pack::{self, Strided};
use super::simd::Simd;
use super::tile::{self, Tile};
use core::arch::aarch64::*;

/// NEON: 32 registers of 4 lanes.
pub(super) struct Neon;

impl Simd for Neon {
    const LANES: usize = 4;
    // No multiply-add takes its operand from memory: 6 × 4 sums, four vectors and a broadcast.
    const SUMS: usize = 24;
    type Vector = float32x4_t;
    /// How many lanes.
    type Mask = usize;

    #[inline(always)]
    unsafe fn zero() -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vdupq_n_f32(0.0) }
    }

    #[inline(always)]
    unsafe fn splat(x: *const f32) -> float32x4_t {
        // SAFETY: the caller has NEON, and a value at `x`.
        unsafe { vld1q_dup_f32(x) }
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> usize {
        lanes
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> float32x4_t {
        // SAFETY: the caller has NEON, and 4 values at `from`.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, lanes: usize) -> float32x4_t {
        // SAFETY: the caller has NEON, and the mask's values at `from`.
        unsafe {
            let two = || vcombine_f32(vld1_f32(from), vdup_n_f32(0.0));
            match lanes {
                1 => vld1q_lane_f32::<0>(from, vdupq_n_f32(0.0)),
                2 => two(),
                3 => vld1q_lane_f32::<2>(from.add(2), two()),
                _ => vld1q_f32(from),
            }
        }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: float32x4_t) {
        // SAFETY: the caller has NEON, and room for 4 values at `to`.
        unsafe { vst1q_f32(to, x) }
    }

    #[inline(always)]
    unsafe fn store_masked(to: *mut f32, lanes: usize, x: float32x4_t) {
        // SAFETY: the caller has NEON, and room for the mask's values at `to`.
        unsafe {
            match lanes {
                1 => vst1q_lane_f32::<0>(to, x),
                2 => vst1_f32(to, vget_low_f32(x)),
                3 => {
                    vst1_f32(to, vget_low_f32(x));
                    vst1q_lane_f32::<2>(to.add(2), x);
                }
                _ => vst1q_f32(to, x),
            }
        }
    }

    #[inline(always)]
    unsafe fn mul(x: float32x4_t, y: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vmulq_f32(x, y) }
    }

    #[inline(always)]
    unsafe fn add(x: float32x4_t, y: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vaddq_f32(x, y) }
    }

    #[inline(always)]
    unsafe fn fma(x: float32x4_t, y: float32x4_t, sum: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vfmaq_f32(sum, x, y) }
    }

    #[inline(always)]
    unsafe fn relu(x: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON. `vmaxq_f32` would turn -0 into 0, as no other set does.
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

    #[target_feature(enable = "neon")]
    unsafe fn tile<const ROWS: usize, const VECTORS: usize>(tile: &Tile<'_>) {
        // SAFETY: passed on to the caller.
        unsafe { tile::tile::<Self, ROWS, VECTORS>(tile) }
    }

    #[target_feature(enable = "neon")]
    unsafe fn pack_transposed(from: &Strided, panel: *mut f32, width: usize) {
        // SAFETY: passed on to the caller.
        unsafe { pack::transposed::<Self>(from, panel, width) }
    }
}
