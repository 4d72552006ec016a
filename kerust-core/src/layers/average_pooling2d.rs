//! Average over windows.

use super::int8;
use crate::gradient::Gradient;
use crate::kernels;
use crate::kernels::Pooling;
use crate::layer::{Forward, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::shape::{Padding, Window};

/// Takes the average of each window of an image, channel by channel.
///
/// `y[i, j, c] = Σ x[i·s + u − p, j·s + v − p, c] / n` over the window (u, v), of which n pixels lie
/// inside the image.
///
/// # Arguments
/// - `pool_size = 2`: rows and columns of the window, `2x2` or `2`.
/// - `strides` (optional): rows and columns from one window to the next; `pool_size` if left out.
/// - `padding = valid`: `valid` leaves out windows that do not fit; `same` takes them too, with what lies inside.
///
/// # Shapes
/// input `[H][W][C]`, output `[OH][OW][C]` with `OH` and `OW` by [`Window::output`]
///
/// # Cost
/// `OH * OW * PH * PW * C` values looked at; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => AveragePooling2D(2x2) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, (14 * 14 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AveragePooling2D {
    pooling: Pooling,
}

impl AveragePooling2D {
    /// A layer over images of `input` height, width and channels, with Keras's defaults: windows side
    /// by side, no padding.
    pub const fn new(input: [usize; 3], pool_size: [usize; 2]) -> Self {
        let window = Window {
            size: pool_size,
            strides: pool_size,
            padding: Padding::Valid,
            dilation: [1, 1],
        };
        Self {
            pooling: Pooling { input, window },
        }
    }

    /// Sets the rows and columns from one window to the next.
    pub const fn strides(mut self, strides: [usize; 2]) -> Self {
        self.pooling.window.strides = strides;
        self
    }

    /// Sets what happens at the border.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.pooling.window.padding = padding;
        self
    }
}

impl Forward<()> for AveragePooling2D {
    #[inline(never)]
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        self.pooling.average(x, y);
    }
}

impl Operation<()> for AveragePooling2D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.pooling.average_gradient(pass.dy, dx);
        }
    }
}

/// The output has the input's quantization.
impl Forward<int8::PoolingWeights, i8, i8> for AveragePooling2D {
    fn forward(&self, _: &int8::PoolingWeights, x: &[i8], y: &mut [i8], (): ()) {
        let kernel = kernels::int8::Pooling {
            input: self.pooling.input,
            window: self.pooling.window,
            output: int8::SAME,
        };
        kernel.average(x, y);
    }
}

impl Int8Layer for AveragePooling2D {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::AveragePooling {
            input: self.pooling.input,
            window: self.pooling.window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    fn run(layer: AveragePooling2D, x: &[f32], outputs: usize) -> Vec<f32> {
        let mut y = vec![f32::NAN; outputs];
        layer.forward(&(), x, &mut y, ());
        y
    }

    #[test]
    fn padding_is_not_averaged() {
        let layer = AveragePooling2D::new([3, 2, 1], [2, 2]).padding(Padding::Same);
        let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(run(layer, &x, 2), [2.5, 5.5]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = AveragePooling2D::new([5, 7, 3], [2, 2]);
        check_operation(&layer, 5 * 7 * 3, 2 * 3 * 3, 0).unwrap();
        let overlapping = AveragePooling2D::new([7, 5, 2], [3, 2]).strides([2, 1]);
        check_operation(&overlapping, 7 * 5 * 2, 3 * 4 * 2, 0).unwrap();
        let padded = AveragePooling2D::new([4, 5, 37], [3, 3])
            .strides([2, 2])
            .padding(Padding::Same);
        check_operation(&padded, 4 * 5 * 37, 2 * 3 * 37, 0).unwrap();
    }
}
