//! The inputs under a window, gathered side by side.

use super::{Rows, from};
use crate::kernels::walk::Walk;
use crate::shape::Window;

/// How a window gathers the inputs of an output.
#[derive(Clone, Copy)]
pub(super) struct Patches {
    walk: Walk,
    window: Window,
    /// The channels of the image, and those of a group.
    channels: [usize; 2],
    /// What stands beside the image.
    zero_point: i8,
}

impl Patches {
    /// The patches of images of `input` height, width and channels, whose windows see `channels` of each pixel.
    pub(super) fn new(window: Window, input: [usize; 3], channels: usize, zero_point: i8) -> Self {
        Self {
            walk: Walk::new(window, input),
            window,
            channels: [input[2], channels],
            zero_point,
        }
    }

    /// The inputs under the window of the output (i, j), from channel `first` of each pixel on: rows, columns,
    /// channels. They are gathered in `patch`, or in their place if they lie side by side.
    #[cfg_attr(feature = "std", inline(always))]
    #[cfg_attr(not(feature = "std"), inline(never))]
    pub(super) fn gather<'a>(
        &self,
        x: Rows<'a>,
        [i, j]: [usize; 2],
        first: usize,
        patch: &'a mut [i8],
    ) -> &'a [i8] {
        let [rows, columns] = [self.walk.inside(i, 0), self.walk.inside(j, 1)];
        let ([height, width], [all, channels]) = (self.window.size, self.channels);
        let is_whole = rows.len() == height && columns.len() == width;
        // Neighbours in the window are neighbours in the image.
        let is_dense = channels == all && self.window.dilation[1] == 1;
        let [run, runs] = match is_dense {
            true => [columns.len() * channels, columns.len().min(1)],
            false => [channels, columns.len()],
        };
        let values = |u: usize, v: usize| {
            let row = x.get(self.walk.under(i, u, 0));
            let start = self.walk.under(j, v, 1) * all + first;
            from(row, start).get(..run).unwrap_or_default()
        };
        if is_whole && height == 1 && runs == 1 {
            return values(0, 0);
        }
        if !is_whole {
            fill(patch, self.zero_point);
        }
        for u in rows {
            for v in columns.start..columns.start + runs {
                let place = (u * width + v) * channels;
                copy(values(u, v), patch.get_mut(place..).unwrap_or_default());
            }
        }
        patch
    }
}

/// Calls `row` for each row of images that are overwritten by their outputs, which have their size, with the rows that
/// its window spans: rows that are overwritten are kept in `copies`, which has room for as many as
/// [`Window::rows_kept`].
#[inline(always)]
pub(super) fn rows_in_place(
    window: Window,
    [height, width, channels]: [usize; 3],
    y: &mut [i8],
    copies: &mut [i8],
    mut row: impl FnMut(Rows<'_>, usize, &mut [i8]),
) {
    let len = (width * channels).max(1);
    // A window of one pixel sees the row that is overwritten, whatever its padding.
    let kept = window.rows_kept(height, width).unwrap_or(1);
    check!(copies.len() >= kept * len, "scratch of this size");
    let copies = copies.get_mut(..kept * len).unwrap_or_default();
    for image in y.chunks_exact_mut((height * len).max(1)) {
        for i in 0..height {
            let rest = image.get_mut(i * len..).unwrap_or_default();
            let Some((y, below)) = rest.split_at_mut_checked(len) else {
                return;
            };
            let copy = copies.chunks_exact_mut(len).nth(i % kept.max(1));
            self::copy(y, copy.unwrap_or_default());
            row(Rows::new(copies, len).below(i + 1, below), i, y);
        }
    }
}

/// Fills a patch, word by word where it consists of words.
#[inline(always)]
fn fill(patch: &mut [i8], value: i8) {
    match bytemuck::try_cast_slice_mut::<i8, u32>(patch) {
        Ok(words) => words.fill(u32::from_ne_bytes([value as u8; 4])),
        Err(_) => patch.fill(value),
    }
}

/// Copies values to the beginning of `to`, as many as both have.
#[inline(always)]
fn copy(values: &[i8], to: &mut [i8]) {
    let len = values.len().min(to.len());
    if let (Some(to), Some(values)) = (to.get_mut(..len), values.get(..len)) {
        to.copy_from_slice(values);
    }
}
