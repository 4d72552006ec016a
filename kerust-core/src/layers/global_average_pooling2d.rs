//! Average over whole images.

use super::int8;
use crate::gradient::Gradient;
use crate::kernels::Pooling;
use crate::layer::{Forward, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::shape::{Padding, Window};

/// Takes the average of each channel over the whole image.
///
/// `y[c] = Σ x[i, j, c] / (H · W)`
///
/// # Shapes
/// input `[H][W][C]`, output `[C]`
///
/// # Cost
/// `H * W * C` additions; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Conv2D(8, 3x3, relu) => GlobalAveragePooling2D => Dense(10) }
/// assert_eq!(Net::PARAMS, 10 * 8 + 9 * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GlobalAveragePooling2D {
    pooling: Pooling,
}

impl GlobalAveragePooling2D {
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

impl Forward<()> for GlobalAveragePooling2D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        self.pooling.average(x, y);
    }
}

impl Operation<()> for GlobalAveragePooling2D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.pooling.average_gradient(pass.dy, dx);
        }
    }
}

impl Forward<int8::MeanWeights, i8, i8> for GlobalAveragePooling2D {
    fn forward(&self, weights: &int8::MeanWeights, x: &[i8], y: &mut [i8], (): ()) {
        let [height, width, channels] = self.pooling.input;
        int8::mean(weights, [height * width, channels]).forward(x, y);
    }
}

impl Int8Layer for GlobalAveragePooling2D {
    fn operation(&self) -> Int8Operation<'_> {
        let [height, width, channels] = self.pooling.input;
        Int8Operation::Mean {
            places: height * width,
            channels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn each_channel_is_averaged_alone() {
        let layer = GlobalAveragePooling2D::new([1, 2, 2]);
        let mut y = [f32::NAN; 4];
        layer.forward(&(), &[1.0, 10.0, 3.0, 30.0, 5.0, 0.0, 7.0, 2.0], &mut y, ());
        assert_eq!(y, [2.0, 20.0, 6.0, 1.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = GlobalAveragePooling2D::new([3, 5, 7]);
        check_operation(&layer, 3 * 5 * 7, 7, 0).unwrap();
    }
}
