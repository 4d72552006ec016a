//! The backward pass, one image at a time.
//!
//! The gradients of a batch are often larger than the caches. Therefore all steps of an image (activation,
//! weights and input) are done while its data are in the cache.

use super::Convolution;
use super::input_gradient::InputGradient;
use crate::activation::Activation;
use crate::kernels::parallel::Shared;
use crate::kernels::reduce::sum_in_chunks;
use crate::layer::Pass;

impl Convolution {
    /// Like [`backward`](Self::backward), for convolutions whose weight gradients are summed in chunks of the
    /// batch.
    pub(super) fn backward_by_images(
        &self,
        pass: Pass<'_>,
        kernel: &[f32],
        activation: Activation,
        weights: [&mut [f32]; 2],
    ) {
        let Pass {
            x,
            y,
            dy,
            dx,
            accumulate,
            ..
        } = pass;
        let batch = dy.len() / self.output_len();
        let passes = 1 + usize::from(dx.is_some());
        let gradient = dx.is_some().then(|| InputGradient::new(self));
        let (dy, dx) = (Shared::new(dy), Shared::new(dx.unwrap_or_default()));
        let image = |image: usize, arranged: &[f32], [dkernel, dbias]: [&mut [f32]; 2]| {
            let input = image * self.input_len()..(image + 1) * self.input_len();
            let output = image * self.output_len()..(image + 1) * self.output_len();
            // SAFETY: each image is visited once.
            let dy = unsafe { dy.part(output.clone()) };
            activation.backward(&y[output], dy, self.filters);
            self.add_weight_gradient(&x[input.clone()], dy, dkernel, dbias, false);
            if let Some(gradient) = &gradient {
                // SAFETY: as above.
                gradient.image(dy, arranged, unsafe { dx.part(input) });
            }
        };
        let all = |arranged: &[f32]| {
            let macs = batch * self.macs() * passes;
            sum_in_chunks(
                batch,
                macs,
                weights,
                accumulate,
                |images, [dkernel, dbias], _| {
                    for number in images {
                        image(number, arranged, [&mut *dkernel, &mut *dbias]);
                    }
                },
            );
        };
        match &gradient {
            Some(gradient) => gradient.with_kernel(kernel, all),
            None => all(&[]),
        }
    }
}
