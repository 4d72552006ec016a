//! Maximum over all steps.

use super::GlobalMaxPooling2D;
use super::int8;
use super::one_dimension::one_row;
use crate::layer::Forward;
use crate::quantize::{Int8Layer, Int8Operation};

/// Takes the maximum of each channel over all steps.
///
/// `y[c] = max x[t, c]`. Equal maxima share the gradient, as in Keras; those of `MaxPooling1D` do not.
///
/// # Shapes
/// input `[T][C]`, output `[C]`
///
/// # Cost
/// `T * C` comparisons; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => Conv1D(8, 3, relu) => GlobalMaxPooling1D => Dense(4) }
/// assert_eq!(Wave::PARAMS, (3 * 2 + 1) * 8 + 9 * 4);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GlobalMaxPooling1D(GlobalMaxPooling2D);

impl GlobalMaxPooling1D {
    /// A layer over sequences of `input` steps and channels.
    pub const fn new(input: [usize; 2]) -> Self {
        Self(GlobalMaxPooling2D::new([1, input[0], input[1]]))
    }
}

one_row! { GlobalMaxPooling1D }

impl Forward<int8::PoolingWeights, i8, i8> for GlobalMaxPooling1D {
    fn forward(&self, weights: &int8::PoolingWeights, x: &[i8], y: &mut [i8], (): ()) {
        self.0.forward(weights, x, y, ());
    }
}

impl Int8Layer for GlobalMaxPooling1D {
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
        check_operation(&GlobalMaxPooling1D::new([17, 3]), 17 * 3, 3, 0).unwrap();
        check_operation(&GlobalMaxPooling1D::new([1, 3]), 3, 3, 0).unwrap();
    }
}
