//! Convolution without a heap, for firmware.
//!
//! In the forward pass, all pixels of an output row whose windows are inside the image are computed as one
//! matrix product. Each pixel at the border is a product over the taps inside the image. Thus no image is
//! padded, and no tap is tested in the loops.

use super::Convolution;
use crate::kernels::Epilogue;
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::parallel::pairs;
use crate::kernels::walk::Walk;
use core::cell::Cell;
use core::ops::Range;

/// `y = epilogue(bias + windows·kernel)`
pub(super) fn forward(
    convolution: &Convolution,
    x: &[f32],
    kernel: &[f32],
    bias: &[f32],
    y: &mut [f32],
    epilogue: Epilogue<'_>,
) {
    let image = Image::new(convolution, kernel);
    let [rows, columns] = convolution.output();
    let row_len = columns * convolution.filters;
    pairs(x, convolution.input_len(), y, rows * row_len, |x, y| {
        for (i, y) in y.chunks_exact_mut(row_len.max(1)).enumerate() {
            let taps = image.walk.inside(i, 0);
            image.row([i, 0], taps, x, (Start::bias(bias), &epilogue), y);
        }
    });
}

/// `y = epilogue(bias + windows·kernel)` in place, where the output has the size of the image.
///
/// It works row by row. The rows from the first row of a window to its own row are kept in `scratch`, which
/// needs [`Convolution::kept_len`] values. The rows below are not overwritten yet.
pub(super) fn forward_in_place(
    convolution: &Convolution,
    kernel: &[f32],
    bias: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
    epilogue: Epilogue<'_>,
) {
    let image = Image::new(convolution, kernel);
    let row_len = convolution.input[1] * convolution.input[2];
    let Some(kept) = scratch.get_mut(..convolution.kept_len()) else {
        return;
    };
    let above = kept.len().saturating_sub(row_len);
    let dilation = convolution.window.dilation[0].max(1);
    // The taps whose row is the output's own or above.
    let upper = above.checked_div(row_len).unwrap_or(0) / dilation + 1;
    for y in y.chunks_exact_mut(convolution.input_len().max(1)) {
        for i in 0..convolution.input[0] {
            let Some((done, below)) = y.split_at_mut_checked((i + 1) * row_len) else {
                return;
            };
            let Some(y) = done.get_mut(i * row_len..) else {
                return;
            };
            keep(kept, y);
            let taps = image.walk.inside(i, 0);
            let split = upper.min(taps.end).max(taps.start);
            let last = split == taps.end;
            // The first row that is kept is at the upper end of the window.
            let offset = above.checked_div(row_len).unwrap_or(0);
            image.row(
                [i, i.wrapping_sub(offset)],
                taps.start..split,
                kept,
                (
                    Start::bias(bias),
                    if last { &epilogue } else { &Epilogue::NONE },
                ),
                y,
            );
            if !last {
                image.row(
                    [i, i + 1],
                    split..taps.end,
                    below,
                    (Start::Sum, &epilogue),
                    y,
                );
            }
        }
    }
}

/// Removes the first row of `rows`, and appends one.
fn keep(rows: &mut [f32], row: &[f32]) {
    let rows = Cell::from_mut(rows).as_slice_of_cells();
    let moved = rows.iter().skip(row.len()).map(Cell::get);
    let values = moved.chain(row.iter().copied());
    rows.iter()
        .zip(values)
        .for_each(|(to, value)| to.set(value));
}

/// The start value of a sum, and the epilogue.
type Ends<'a> = (Start<'a>, &'a Epilogue<'a>);

struct Image<'a> {
    convolution: &'a Convolution,
    walk: Walk,
    kernel: &'a [f32],
    /// The pixels of a row whose windows are inside the image.
    inner: Range<usize>,
}

impl<'a> Image<'a> {
    fn new(convolution: &'a Convolution, kernel: &'a [f32]) -> Self {
        let walk = Walk::new(convolution.window, convolution.input);
        let [_, columns] = convolution.output();
        Self {
            convolution,
            walk,
            kernel,
            inner: walk.whole(columns, 1),
        }
    }

    /// The contribution of some rows of the window to row `i` of the output. `x` begins with row `top` of the
    /// image.
    fn row(&self, place: [usize; 2], taps: Range<usize>, x: &[f32], ends: Ends<'_>, y: &mut [f32]) {
        let [_, columns] = self.convolution.output();
        let Range {
            start: first,
            end: last,
        } = self.inner;
        for j in (0..first).chain(last..columns) {
            self.pixels(place, taps.clone(), j..j + 1, x, ends, y);
        }
        if first < last {
            self.pixels(place, taps, first..last, x, ends, y);
        }
    }

    /// Computes pixels of the row for which the same columns of the window are inside the image.
    fn pixels(
        &self,
        [i, top]: [usize; 2],
        u: Range<usize>,
        pixels: Range<usize>,
        x: &[f32],
        ends: Ends<'_>,
        y: &mut [f32],
    ) {
        let (start, epilogue) = ends;
        let Convolution {
            input: [_, width, channels],
            filters,
            window,
            groups,
        } = *self.convolution;
        let (group_channels, group_filters) = (
            self.convolution.group_channels(),
            self.convolution.group_filters(),
        );
        let v = self.walk.inside(pixels.start, 1);
        let sizes = [u.len(), v.len(), group_channels];
        let row = self.walk.under(i, u.start, 0).wrapping_sub(top);
        let column = self.walk.under(pixels.start, v.start, 1);
        for group in 0..groups {
            let outputs = group * group_filters..(group + 1) * group_filters;
            let x_first = (row * width + column) * channels + group * group_channels;
            let tap = (u.start * window.size[1] + v.start) * group_channels;
            let product = Product {
                a: Matrix {
                    values: from(x, x_first),
                    rows: Axis::plain(pixels.len(), window.strides[1] * channels),
                    columns: Axis::nested(
                        sizes,
                        [
                            window.dilation[0] * width * channels,
                            window.dilation[1] * channels,
                            1,
                        ],
                    ),
                },
                b: Matrix {
                    values: from(self.kernel, tap * filters + outputs.start),
                    rows: Axis::nested(
                        sizes,
                        [
                            window.size[1] * group_channels * filters,
                            group_channels * filters,
                            filters,
                        ],
                    ),
                    columns: Axis::plain(group_filters, 1),
                },
                start: match start {
                    Start::Bias(bias) => Start::bias(bias.get(outputs.clone()).unwrap_or_default()),
                    other => other,
                },
                epilogue: epilogue.columns(outputs.clone()),
            };
            let y = y.get_mut(pixels.start * filters + outputs.start..);
            product.run_portable(y.unwrap_or_default(), filters);
        }
    }
}

/// `dkernel += windowsᵀ·dy`
pub(super) fn add_weight_gradient(
    convolution: &Convolution,
    x: &[f32],
    dy: &[f32],
    dkernel: &mut [f32],
) {
    each_tap(convolution, x.len(), |output, input, tap| {
        let (dy, x, dkernel) = (&dy[output..], &x[input..], &mut dkernel[tap..]);
        each_row(convolution, |channel, row, filters| {
            let x = x[channel];
            let pairs = dkernel[row..].iter_mut().zip(&dy[filters]);
            pairs.for_each(|(dw, dy)| *dw += x * dy);
        });
    });
}

/// `dx` from `dy` and the kernel.
pub(super) fn input_gradient(
    convolution: &Convolution,
    dy: &[f32],
    kernel: &[f32],
    dx: &mut [f32],
) {
    dx.fill(0.0);
    each_tap(convolution, dx.len(), |output, input, tap| {
        let (dy, dx, kernel) = (from(dy, output), dx.get_mut(input..), from(kernel, tap));
        let dx = dx.unwrap_or_default();
        each_row(convolution, |channel, row, filters| {
            let dy = dy.get(filters).unwrap_or_default();
            let products = dy.iter().zip(from(kernel, row)).map(|(dy, w)| dy * w);
            if let Some(dx) = dx.get_mut(channel) {
                *dx += products.sum::<f32>();
            }
        });
    });
}

fn from(values: &[f32], place: usize) -> &[f32] {
    values.get(place..).unwrap_or_default()
}

/// Calls `work` with the offsets of an output pixel, of an input pixel in its window, and of the tap between
/// them, for all that are inside the images.
fn each_tap(convolution: &Convolution, len: usize, mut work: impl FnMut(usize, usize, usize)) {
    let [height, width, channels] = convolution.input;
    let [out_height, out_width] = convolution.output();
    let window = convolution.window;
    let [top, left] = window.padding_before(height, width);
    let tap_len = convolution.group_channels() * convolution.filters;
    for image in 0..len / convolution.input_len().max(1) {
        for i in 0..out_height {
            for j in 0..out_width {
                let pixel = (image * out_height + i) * out_width + j;
                for u in 0..window.size[0] {
                    // Above the image this wraps around to a number beyond the height.
                    let row = (i * window.strides[0] + u * window.dilation[0]).wrapping_sub(top);
                    if row >= height {
                        continue;
                    }
                    for v in 0..window.size[1] {
                        let column =
                            (j * window.strides[1] + v * window.dilation[1]).wrapping_sub(left);
                        if column >= width {
                            continue;
                        }
                        let input = ((image * height + row) * width + column) * channels;
                        let tap = (u * window.size[1] + v) * tap_len;
                        work(pixel * convolution.filters, input, tap);
                    }
                }
            }
        }
    }
}

/// Calls `work` with each input channel, the offset in the tap of its weights, and the outputs that they
/// contribute to.
#[inline(always)]
fn each_row(convolution: &Convolution, mut work: impl FnMut(usize, usize, Range<usize>)) {
    let (channels, filters) = (convolution.group_channels(), convolution.group_filters());
    for group in 0..convolution.groups {
        let outputs = group * filters..(group + 1) * filters;
        for channel in 0..channels {
            work(
                group * channels + channel,
                channel * convolution.filters + outputs.start,
                outputs.clone(),
            );
        }
    }
}
