//! PReLU layer.
//!
//! `y = x` where `x > 0`, else `alpha * x`, with a learnt `alpha`: He et al. (2015), eq. 1. At `x = 0` the
//! gradient is 0, as in Keras.

use super::broadcast::{Broadcast, along};
use crate::gradient::Gradient;
use crate::init::Initializer;
use crate::kernels::{parallel, sum_in_chunks};
use crate::layer::{Forward, InPlace, LayerData, Operation, Pass, weights};
use crate::rng::Rng;
use crate::shape::Shape;

/// Rectified linear unit whose slope on the left is learnt: `PReLU(alpha_initializer, alpha_regularizer,
/// alpha_constraint, shared_axes)`.
///
/// # Arguments
/// - `alpha_initializer = zeros`: how the slopes begin.
/// - `alpha_regularizer` (optional): a penalty on the slopes, added to the loss, such as `l2(0.01)`.
/// - `alpha_constraint` (optional): a limit on the slopes after each step, such as `non_neg`.
/// - `shared_axes` (optional): the axes along which a slope is shared, counted from 1, since axis 0 is the batch. If left
///   out, each value of a sample has its own slope. `(1, 2)` after a convolution gives each channel one slope.
///
/// # Shapes
/// output as input; `alpha` as the input, with size 1 along the shared axes
///
/// # Cost
/// one comparison and one product for each value; 4 bytes of weights for each slope.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net:
///         Input(28, 28, 1)
///         => Conv2D(8, 3x3)
///         => PReLU(shared_axes = (1, 2))
///         => GlobalAveragePooling2D
///         => Dense(10, softmax)
/// }
///
/// assert_eq!(Net::PARAMS, (9 * 8 + 8) + 8 + (8 * 10 + 10));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PReLU {
    slopes: Broadcast,
    initializer: Initializer,
}

weights! {
    /// The numbers of a [`PReLU`]; `A` is an array of as many axes as a sample.
    pub struct PReLUWeights<A> {
        /// The slopes on the left.
        pub alpha: A,
    }
}

impl PReLU {
    /// A layer over samples of the shape `input`, whose slopes are shared along the axes `shared`, counted from
    /// 0 without the batch.
    pub const fn new(input: Shape, shared: &[usize]) -> Self {
        Self {
            slopes: Broadcast::new(input, shared),
            initializer: Initializer::ZEROS,
        }
    }

    /// Sets how the slopes begin.
    pub const fn alpha_initializer(mut self, initializer: Initializer) -> Self {
        self.initializer = initializer;
        self
    }
}

/// The comparison is written so that NaN passes through.
#[inline(always)]
fn value(x: f32, alpha: f32) -> f32 {
    if x < 0.0 { alpha * x } else { x }
}

impl<A: LayerData> Forward<PReLUWeights<A>> for PReLU {
    fn forward(&self, weights: &PReLUWeights<A>, x: &[f32], y: &mut [f32], (): ()) {
        crate::kernels::copy(x, y);
        self.forward_in_place(weights, y, (), ());
    }
}

impl<A: LayerData> InPlace<PReLUWeights<A>> for PReLU {
    fn forward_in_place(&self, weights: &PReLUWeights<A>, y: &mut [f32], (): (), (): ()) {
        let (alpha, macs) = (weights.alpha.as_slice(), y.len());
        parallel::chunks(y, self.slopes.len(), macs, |_, sample| {
            let each = |_, row: &mut [f32], alpha| along(row, alpha, value);
            self.slopes.rows(sample, alpha, each);
        });
    }
}

impl<A: LayerData> Operation<PReLUWeights<A>> for PReLU {
    fn init(&self, weights: &mut PReLUWeights<A>, rng: &mut Rng) {
        if let crate::layer::Layout::Tensor(_, sizes) = A::LAYOUT {
            self.initializer
                .fill(weights.alpha.as_mut_slice(), sizes, rng);
        }
    }

    fn backward(&self, weights: &PReLUWeights<A>, pass: Pass<'_>, gradient: Gradient<'_>) {
        let (x, dy, len) = (pass.x, &*pass.dy, self.slopes.len().max(1));
        if let Some(gradient) = gradient.of::<PReLUWeights<A>>() {
            let dalpha = gradient.alpha.as_mut_slice();
            let add = |samples: core::ops::Range<usize>, [dalpha, _]: [&mut [f32]; 2], _| {
                let part = samples.start * len..samples.end * len;
                self.add_slopes(&x[part.clone()], &dy[part], dalpha);
            };
            sum_in_chunks(
                x.len() / len,
                x.len(),
                [dalpha, &mut []],
                pass.accumulate,
                add,
            );
        }
        let Some(dx) = pass.dx else { return };
        let alpha = weights.alpha.as_slice();
        let macs = dx.len();
        parallel::chunks(dx, len, macs, |sample, dx| {
            let first = sample * len;
            let [x, dy] = [x, dy].map(|values| &values[first..first + len]);
            dx.copy_from_slice(dy);
            self.slopes.rows(dx, alpha, |number, dx, alpha| {
                let x = &x[number * dx.len()..][..dx.len()];
                for (place, (dx, x)) in dx.iter_mut().zip(x).enumerate() {
                    // A value for each, or one for all.
                    let alpha = alpha[place.min(alpha.len() - 1)];
                    *dx *= match *x {
                        x if x < 0.0 => alpha,
                        0.0 => 0.0,
                        _ => 1.0,
                    };
                }
            });
        });
    }
}

impl PReLU {
    /// `dalpha += dy * x` where `x` is negative.
    fn add_slopes(&self, x: &[f32], dy: &[f32], dalpha: &mut [f32]) {
        let (len, width) = (self.slopes.len(), self.slopes.width());
        let row_len = self.slopes.row_len();
        for (x, dy) in x.chunks_exact(len).zip(dy.chunks_exact(len)) {
            let rows = x.chunks_exact(row_len).zip(dy.chunks_exact(row_len));
            for (row, (x, dy)) in rows.enumerate() {
                let place = self.slopes.place(row);
                let dalpha = &mut dalpha[place..place + width];
                for (value, (x, dy)) in x.iter().zip(dy).enumerate() {
                    if *x < 0.0 {
                        dalpha[value.min(width - 1)] += dy * x;
                    }
                }
            }
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
        let layer = PReLU::new(IMAGE, &[]);
        check_operation::<PReLUWeights<[[[f32; 5]; 3]; 2]>, _>(&layer, 30, 30, 0).unwrap();
        let layer = PReLU::new(IMAGE, &[0, 1]);
        check_operation::<PReLUWeights<[[[f32; 5]; 1]; 1]>, _>(&layer, 30, 30, 0).unwrap();
        let layer = PReLU::new(IMAGE, &[2]);
        check_operation::<PReLUWeights<[[[f32; 1]; 3]; 2]>, _>(&layer, 30, 30, 0).unwrap();
        let layer = PReLU::new(Shape::new(&[17]), &[0]);
        check_operation::<PReLUWeights<[f32; 1]>, _>(&layer, 17, 17, 0).unwrap();
    }

    #[test]
    fn the_input_may_be_overwritten() {
        let weights = PReLUWeights {
            alpha: [[[0.1, -0.2, 0.3, 0.0, 2.0]; 1]; 1],
        };
        check_in_place(&PReLU::new(IMAGE, &[0, 1]), &weights, 30);
    }

    #[test]
    fn nan_passes_through() {
        let (mut y, weights) = ([0.0; 3], PReLUWeights { alpha: [0.5; 3] });
        let layer = PReLU::new(Shape::new(&[3]), &[]);
        layer.forward(&weights, &[f32::NAN, -2.0, 5.0], &mut y, ());
        assert!(y[0].is_nan());
        assert_eq!(y[1..], [-1.0, 5.0]);
    }
}
