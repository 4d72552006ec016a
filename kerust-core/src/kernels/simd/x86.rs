//! Vectors of x86-64: AVX-512 and AVX2.

use super::Simd;
use core::arch::x86_64::*;

/// AVX2 with FMA: 16 registers of 8 lanes.
pub(crate) struct Avx2;

/// AVX-512F: 32 registers of 16 lanes.
pub(crate) struct Avx512;

impl Simd for Avx512 {
    const LANES: usize = 16;
    type Vector = __m512;
    type Mask = __mmask16;

    #[inline(always)]
    unsafe fn zero() -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn splat(x: *const f32) -> __m512 {
        // SAFETY: the caller has AVX-512F, and a value at `x`.
        unsafe { _mm512_set1_ps(*x) }
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> __mmask16 {
        0xffff >> (16 - lanes)
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        // SAFETY: the caller has AVX-512F, and 16 values at `from`.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: __mmask16) -> __m512 {
        // SAFETY: the caller has AVX-512F, and the mask's values at `from`.
        unsafe { _mm512_maskz_loadu_ps(mask, from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: __m512) {
        // SAFETY: the caller has AVX-512F, and room for 16 values at `to`.
        unsafe { _mm512_storeu_ps(to, x) }
    }

    #[inline(always)]
    unsafe fn store_masked(to: *mut f32, mask: __mmask16, x: __m512) {
        // SAFETY: the caller has AVX-512F, and room for the mask's values at `to`.
        unsafe { _mm512_mask_storeu_ps(to, mask, x) }
    }

    #[inline(always)]
    unsafe fn add(x: __m512, y: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_add_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn div(x: __m512, y: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_div_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn larger(peak: __m512, x: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F. If one operand is NaN, the result is the second operand.
        unsafe { _mm512_max_ps(x, peak) }
    }

    #[inline(always)]
    unsafe fn split(x: __m512, y: __m512, value: __m512) -> [__m512; 2] {
        // SAFETY: the caller has AVX-512F.
        unsafe {
            let equal = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(x, y);
            [
                _mm512_maskz_mov_ps(equal, value),
                _mm512_maskz_mov_ps(!equal, value),
            ]
        }
    }

    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    unsafe fn enter(work: impl FnOnce()) {
        work();
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    type Vector = __m256;
    type Mask = __m256i;

    #[inline(always)]
    unsafe fn zero() -> __m256 {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn splat(x: *const f32) -> __m256 {
        // SAFETY: the caller has AVX2, and a value at `x`.
        unsafe { _mm256_set1_ps(*x) }
    }

    #[inline(always)]
    unsafe fn mask(lanes: usize) -> __m256i {
        // SAFETY: the caller has AVX2.
        unsafe {
            let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
            _mm256_cmpgt_epi32(_mm256_set1_epi32(lanes as i32), lane)
        }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m256 {
        // SAFETY: the caller has AVX2, and 8 values at `from`.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, mask: __m256i) -> __m256 {
        // SAFETY: the caller has AVX2, and the mask's values at `from`.
        unsafe { _mm256_maskload_ps(from, mask) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: __m256) {
        // SAFETY: the caller has AVX2, and room for 8 values at `to`.
        unsafe { _mm256_storeu_ps(to, x) }
    }

    #[inline(always)]
    unsafe fn store_masked(to: *mut f32, mask: __m256i, x: __m256) {
        // SAFETY: the caller has AVX2, and room for the mask's values at `to`.
        unsafe { _mm256_maskstore_ps(to, mask, x) }
    }

    #[inline(always)]
    unsafe fn add(x: __m256, y: __m256) -> __m256 {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_add_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn div(x: __m256, y: __m256) -> __m256 {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_div_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn larger(peak: __m256, x: __m256) -> __m256 {
        // SAFETY: the caller has AVX2. If one operand is NaN, the result is the second operand.
        unsafe { _mm256_max_ps(x, peak) }
    }

    #[inline(always)]
    unsafe fn split(x: __m256, y: __m256, value: __m256) -> [__m256; 2] {
        // SAFETY: the caller has AVX2.
        unsafe {
            let equal = _mm256_cmp_ps::<_CMP_EQ_OQ>(x, y);
            [_mm256_and_ps(equal, value), _mm256_andnot_ps(equal, value)]
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn enter(work: impl FnOnce()) {
        work();
    }
}
