//! Maximum over all steps.

use super::GlobalMaxPooling2D;
use super::one_dimension::one_row;

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
