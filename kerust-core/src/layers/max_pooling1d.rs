//! Maximum over windows of steps.

use super::MaxPooling2D;
use super::int8;
use super::one_dimension::one_row;
use crate::layer::Forward;
use crate::quantize::{Int8Layer, Int8Operation};
use crate::shape::Padding;

/// Takes the maximum of each window of steps, channel by channel.
///
/// `y[t, c] = max x[t·s + u − p, c]` over the window u. The gradient goes to the first maximum, as in TensorFlow.
///
/// # Arguments
/// - `pool_size = 2`: the steps of the window.
/// - `strides` (optional): steps from one window to the next; `pool_size` if left out.
/// - `padding = valid`: `valid` leaves out windows that do not fit; `same` takes them too, with what lies inside.
///
/// # Shapes
/// input `[T][C]`, output `[OT][C]` with `OT` by [`Window::output`](crate::shape::Window::output)
///
/// # Cost
/// `OT * P * C` values looked at; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => MaxPooling1D(4) => Flatten => Dense(3) }
/// assert_eq!(Wave::PARAMS, 16 * 2 * 3 + 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MaxPooling1D(MaxPooling2D);

impl MaxPooling1D {
    /// A layer over sequences of `input` steps and channels, with Keras's defaults: windows side by side, no
    /// padding.
    pub const fn new(input: [usize; 2], pool_size: usize) -> Self {
        Self(MaxPooling2D::new([1, input[0], input[1]], [1, pool_size]))
    }

    /// Sets the steps from one window to the next.
    pub const fn strides(mut self, strides: usize) -> Self {
        self.0 = self.0.strides([1, strides]);
        self
    }

    /// Sets what happens at the border.
    pub const fn padding(mut self, padding: Padding) -> Self {
        self.0 = self.0.padding(padding);
        self
    }
}

one_row! { MaxPooling1D }

impl Forward<int8::PoolingWeights, i8, i8> for MaxPooling1D {
    fn forward(&self, weights: &int8::PoolingWeights, x: &[i8], y: &mut [i8], (): ()) {
        self.0.forward(weights, x, y, ());
    }
}

impl Int8Layer for MaxPooling1D {
    fn operation(&self) -> Int8Operation<'_> {
        self.0.operation()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        let layer = MaxPooling1D::new([7, 3], 2);
        check_operation(&layer, 7 * 3, 3 * 3, 0).unwrap();
        let layer = MaxPooling1D::new([17, 1], 3)
            .strides(2)
            .padding(Padding::Same);
        check_operation(&layer, 17, 9, 0).unwrap();
    }
}
