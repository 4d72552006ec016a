//! Vectors of x86-64: AVX-512 and AVX2.

use super::pack::{self, Strided};
use super::simd::Simd;
use super::tile::{self, Tile};
use core::arch::x86_64::*;

/// AVX2 with FMA: 16 registers of 8 lanes.
pub(super) struct Avx2;

/// AVX-512F: 32 registers of 16 lanes.
pub(super) struct Avx512;

impl Simd for Avx512 {
    const LANES: usize = 16;
    const SUMS: usize = 28;
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
    unsafe fn prefetch(value: *const f32) {
        // SAFETY: a hint, of any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(value.cast()) }
    }

    #[inline(always)]
    unsafe fn mul(x: __m512, y: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_mul_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn add(x: __m512, y: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_add_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn fma(x: __m512, y: __m512, sum: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_fmadd_ps(x, y, sum) }
    }

    #[inline(always)]
    unsafe fn relu(x: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F. Of NaN and a number, the second operand comes out.
        unsafe { _mm512_max_ps(_mm512_setzero_ps(), x) }
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [__m512; 16]) {
        // SAFETY: the caller has AVX-512F.
        unsafe {
            // 2×2 blocks of values, then of pairs, inside each quarter; then quarters.
            let mut pairs = *rows;
            for i in (0..16).step_by(2) {
                pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
                pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
            }
            let mut fours = pairs;
            for i in (0..16).step_by(4) {
                for half in 0..2 {
                    let low = _mm512_castps_pd(pairs[i + half]);
                    let high = _mm512_castps_pd(pairs[i + half + 2]);
                    fours[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                    fours[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
                }
            }
            // fours[4 * q + r] holds, in quarter s, lane 4 * s + r of rows 4 * q ..= 4 * q + 3.
            for r in 0..4 {
                let (a, b, c, d) = (fours[r], fours[4 + r], fours[8 + r], fours[12 + r]);
                let ab_even = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
                let ab_odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
                let cd_even = _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d);
                let cd_odd = _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d);
                rows[r] = _mm512_shuffle_f32x4::<0b10_00_10_00>(ab_even, cd_even);
                rows[4 + r] = _mm512_shuffle_f32x4::<0b10_00_10_00>(ab_odd, cd_odd);
                rows[8 + r] = _mm512_shuffle_f32x4::<0b11_01_11_01>(ab_even, cd_even);
                rows[12 + r] = _mm512_shuffle_f32x4::<0b11_01_11_01>(ab_odd, cd_odd);
            }
        }
    }

    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    unsafe fn tile<const ROWS: usize, const VECTORS: usize>(tile: &Tile<'_>) {
        // SAFETY: passed on to the caller.
        unsafe { tile::tile::<Self, ROWS, VECTORS>(tile) }
    }

    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    unsafe fn pack_transposed(from: &Strided, panel: *mut f32, width: usize) {
        // SAFETY: passed on to the caller.
        unsafe { pack::transposed::<Self>(from, panel, width) }
    }
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    const SUMS: usize = 12;
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
    unsafe fn prefetch(value: *const f32) {
        // SAFETY: a hint, of any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(value.cast()) }
    }

    #[inline(always)]
    unsafe fn mul(x: __m256, y: __m256) -> __m256 {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_mul_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn add(x: __m256, y: __m256) -> __m256 {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_add_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn fma(x: __m256, y: __m256, sum: __m256) -> __m256 {
        // SAFETY: the caller has FMA.
        unsafe { _mm256_fmadd_ps(x, y, sum) }
    }

    #[inline(always)]
    unsafe fn relu(x: __m256) -> __m256 {
        // SAFETY: the caller has AVX2. Of NaN and a number, the second operand comes out.
        unsafe { _mm256_max_ps(_mm256_setzero_ps(), x) }
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [__m256; 16]) {
        // SAFETY: the caller has AVX2.
        unsafe {
            // 2×2 blocks of values, then of pairs, inside each half; then halves.
            let mut pairs = *rows;
            for i in (0..8).step_by(2) {
                pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
                pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
            }
            let mut fours = pairs;
            for i in (0..8).step_by(4) {
                for half in 0..2 {
                    let low = _mm256_castps_pd(pairs[i + half]);
                    let high = _mm256_castps_pd(pairs[i + half + 2]);
                    fours[i + 2 * half] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, high));
                    fours[i + 2 * half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, high));
                }
            }
            for r in 0..4 {
                rows[r] = _mm256_permute2f128_ps::<0x20>(fours[r], fours[4 + r]);
                rows[4 + r] = _mm256_permute2f128_ps::<0x31>(fours[r], fours[4 + r]);
            }
        }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn tile<const ROWS: usize, const VECTORS: usize>(tile: &Tile<'_>) {
        // SAFETY: passed on to the caller.
        unsafe { tile::tile::<Self, ROWS, VECTORS>(tile) }
    }

    #[target_feature(enable = "avx2,fma")]
    unsafe fn pack_transposed(from: &Strided, panel: *mut f32, width: usize) {
        // SAFETY: passed on to the caller.
        unsafe { pack::transposed::<Self>(from, panel, width) }
    }
}
