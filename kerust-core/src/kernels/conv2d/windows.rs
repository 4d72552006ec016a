//! The matrix of windows, as a view of an image, and the forward pass by it.

use super::Convolution;
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::{Epilogue, parallel, scratch};
use crate::shape::Padding;

/// An image as the windows see it: with the zeros around that they reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Rows and columns that the image is copied into; `None` where it serves as it is.
    padded: Option<[usize; 2]>,
    /// Rows above and columns to the left of the image.
    before: [usize; 2],
    /// Rows and columns of the image.
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

    /// The gradient of an output, with the zeros around that windows of the turned kernel reach.
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

    /// Values of a row.
    pub(super) fn row_len(&self) -> usize {
        self.padded.unwrap_or(self.size)[1] * self.channels
    }

    /// Values of the framed image.
    pub(super) fn len(&self) -> usize {
        self.padded.unwrap_or(self.size)[0] * self.row_len()
    }

    /// Calls `work` with the framed image.
    pub(super) fn with<T>(&self, x: &[f32], work: impl FnOnce(&[f32]) -> T) -> T {
        if !self.is_padded() {
            return work(x);
        }
        scratch::with(scratch::Use::Image, self.len(), |image| {
            self.copy(x, image);
            work(image)
        })
    }

    /// Copies an image into its frame.
    fn copy(&self, x: &[f32], image: &mut [f32]) {
        let row_len = self.size[1] * self.channels;
        let [top, left] = [self.before[0], self.before[1] * self.channels];
        for (i, row) in image.chunks_exact_mut(self.row_len()).enumerate() {
            let inside = i.checked_sub(top).filter(|i| *i < self.size[0]);
            let Some(i) = inside else {
                row.fill(0.0);
                continue;
            };
            // A stride may leave the last columns of the image outside every window.
            let copied = row_len.min(row.len() - left);
            row[..left].fill(0.0);
            row[left..left + copied].copy_from_slice(&x[i * row_len..][..copied]);
            row[left + copied..].fill(0.0);
        }
    }

    /// Takes the image out of its frame.
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
    /// The windows of one group over a framed image: a row for each output pixel, a column for each
    /// tap.
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

    /// `y = epilogue(bias + windows·kernel)` for each image, where `kernel` is (rows, columns,
    /// channels of a group, filters) and an empty `bias` adds nothing.
    pub fn forward(
        &self,
        x: &[f32],
        kernel: &[f32],
        bias: &[f32],
        y: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        let frame = Frame::new(self);
        let single = y.len() == self.output_len();
        let macs = self.shared_macs(y.len());
        parallel::chunks(y, self.output_len(), macs, |image, y| {
            frame.with(&x[image * self.input_len()..][..self.input_len()], |x| {
                self.one(&frame, x, [kernel, bias], y, epilogue, single);
            });
        });
    }

    /// [`forward`](Self::forward) of what stands in `y`, where the output has the image's sizes and the
    /// epilogue adds nothing. The scratch is for code without heap: here a thread has its own.
    pub fn forward_in_place(
        &self,
        kernel: &[f32],
        bias: &[f32],
        y: &mut [f32],
        _scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
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

    /// Multiply-adds to be divided over images: none of a single one, which is divided itself.
    fn shared_macs(&self, len: usize) -> usize {
        let images = len / self.output_len();
        if images == 1 { 0 } else { self.macs() * images }
    }

    /// One image, framed.
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
