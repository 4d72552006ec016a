//! The gradients of a convolution.

use super::Convolution;
use super::windows::Frame;
use crate::kernels::isa::vectorized;
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::reduce::sum_in_chunks;
use crate::kernels::{column_sums, parallel, scratch};
use core::ops::Range;

/// Values of the windows' gradients that are made at a time: 64 KB.
const WINDOWS_LEN: usize = 1 << 14;

impl Convolution {
    /// The gradients of the kernel and of the bias (none when it is empty).
    ///
    /// The batch is summed in chunks where their kernels are small. A larger kernel has outputs
    /// enough to divide each image's product over them.
    pub fn weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        dkernel: &mut [f32],
        dbias: &mut [f32],
        accumulate: bool,
    ) {
        let batch = dy.len() / self.output_len();
        let macs = batch * self.macs();
        let add = |images: Range<usize>, [dkernel, dbias]: [&mut [f32]; 2], alone: bool| {
            let x = &x[images.start * self.input_len()..images.end * self.input_len()];
            let dy = &dy[images.start * self.output_len()..images.end * self.output_len()];
            self.add_weight_gradient(x, dy, dkernel, dbias, alone);
        };
        sum_in_chunks(batch, macs, [dkernel, dbias], accumulate, add);
    }

    /// Adds the gradients of some images, in their order.
    fn add_weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        dkernel: &mut [f32],
        dbias: &mut [f32],
        divided: bool,
    ) {
        let frame = Frame::new(self);
        let filters = self.group_filters();
        let images = x.chunks_exact(self.input_len());
        for (x, dy) in images.zip(dy.chunks_exact(self.output_len())) {
            frame.with(x, |x| {
                for group in 0..self.groups {
                    let first = group * filters;
                    let product = Product {
                        a: self.windows(&frame, x, group).transposed(),
                        b: Matrix {
                            values: &dy[first..],
                            rows: Axis::plain(self.pixels(), self.filters),
                            columns: Axis::plain(filters, 1),
                        },
                        start: Start::Sum,
                    };
                    if divided {
                        product.run(&mut dkernel[first..], self.filters);
                    } else {
                        product.run_here(&mut dkernel[first..], self.filters);
                    }
                }
            });
            column_sums(dy, dbias, self.filters, true);
        }
    }

    /// The gradient of the input.
    pub fn input_gradient(&self, dy: &[f32], kernel: &[f32], dx: &mut [f32]) {
        let frame = Frame::new(self);
        let macs = self.macs() * (dx.len() / self.input_len());
        scratch::with(scratch::Use::Kernel, kernel.len(), |transposed| {
            transpose(kernel, self.filters, transposed);
            let transposed = &*transposed;
            parallel::chunks(dx, self.input_len(), macs, |image, dx| {
                let dy = &dy[image * self.output_len()..][..self.output_len()];
                if !frame.is_padded() {
                    return self.image_gradient(&frame, dy, transposed, dx);
                }
                scratch::with(scratch::Use::ImageGradient, frame.len(), |framed| {
                    self.image_gradient(&frame, dy, transposed, framed);
                    frame.unframe(framed, dx);
                });
            });
        });
    }

    /// The gradient of one framed image, some output pixels at a time.
    fn image_gradient(&self, frame: &Frame, dy: &[f32], transposed: &[f32], dx: &mut [f32]) {
        dx.fill(0.0);
        let (taps, filters) = (self.taps(), self.group_filters());
        let most = (WINDOWS_LEN / taps).max(32).min(self.pixels());
        scratch::with(scratch::Use::Windows, most * taps, |windows| {
            for group in 0..self.groups {
                let kernel = &transposed[group * filters * taps..][..filters * taps];
                let mut pixel = 0;
                while pixel < self.pixels() {
                    let pixels = most.min(self.pixels() - pixel);
                    let product = Product {
                        a: Matrix {
                            values: &dy[pixel * self.filters + group * filters..],
                            rows: Axis::plain(pixels, self.filters),
                            columns: Axis::plain(filters, 1),
                        },
                        b: Matrix::row_major(kernel, filters, taps),
                        start: Start::Zero,
                    };
                    let windows = &mut windows[..pixels * taps];
                    product.run_here(windows, taps);
                    let dx = &mut dx[group * self.group_channels()..];
                    self.add_windows(frame, windows, pixel, dx);
                    pixel += pixels;
                }
            }
        });
    }

    /// Adds the windows of the output pixels from `pixel` on to the image under them.
    fn add_windows(&self, frame: &Frame, windows: &[f32], pixel: usize, dx: &mut [f32]) {
        let [rows, columns] = self.window.size;
        let (channels, row) = (self.input[2], frame.row_len());
        let [down, across] = self.window.dilation;
        // A row of taps that lie side by side is one run.
        let joined = self.group_channels() == channels && across == 1;
        let (runs, len) = if joined {
            (1, columns * channels)
        } else {
            (columns, self.group_channels())
        };
        let width = self.output()[1];
        let (mut i, mut j) = (pixel / width, pixel % width);
        vectorized(
            #[inline(always)]
            || {
                for window in windows.chunks_exact(self.taps()) {
                    let corner =
                        i * self.window.strides[0] * row + j * self.window.strides[1] * channels;
                    let mut taps = window.chunks_exact(len);
                    for u in 0..rows {
                        for v in 0..runs {
                            let start = corner + u * down * row + v * across * channels;
                            let dx = &mut dx[start..start + len];
                            let tap = taps.next().unwrap_or(&[]);
                            dx.iter_mut().zip(tap).for_each(|(dx, tap)| *dx += tap);
                        }
                    }
                    j += 1;
                    if j == width {
                        (i, j) = (i + 1, 0);
                    }
                }
            },
        );
    }
}

/// The kernel with a row for each filter.
fn transpose(kernel: &[f32], filters: usize, transposed: &mut [f32]) {
    let taps = kernel.len() / filters;
    for (filter, row) in transposed.chunks_exact_mut(taps).enumerate() {
        let column = kernel[filter..].iter().step_by(filters);
        row.iter_mut()
            .zip(column)
            .for_each(|(to, from)| *to = *from);
    }
}
