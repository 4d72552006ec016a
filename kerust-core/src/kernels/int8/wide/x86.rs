//! AVX-512 VNNI, AVX-VNNI and AVX2.

use super::Wide;
use super::product::Numbers;
use crate::kernels::int8::Output;
use core::arch::x86_64::*;

/// AVX-512 with VNNI: 32 registers of 16 lanes.
pub(super) struct Avx512Vnni;

/// AVX2 with VNNI: 16 registers of 8 lanes.
pub(super) struct AvxVnni;

/// AVX2, which multiplies 16-bit values.
pub(super) struct Avx2;

impl Wide for Avx512Vnni {
    const LANES: usize = 16;
    const TAPS: usize = 4;
    const OFFSET: i32 = 128;
    const MANY_REGISTERS: bool = true;
    type Vector = __m512i;

    #[inline(always)]
    unsafe fn zero() -> __m512i {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_setzero_si512() }
    }

    #[inline(always)]
    unsafe fn load(from: *const i32) -> __m512i {
        // SAFETY: the caller has AVX-512F, and 16 values at `from`.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn splat(word: i32) -> __m512i {
        // SAFETY: the caller has AVX-512F.
        unsafe { _mm512_set1_epi32(word) }
    }

    #[inline(always)]
    unsafe fn dot(sums: __m512i, x: __m512i, weights: __m512i) -> __m512i {
        // SAFETY: the caller has AVX-512 VNNI.
        unsafe { _mm512_dpbusd_epi32(sums, x, weights) }
    }

    #[inline(always)]
    unsafe fn dot_of(x: &[i8], weights: &[i8]) -> i32 {
        // SAFETY: the caller has AVX-512 F, BW and VNNI; masks hold what is read within the slices.
        unsafe {
            let offset = _mm512_set1_epi8(-128);
            let [mut sums, mut weight_sums] = [_mm512_setzero_si512(); 2];
            let len = x.len().min(weights.len());
            let mut place = 0;
            while place < len {
                let mask = u64::MAX >> (64 - (len - place).min(64));
                let x = _mm512_maskz_loadu_epi8(mask, x.as_ptr().add(place));
                let weights = _mm512_maskz_loadu_epi8(mask, weights.as_ptr().add(place));
                sums = _mm512_dpbusd_epi32(sums, _mm512_xor_si512(x, offset), weights);
                weight_sums = _mm512_dpbusd_epi32(weight_sums, offset, weights);
                place += 64;
            }
            _mm512_reduce_add_epi32(_mm512_sub_epi32(sums, weight_sums))
        }
    }

    #[inline(always)]
    unsafe fn finish(
        sums: __m512i,
        numbers: &Numbers<__m512i>,
        output: Output,
        to: *mut i8,
        lanes: usize,
    ) {
        // SAFETY: the caller has AVX-512F, BW and VL, and room for the outputs.
        unsafe {
            let (sums, factors) = (_mm512_sllv_epi32(sums, numbers.left), numbers.mantissas);
            let half = _mm512_set1_epi64(1 << 30);
            let even = _mm512_add_epi64(_mm512_mul_epi32(sums, factors), half);
            let odd = _mm512_mul_epi32(_mm512_srli_epi64(sums, 32), _mm512_srli_epi64(factors, 32));
            let odd = _mm512_slli_epi64(_mm512_add_epi64(odd, half), 1);
            let high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 31), odd);
            let one = _mm512_set1_epi32(1);
            let lowered = _mm512_max_epi32(high, _mm512_set1_epi32(-i32::MAX));
            let lowered = _mm512_add_epi32(lowered, _mm512_srai_epi32(high, 31));
            let twice = _mm512_srav_epi32(lowered, _mm512_sub_epi32(numbers.right, one));
            let divided =
                _mm512_add_epi32(_mm512_srai_epi32(twice, 1), _mm512_and_si512(twice, one));
            let is_whole = _mm512_testn_epi32_mask(numbers.right, numbers.right);
            let y = _mm512_mask_mov_epi32(divided, is_whole, high);
            let y = _mm512_add_epi32(y, _mm512_set1_epi32(output.zero_point.into()));
            let y = _mm512_max_epi32(y, _mm512_set1_epi32(output.min.into()));
            let y = _mm512_min_epi32(y, _mm512_set1_epi32(output.max.into()));
            let y = _mm512_cvtepi32_epi8(y);
            if lanes == 16 {
                _mm_storeu_si128(to.cast(), y);
            } else {
                _mm_mask_storeu_epi8(to, 0xffff >> (16 - lanes), y);
            }
        }
    }

    #[inline(always)]
    unsafe fn enter(work: impl FnOnce()) {
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2")]
        fn enter(work: impl FnOnce()) {
            work();
        }
        // SAFETY: the caller has the features.
        unsafe { enter(work) };
    }
}

/// The instructions that both sets with 256 bits share.
macro_rules! with_256_bits {
    ($features:literal) => {
        const LANES: usize = 8;
        const MANY_REGISTERS: bool = false;
        type Vector = __m256i;

        #[inline(always)]
        unsafe fn zero() -> __m256i {
            // SAFETY: the caller has AVX2.
            unsafe { _mm256_setzero_si256() }
        }

        #[inline(always)]
        unsafe fn load(from: *const i32) -> __m256i {
            // SAFETY: the caller has AVX2, and 8 values at `from`.
            unsafe { _mm256_loadu_si256(from.cast()) }
        }

        #[inline(always)]
        unsafe fn splat(word: i32) -> __m256i {
            // SAFETY: the caller has AVX2.
            unsafe { _mm256_set1_epi32(word) }
        }

        #[inline(always)]
        unsafe fn dot_of(x: &[i8], weights: &[i8]) -> i32 {
            // SAFETY: the caller has AVX2; each chunk has 16 values.
            unsafe { dot_of(x, weights) }
        }

        #[inline(always)]
        unsafe fn finish(
            sums: __m256i,
            numbers: &Numbers<__m256i>,
            output: Output,
            to: *mut i8,
            lanes: usize,
        ) {
            // SAFETY: the caller has AVX2, and room for the outputs.
            unsafe { finish(sums, numbers, output, to, lanes) };
        }

        #[inline(always)]
        unsafe fn enter(work: impl FnOnce()) {
            #[target_feature(enable = $features)]
            fn enter(work: impl FnOnce()) {
                work();
            }
            // SAFETY: the caller has the features.
            unsafe { enter(work) };
        }
    };
}

impl Wide for AvxVnni {
    const TAPS: usize = 4;
    const OFFSET: i32 = 128;

    #[inline(always)]
    unsafe fn dot(sums: __m256i, x: __m256i, weights: __m256i) -> __m256i {
        // SAFETY: the caller has AVX-VNNI.
        unsafe { _mm256_dpbusd_avx_epi32(sums, x, weights) }
    }

    with_256_bits!("avxvnni,avx2");
}

impl Wide for Avx2 {
    const TAPS: usize = 2;
    const OFFSET: i32 = 0;

    #[inline(always)]
    unsafe fn dot(sums: __m256i, x: __m256i, weights: __m256i) -> __m256i {
        // SAFETY: the caller has AVX2.
        unsafe { _mm256_add_epi32(sums, _mm256_madd_epi16(x, weights)) }
    }

    with_256_bits!("avx2");
}

/// The sum of products of values with weights.
///
/// # Safety
/// The machine has AVX2.
#[inline(always)]
unsafe fn dot_of(x: &[i8], weights: &[i8]) -> i32 {
    let (x, x_rest) = x.as_chunks::<16>();
    let (weights, weights_rest) = weights.as_chunks::<16>();
    // SAFETY: the caller has AVX2; each chunk has 16 values.
    let sums = unsafe {
        let mut sums = _mm256_setzero_si256();
        for (x, weights) in x.iter().zip(weights) {
            let x = _mm256_cvtepi8_epi16(_mm_loadu_si128(x.as_ptr().cast()));
            let weights = _mm256_cvtepi8_epi16(_mm_loadu_si128(weights.as_ptr().cast()));
            sums = _mm256_add_epi32(sums, _mm256_madd_epi16(x, weights));
        }
        let mut lanes = [0i32; 8];
        _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sums);
        lanes
    };
    let mut sum = 0i32;
    for lane in sums {
        sum = sum.wrapping_add(lane);
    }
    for (x, weight) in x_rest.iter().zip(weights_rest) {
        sum = sum.wrapping_add(i32::from(*x) * i32::from(*weight));
    }
    sum
}

/// Stores the outputs of sums.
///
/// # Safety
/// The machine has AVX2, and there is room for the outputs.
#[inline(always)]
unsafe fn finish(
    sums: __m256i,
    numbers: &Numbers<__m256i>,
    output: Output,
    to: *mut i8,
    lanes: usize,
) {
    // SAFETY: the caller's promises.
    unsafe {
        let (sums, factors) = (_mm256_sllv_epi32(sums, numbers.left), numbers.mantissas);
        let half = _mm256_set1_epi64x(1 << 30);
        let even = _mm256_add_epi64(_mm256_mul_epi32(sums, factors), half);
        let odd = _mm256_mul_epi32(_mm256_srli_epi64(sums, 32), _mm256_srli_epi64(factors, 32));
        let odd = _mm256_slli_epi64(_mm256_add_epi64(odd, half), 1);
        let high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), odd, 0b1010_1010);
        let one = _mm256_set1_epi32(1);
        let lowered = _mm256_max_epi32(high, _mm256_set1_epi32(-i32::MAX));
        let lowered = _mm256_add_epi32(lowered, _mm256_srai_epi32(high, 31));
        let twice = _mm256_srav_epi32(lowered, _mm256_sub_epi32(numbers.right, one));
        let divided = _mm256_add_epi32(_mm256_srai_epi32(twice, 1), _mm256_and_si256(twice, one));
        let is_whole = _mm256_cmpeq_epi32(numbers.right, _mm256_setzero_si256());
        let y = _mm256_blendv_epi8(divided, high, is_whole);
        let y = _mm256_add_epi32(y, _mm256_set1_epi32(output.zero_point.into()));
        let y = _mm256_max_epi32(y, _mm256_set1_epi32(output.min.into()));
        let y = _mm256_min_epi32(y, _mm256_set1_epi32(output.max.into()));
        let y = _mm_packs_epi32(_mm256_castsi256_si128(y), _mm256_extracti128_si256(y, 1));
        let y = _mm_packs_epi16(y, y);
        if lanes == 8 {
            _mm_storel_epi64(to.cast(), y);
        } else {
            let mut bytes = [0i8; 16];
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), y);
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, lanes);
        }
    }
}
