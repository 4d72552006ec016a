//! Maximum over windows.

use super::int8;
use crate::gradient::Gradient;
use crate::kernels;
use crate::kernels::Pooling;
use crate::layer::{Forward, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};
use crate::shape::{Padding, Window};

/// Takes the maximum of each window of an image, channel by channel.
///
/// `y[i, j, c] = max x[i·s + u − p, j·s + v − p, c]` over the window (u, v). The gradient goes to the
/// first maximum in the order of rows and columns, as in TensorFlow.
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
/// model! { pub Net: Input(28, 28, 1) => Conv2D(8, 3x3, relu) => MaxPooling2D(2x2) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, 10 * 8 + (13 * 13 * 8 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaxPooling2D {
    pooling: Pooling,
}

impl MaxPooling2D {
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

impl Forward<()> for MaxPooling2D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        self.pooling.maximum(x, y);
    }
}

impl Operation<()> for MaxPooling2D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.pooling.maximum_gradient(pass.x, pass.dy, dx);
        }
    }
}

/// The output has the input's quantization.
impl Forward<int8::PoolingWeights, i8, i8> for MaxPooling2D {
    fn forward(&self, _: &int8::PoolingWeights, x: &[i8], y: &mut [i8], (): ()) {
        let kernel = kernels::int8::Pooling {
            input: self.pooling.input,
            window: self.pooling.window,
            output: int8::SAME,
        };
        kernel.maximum(x, y);
    }
}

impl Int8Layer for MaxPooling2D {
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

    fn run(layer: MaxPooling2D, x: &[f32], outputs: usize) -> Vec<f32> {
        let mut y = vec![f32::NAN; outputs];
        layer.forward(&(), x, &mut y, ());
        y
    }

    #[test]
    fn padding_is_never_the_maximum() {
        let layer = MaxPooling2D::new([3, 2, 1], [2, 2]).padding(Padding::Same);
        let x = [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0];
        assert_eq!(run(layer, &x, 2), [-1.0, -5.0]);
    }

    #[test]
    fn of_equals_the_first_takes_the_gradient() {
        let layer = MaxPooling2D::new([2, 2, 1], [2, 2]);
        let (x, y) = ([0.0, 3.0, 3.0, 3.0], [3.0]);
        let mut dx = [f32::NAN; 4];
        let pass = Pass {
            x: &x[..],
            y: &y[..],
            saved: (),
            dy: &mut [5.0][..],
            dx: Some(&mut dx[..]),
            accumulate: false,
        };
        layer.backward(&(), pass, Gradient::none());
        assert_eq!(dx, [0.0, 5.0, 0.0, 0.0]);
    }

    #[test]
    fn channels_are_pooled_alone() {
        const CHANNELS: usize = 37;
        let layer = |channels| {
            MaxPooling2D::new([5, 4, channels], [3, 2])
                .strides([2, 1])
                .padding(Padding::Same)
        };
        let gradient = |layer: MaxPooling2D, x: &[f32], outputs: usize| {
            let (y, mut dx) = (run(layer, x, outputs), vec![f32::NAN; x.len()]);
            let pass = Pass {
                x,
                y: &y[..],
                saved: (),
                dy: &mut y.clone()[..],
                dx: Some(&mut dx[..]),
                accumulate: false,
            };
            layer.backward(&(), pass, Gradient::none());
            dx
        };
        let x: Vec<f32> = (0..5 * 4 * CHANNELS)
            .map(|i| (i * 7919 % 1009) as f32)
            .collect();
        let dx = gradient(layer(CHANNELS), &x, 3 * 4 * CHANNELS);
        for channel in 0..CHANNELS {
            let alone = |all: &[f32]| -> Vec<f32> {
                all.iter()
                    .skip(channel)
                    .step_by(CHANNELS)
                    .copied()
                    .collect()
            };
            assert_eq!(alone(&dx), gradient(layer(1), &alone(&x), 3 * 4));
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        // Few values, since two within a step of the differences would swap places.
        let layer = MaxPooling2D::new([5, 7, 1], [2, 2]);
        check_operation(&layer, 5 * 7, 2 * 3, 0).unwrap();
        let tiled = MaxPooling2D::new([4, 6, 1], [2, 3]);
        check_operation(&tiled, 4 * 6, 2 * 2, 0).unwrap();
        let overlapping = MaxPooling2D::new([7, 5, 1], [3, 2]).strides([2, 1]);
        check_operation(&overlapping, 7 * 5, 3 * 4, 0).unwrap();
        let padded = MaxPooling2D::new([5, 3, 2], [3, 3])
            .strides([2, 2])
            .padding(Padding::Same);
        check_operation(&padded, 5 * 3 * 2, 3 * 2 * 2, 0).unwrap();
    }
}
