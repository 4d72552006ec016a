//! Custom activations.

/// A custom activation: a function of one value, with its derivative.
///
/// In `model!` it is named by its path, in place of a word:
///
/// ```
/// use kerust::activation::PointwiseActivation;
/// use kerust::prelude::*;
///
/// mod own {
///     /// `y = x + sin²(a x) / a`: Ziyin et al. (2020).
///     pub struct Snake(pub f32);
/// }
///
/// impl PointwiseActivation for own::Snake {
///     fn value(&self, x: f32) -> f32 {
///         x + (self.0 * x).sin().powi(2) / self.0
///     }
///
///     fn derivative(&self, x: f32) -> f32 {
///         1.0 + (2.0 * self.0 * x).sin()
///     }
/// }
///
/// model! { pub Net: Input(4) => Dense(8, own::Snake(2.0)) => Dense(3) }
/// kerust::testing::check_activation(&own::Snake(2.0))?;
/// # Ok::<(), kerust::Error>(())
/// ```
///
/// A value made by a type, such as `own::Snake(2.0)`, `own::Snake` or `own::Snake::new(2.0)`, may stand anywhere among the
/// arguments, as a word may: `Conv2D(8, 3x3, own::Snake(2.0))`. A constant or a function stands at the place of the activation,
/// or has its name: `Conv2D(8, 3x3, activation = own::SNAKE)`. The value must be a constant expression. The steps of
/// recurrent layers do not take custom activations. In 8 bits it is a table, as other activations are.
///
/// [`testing::check_activation`](https://docs.rs/kerust/latest/kerust/testing/fn.check_activation.html) compares its
/// derivative with finite differences.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an activation",
    label = "expected an activation",
    note = "write a word such as `relu`, or implement `kerust::activation::PointwiseActivation` for `{Self}`"
)]
pub trait PointwiseActivation: Sync {
    /// The value at `x`.
    fn value(&self, x: f32) -> f32;

    /// The derivative of [`value`](Self::value) at `x`.
    fn derivative(&self, x: f32) -> f32;
}
