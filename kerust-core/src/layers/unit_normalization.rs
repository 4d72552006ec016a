//! Normalization to a length of 1.
//!
//! `y = x / |x|`, with the length of each run of an axis or of several. What is shorter than 1e-12 is divided by
//! that, as in Keras.

use super::along_axes::{AlongAxes, along_axes};
use crate::kernels::{Groups, Norm};
use crate::shape::Shape;

/// Gives the values along an axis a length of 1: `UnitNormalization(axis)`.
///
/// # Arguments
/// - `axis = -1`: an axis or several, counted from 1 or back from -1.
///
/// # Shapes
/// output as input, of any rank
///
/// # Cost
/// two passes over each sample; no weights
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(2) => UnitNormalization }
///
/// let (net, mut arena) = (Net::new(Seed(1)), Arena::new());
/// let x: Tensor<Rank1<2>> = Tensor::from_fn(|[i]| [3.0, 4.0][i]);
/// let y = net.predict_in(&x, &mut arena);
/// assert!((y[[0]] - 0.6).abs() < 1e-6 && (y[[1]] - 0.8).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct UnitNormalization {
    along: AlongAxes,
}

impl UnitNormalization {
    /// A layer over samples of the shape `input` along the axes `axes`, counted from 0 without the batch.
    pub const fn new(input: Shape, axes: &[usize]) -> Self {
        Self {
            along: AlongAxes::new(Groups::along(input, axes), Norm::Length, 0.0),
        }
    }
}

along_axes! { UnitNormalization, <> () }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Forward;
    use crate::testing::{check_in_place, check_operation};

    const IMAGE: Shape = Shape::new(&[2, 3, 5]);
    const AXES: [&[usize]; 4] = [&[2], &[0], &[0, 2], &[0, 1, 2]];

    #[test]
    fn gradients_match_finite_differences() {
        for axes in AXES {
            let layer = UnitNormalization::new(IMAGE, axes);
            check_operation::<(), _>(&layer, 30, 30, 0).unwrap();
        }
    }

    #[test]
    fn the_input_may_be_overwritten() {
        for axes in AXES {
            check_in_place(&UnitNormalization::new(IMAGE, axes), &(), 30);
        }
    }

    #[test]
    fn zeros_stay() {
        let mut y = [f32::NAN; 4];
        let layer = UnitNormalization::new(Shape::new(&[2]), &[0]);
        layer.forward(&(), &[0.0, 0.0, f32::NAN, 1.0], &mut y, ());
        assert_eq!(y[..2], [0.0, 0.0]);
        assert!(y[2].is_nan());
    }
}
