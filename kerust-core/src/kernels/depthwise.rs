//! Depthwise convolution, channels last.
//!
//! `y[i, j, c·M + m] = bias[c·M + m] + Σ x[i·s − p + u·d, j·s − p + v·d, c] · kernel[u, v, c, m]` over the
//! window (u, v). There is no sum over channels and therefore no matrix product. The loops run along the
//! channels, which are contiguous, and the sums of a block of channels stay in registers.
//!
//! The forward pass is divided over rows of the output, the input gradient over images, and the weight
//! gradient over fixed chunks of images. The same code runs with and without `std`.

use super::isa::vectorized;
use super::parallel;
use super::reduce::sum_in_chunks;
use super::walk::Walk;
use crate::activation::Activation;
use crate::kernels::column_sums;
use crate::shape::Window;
use core::ops::Range;

/// The message about sizes with which no kernel can compute.
#[cfg(feature = "std")]
const SIZES: &str = "the sizes of a depthwise convolution do not fit each other, or overflow";

/// The sizes of a depthwise convolution.
#[derive(Clone, Copy, Debug)]
pub struct Depthwise {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// The number of outputs for each channel.
    pub multiplier: usize,
    /// The kernel's window.
    pub window: Window,
}

impl Depthwise {
    /// `y = activation(bias + windows·kernel)`. `kernel` is (rows, columns, channels, multiplier). An empty
    /// `bias` adds nothing.
    pub fn forward(
        &self,
        x: &[f32],
        kernel: &[f32],
        bias: &[f32],
        y: &mut [f32],
        activation: Activation,
    ) {
        check!(self.fits(), "{SIZES}");
        let [rows, columns] = self.output();
        let macs = y.len() * self.taps();
        parallel::chunks(y, columns * self.outputs(), macs, |row, y| {
            let (image, row) = (row / rows.max(1), row % rows.max(1));
            let mut images = x.chunks_exact(self.input_len().max(1));
            let x = images.nth(image).unwrap_or_default();
            vectorized(
                #[inline(always)]
                || self.forward_row(x, kernel, bias, row, y),
            );
            activation.apply(y, self.outputs());
        });
    }

    /// Computes one image on the calling thread.
    #[cfg(feature = "std")]
    pub(super) fn forward_here(&self, x: &[f32], kernel: &[f32], y: &mut [f32]) {
        let row_len = self.output()[1] * self.outputs();
        vectorized(
            #[inline(always)]
            || {
                for (i, y) in y.chunks_exact_mut(row_len).enumerate() {
                    self.forward_row(x, kernel, &[], i, y);
                }
            },
        );
    }

    /// Row `i` of an image's output.
    #[inline(always)]
    fn forward_row(&self, x: &[f32], kernel: &[f32], bias: &[f32], i: usize, y: &mut [f32]) {
        let (outputs, multiplier) = (self.outputs().max(1), self.multiplier.max(1));
        let walk = Walk::new(self.window, self.input);
        for (j, y) in y.chunks_exact_mut(outputs).enumerate() {
            let [rows, columns] = [walk.inside(i, 0), walk.inside(j, 1)];
            let taps = || self.places(walk, [i, j], [rows.clone(), columns.clone()]);
            if multiplier > 1 {
                start(y, bias);
                for (input, tap) in taps() {
                    let mut x = from(x, input).iter();
                    let kernel = from(kernel, tap);
                    parallel::pairs(kernel, multiplier, y, multiplier, |kernel, y| {
                        let x = x.next().copied().unwrap_or_default();
                        y.iter_mut().zip(kernel).for_each(|(y, w)| *y += x * w);
                    });
                }
                continue;
            }
            let mut first = 0;
            while first + 32 <= outputs {
                block::<32>(x, kernel, bias, y, first, taps());
                first += 32;
            }
            while first + 8 <= outputs {
                block::<8>(x, kernel, bias, y, first, taps());
                first += 8;
            }
            while first < outputs {
                block::<1>(x, kernel, bias, y, first, taps());
                first += 1;
            }
        }
    }

    /// The output of one image without bias, at pixel (i, j) and output `c`. Used without a heap, where no
    /// intermediate image is stored.
    #[cfg(any(test, not(feature = "std")))]
    pub(super) fn value(&self, x: &[f32], kernel: &[f32], pixel: [usize; 2], c: usize) -> f32 {
        let (mut sum, channel) = (0.0, c / self.multiplier.max(1));
        self.each_tap(pixel, |input, tap| {
            if let (Some(x), Some(w)) = (x.get(input + channel), kernel.get(tap + c)) {
                sum += x * w;
            }
        });
        sum
    }

    /// Calls `work` with the offsets in the image and in the kernel of each tap of a pixel's window that is
    /// inside the image.
    #[cfg(any(test, not(feature = "std")))]
    pub(super) fn each_tap(&self, [i, j]: [usize; 2], mut work: impl FnMut(usize, usize)) {
        let walk = Walk::new(self.window, self.input);
        let taps = self.places(walk, [i, j], [walk.inside(i, 0), walk.inside(j, 1)]);
        taps.for_each(|(input, tap)| work(input, tap));
    }

    /// The offsets in the image and in the kernel of these taps of a pixel.
    #[inline(always)]
    fn places(
        &self,
        walk: Walk,
        pixel: [usize; 2],
        [rows, columns]: [Range<usize>; 2],
    ) -> impl Iterator<Item = (usize, usize)> {
        let (channels, outputs) = (self.input[2], self.outputs());
        let taps = walk.taps(pixel, rows, columns);
        taps.map(move |(pixel, tap)| (pixel * channels, tap * outputs))
    }

    /// The gradients of the kernel and of the bias (empty if there is none).
    pub fn weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        dkernel: &mut [f32],
        dbias: &mut [f32],
        accumulate: bool,
    ) {
        check!(self.fits(), "{SIZES}");
        let batch = dy.len() / self.output_len();
        let macs = dy.len() * self.taps();
        let add = |images: Range<usize>, [dkernel, dbias]: [&mut [f32]; 2], _| {
            let dy = &dy[images.start * self.output_len()..images.end * self.output_len()];
            column_sums(dy, dbias, self.outputs(), true);
            let images = x[images.start * self.input_len()..].chunks_exact(self.input_len());
            for (x, dy) in images.zip(dy.chunks_exact(self.output_len())) {
                self.each_product(|output, input, tap| {
                    let (dy, x) = (&dy[output..output + self.outputs()], &x[input..]);
                    let dkernel = &mut dkernel[tap..];
                    if self.multiplier == 1 {
                        let terms = dkernel.iter_mut().zip(dy).zip(x);
                        return terms.for_each(|((dw, dy), x)| *dw += x * dy);
                    }
                    let kernels = dkernel.chunks_exact_mut(self.multiplier);
                    let outputs = dy.chunks_exact(self.multiplier);
                    for ((dkernel, dy), x) in kernels.zip(outputs).zip(x) {
                        let pairs = dkernel.iter_mut().zip(dy);
                        pairs.for_each(|(dw, dy)| *dw += x * dy);
                    }
                });
            }
        };
        sum_in_chunks(batch, macs, [dkernel, dbias], accumulate, add);
    }

    /// The gradient of the input.
    pub fn input_gradient(&self, dy: &[f32], kernel: &[f32], dx: &mut [f32]) {
        check!(self.fits(), "{SIZES}");
        let macs = dy.len() * self.taps();
        parallel::chunks(dx, self.input_len(), macs, |image, dx| {
            dx.fill(0.0);
            let dy = &dy[image * self.output_len()..][..self.output_len()];
            self.each_product(|output, input, tap| {
                let (dy, kernel) = (&dy[output..output + self.outputs()], &kernel[tap..]);
                let dx = &mut dx[input..];
                if self.multiplier == 1 {
                    let terms = dx.iter_mut().zip(dy).zip(kernel);
                    return terms.for_each(|((dx, dy), w)| *dx += dy * w);
                }
                let kernels = kernel.chunks_exact(self.multiplier);
                let outputs = dy.chunks_exact(self.multiplier);
                for ((dx, dy), kernel) in dx.iter_mut().zip(outputs).zip(kernels) {
                    *dx += dy.iter().zip(kernel).map(|(dy, w)| dy * w).sum::<f32>();
                }
            });
        });
    }

    /// Calls `work` with the offsets of an output pixel, of an input pixel in its window, and of the tap
    /// between them, for all of one image.
    #[inline(always)]
    fn each_product(&self, mut work: impl FnMut(usize, usize, usize)) {
        let walk = Walk::new(self.window, self.input);
        let [rows, columns] = self.output();
        vectorized(
            #[inline(always)]
            || {
                for i in 0..rows {
                    let down = walk.inside(i, 0);
                    for j in 0..columns {
                        let output = (i * columns + j) * self.outputs();
                        let taps = self.places(walk, [i, j], [down.clone(), walk.inside(j, 1)]);
                        taps.for_each(|(input, tap)| work(output, input, tap));
                    }
                }
            },
        );
    }

    /// Whether the sizes fit each other, and neither the number of outputs nor that of weights overflows. The
    /// rules of shapes guarantee it for a model.
    pub(super) const fn fits(&self) -> bool {
        let [height, width, channels] = self.input;
        match channels.checked_mul(self.multiplier) {
            Some(outputs) => {
                // The taps and the outputs slide over an image with a channel for each output.
                let Window { size, .. } = self.window;
                self.window.fits([height, width, channels])
                    && self.window.fits([height, width, outputs])
                    && match size[0].checked_mul(size[1]) {
                        Some(taps) => taps.checked_mul(outputs).is_some(),
                        None => false,
                    }
            }
            None => false,
        }
    }

    /// The rows and columns of the output.
    pub(super) const fn output(&self) -> [usize; 2] {
        self.window.output(self.input[0], self.input[1])
    }

    /// The number of output channels.
    pub(super) const fn outputs(&self) -> usize {
        self.input[2] * self.multiplier
    }

    /// The number of values in an input image.
    pub(super) const fn input_len(&self) -> usize {
        self.input[0] * self.input[1] * self.input[2]
    }

    /// The number of values in an output image.
    pub(super) const fn output_len(&self) -> usize {
        let [rows, columns] = self.output();
        rows * columns * self.outputs()
    }

    /// The number of products in an output.
    const fn taps(&self) -> usize {
        self.window.size[0] * self.window.size[1]
    }
}

/// `N` channels of a pixel.
#[inline(always)]
fn block<const N: usize>(
    x: &[f32],
    kernel: &[f32],
    bias: &[f32],
    y: &mut [f32],
    first: usize,
    taps: impl Iterator<Item = (usize, usize)>,
) {
    let mut sums = [0.0; N];
    start(&mut sums, from(bias, first));
    for (input, tap) in taps {
        let x = from(x, input + first).first_chunk::<N>();
        let w = from(kernel, tap + first).first_chunk::<N>();
        if let (Some(x), Some(w)) = (x, w) {
            let terms = sums.iter_mut().zip(x.iter().zip(w));
            terms.for_each(|(sum, (x, w))| *sum += x * w);
        }
    }
    let y = y.get_mut(first..).and_then(|y| y.first_chunk_mut());
    if let Some(y) = y {
        *y = sums;
    }
}

/// Sets the sums to the bias, or to 0 if it is empty.
fn start(sums: &mut [f32], bias: &[f32]) {
    sums.fill(0.0);
    sums.iter_mut()
        .zip(bias)
        .for_each(|(sum, bias)| *sum = *bias);
}

/// The values from `place` on. Empty after the end.
fn from(values: &[f32], place: usize) -> &[f32] {
    values.get(place..).unwrap_or_default()
}
