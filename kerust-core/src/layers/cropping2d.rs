//! Rows and columns cut off images.
//!
//! `y[i, j, c] = x[i + top, j + left, c]`

use super::ZeroPadding2D;
use crate::gradient::Gradient;
use crate::kernels::copy;
use crate::layer::{Forward, Operation, Pass};

/// Cuts rows and columns off images: `Cropping2D(cropping)`.
///
/// # Arguments
/// - `cropping = 0`: what is cut off: one number for all sides, `(rows, columns)` for both sides of each, or `((top,
///   bottom), (left, right))`.
///
/// # Shapes
/// input `[H][W][C]`, output `[H - top - bottom][W - left - right][C]`
///
/// # Cost
/// a copy of each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 3) => Cropping2D(((2, 3), (4, 5))) => Flatten => Dense(1) }
///
/// assert_eq!(Net::PARAMS, (28 - 5) * (28 - 9) * 3 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Cropping2D {
    /// What would put zeros in the place of what is cut off.
    inverse: ZeroPadding2D,
}

impl Cropping2D {
    /// A layer over images of `input` height, width and channels that cuts off `[[top, bottom], [left, right]]`
    /// rows and columns.
    pub const fn new(input: [usize; 3], cropping: [[usize; 2]; 2]) -> Self {
        let [height, width, channels] = input;
        let [rows, columns] = cropping;
        let left = [
            height.saturating_sub(rows[0].saturating_add(rows[1])),
            width.saturating_sub(columns[0].saturating_add(columns[1])),
            channels,
        ];
        Self {
            inverse: ZeroPadding2D::new(left, cropping),
        }
    }
}

impl Forward<()> for Cropping2D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        self.inverse.each_row(y.len(), |to, from, len| {
            if let (Some(x), Some(y)) = (x.get(from..from + len), y.get_mut(to..to + len)) {
                copy(x, y);
            }
        });
    }
}

impl Operation<()> for Cropping2D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.inverse.forward(&(), pass.dy, dx, ());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn each_side_is_cut_by_itself() {
        let layer = Cropping2D::new([3, 4, 1], [[1, 0], [0, 2]]);
        let x: [f32; 12] = core::array::from_fn(|i| i as f32);
        let mut y = [f32::NAN; 4];
        layer.forward(&(), &x, &mut y, ());
        assert_eq!(y, [4.0, 5.0, 8.0, 9.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = Cropping2D::new([6, 5, 5], [[1, 2], [3, 0]]);
        check_operation(&layer, 6 * 5 * 5, 3 * 2 * 5, 0).unwrap();
    }
}
