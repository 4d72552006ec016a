//! Dividing a batch over threads by samples.

/// The slices of some samples, each with a fixed number of values per sample.
pub(crate) struct Piece<'a, const N: usize> {
    /// The index of the first sample in the batch.
    pub(crate) first: usize,
    pub(crate) samples: usize,
    pub(crate) parts: [&'a mut [f32]; N],
    #[cfg(feature = "std")]
    lens: [usize; N],
}

impl<'a, const N: usize> Piece<'a, N> {
    /// A whole batch. Each part has the number of values per sample that `lens` gives.
    pub(crate) fn new(samples: usize, parts: [&'a mut [f32]; N], lens: [usize; N]) -> Self {
        #[cfg(not(feature = "std"))]
        let _ = lens;
        Self {
            first: 0,
            samples,
            parts,
            #[cfg(feature = "std")]
            lens,
        }
    }

    /// Does work of `macs` multiply-adds, with one call for each piece, and as many pieces as threads are
    /// worth using. The division does not change the result, because no sum runs over samples.
    #[inline(always)]
    pub(crate) fn divide(self, macs: usize, work: impl Fn(Piece<'_, N>) + Sync) {
        #[cfg(feature = "std")]
        {
            let threads = crate::kernels::parallel::threads(macs).min(self.samples);
            self.halve(threads, &work);
        }
        #[cfg(not(feature = "std"))]
        {
            let _ = macs;
            work(self);
        }
    }

    #[cfg(feature = "std")]
    fn halve(self, threads: usize, work: &(dyn Fn(Piece<'_, N>) + Sync)) {
        if threads < 2 {
            return work(self);
        }
        let half = threads / 2;
        let samples = self.samples * half / threads;
        let mut low = [const { [].as_mut_slice() }; N];
        let mut high = [const { [].as_mut_slice() }; N];
        let halves = low.iter_mut().zip(&mut high);
        for ((low, high), (part, len)) in halves.zip(self.parts.into_iter().zip(self.lens)) {
            (*low, *high) = part.split_at_mut(samples * len);
        }
        let piece = |parts, first, samples| Piece {
            first,
            samples,
            parts,
            lens: self.lens,
        };
        let (low, high) = (
            piece(low, self.first, samples),
            piece(high, self.first + samples, self.samples - samples),
        );
        rayon::join(
            || low.halve(half, work),
            || high.halve(threads - half, work),
        );
    }
}
