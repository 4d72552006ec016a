//! The matrix of windows as a view of an image, and the forward pass that uses it.

use super::{Convolution, SIZES};
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::{Epilogue, parallel, scratch};
use crate::shape::Padding;

/// The padding of an image, as needed by the windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// The rows and columns of the padded image; `None` if no padding is needed.
    padded: Option<[usize; 2]>,
    /// The rows above and the columns to the left of the image.
    before: [usize; 2],
    /// The rows and columns of the image.
    size: [usize; 2],
    channels: usize,
}

impl Frame {
    pub(super) fn new(convolution: &Convolution) -> Self {
        let [height, width, channels] = convolution.input;
        let (window, [rows, columns]) = (&convolution.window, convolution.output());
        let span = window.span();
        let reach = [
            (rows - 1) * window.strides[0] + span[0],
            (columns - 1) * window.strides[1] + span[1],
        ];
        let before = window.padding_before(height, width);
        let inside = window.padding == Padding::Valid
            || (before == [0, 0] && reach[0] <= height && reach[1] <= width);
        Self {
            padded: (!inside).then_some(reach),
            before,
            size: [height, width],
            channels,
        }
    }

    /// The padding of an output's gradient, as needed by the windows of the rotated kernel.
    pub(super) fn of_gradient(convolution: &Convolution) -> Self {
        let [height, width, _] = convolution.input;
        let (span, size) = (convolution.window.span(), convolution.output());
        let before = convolution.window.padding_before(height, width);
        let padded = [height + span[0] - 1, width + span[1] - 1];
        Self {
            padded: (padded != size).then_some(padded),
            before: [span[0] - 1 - before[0], span[1] - 1 - before[1]],
            size,
            channels: convolution.filters,
        }
    }

    /// Whether the image is copied.
    pub(super) fn is_padded(&self) -> bool {
        self.padded.is_some()
    }

    /// The number of values in a row.
    pub(super) fn row_len(&self) -> usize {
        self.padded.unwrap_or(self.size)[1] * self.channels
    }

    /// The number of values in the padded image.
    pub(super) fn len(&self) -> usize {
        self.padded.unwrap_or(self.size)[0] * self.row_len()
    }

    /// Calls `work` with the padded image.
    pub(super) fn with<T>(&self, x: &[f32], work: impl FnOnce(&[f32]) -> T) -> T {
        if !self.is_padded() {
            return work(x);
        }
        scratch::with(scratch::Use::Image, self.len(), |image| {
            self.copy(x, image);
            work(image)
        })
    }

    /// Copies an image into the padded image.
    fn copy(&self, x: &[f32], image: &mut [f32]) {
        let row_len = self.size[1] * self.channels;
        let [top, left] = [self.before[0], self.before[1] * self.channels];
        for (i, row) in image.chunks_exact_mut(self.row_len()).enumerate() {
            let inside = i.checked_sub(top).filter(|i| *i < self.size[0]);
            let Some(i) = inside else {
                row.fill(0.0);
                continue;
            };
            // With strides, the last columns of the image can be outside of every window.
            let copied = row_len.min(row.len() - left);
            row[..left].fill(0.0);
            row[left..left + copied].copy_from_slice(&x[i * row_len..][..copied]);
            row[left + copied..].fill(0.0);
        }
    }

    /// Copies the image out of the padded image.
    pub(super) fn unframe(&self, image: &[f32], x: &mut [f32]) {
        let row_len = self.size[1] * self.channels;
        let [top, left] = [self.before[0], self.before[1] * self.channels];
        let framed = self.row_len();
        for (i, x) in x.chunks_exact_mut(row_len).enumerate() {
            let copied = row_len.min(framed - left);
            match image.get((i + top) * framed + left..) {
                Some(row) if !row.is_empty() => x[..copied].copy_from_slice(&row[..copied]),
                _ => {
                    x.fill(0.0);
                    continue;
                }
            }
            x[copied..].fill(0.0);
        }
    }
}

impl Convolution {
    /// The windows of one group over a padded image: a row for each output pixel, a column for each tap.
    pub(super) fn windows<'a>(&self, frame: &Frame, image: &'a [f32], group: usize) -> Matrix<'a> {
        let [rows, columns] = self.output();
        let (channels, row) = (self.input[2], frame.row_len());
        let window = &self.window;
        Matrix {
            values: &image[group * self.group_channels()..],
            rows: Axis::nested(
                [1, rows, columns],
                [0, window.strides[0] * row, window.strides[1] * channels],
            ),
            columns: Axis::nested(
                [window.size[0], window.size[1], self.group_channels()],
                [window.dilation[0] * row, window.dilation[1] * channels, 1],
            ),
        }
    }

    /// `y = epilogue(bias + windows·kernel)` for each image. `kernel` is (rows, columns, channels of a group,
    /// filters). An empty `bias` adds nothing.
    pub fn forward(
        &self,
        x: &[f32],
        kernel: &[f32],
        bias: &[f32],
        y: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        check!(self.fits(), "{SIZES}");
        let frame = Frame::new(self);
        let single = y.len() == self.output_len();
        let macs = self.shared_macs(y.len());
        parallel::chunks(y, self.output_len(), macs, |image, y| {
            frame.with(&x[image * self.input_len()..][..self.input_len()], |x| {
                self.one(&frame, x, [kernel, bias], y, epilogue, single);
            });
        });
    }

    /// Like [`forward`](Self::forward), in place. The output must have the size of the image, and the
    /// epilogue must add nothing. The scratch is only used without a heap; here each thread has its own.
    pub fn forward_in_place(
        &self,
        kernel: &[f32],
        bias: &[f32],
        y: &mut [f32],
        _scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        check!(self.fits(), "{SIZES}");
        let frame = Frame::new(self);
        let single = y.len() == self.output_len();
        let macs = self.shared_macs(y.len());
        parallel::chunks(y, self.output_len(), macs, |_, y| {
            scratch::with(scratch::Use::Image, frame.len(), |image| {
                frame.copy(y, image);
                self.one(&frame, image, [kernel, bias], y, epilogue, single);
            });
        });
    }

    /// The multiply-adds to be divided over images; 0 for a single image, which is divided itself.
    fn shared_macs(&self, len: usize) -> usize {
        let images = len / self.output_len();
        if images == 1 { 0 } else { self.macs() * images }
    }

    /// Computes one image, which is padded.
    fn one(
        &self,
        frame: &Frame,
        x: &[f32],
        [kernel, bias]: [&[f32]; 2],
        y: &mut [f32],
        epilogue: Epilogue<'_>,
        single: bool,
    ) {
        let filters = self.group_filters();
        for group in 0..self.groups {
            let outputs = group * filters..(group + 1) * filters;
            let product = Product {
                a: self.windows(frame, x, group),
                b: Matrix {
                    values: &kernel[outputs.start..],
                    rows: Axis::plain(self.taps(), self.filters),
                    columns: Axis::plain(filters, 1),
                },
                start: Start::bias(bias.get(outputs.clone()).unwrap_or(&[])),
                epilogue: epilogue.columns(outputs.clone()),
            };
            let y = &mut y[outputs.start..];
            if single {
                product.run(y, self.filters);
            } else {
                product.run_here(y, self.filters);
            }
        }
        epilogue.rest().apply(y, self.filters);
    }
}
