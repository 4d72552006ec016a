//! Sequences made longer by a whole factor.

use super::UpSampling2D;
use super::one_dimension::one_row;

/// Repeats each step of a sequence.
///
/// `y[t, c] = x[t / size, c]`, with integer division.
///
/// # Arguments
/// - `size = 2`: how often.
///
/// # Shapes
/// input `[T][C]`, output `[T * size][C]`
///
/// # Cost
/// a copy of each value of the output; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(8, 2) => UpSampling1D(3) => Flatten => Dense(1) }
/// assert_eq!(Wave::PARAMS, 24 * 2 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UpSampling1D(UpSampling2D);

impl UpSampling1D {
    /// A layer over sequences of `input` steps and channels, with `size` steps for each.
    pub const fn new(input: [usize; 2], size: usize) -> Self {
        Self(UpSampling2D::new([1, input[0], input[1]], [1, size]))
    }
}

one_row! { UpSampling1D }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn gradients_match_finite_differences() {
        check_operation(&UpSampling1D::new([5, 3], 2), 15, 30, 0).unwrap();
        check_operation(&UpSampling1D::new([1, 17], 3), 17, 51, 0).unwrap();
    }
}
