//! Custom losses that compare one value at a time.

use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::model::Head;
use crate::tensor::StaticShape;

/// A custom loss that compares one predicted value with one label.
///
/// It fits every head. The label is a tensor of the head's shape, and the loss of a sample is the mean over
/// its values. A loss that is not computed value by value implements [`Loss`] directly.
///
/// ```
/// use kerust::loss::PointwiseLoss;
///
/// /// Quantile loss: a prediction that is too high costs 3 times as much as one that is too low.
/// struct Tilted;
///
/// impl PointwiseLoss for Tilted {
///     fn value(&self, y: f32, p: f32) -> f32 {
///         if p > y { 3.0 * (p - y) } else { y - p }
///     }
///
///     fn derivative(&self, y: f32, p: f32) -> f32 {
///         if p > y { 3.0 } else { -1.0 }
///     }
/// }
///
/// kerust::testing::check_loss(&Tilted).unwrap();
/// ```
pub trait PointwiseLoss: Send + 'static {
    /// The loss for the label `y` and the prediction `p`.
    fn value(&self, y: f32, p: f32) -> f32;

    /// The derivative of [`value`](Self::value) with respect to the prediction `p`.
    /// [`testing::check_loss`](crate::testing::check_loss) compares it with finite differences.
    fn derivative(&self, y: f32, p: f32) -> f32;
}

// Without this bound, rustc would tell the user of a mismatched built-in loss to implement this trait.
#[diagnostic::do_not_recommend]
impl<A: HeadActivation, S: StaticShape, L: PointwiseLoss> Loss<Head<A, S>> for L {
    type Label = S;

    fn measure(&self, batch: Batch<'_, Head<A, S>, S>, gradient: Option<&mut [f32]>) -> f64 {
        batch.mean_of_values(gradient, |p, y| {
            (f64::from(self.value(y, p)), self.derivative(y, p))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;
    use crate::activation::{Linear, Tanh};
    use crate::loss::MeanSquaredError;
    use crate::tensor::Rank1;

    struct Squares;

    impl PointwiseLoss for Squares {
        fn value(&self, y: f32, p: f32) -> f32 {
            (p - y) * (p - y)
        }

        fn derivative(&self, y: f32, p: f32) -> f32 {
            2.0 * (p - y)
        }
    }

    #[test]
    fn a_loss_of_ones_own_is_averaged_as_the_built_in_ones_are() {
        let (x, labels, weights) = (logits(6), [0.3, -0.4, 0.9, 0.1, 0.2, -0.7], [2.0, 0.5]);
        let of = |loss| measure::<Linear, Rank1<3>, _, _>(loss, &x, &labels, Some(&weights));
        let (own, own_gradient) = of(&Squares);
        let (value, gradient) =
            measure::<Linear, Rank1<3>, _, _>(&MeanSquaredError, &x, &labels, Some(&weights));
        assert_close(own, value, 1e-6);
        assert_eq!(own_gradient, gradient);
        check_gradient::<Tanh, Rank1<3>, _, _>(&Squares, &x, &labels);
    }
}
