//! Normalization by the root mean square.
//!
//! `y = scale · x / sqrt(mean(x²) + epsilon)`, with the mean over each run of the last axes, in training and
//! inference alike. Zhang & Sennrich (2019), eq. 4.

use super::along_axes::{AlongAxes, along_axes};
use crate::kernels::{Groups, Norm};
use crate::layer::weights;
use crate::shape::Shape;

/// Gives the features of each place a mean square of 1: `RMSNormalization(axis, epsilon)`.
///
/// # Arguments
/// - `axis = -1`: the last axis, or several last axes, counted from 1 or back from -1.
/// - `epsilon = 0.000001`: what is added to the mean square.
///
/// # Shapes
/// output as input, of any rank; the scale has the sizes of the axes
///
/// # Cost
/// two passes over each run; 4 bytes of weights for each place of the axes.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(10, 8) => RMSNormalization => Flatten => Dense(3) }
///
/// assert_eq!(Net::PARAMS, 8 + 80 * 3 + 3);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RMSNormalization {
    along: AlongAxes,
}

weights! {
    /// The numbers of an [`RMSNormalization`]; `A` is an array of the sizes of its axes.
    pub struct RMSNormalizationWeights<A> {
        /// What each place is scaled by.
        pub scale: A,
    }
}

impl RMSNormalization {
    /// A layer over samples of the shape `input` along the axes `axes`, counted from 0 without the batch; with
    /// Keras's default: epsilon 1e-6.
    pub const fn new(input: Shape, axes: &[usize]) -> Self {
        Self {
            along: AlongAxes::new(Groups::along(input, axes), Norm::RootMeanSquare, 1e-6),
        }
    }

    /// Sets what is added to the mean square.
    pub const fn epsilon(mut self, epsilon: f32) -> Self {
        self.along.norm.epsilon = epsilon;
        self
    }
}

along_axes! { RMSNormalization, <A> RMSNormalizationWeights<A> }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_in_place, check_operation};

    const IMAGE: Shape = Shape::new(&[2, 3, 5]);

    #[test]
    fn gradients_match_finite_differences() {
        let layer = RMSNormalization::new(IMAGE, &[2]);
        check_operation::<RMSNormalizationWeights<[f32; 5]>, _>(&layer, 30, 30, 0).unwrap();
        let layer = RMSNormalization::new(IMAGE, &[1, 2]);
        check_operation::<RMSNormalizationWeights<[[f32; 5]; 3]>, _>(&layer, 30, 30, 0).unwrap();
        let layer = RMSNormalization::new(Shape::new(&[1]), &[0]).epsilon(0.5);
        check_operation::<RMSNormalizationWeights<[f32; 1]>, _>(&layer, 1, 1, 0).unwrap();
    }

    #[test]
    fn the_input_may_be_overwritten() {
        let weights = RMSNormalizationWeights {
            scale: [2.0, -1.0, 0.5, 1.0, 3.0],
        };
        check_in_place(&RMSNormalization::new(IMAGE, &[2]), &weights, 30);
    }
}
