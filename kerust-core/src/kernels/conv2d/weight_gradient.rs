//! The gradients of the kernel and the bias.

use super::windows::Frame;
use super::{Convolution, SIZES};
use crate::kernels::matmul::{Axis, Matrix, Product, Start};
use crate::kernels::reduce::sum_in_chunks;
use crate::kernels::{Epilogue, column_sums};
use core::ops::Range;

impl Convolution {
    /// The gradients of the kernel and of the bias (empty if there is none).
    ///
    /// For small kernels, the batch is summed in chunks. A larger kernel has enough outputs to divide each
    /// image's product over threads.
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
        let macs = batch * self.macs();
        let add = |images: Range<usize>, [dkernel, dbias]: [&mut [f32]; 2], alone: bool| {
            let x = &x[images.start * self.input_len()..images.end * self.input_len()];
            let dy = &dy[images.start * self.output_len()..images.end * self.output_len()];
            self.add_weight_gradient(x, dy, dkernel, dbias, alone);
        };
        sum_in_chunks(batch, macs, [dkernel, dbias], accumulate, add);
    }

    /// Adds the gradients of some images, in order.
    pub(super) fn add_weight_gradient(
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
                        epilogue: Epilogue::NONE,
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
}
