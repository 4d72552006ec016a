//! Normalization over groups of channels.
//!
//! `y = gamma · (x − mean) / sqrt(variance + epsilon) + beta`, with the mean and the variance of each group of
//! channels of a sample, over all its pixels, in training and inference alike. Wu & He (2018).

use super::along_axes::{AlongAxes, ScaleAndShift, along_axes};
use crate::init::Initializer;
use crate::kernels::{Groups, Norm};
use crate::shape::Shape;

/// Gives each group of channels of a sample mean 0 and variance 1: `GroupNormalization(groups, axis, epsilon,
/// center, scale, ..)`.
///
/// # Arguments
/// - `groups = 32`: the number of groups of channels; -1 for a group for each channel, which is instance normalization.
/// - `axis = -1`: the axis of the channels, counted from 1 or back from -1.
/// - `epsilon = 0.001`: what is added to the variance.
/// - `center = true`: whether beta is added.
/// - `scale = true`: whether gamma is multiplied.
/// - `beta_initializer = zeros`, `gamma_initializer = ones`: how the weights begin; see [`Initializer`](crate::init::Initializer).
/// - `beta_regularizer`, `gamma_regularizer` (optional): penalties on the weights, added to the loss, such
///   as `l2(0.01)`; see [`regularizer`](crate::regularizer).
/// - `beta_constraint`, `gamma_constraint` (optional): limits on the weights after each step, such as
///   `max_norm(2)`; see [`constraint`](crate::constraint).
///
/// # Shapes
/// output as input, of any rank; gamma and beta have a value for each channel
///
/// # Cost
/// three passes over each sample; 8 bytes of weights for each channel.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! {
///     pub Net:
///         Input(16, 16, 3) => Conv2D(8, 3x3) => GroupNormalization(4) => ReLU => Flatten => Dense(10)
/// }
///
/// assert_eq!(Net::PARAMS, (3 * 9 * 8 + 8) + 2 * 8 + (14 * 14 * 8 * 10 + 10));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct GroupNormalization {
    along: AlongAxes,
}

impl GroupNormalization {
    /// A layer over samples of the shape `input`, whose axis `axis`, counted from 0 without the batch, is cut into
    /// `groups` groups; with Keras's defaults.
    ///
    /// # Panics
    /// When the groups do not divide the axis.
    pub const fn new(input: Shape, axis: usize, groups: usize) -> Self {
        Self {
            along: AlongAxes::new(Groups::of_axis(input, axis, groups), Norm::Moments, 0.001),
        }
    }

    /// Sets what is added to the variance.
    pub const fn epsilon(mut self, epsilon: f32) -> Self {
        self.along.norm.epsilon = epsilon;
        self
    }

    /// Sets how the scale begins.
    pub const fn gamma_initializer(mut self, initializer: Initializer) -> Self {
        self.along.initializers[0] = initializer;
        self
    }

    /// Sets how the shift begins.
    pub const fn beta_initializer(mut self, initializer: Initializer) -> Self {
        self.along.initializers[1] = initializer;
        self
    }
}

along_axes! { GroupNormalization, <G, B> ScaleAndShift<G, B> }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Forward;
    use crate::testing::{check_in_place, check_operation};

    const IMAGE: Shape = Shape::new(&[2, 3, 6]);

    #[test]
    fn gradients_match_finite_differences() {
        for groups in [1, 2, 6] {
            let layer = GroupNormalization::new(IMAGE, 2, groups);
            check_operation::<ScaleAndShift<[f32; 6], [f32; 6]>, _>(&layer, 36, 36, 0).unwrap();
        }
        let layer = GroupNormalization::new(IMAGE, 1, 3);
        check_operation::<ScaleAndShift<[f32; 3], [f32; 0]>, _>(&layer, 36, 36, 0).unwrap();
        let layer = GroupNormalization::new(Shape::new(&[17]), 0, 1);
        check_operation::<ScaleAndShift<[f32; 0], [f32; 17]>, _>(&layer, 17, 17, 0).unwrap();
    }

    #[test]
    fn the_input_may_be_overwritten() {
        let weights = ScaleAndShift {
            gamma: [2.0, -1.0, 0.5, 1.0, 3.0, 0.0],
            beta: [0.1; 6],
        };
        check_in_place(&GroupNormalization::new(IMAGE, 2, 2), &weights, 36);
    }

    #[test]
    fn a_group_has_mean_0_and_variance_1() {
        let layer = GroupNormalization::new(Shape::new(&[2, 4]), 1, 2).epsilon(0.0);
        let weights = ScaleAndShift {
            gamma: [0.0; 0],
            beta: [0.0; 0],
        };
        let mut y = [f32::NAN; 8];
        layer.forward(
            &weights,
            &[1.0, 5.0, 0.0, 0.0, 1.0, 5.0, 7.0, 7.0],
            &mut y,
            (),
        );
        assert_eq!(y, [-1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 1.0]);
    }
}
