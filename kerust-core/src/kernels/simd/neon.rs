//! Vectors of aarch64: NEON.

use super::Simd;
use core::arch::aarch64::*;

/// NEON: 32 registers of 4 lanes.
pub(crate) struct Neon;

impl Simd for Neon {
    const LANES: usize = 4;
    type Vector = float32x4_t;
    /// The number of lanes.
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
    unsafe fn add(x: float32x4_t, y: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vaddq_f32(x, y) }
    }

    #[inline(always)]
    unsafe fn div(x: float32x4_t, y: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vdivq_f32(x, y) }
    }

    #[inline(always)]
    unsafe fn larger(peak: float32x4_t, x: float32x4_t) -> float32x4_t {
        // SAFETY: the caller has NEON.
        unsafe { vbslq_f32(vcgtq_f32(x, peak), x, peak) }
    }

    #[inline(always)]
    unsafe fn split(x: float32x4_t, y: float32x4_t, value: float32x4_t) -> [float32x4_t; 2] {
        // SAFETY: the caller has NEON.
        unsafe {
            let (equal, zero) = (vceqq_f32(x, y), vdupq_n_f32(0.0));
            [vbslq_f32(equal, value, zero), vbslq_f32(equal, zero, value)]
        }
    }

    #[target_feature(enable = "neon")]
    unsafe fn enter(work: impl FnOnce()) {
        work();
    }
}
