//! Softmax layer along axes.
//!
//! `y = exp(x) / Σ exp(x)`, with the sum along an axis or several. Along the last axis `Softmax` is the activation.

use crate::gradient::Gradient;
use crate::kernels::{Groups, copy};
use crate::layer::{Forward, InPlace, Operation, Pass};
use crate::shape::Shape;

/// Values that sum to 1 along an axis: `Softmax(axis)`.
///
/// # Arguments
/// - `axis = -1`: an axis or several, counted from 1 or back from -1.
///
/// # Shapes
/// output as input, of any rank
///
/// # Cost
/// one exponential for each value; no weights
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2, 3) => Softmax(axis = 1) }
///
/// let (net, mut arena) = (Net::new(Seed(1)), Arena::new());
/// let x: Tensor<Rank2<2, 3>> = Tensor::from_fn(|[i, j]| [[1.0, 2.0, 3.0], [1.0, 5.0, 3.0]][i][j]);
/// let y = net.predict_in(&x, &mut arena);
/// assert_eq!([y[[0, 0]], y[[1, 2]]], [0.5, 0.5]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Softmax {
    groups: Groups,
}

impl Softmax {
    /// A layer over samples of the shape `input` along the axes `axes`, counted from 0 without the batch.
    pub const fn new(input: Shape, axes: &[usize]) -> Self {
        Self {
            groups: Groups::along(input, axes),
        }
    }
}

impl Forward<()> for Softmax {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        copy(x, y);
        self.groups.softmax(y);
    }
}

impl InPlace<()> for Softmax {
    fn forward_in_place(&self, (): &(), y: &mut [f32], (): (), (): ()) {
        self.groups.softmax(y);
    }
}

impl Operation<()> for Softmax {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        if let Some(dx) = pass.dx {
            self.groups.softmax_gradient(pass.y, pass.dy, dx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_in_place, check_operation};

    const IMAGE: Shape = Shape::new(&[2, 3, 5]);

    #[test]
    fn gradients_match_finite_differences() {
        for axes in [&[0][..], &[1], &[0, 2], &[0, 1, 2]] {
            let layer = Softmax::new(IMAGE, axes);
            check_operation::<(), _>(&layer, 30, 30, 0).unwrap();
            check_in_place(&layer, &(), 30);
        }
    }
}
