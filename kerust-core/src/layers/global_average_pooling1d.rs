//! Average over all steps.
//!
//! `y[c] = Σ x[t, c] / T`

use super::GlobalAveragePooling2D;
use super::one_dimension::one_row;

/// Takes the average of each channel over all steps: `GlobalAveragePooling1D`.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => Conv1D(8, 3, relu) => GlobalAveragePooling1D => Dense(4) }
/// assert_eq!(Wave::PARAMS, (3 * 2 + 1) * 8 + 9 * 4);
/// ```
///
/// # Shapes
/// input `[T][C]`, output `[C]`
///
/// # Cost
/// `T * C` additions; no weights.
#[derive(Clone, Copy, Debug)]
pub struct GlobalAveragePooling1D(GlobalAveragePooling2D);

impl GlobalAveragePooling1D {
    /// A layer over sequences of `input` steps and channels.
    pub const fn new(input: [usize; 2]) -> Self {
        Self(GlobalAveragePooling2D::new([1, input[0], input[1]]))
    }
}

one_row! { GlobalAveragePooling1D }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        check_operation(&GlobalAveragePooling1D::new([17, 3]), 17 * 3, 3, 0).unwrap();
        check_operation(&GlobalAveragePooling1D::new([1, 3]), 3, 3, 0).unwrap();
    }
}
