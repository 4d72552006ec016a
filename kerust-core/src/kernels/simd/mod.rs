//! SIMD vectors of `f32`, with one trait for all instruction sets.

#[cfg(all(feature = "std", target_arch = "aarch64"))]
mod neon;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
mod x86;

use super::Isa;
#[cfg(all(feature = "std", target_arch = "aarch64"))]
pub(crate) use neon::Neon;
#[cfg(all(feature = "std", target_arch = "x86_64"))]
pub(crate) use x86::{Avx2, Avx512};

/// A vector of `f32` and its instructions.
///
/// # Safety
/// Every function needs the instruction set of the type. Pointers must be valid for the lanes that are
/// accessed. The functions are `inline(always)`, so that they become part of a function that is compiled for
/// the instruction set.
pub(crate) trait Simd {
    const LANES: usize;
    type Vector: Copy;
    type Mask: Copy;

    unsafe fn zero() -> Self::Vector;
    unsafe fn splat(x: *const f32) -> Self::Vector;
    /// A mask of the first `lanes` lanes, in `1..=LANES`.
    unsafe fn mask(lanes: usize) -> Self::Mask;
    unsafe fn load(from: *const f32) -> Self::Vector;
    unsafe fn load_masked(from: *const f32, mask: Self::Mask) -> Self::Vector;
    unsafe fn store(to: *mut f32, x: Self::Vector);
    unsafe fn store_masked(to: *mut f32, mask: Self::Mask, x: Self::Vector);
    unsafe fn add(x: Self::Vector, y: Self::Vector) -> Self::Vector;
    unsafe fn div(x: Self::Vector, y: Self::Vector) -> Self::Vector;
    /// `x` if it is larger than `peak`, otherwise `peak`. If either is NaN, it counts as not larger.
    unsafe fn larger(peak: Self::Vector, x: Self::Vector) -> Self::Vector;
    /// `value` where `x` equals `y`, and `value` where it does not, with zero elsewhere.
    unsafe fn split(x: Self::Vector, y: Self::Vector, value: Self::Vector) -> [Self::Vector; 2];
    /// Runs `work` compiled for the instruction set. The functions that it calls must be `inline(always)`.
    unsafe fn enter(work: impl FnOnce());
}

/// Work that can be done with any type of vector.
pub(crate) trait Work {
    /// # Safety
    /// The machine has `S`.
    unsafe fn run<S: Simd>(self);
}

/// Runs `work` with the widest vectors of this machine.
#[inline(always)]
pub(crate) fn run(work: impl Work) {
    // SAFETY: `best` detected the set.
    unsafe { run_with(Isa::best(), work) };
}

/// Runs `work` with the vectors of an instruction set.
///
/// # Safety
/// The machine has `isa`.
#[inline(always)]
pub(crate) unsafe fn run_with(isa: Isa, work: impl Work) {
    // SAFETY: the caller's promise.
    unsafe {
        match isa {
            Isa::Portable => enter::<Scalar>(work),
            #[cfg(all(feature = "std", target_arch = "aarch64"))]
            Isa::Neon => enter::<Neon>(work),
            #[cfg(all(feature = "std", target_arch = "x86_64"))]
            Isa::Avx2 => enter::<Avx2>(work),
            #[cfg(all(feature = "std", target_arch = "x86_64"))]
            Isa::Avx512 => enter::<Avx512>(work),
        }
    }
}

/// # Safety
/// The machine has `S`.
#[inline(always)]
unsafe fn enter<S: Simd>(work: impl Work) {
    // SAFETY: the caller's promise.
    unsafe {
        S::enter(
            #[inline(always)]
            || work.run::<S>(),
        );
    }
}

/// A single lane, for every target.
pub(crate) struct Scalar;

impl Simd for Scalar {
    const LANES: usize = 1;
    type Vector = f32;
    type Mask = ();

    #[inline(always)]
    unsafe fn zero() -> f32 {
        0.0
    }

    #[inline(always)]
    unsafe fn splat(x: *const f32) -> f32 {
        // SAFETY: there is a value, as the caller promises.
        unsafe { *x }
    }

    #[inline(always)]
    unsafe fn mask(_lanes: usize) {}

    #[inline(always)]
    unsafe fn load(from: *const f32) -> f32 {
        // SAFETY: there is a value, as the caller promises.
        unsafe { *from }
    }

    #[inline(always)]
    unsafe fn load_masked(from: *const f32, (): ()) -> f32 {
        // SAFETY: there is a value, as the caller promises.
        unsafe { *from }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: f32) {
        // SAFETY: there is space for the value, as the caller promises.
        unsafe { *to = x };
    }

    #[inline(always)]
    unsafe fn store_masked(to: *mut f32, (): (), x: f32) {
        // SAFETY: there is space for the value, as the caller promises.
        unsafe { *to = x };
    }

    #[inline(always)]
    unsafe fn add(x: f32, y: f32) -> f32 {
        x + y
    }

    #[inline(always)]
    unsafe fn div(x: f32, y: f32) -> f32 {
        x / y
    }

    #[inline(always)]
    unsafe fn larger(peak: f32, x: f32) -> f32 {
        if x > peak { x } else { peak }
    }

    #[inline(always)]
    unsafe fn split(x: f32, y: f32, value: f32) -> [f32; 2] {
        if x == y { [value, 0.0] } else { [0.0, value] }
    }

    #[inline(always)]
    unsafe fn enter(work: impl FnOnce()) {
        work();
    }
}
