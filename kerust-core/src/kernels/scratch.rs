//! Working memory of a thread, kept between calls: after the first step nothing is allocated.

use core::cell::Cell;

/// What working memory is for; each use has its own, so that a kernel may call another.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    /// A panel of a product's right matrix.
    Panel,
    /// An image with zeros around it.
    Image,
    /// The gradient of an image with zeros around it.
    ImageGradient,
    /// The gradients of windows.
    Windows,
    /// A transposed kernel.
    Kernel,
    /// Partial sums of a gradient.
    Partial,
    /// Images between the halves of a separable convolution, or their gradients.
    Halfway,
    /// The gates of several steps.
    Gates,
    /// The scores of a head.
    Scores,
}

const ALIGNMENT_BYTES: usize = 64;

std::thread_local! {
    static BUFFERS: [Cell<Vec<f32>>; 9] = const { [const { Cell::new(Vec::new()) }; 9] };
}

/// Calls `work` with `len` values of scratch, of any content, on a cache line's boundary.
///
/// The buffer is taken out of its place meanwhile. Should the same thread ask for the same use
/// again inside `work` (a thread that waits for others may take up another batch), it gets a fresh
/// one.
pub(crate) fn with<T>(of: Use, len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    BUFFERS.with(|buffers| {
        let place = &buffers[of as usize];
        let mut buffer = place.take();
        let needed = len + ALIGNMENT_BYTES / size_of::<f32>();
        if buffer.len() < needed {
            // Not `resize`, which would copy the old content.
            buffer = vec![0.0; needed];
        }
        let start = buffer.as_ptr().align_offset(ALIGNMENT_BYTES);
        let result = work(&mut buffer[start..start + len]);
        place.set(buffer);
        result
    })
}
