//! Maximum over whole images.

use super::int8;
use crate::gradient::Gradient;
use crate::kernels;
use crate::kernels::Pooling;
use crate::layer::{Forward, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::shape::{Padding, Window};

/// Takes the maximum of each channel over the whole image.
///
/// `y[c] = max x[i, j, c]`. Equal maxima share the gradient, as in Keras; those of `MaxPooling2D` do
/// not.
///
/// # Shapes
/// input `[H][W][C]`, output `[C]`
///
/// # Cost
/// `H * W * C` comparisons; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Conv2D(8, 3x3, relu) => GlobalMaxPooling2D => Dense(10) }
/// assert_eq!(Net::PARAMS, 10 * 8 + 9 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GlobalMaxPooling2D {
    pooling: Pooling,
}

impl GlobalMaxPooling2D {
    /// A layer over images of `input` height, width and channels.
    pub const fn new(input: [usize; 3]) -> Self {
        let window = Window {
            size: [input[0], input[1]],
            strides: [1, 1],
            padding: Padding::Valid,
            dilation: [1, 1],
        };
        Self {
            pooling: Pooling { input, window },
        }
    }
}

impl Forward<()> for GlobalMaxPooling2D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        self.pooling.maximum(x, y);
    }
}

impl Operation<()> for GlobalMaxPooling2D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.pooling
                .global_maximum_gradient(pass.x, pass.y, pass.dy, dx);
        }
    }
}

/// The output has the input's quantization.
impl Forward<int8::PoolingWeights, i8, i8> for GlobalMaxPooling2D {
    fn forward(&self, _: &int8::PoolingWeights, x: &[i8], y: &mut [i8], (): ()) {
        let kernel = kernels::int8::Pooling {
            input: self.pooling.input,
            window: self.pooling.window,
            output: int8::SAME,
        };
        kernel.maximum(x, y);
    }
}

impl Int8Layer for GlobalMaxPooling2D {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::MaxPooling {
            input: self.pooling.input,
            window: self.pooling.window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn equals_share_the_gradient() {
        let layer = GlobalMaxPooling2D::new([1, 4, 1]);
        let (x, mut dx) = ([3.0, 1.0, 3.0, 2.0], [f32::NAN; 4]);
        let pass = Pass {
            x: &x[..],
            y: &[3.0][..],
            saved: (),
            dy: &mut [5.0][..],
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        layer.backward(&(), pass, Gradient::none());
        assert_eq!(dx, [2.5, 0.0, 2.5, 0.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = GlobalMaxPooling2D::new([3, 2, 3]);
        check_operation(&layer, 3 * 2 * 3, 3, 0).unwrap();
    }

    #[test]
    fn each_of_many_channels_finds_its_own_maximum() {
        const CHANNELS: usize = 37;
        let layer = GlobalMaxPooling2D::new([2, 1, CHANNELS]);
        // Odd channels peak in the first pixel, even ones in the second.
        let x: Vec<f32> = (0..2 * CHANNELS).map(|i| (i % 2) as f32).collect();
        let (mut y, mut dx) = (vec![f32::NAN; CHANNELS], vec![f32::NAN; x.len()]);
        layer.forward(&(), &x, &mut y, ());
        assert_eq!(y, [1.0; CHANNELS]);
        let pass = Pass {
            x: &x[..],
            y: &y[..],
            saved: (),
            dy: &mut [3.0; CHANNELS][..],
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        layer.backward(&(), pass, Gradient::none());
        assert!(dx.iter().zip(&x).all(|(dx, x)| *dx == 3.0 * x));
    }
}
