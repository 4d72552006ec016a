//! Dimensions in another order.

use crate::gradient::Gradient;
use crate::layer::{Forward, Operation, Pass};
use crate::shape::{MAX_RANK, Shape};

/// Puts the dimensions of a sample in another order.
///
/// `y[i_d1, i_d2, ..] = x[i_1, i_2, ..]`, where the dimensions d of the input are counted from 1.
///
/// # Arguments
/// - `dims`: the dimensions of the input in their new order, counted from 1 without the batch, as in Keras.
///
/// # Shapes
/// input `[A][B]`, output `[B][A]`, and likewise for up to 4 dimensions
///
/// # Cost
/// a copy of each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Wave: Input(64, 2) => Permute(2, 1) => Dense(3) => Flatten }
/// assert_eq!(Wave::PARAMS, 64 * 3 + 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Permute {
    /// Sizes of the output.
    sizes: [usize; MAX_RANK],
    /// How far apart neighbours along each of its dimensions stand in the input.
    strides: [usize; MAX_RANK],
}

impl Permute {
    /// A layer over samples of the shape `input`, whose dimensions are taken in the order of `dims`.
    ///
    /// # Panics
    /// When `dims` does not name each dimension once.
    pub const fn new(input: Shape, dims: &[usize]) -> Self {
        assert!(
            crate::shape::permute(input, dims).is_ok(),
            "`dims` names not each dimension once"
        );
        let (mut sizes, mut strides) = ([1; MAX_RANK], [0; MAX_RANK]);
        // Leading dimensions of 1 make every rank the greatest.
        let (lead, mut axis) = (MAX_RANK - dims.len(), 0);
        while axis < dims.len() {
            sizes[lead + axis] = input.dim(dims[axis] - 1);
            strides[lead + axis] = input.run(dims[axis]);
            axis += 1;
        }
        Self { sizes, strides }
    }

    /// Calls `copy` with the place of each value of a sample in the input, in the order of the output.
    fn each_place(&self, mut copy: impl FnMut(usize)) {
        let ([a, b, c, d], [s, t, u, v]) = (self.sizes, self.strides);
        for i in 0..a {
            for j in 0..b {
                for k in 0..c {
                    let first = i * s + j * t + k * u;
                    (0..d).for_each(|l| copy(first + l * v));
                }
            }
        }
    }

    fn len(&self) -> usize {
        self.sizes.iter().product::<usize>().max(1)
    }
}

impl Forward<()> for Permute {
    fn forward(&self, (): &(), x: &[f32], y: &mut [f32], (): ()) {
        let samples = x.chunks_exact(self.len());
        for (x, y) in samples.zip(y.chunks_exact_mut(self.len())) {
            let mut y = y.iter_mut();
            self.each_place(|place| {
                if let (Some(x), Some(y)) = (x.get(place), y.next()) {
                    *y = *x;
                }
            });
        }
    }
}

impl Operation<()> for Permute {
    fn backward(&self, (): &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let samples = dx.chunks_exact_mut(self.len());
        for (dx, dy) in samples.zip(pass.dy.chunks_exact(self.len())) {
            let mut dy = dy.iter();
            self.each_place(|place| {
                if let (Some(dx), Some(dy)) = (dx.get_mut(place), dy.next()) {
                    *dx = *dy;
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::check_operation;

    #[test]
    fn dimensions_change_places() {
        let layer = Permute::new(Shape::new(&[2, 3]), &[2, 1]);
        let mut y = [f32::NAN; 6];
        layer.forward(&(), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &mut y, ());
        assert_eq!(y, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn gradients_match_finite_differences() {
        for (sizes, dims) in [
            (&[17][..], &[1][..]),
            (&[5, 3], &[2, 1]),
            (&[3, 5, 2], &[3, 1, 2]),
            (&[2, 3, 1, 4], &[4, 2, 1, 3]),
        ] {
            let len = sizes.iter().product();
            check_operation(&Permute::new(Shape::new(sizes), dims), len, len, 0).unwrap();
        }
    }
}
