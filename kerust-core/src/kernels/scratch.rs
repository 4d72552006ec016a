//! Working memory of a thread, kept between calls: after the first step nothing is allocated.
//!
//! Without `std` there is none: what needs it is training, whose kernels then leave their outputs alone.

#[cfg(feature = "std")]
use core::cell::Cell;

/// What working memory is for; each use has its own, so that a kernel may call another.
#[cfg_attr(
    not(feature = "std"),
    allow(dead_code, reason = "most kernels then do without")
)]
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
    /// States, gates and their gradients in a step of training.
    Recurrent,
    /// The gradients of both directions of a recurrent layer.
    Bidirectional,
    /// Projections and their gradients in a step of training.
    Attention,
}

#[cfg(feature = "std")]
const ALIGNMENT_BYTES: usize = 64;

#[cfg(feature = "std")]
std::thread_local! {
    static BUFFERS: [Cell<Vec<f32>>; 12] = const { [const { Cell::new(Vec::new()) }; 12] };
}

/// Calls `work` with `len` values of scratch, of any content, on a cache line's boundary.
///
/// The buffer is taken out of its place meanwhile. Should the same thread ask for the same use
/// again inside `work` (a thread that waits for others may take up another batch), it gets a fresh
/// one.
#[cfg(feature = "std")]
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

/// Calls `work` with nothing.
#[cfg(not(feature = "std"))]
pub(crate) fn with<T>(_of: Use, _len: usize, work: impl FnOnce(&mut [f32]) -> T) -> T {
    work(&mut [])
}
