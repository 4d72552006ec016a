//! Instruction sets, detected at run time.

/// An instruction set with its own kernels, in order of speed.
///
/// All sets with fused multiply-add give exactly the same results. [`Portable`](Self::Portable) rounds the
/// product before the sum, as the code without `std` does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Isa {
    /// Safe loops, for every target.
    Portable,
    /// NEON, which every aarch64 has.
    #[cfg(all(feature = "std", target_arch = "aarch64"))]
    Neon,
    /// x86-64 with AVX2 and FMA.
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    Avx2,
    /// x86-64 with AVX-512F and AVX-512VL, and all of `Avx2`.
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    Avx512,
}

impl Isa {
    /// The fastest set that this machine has.
    pub fn best() -> Self {
        #[cfg(all(feature = "std", target_arch = "aarch64"))]
        {
            Self::Neon
        }
        #[cfg(all(feature = "std", target_arch = "x86_64"))]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") {
                    return Self::Avx512;
                }
                return Self::Avx2;
            }
        }
        #[cfg(not(all(feature = "std", target_arch = "aarch64")))]
        {
            Self::Portable
        }
    }

    /// All sets that this machine has.
    pub fn supported() -> impl Iterator<Item = Self> {
        let best = Self::best();
        let all = [
            Self::Portable,
            #[cfg(all(feature = "std", target_arch = "aarch64"))]
            Self::Neon,
            #[cfg(all(feature = "std", target_arch = "x86_64"))]
            Self::Avx2,
            #[cfg(all(feature = "std", target_arch = "x86_64"))]
            Self::Avx512,
        ];
        all.into_iter().filter(move |isa| *isa <= best)
    }
}

/// Runs a loop over slices, compiled for the best instructions of this machine.
///
/// These are AVX-512 or AVX2 where available; code for aarch64 always uses NEON.
///
/// The compiler can vectorize only inlined code: pass a closure whose loops are written out or
/// `#[inline(always)]`. It never reorders a sum, so the results are those of the plain loop.
#[inline(always)]
pub(crate) fn vectorized(work: impl FnOnce()) {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
        fn avx512(work: impl FnOnce()) {
            work();
        }
        #[target_feature(enable = "avx2,fma")]
        fn avx2(work: impl FnOnce()) {
            work();
        }
        match Isa::best() {
            // SAFETY: `best` detected the features.
            Isa::Avx512 => return unsafe { avx512(work) },
            // SAFETY: as above.
            Isa::Avx2 => return unsafe { avx2(work) },
            Isa::Portable => {}
        }
    }
    work();
}
