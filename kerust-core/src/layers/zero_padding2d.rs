//! Zeros around images.

use super::int8;
use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};

/// Adds zeros around images.
///
/// `y[i + top, j + left, c] = x[i, j, c]`, and 0 elsewhere.
///
/// # Arguments
/// - `padding = 1`: the zeros: one number for all sides, `(rows, columns)` for both sides of each, or `((top,
///   bottom), (left, right))`.
///
/// # Shapes
/// input `[H][W][C]`, output `[top + H + bottom][left + W + right][C]`
///
/// # Cost
/// a copy of each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(8, 8, 3) => ZeroPadding2D(((1, 2), (3, 4))) => Flatten => Dense(1) }
///
/// assert_eq!(Net::PARAMS, (8 + 3) * (8 + 7) * 3 + 1);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ZeroPadding2D {
    input: [usize; 3],
    padding: [[usize; 2]; 2],
}

impl ZeroPadding2D {
    /// A layer over images of `input` height, width and channels, with `padding` of
    /// `[[top, bottom], [left, right]]` rows and columns.
    pub const fn new(input: [usize; 3], padding: [[usize; 2]; 2]) -> Self {
        Self { input, padding }
    }

    /// Calls `copy` with the places of each row of the input, and of its values in the output, and
    /// with the row's length.
    pub(super) fn each_row(&self, len: usize, mut copy: impl FnMut(usize, usize, usize)) {
        let [height, width, channels] = self.input;
        let [[top, bottom], [left, right]] = self.padding;
        let (row, padded_row) = (width * channels, (left + width + right) * channels);
        for image in 0..len / (height * row).max(1) {
            let first = image * (top + height + bottom) + top;
            for i in 0..height {
                let x = (image * height + i) * row;
                copy(x, (first + i) * padded_row + left * channels, row);
            }
        }
    }
}

impl Forward<()> for ZeroPadding2D {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        y.fill(0.0);
        self.each_row(x.len(), |from, to, len| {
            if let (Some(x), Some(y)) = (x.get(from..from + len), y.get_mut(to..to + len)) {
                kernels::copy(x, y);
            }
        });
    }
}

impl Operation<()> for ZeroPadding2D {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        self.each_row(dx.len(), |to, from, len| {
            dx[to..to + len].copy_from_slice(&pass.dy[from..from + len]);
        });
    }
}

impl Forward<int8::PaddingWeights, i8, i8> for ZeroPadding2D {
    fn forward(&self, weights: &int8::PaddingWeights, x: &[i8], y: &mut [i8], (): ()) {
        let kernel = kernels::int8::Pad {
            input: self.input,
            padding: self.padding,
            value: weights.zero_point[0],
        };
        kernel.forward(x, y);
    }
}

impl Int8Layer for ZeroPadding2D {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::Padding {
            input: self.input,
            padding: self.padding,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn zeros_stand_on_each_side() {
        let layer = ZeroPadding2D::new([1, 2, 1], [[1, 0], [0, 2]]);
        let mut y = [f32::NAN; 8];
        layer.forward(&(), &[1.0, 2.0], &mut y, ());
        assert_eq!(y, [0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        let layer = ZeroPadding2D::new([3, 2, 5], [[1, 2], [3, 0]]);
        check_operation(&layer, 3 * 2 * 5, 6 * 5 * 5, 0).unwrap();
    }
}
