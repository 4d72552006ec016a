//! Zeros before and after a sequence.

use super::ZeroPadding2D;
use super::int8;
use super::one_dimension::one_row;
use crate::layer::Forward;
use crate::quantize::{Int8Layer, Int8Operation};

/// Adds zeros at both ends of a sequence.
///
/// `y[t + before, c] = x[t, c]`, and 0 elsewhere.
///
/// # Arguments
/// - `padding = 1`: the steps at each end, or `(before, after)`.
///
/// # Shapes
/// input `[T][C]`, output `[before + T + after][C]`
///
/// # Cost
/// a copy of each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(5, 2) => ZeroPadding1D((1, 2)) => Flatten => Dense(1) }
/// assert_eq!(Wave::PARAMS, (1 + 5 + 2) * 2 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ZeroPadding1D(ZeroPadding2D);

impl ZeroPadding1D {
    /// A layer over sequences of `input` steps and channels, with `padding` steps before and after.
    pub const fn new(input: [usize; 2], padding: [usize; 2]) -> Self {
        let image = [1, input[0], input[1]];
        Self(ZeroPadding2D::new(image, [[0, 0], padding]))
    }
}

one_row! { ZeroPadding1D }

impl Forward<int8::PaddingWeights, i8, i8> for ZeroPadding1D {
    fn forward(&self, weights: &int8::PaddingWeights, x: &[i8], y: &mut [i8], (): ()) {
        self.0.forward(weights, x, y, ());
    }
}

impl Int8Layer for ZeroPadding1D {
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
        check_operation(&ZeroPadding1D::new([5, 3], [2, 0]), 15, 21, 0).unwrap();
        check_operation(&ZeroPadding1D::new([1, 1], [0, 3]), 1, 4, 0).unwrap();
    }
}
