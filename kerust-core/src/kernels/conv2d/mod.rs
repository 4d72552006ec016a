//! Two-dimensional convolution (cross-correlation, as Keras's), channels last.
//!
//! `y[i, j, o] = bias[o] + Σ x[i·s − p + u·d, j·s − p + v·d, c] · kernel[u, v, c, o]` over the window
//! (u, v) and the channels c of the output's group, with strides s, padding p and dilation d.
//!
//! # How it computes
//! The convolution is computed as a product, `y = windows·kernel`, where row (i, j) of `windows` is the
//! window of one output pixel. That matrix is a *view* of the image: the offset of an element is the sum of
//! an offset for the pixel and one for the tap. Therefore no im2col copy is needed. Only an image that needs
//! zero padding is copied, one image at a time, into scratch that stays in the cache.
//!
//! | | product | work is divided over |
//! |---|---|---|
//! | forward | windows · kernel, bias first | images |
//! | weights' gradient | windowsᵀ · dy | fixed chunks of images, added in order |
//! | input's gradient | windows of dy · the kernel turned, or dy · kernelᵀ and each window added to the image | images |
//!
//! A backward pass does all its steps for one image before it goes on to the next (`backward.rs`), unless the
//! kernel is so large that the sums of a chunk are no longer small.
//!
//! A weight gradient has few outputs and a long sum. The images are divided into chunks, whose number depends
//! only on the sizes and not on the threads. Therefore the result does not depend on the threads either.
//!
//! Without `std` and heap, `direct.rs` computes the same results, and also uses matrix products in the
//! forward pass.

#[cfg(feature = "std")]
mod backward;
#[cfg(any(test, not(feature = "std")))]
mod direct;
#[cfg(feature = "std")]
mod input_gradient;
#[cfg(feature = "std")]
mod weight_gradient;
#[cfg(feature = "std")]
mod windows;

#[cfg(not(feature = "std"))]
use super::Epilogue;
use crate::activation::Activation;
use crate::layer::Pass;
use crate::shape::Window;

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug)]
pub struct Convolution {
    /// Height, width and channels of an image.
    pub input: [usize; 3],
    /// The number of output channels.
    pub filters: usize,
    /// The kernel's window.
    pub window: Window,
    /// The number of groups of channels. Group g of the output reads only group g of the input.
    pub groups: usize,
}

/// The message about sizes with which no kernel can compute.
#[cfg(feature = "std")]
const SIZES: &str = "the sizes of a convolution do not fit each other, or overflow";

impl Convolution {
    /// Whether the sizes fit each other, and neither the number of outputs nor that of weights overflows. The
    /// rules of shapes guarantee it for a model.
    const fn fits(&self) -> bool {
        let Window { size, .. } = self.window;
        if !self.window.fits(self.input)
            || self.groups == 0
            || !self.input[2].is_multiple_of(self.groups)
            || !self.filters.is_multiple_of(self.groups)
        {
            return false;
        }
        let [rows, columns] = self.output();
        // An image was just found to be addressable, so its output is too, for one filter.
        let outputs = (rows * columns).checked_mul(self.filters);
        let taps = match size[0].checked_mul(size[1]) {
            Some(taps) => taps.checked_mul(self.input[2]),
            None => None,
        };
        let weights = match taps {
            Some(taps) => taps.checked_mul(self.filters),
            None => None,
        };
        const MOST: usize = isize::MAX as usize / size_of::<f32>();
        matches!((outputs, weights), (Some(outputs), Some(weights)) if outputs <= MOST && weights <= MOST)
    }

    /// The rows and columns of the output.
    const fn output(&self) -> [usize; 2] {
        self.window.output(self.input[0], self.input[1])
    }

    /// The number of values in an input image.
    const fn input_len(&self) -> usize {
        self.input[0] * self.input[1] * self.input[2]
    }

    /// The number of values that an in-place convolution must keep; 0 if it cannot be done in place.
    #[cfg(any(test, not(feature = "std")))]
    fn kept_len(&self) -> usize {
        let [height, width, channels] = self.input;
        let rows = self.window.rows_kept(height, width).unwrap_or(0);
        rows * width * channels
    }

    /// The number of output pixels of an image.
    #[cfg(feature = "std")]
    const fn pixels(&self) -> usize {
        let [height, width] = self.output();
        height * width
    }

    /// The number of values in an output image.
    #[cfg(feature = "std")]
    const fn output_len(&self) -> usize {
        self.pixels() * self.filters
    }

    /// The number of input channels that an output reads.
    const fn group_channels(&self) -> usize {
        match self.input[2].checked_div(self.groups) {
            Some(channels) => channels,
            None => 0,
        }
    }

    /// The number of output channels of a group.
    const fn group_filters(&self) -> usize {
        match self.filters.checked_div(self.groups) {
            Some(filters) => filters,
            None => 0,
        }
    }

    /// The number of values in a window, which is the number of products in an output.
    #[cfg(feature = "std")]
    const fn taps(&self) -> usize {
        self.window.size[0] * self.window.size[1] * self.group_channels()
    }

    /// Multiply-adds of an image.
    #[cfg(feature = "std")]
    const fn macs(&self) -> usize {
        self.output_len() * self.taps()
    }
}

impl Convolution {
    /// The backward pass of `y = activation(bias + windows·kernel)`. `weights` are the gradients of the
    /// kernel and of the bias (empty if there is none), or `None` if they are not needed.
    pub fn backward(
        &self,
        pass: Pass<'_>,
        kernel: &[f32],
        activation: Activation,
        #[cfg_attr(not(feature = "std"), allow(unused_mut))] mut weights: Option<[&mut [f32]; 2]>,
    ) {
        check!(self.fits(), "{SIZES}");
        #[cfg(feature = "std")]
        {
            let images = pass.dy.len() / self.output_len();
            if let Some([dkernel, dbias]) = &mut weights
                && super::reduce::chunk_len(images, dkernel.len() + dbias.len()) < images
            {
                return self.backward_by_images(pass, kernel, activation, [dkernel, dbias]);
            }
        }
        super::activation_gradient(activation, pass.y, pass.dy, self.filters);
        if let Some([dkernel, dbias]) = weights {
            self.weight_gradient(pass.x, pass.dy, dkernel, dbias, pass.accumulate);
        }
        if let Some(dx) = pass.dx {
            self.input_gradient(pass.dy, kernel, dx);
        }
    }
}

#[cfg(not(feature = "std"))]
impl Convolution {
    /// `y = epilogue(bias + windows·kernel)` for each image. `kernel` is (rows, columns, channels of a group,
    /// filters). An empty `bias` adds nothing.
    #[inline(always)]
    pub fn forward(
        &self,
        x: &[f32],
        kernel: &[f32],
        bias: &[f32],
        y: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        check!(self.fits(), "{SIZES}");
        direct::forward(self, x, kernel, bias, y, epilogue);
        epilogue.rest().apply(y, self.filters);
    }

    /// Like [`forward`](Self::forward), in place. The output must have the size of the image, and the
    /// epilogue must add nothing. `scratch` needs as many rows as [`Window::rows_kept`] for each image.
    #[inline(always)]
    pub fn forward_in_place(
        &self,
        kernel: &[f32],
        bias: &[f32],
        y: &mut [f32],
        scratch: &mut [f32],
        epilogue: Epilogue<'_>,
    ) {
        check!(self.fits(), "{SIZES}");
        direct::forward_in_place(self, kernel, bias, y, scratch, epilogue);
        epilogue.rest().apply(y, self.filters);
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
        if !accumulate {
            dkernel.fill(0.0);
        }
        direct::add_weight_gradient(self, x, dy, dkernel);
        super::column_sums(dy, dbias, self.filters, accumulate);
    }

    /// The gradient of the input.
    pub fn input_gradient(&self, dy: &[f32], kernel: &[f32], dx: &mut [f32]) {
        check!(self.fits(), "{SIZES}");
        direct::input_gradient(self, dy, kernel, dx);
    }
}

#[cfg(test)]
mod tests;
