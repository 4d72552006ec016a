//! The positions of a window that slides over an image.

use crate::shape::Window;
use core::ops::Range;

/// The part of a window that is inside of the image, for each output position.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    window: Window,
    /// The rows and columns of the image.
    input: [usize; 2],
    before: [usize; 2],
}

impl Walk {
    /// Creates the walk over images with this height, width and channels.
    pub(super) fn new(window: Window, [height, width, _]: [usize; 3]) -> Self {
        Self {
            window,
            input: [height, width],
            before: window.padding_before(height, width),
        }
    }

    /// The taps along an axis that are inside of the image, for the output at `place`.
    ///
    /// Not inlined in firmware, because each use would take a kilobyte.
    #[cfg_attr(feature = "std", inline(always))]
    #[cfg_attr(not(feature = "std"), inline(never))]
    pub(super) fn inside(&self, place: usize, axis: usize) -> Range<usize> {
        let (dilation, before) = (self.window.dilation[axis], self.before[axis]);
        let start = place * self.window.strides[axis];
        // A division for each pixel would cost more than its taps.
        let steps = |pixels: usize| match dilation {
            0 | 1 => pixels,
            _ => pixels.div_ceil(dilation),
        };
        let end = steps((self.input[axis] + before).saturating_sub(start));
        steps(before.saturating_sub(start))..end.min(self.window.size[axis])
    }

    /// The output positions along an axis, of `places` in total, at which the whole window is inside of the
    /// image.
    pub(super) fn whole(&self, places: usize, axis: usize) -> Range<usize> {
        let whole = |place: &usize| self.inside(*place, axis).len() == self.window.size[axis];
        let first = (0..places).find(whole).unwrap_or(places);
        first..(first..places).find(|j| !whole(j)).unwrap_or(places)
    }

    /// The row or column of the image at a tap that is inside of it.
    #[inline(always)]
    pub(super) fn under(&self, place: usize, tap: usize, axis: usize) -> usize {
        place * self.window.strides[axis] + tap * self.window.dilation[axis] - self.before[axis]
    }

    /// The indices of the pixel and of the tap, row by row, for these taps of the output (i, j).
    #[inline(always)]
    pub(super) fn taps(
        self,
        [i, j]: [usize; 2],
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> impl Iterator<Item = (usize, usize)> {
        rows.flat_map(move |u| {
            let row = self.under(i, u, 0) * self.input[1];
            let tap = u * self.window.size[1];
            let columns = columns.clone();
            columns.map(move |v| (row + self.under(j, v, 1), tap + v))
        })
    }
}
