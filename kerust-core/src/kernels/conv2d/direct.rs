//! Convolution without heap: what firmware runs.
//!
//! Forward, the pixels of an output row whose windows lie inside the image are one product, and each pixel
//! at the border is a product over the taps that lie inside. So no image is framed, and no tap is
//! tested in the loops.

use super::Convolution;
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::parallel::pairs;
use crate::kernels::walk::Walk;
use core::ops::Range;

/// `y = bias + windows·kernel`
pub(super) fn forward(
    convolution: &Convolution,
    x: &[f32],
    kernel: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let walk = Walk::new(convolution.window, convolution.input);
    let [rows, columns] = convolution.output();
    let whole = |j: &usize| walk.inside(*j, 1).len() == convolution.window.size[1];
    let first = (0..columns).find(whole).unwrap_or(columns);
    let last = (first..columns).find(|j| !whole(j)).unwrap_or(columns);
    let output_len = rows * columns * convolution.filters;
    pairs(x, convolution.input_len(), y, output_len, |x, y| {
        let image = Image {
            convolution,
            walk,
            x,
            kernel,
            bias,
        };
        for i in 0..rows {
            for j in (0..first).chain(last..columns) {
                image.pixels(i, j..j + 1, y);
            }
            if first < last {
                image.pixels(i, first..last, y);
            }
        }
    });
}

struct Image<'a> {
    convolution: &'a Convolution,
    walk: Walk,
    x: &'a [f32],
    kernel: &'a [f32],
    bias: &'a [f32],
}

impl Image<'_> {
    /// Some pixels of row `i`, under which the same taps lie inside the image.
    fn pixels(&self, i: usize, pixels: Range<usize>, all: &mut [f32]) {
        let Convolution {
            input,
            filters,
            window,
            groups,
        } = *self.convolution;
        let [_, width, channels] = input;
        let (group_channels, group_filters) = (
            self.convolution.group_channels(),
            self.convolution.group_filters(),
        );
        let [u, v] = [self.walk.inside(i, 0), self.walk.inside(pixels.start, 1)];
        let sizes = [u.len(), v.len(), group_channels];
        let [row, column] = [
            self.walk.under(i, u.start, 0),
            self.walk.under(pixels.start, v.start, 1),
        ];
        let [_, columns] = self.convolution.output();
        for group in 0..groups {
            let (x, w, y, bias) = (
                (row * width + column) * channels + group * group_channels,
                (u.start * window.size[1] + v.start) * group_channels * filters
                    + group * group_filters,
                (i * columns + pixels.start) * filters + group * group_filters,
                group * group_filters..(group + 1) * group_filters,
            );
            let product = Product {
                a: Matrix {
                    values: self.x.get(x..).unwrap_or_default(),
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
                    values: self.kernel.get(w..).unwrap_or_default(),
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
                start: Start::bias(self.bias.get(bias).unwrap_or_default()),
                relu: false,
            };
            product.run_portable(all.get_mut(y..).unwrap_or_default(), filters);
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

/// `dx`, from `dy` and the kernel.
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

/// Calls `work` with the offsets of an output pixel, of an input pixel under its window, and of the
/// tap that connects them, for all that lie inside the images.
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
                    // Above the image this wraps around, beyond the height.
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

/// Calls `work` with each input channel, the offset in the tap of its weights, and the outputs that
/// they lead to.
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
