//! The tile operations for AVX-512 and AVX2.

use super::registers::Registers;
use crate::kernels::simd::{Avx2, Avx512};
use core::arch::asm;
use core::arch::x86_64::*;

impl Registers for Avx512 {
    const SUMS: usize = 28;

    #[inline(always)]
    unsafe fn prefetch(value: *const f32) {
        // SAFETY: a prefetch hint is valid for any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(value.cast()) }
    }

    #[inline(always)]
    unsafe fn prefetch_to_write(output: *mut f32) {
        // SAFETY: a prefetch hint is valid for any address. The compiler emits this instruction only for targets
        // that are known to have it; every processor with AVX2 executes it, at least as a no-op.
        unsafe { asm!("prefetchw [{}]", in(reg) output, options(nostack, preserves_flags)) }
    }

    #[inline(always)]
    unsafe fn mul(x: __m512, y: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_mul_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn fma(x: __m512, y: __m512, sum: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_fmadd_ps(x, y, sum) }
    }

    #[inline(always)]
    unsafe fn relu(x: __m512) -> __m512 {
        // SAFETY: the caller has AVX-512F. If one operand is NaN, the result is the second operand.
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
}

impl Registers for Avx2 {
    const SUMS: usize = 12;

    #[inline(always)]
    unsafe fn prefetch(value: *const f32) {
        // SAFETY: a prefetch hint is valid for any address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(value.cast()) }
    }

    #[inline(always)]
    unsafe fn prefetch_to_write(output: *mut f32) {
        // SAFETY: a prefetch hint is valid for any address. The compiler emits this instruction only for targets
        // that are known to have it; every processor with AVX2 executes it, at least as a no-op.
        unsafe { asm!("prefetchw [{}]", in(reg) output, options(nostack, preserves_flags)) }
    }

    #[inline(always)]
    unsafe fn mul(x: __m256, y: __m256) -> __m256 {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_mul_ps(x, y) }
    }

    #[inline(always)]
    unsafe fn fma(x: __m256, y: __m256, sum: __m256) -> __m256 {
        // SAFETY: the caller has FMA.
        unsafe { _mm256_fmadd_ps(x, y, sum) }
    }

    #[inline(always)]
    unsafe fn relu(x: __m256) -> __m256 {
        // SAFETY: the caller has AVX2. If one operand is NaN, the result is the second operand.
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
}
