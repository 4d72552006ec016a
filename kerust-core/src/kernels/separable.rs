//! Separable convolution: a depthwise convolution, followed by a product over the channels.
//!
//! A training step saves the image between the two. In inference it is a single image in a thread's scratch.
//! Without `std` it is a single value, which is added to all outputs as soon as it is known.

use super::Depthwise;
#[cfg(feature = "std")]
use super::Epilogue;
#[cfg(feature = "std")]
use super::matmul::{Matrix, Product, Start};
#[cfg(feature = "std")]
use super::{parallel, scratch};
use crate::activation::Activation;

/// The number of gradient values between the two halves that are stored at a time: 4 MB.
#[cfg(feature = "std")]
const HALFWAY_LEN: usize = 1 << 20;

/// The message about sizes with which no kernel can compute.
#[cfg(feature = "std")]
const SIZES: &str = "the sizes of a separable convolution do not fit each other, or overflow";

/// The sizes of a separable convolution.
#[derive(Clone, Copy, Debug)]
pub struct Separable {
    /// The depthwise convolution.
    pub depthwise: Depthwise,
    /// The number of output channels.
    pub filters: usize,
}

/// The kernels of a separable convolution, or their gradients.
#[derive(Clone, Copy, Debug)]
pub struct Kernels<T> {
    /// (rows, columns, channels, multiplier)
    pub depthwise: T,
    /// (channels · multiplier, filters)
    pub pointwise: T,
}

#[cfg(feature = "std")]
impl Separable {
    /// `y = activation(bias + depthwise(x)·pointwise)`; an empty `bias` adds nothing.
    pub fn forward(
        &self,
        x: &[f32],
        kernels: Kernels<&[f32]>,
        bias: &[f32],
        y: &mut [f32],
        activation: Activation,
    ) {
        check!(self.depthwise.fits(), "{SIZES}");
        let (depthwise, epilogue) = (&self.depthwise, Epilogue::new(activation));
        let (between, pixels) = (
            depthwise.output_len(),
            depthwise.output_len() / depthwise.outputs(),
        );
        let window = depthwise.window.size[0] * depthwise.window.size[1];
        let macs = x.len() / depthwise.input_len() * between * (window + self.filters);
        parallel::chunks(y, pixels * self.filters, macs, |image, y| {
            let x = &x[image * depthwise.input_len()..][..depthwise.input_len()];
            scratch::with(scratch::Use::Halfway, between, |z| {
                depthwise.forward_here(x, kernels.depthwise, z);
                let product = Product {
                    a: Matrix::row_major(z, pixels, depthwise.outputs()),
                    b: Matrix::row_major(kernels.pointwise, depthwise.outputs(), self.filters),
                    start: Start::bias(bias),
                    epilogue,
                };
                product.run_here(y, self.filters);
            });
            epilogue.rest().apply(y, self.filters);
        });
    }

    /// The gradients of the depthwise kernel and of the input, from the output's gradient, for some images at
    /// a time.
    pub fn depthwise_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        kernels: Kernels<&[f32]>,
        mut ddepthwise: Option<&mut [f32]>,
        mut dx: Option<&mut [f32]>,
        accumulate: bool,
    ) {
        check!(self.depthwise.fits(), "{SIZES}");
        let depthwise = &self.depthwise;
        let (channels, between) = (depthwise.outputs(), depthwise.output_len());
        let images = (HALFWAY_LEN / between).max(1);
        let (input, output) = (depthwise.input_len(), between / channels * self.filters);
        let batch = x.len() / input;
        if let Some(ddepthwise) = &mut ddepthwise
            && batch == 0
            && !accumulate
        {
            ddepthwise.fill(0.0);
        }
        scratch::with(scratch::Use::Halfway, images.min(batch) * between, |dz| {
            for first in (0..batch).step_by(images) {
                let last = batch.min(first + images);
                let dy = &dy[first * output..last * output];
                let dz = &mut dz[..(last - first) * between];
                super::dense_input_gradient(dy, kernels.pointwise, dz, channels, self.filters);
                let x = &x[first * input..last * input];
                let adds = accumulate || first > 0;
                if let Some(ddepthwise) = &mut ddepthwise {
                    depthwise.weight_gradient(x, dz, ddepthwise, &mut [], adds);
                }
                if let Some(dx) = &mut dx {
                    let dx = &mut dx[first * input..last * input];
                    depthwise.input_gradient(dz, kernels.depthwise, dx);
                }
            }
        });
    }
}

#[cfg(not(feature = "std"))]
impl Separable {
    /// `y = activation(bias + depthwise(x)·pointwise)`; an empty `bias` adds nothing.
    pub fn forward(
        &self,
        x: &[f32],
        kernels: Kernels<&[f32]>,
        bias: &[f32],
        y: &mut [f32],
        activation: Activation,
    ) {
        self.forward_by_loops(x, kernels, bias, y);
        activation.apply(y, self.filters);
    }

    /// The gradients of the depthwise kernel and of the input, from the output's gradient.
    pub fn depthwise_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        kernels: Kernels<&[f32]>,
        ddepthwise: Option<&mut [f32]>,
        dx: Option<&mut [f32]>,
        accumulate: bool,
    ) {
        self.gradient_by_loops(x, dy, kernels, ddepthwise, dx, accumulate);
    }
}

/// Plain loops without a heap, for firmware.
#[cfg(any(test, not(feature = "std")))]
impl Separable {
    fn forward_by_loops(&self, x: &[f32], kernels: Kernels<&[f32]>, bias: &[f32], y: &mut [f32]) {
        y.fill(0.0);
        super::add_bias(y, bias);
        self.each_pixel(x.len(), |image, pixel, output| {
            let x = x.get(image..).unwrap_or_default();
            let y = y.get_mut(output..output + self.filters);
            let y = y.unwrap_or_default();
            let rows = kernels.pointwise.chunks_exact(self.filters.max(1));
            for (c, row) in rows.enumerate() {
                let z = self.depthwise.value(x, kernels.depthwise, pixel, c);
                y.iter_mut().zip(row).for_each(|(y, w)| *y += z * w);
            }
        });
    }

    fn gradient_by_loops(
        &self,
        x: &[f32],
        dy: &[f32],
        kernels: Kernels<&[f32]>,
        mut ddepthwise: Option<&mut [f32]>,
        mut dx: Option<&mut [f32]>,
        accumulate: bool,
    ) {
        if let Some(ddepthwise) = &mut ddepthwise
            && !accumulate
        {
            ddepthwise.fill(0.0);
        }
        if let Some(dx) = &mut dx {
            dx.fill(0.0);
        }
        self.each_pixel(x.len(), |image, pixel, output| {
            let dy = &dy[output..][..self.filters];
            let rows = kernels.pointwise.chunks_exact(self.filters);
            for (c, row) in rows.enumerate() {
                let dz: f32 = dy.iter().zip(row).map(|(dy, w)| dy * w).sum();
                let channel = c / self.depthwise.multiplier;
                self.depthwise.each_tap(pixel, |input, tap| {
                    let place = image + input + channel;
                    if let Some(ddepthwise) = &mut ddepthwise {
                        ddepthwise[tap + c] += x[place] * dz;
                    }
                    if let Some(dx) = &mut dx {
                        dx[place] += dz * kernels.depthwise[tap + c];
                    }
                });
            }
        });
    }

    /// Calls `work` with the offset of an image, an output pixel, and the pixel's offset.
    fn each_pixel(&self, len: usize, mut work: impl FnMut(usize, [usize; 2], usize)) {
        let [rows, columns] = self.depthwise.output();
        let mut output = 0;
        for image in (0..len).step_by(self.depthwise.input_len().max(1)) {
            for i in 0..rows {
                for j in 0..columns {
                    work(image, [i, j], output);
                    output += self.filters;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Seed;
    use crate::shape::{Padding, Window};
    use rand::RngExt;

    fn random(len: usize, seed: u64) -> Vec<f32> {
        let mut rng = Seed(seed).rng();
        (0..len).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    #[track_caller]
    fn assert_close(found: &[f32], expected: &[f32]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{found} {expected}");
        }
    }

    #[test]
    fn plain_loops_give_the_same() {
        for (multiplier, padding, strides) in [
            (1, Padding::Same, [2, 1]),
            (2, Padding::Valid, [1, 1]),
            (3, Padding::Same, [1, 3]),
        ] {
            let window = Window {
                size: [3, 2],
                strides,
                padding,
                dilation: [1, 2],
            };
            let separable = Separable {
                depthwise: Depthwise {
                    input: [6, 5, 2],
                    multiplier,
                    window,
                },
                filters: 3,
            };
            let [rows, columns] = separable.depthwise.output();
            let (x, dy) = (random(3 * 60, 1), random(3 * rows * columns * 3, 2));
            let (first, second) = (random(6 * 2 * multiplier, 3), random(2 * multiplier * 3, 4));
            let kernels = Kernels {
                depthwise: &first[..],
                pointwise: &second[..],
            };
            let [mut y, mut y_by_loops] = [dy.clone(), dy.clone()];
            let bias = [0.5, -0.5, 1.0];
            separable.forward(&x, kernels, &bias, &mut y, Activation::Linear);
            separable.forward_by_loops(&x, kernels, &bias, &mut y_by_loops);
            assert_close(&y, &y_by_loops);

            let [mut dw, mut dw_by_loops] = [first.clone(), first.clone()];
            let [mut dx, mut dx_by_loops] = [x.clone(), x.clone()];
            separable.depthwise_gradient(&x, &dy, kernels, Some(&mut dw), Some(&mut dx), true);
            let of_x = Some(&mut dx_by_loops[..]);
            separable.gradient_by_loops(&x, &dy, kernels, Some(&mut dw_by_loops), of_x, true);
            assert_close(&dw, &dw_by_loops);
            assert_close(&dx, &dx_by_loops);
        }
    }
}
