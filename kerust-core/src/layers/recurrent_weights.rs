//! The weights of the recurrent layers.

use crate::kernels::RecurrentWeights;
use crate::layer::LayerData;

/// Weights as the kernel takes them.
pub trait RecurrentArrays: LayerData {
    /// Sizes of the kernel, the recurrent kernel and the bias.
    const SIZES: [&'static [usize]; 3];

    /// The weights, to be read.
    fn arrays(&self) -> RecurrentWeights<'_>;

    /// The kernel, the recurrent kernel and the bias, to be written.
    fn arrays_mut(&mut self) -> [&mut [f32]; 3];
}

/// Implements [`RecurrentArrays`] for weights with the three arrays.
macro_rules! arrays {
    ($name:ident<$($size:ident),+>, $bias:ident as $as_slice:ident $as_mut_slice:ident, $sizes:expr) => {
        impl<$(const $size: usize),+> $crate::layers::recurrent_weights::RecurrentArrays for $name<$($size),+> {
            const SIZES: [&'static [usize]; 3] = $sizes;

            fn arrays(&self) -> $crate::kernels::RecurrentWeights<'_> {
                $crate::kernels::RecurrentWeights {
                    kernel: self.kernel.as_flattened(),
                    recurrent_kernel: self.recurrent_kernel.as_flattened(),
                    bias: self.$bias.$as_slice(),
                }
            }

            fn arrays_mut(&mut self) -> [&mut [f32]; 3] {
                [
                    self.kernel.as_flattened_mut(),
                    self.recurrent_kernel.as_flattened_mut(),
                    self.$bias.$as_mut_slice(),
                ]
            }
        }
    };
}
pub(super) use arrays;
