//! Dividing work over threads.
//!
//! Work is divided over outputs, never over a summed axis, so the results are the same for any number of
//! threads. Without `std` everything runs on one thread.

/// The minimum number of multiply-adds for a second thread: below it, waking the thread costs more than it
/// saves.
#[cfg(feature = "std")]
const WORTH: usize = 1 << 19;

#[cfg(feature = "std")]
std::thread_local! {
    /// Whether the work of this thread must not be divided further.
    static ALONE: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
}

/// Runs `work` without dividing it over threads.
#[cfg(feature = "std")]
pub(crate) fn alone<R>(work: impl FnOnce() -> R) -> R {
    let before = ALONE.replace(true);
    let result = work();
    ALONE.set(before);
    result
}

/// The number of threads that are worth using for `macs` multiply-adds.
#[cfg(feature = "std")]
pub(crate) fn threads(macs: usize) -> usize {
    if macs < WORTH || ALONE.get() {
        return 1;
    }
    rayon::current_num_threads()
}

/// Calls `work(i, chunk)` for each chunk of `len` values (the last may be shorter). All chunks together cost
/// `macs` multiply-adds.
pub(crate) fn chunks(
    values: &mut [f32],
    len: usize,
    macs: usize,
    work: impl Fn(usize, &mut [f32]) + Sync,
) {
    let len = len.max(1);
    #[cfg(feature = "std")]
    if threads(macs) > 1 {
        return divided(values, len, &work);
    }
    let _ = macs;
    let chunks = values.chunks_mut(len).enumerate();
    chunks.for_each(|(i, chunk)| work(i, chunk));
}

/// [`chunks`] on all threads. Not generic, so that rayon's code is compiled only once.
#[cfg(feature = "std")]
fn divided(values: &mut [f32], len: usize, work: &(dyn Fn(usize, &mut [f32]) + Sync)) {
    use rayon::prelude::*;
    let chunks = values.par_chunks_mut(len).enumerate();
    chunks.for_each(|(i, chunk)| work(i, chunk));
}

/// Calls `work(i)` for each `i` below `pieces`, on all threads.
#[cfg(feature = "std")]
pub(crate) fn pieces(pieces: usize, work: impl Fn(usize) + Sync) {
    use rayon::prelude::*;
    if pieces == 1 {
        return work(0);
    }
    (0..pieces).into_par_iter().for_each(&work);
}

/// A slice to whose parts several threads write, each to its own part.
pub(crate) struct Shared<'a> {
    values: *mut f32,
    len: usize,
    lent: core::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: callers promise that the parts do not overlap.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub(crate) fn new(values: &'a mut [f32]) -> Self {
        Self {
            values: values.as_mut_ptr(),
            len: values.len(),
            lent: core::marker::PhantomData,
        }
    }

    /// A part of the slice.
    ///
    /// # Safety
    /// No other part that is in use overlaps it.
    #[allow(clippy::mut_from_ref, reason = "the caller's promise")]
    pub(crate) unsafe fn part(&self, range: core::ops::Range<usize>) -> &mut [f32] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: the range is inside of the slice, and the caller promises that no other part overlaps it.
        unsafe { core::slice::from_raw_parts_mut(self.values.add(range.start), range.len()) }
    }
}

/// Calls `work(x, y)` for each whole chunk of two batches, in order. A `zip` of the chunks would divide by
/// their lengths, and contain the panic of a division by 0.
#[inline(always)]
pub(crate) fn pairs<'x, 'y>(
    x: &'x [f32],
    x_len: usize,
    y: &'y mut [f32],
    y_len: usize,
    mut work: impl FnMut(&'x [f32], &'y mut [f32]),
) {
    let mut x = x.chunks_exact(x_len.max(1));
    for y in y.chunks_exact_mut(y_len.max(1)) {
        let Some(x) = x.next() else { return };
        work(x, y);
    }
}
