//! The gradient of the input, in one of two ways.
//!
//! With strides of 1, it is a convolution of the zero-padded `dy` with the kernel rotated by 180°. With
//! larger strides that would mostly convolve zeros. In that case each window's gradient, `dy·kernelᵀ`, is
//! added to the image.

use super::windows::Frame;
use super::{Convolution, SIZES};
use crate::kernels::isa::vectorized;
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::{Epilogue, parallel, scratch};

/// The number of values of the windows' gradients that are computed at a time: 64 KB.
const WINDOWS_LEN: usize = 1 << 14;

/// The maximum number of input pixels, in quarters of the output pixels: the rotated kernel visits all pixels
/// of the input, which is more expensive if `valid` padding removes a border.
const MORE_PIXELS: usize = 6;

/// The method for the input gradients of a convolution.
pub(super) struct InputGradient<'a> {
    convolution: &'a Convolution,
    /// The padded image: the output's gradient for the rotated kernel, otherwise the input's.
    frame: Frame,
    turned: bool,
}

impl<'a> InputGradient<'a> {
    pub(super) fn new(convolution: &'a Convolution) -> Self {
        let [height, width, _] = convolution.input;
        let turned = convolution.window.strides == [1, 1]
            && height * width * 4 <= convolution.pixels() * MORE_PIXELS;
        let frame = if turned {
            Frame::of_gradient(convolution)
        } else {
            Frame::new(convolution)
        };
        Self {
            convolution,
            frame,
            turned,
        }
    }

    /// Calls `work` with the kernel in the form that [`image`](Self::image) needs.
    pub(super) fn with_kernel<T>(&self, kernel: &[f32], work: impl FnOnce(&[f32]) -> T) -> T {
        scratch::with(scratch::Use::Kernel, kernel.len(), |arranged| {
            if self.turned {
                self.convolution.turn(kernel, arranged);
            } else {
                transpose(kernel, self.convolution.filters, arranged);
            }
            work(arranged)
        })
    }

    /// The gradient of one image.
    pub(super) fn image(&self, dy: &[f32], kernel: &[f32], dx: &mut [f32]) {
        let frame = &self.frame;
        if self.turned {
            frame.with(dy, |dy| self.convolution.by_turned(frame, dy, kernel, dx));
        } else if frame.is_padded() {
            scratch::with(scratch::Use::ImageGradient, frame.len(), |framed| {
                self.convolution.by_windows(frame, dy, kernel, framed);
                frame.unframe(framed, dx);
            });
        } else {
            self.convolution.by_windows(frame, dy, kernel, dx);
        }
    }
}

impl Convolution {
    /// The gradient of the input.
    pub fn input_gradient(&self, dy: &[f32], kernel: &[f32], dx: &mut [f32]) {
        check!(self.fits(), "{SIZES}");
        let gradient = InputGradient::new(self);
        let macs = self.macs() * (dx.len() / self.input_len());
        gradient.with_kernel(kernel, |kernel| {
            parallel::chunks(dx, self.input_len(), macs, |image, dx| {
                let dy = &dy[image * self.output_len()..][..self.output_len()];
                gradient.image(dy, kernel, dx);
            });
        });
    }

    /// The gradient of an image as a convolution of the padded `dy` with the rotated kernel: every value of
    /// `dx` is one sum.
    fn by_turned(&self, frame: &Frame, dy: &[f32], turned: &[f32], dx: &mut [f32]) {
        let [height, width, channels] = self.input;
        let (own, filters) = (self.group_channels(), self.group_filters());
        let [rows, columns] = self.window.size;
        let [down, across] = self.window.dilation;
        let (row, taps) = (frame.row_len(), rows * columns * filters);
        for group in 0..self.groups {
            let product = Product {
                a: Matrix {
                    values: &dy[group * filters..],
                    rows: Axis::nested([1, height, width], [0, row, self.filters]),
                    columns: Axis::nested(
                        [rows, columns, filters],
                        [down * row, across * self.filters, 1],
                    ),
                },
                b: Matrix::row_major(&turned[group * taps * own..], taps, own),
                start: Start::Zero,
                epilogue: Epilogue::NONE,
            };
            product.run_here(&mut dx[group * own..], channels);
        }
    }

    /// The kernel rotated by 180°: for each group (rows, columns, filters, channels).
    fn turn(&self, kernel: &[f32], turned: &mut [f32]) {
        let (own, filters) = (self.group_channels(), self.group_filters());
        let places = self.window.size[0] * self.window.size[1];
        let group_len = places * filters * own;
        for (place, tap) in kernel.chunks_exact(own * self.filters).enumerate() {
            let opposite = (places - 1 - place) * filters * own;
            for (channel, values) in tap.chunks_exact(self.filters).enumerate() {
                for (group, values) in values.chunks_exact(filters).enumerate() {
                    let to = &mut turned[group * group_len + opposite + channel..];
                    let to = to.iter_mut().step_by(own);
                    to.zip(values).for_each(|(to, value)| *to = *value);
                }
            }
        }
    }

    /// The gradient of a padded image as the sum of its windows' gradients, for some output pixels at a time.
    fn by_windows(&self, frame: &Frame, dy: &[f32], transposed: &[f32], dx: &mut [f32]) {
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
                        epilogue: Epilogue::NONE,
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

    /// Adds the windows of the output pixels from `pixel` on to the image.
    fn add_windows(&self, frame: &Frame, windows: &[f32], pixel: usize, dx: &mut [f32]) {
        let [rows, columns] = self.window.size;
        let (channels, row) = (self.input[2], frame.row_len());
        let [down, across] = self.window.dilation;
        // A row of contiguous taps is handled as one run.
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

/// The kernel with one row for each filter.
fn transpose(kernel: &[f32], filters: usize, transposed: &mut [f32]) {
    let taps = kernel.len() / filters;
    for (filter, row) in transposed.chunks_exact_mut(taps).enumerate() {
        let column = kernel[filter..].iter().step_by(filters);
        row.iter_mut()
            .zip(column)
            .for_each(|(to, from)| *to = *from);
    }
}
