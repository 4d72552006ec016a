//! Softmax layer.

/// Turns numbers into probabilities, over the last axis.
///
/// `y[i] = exp(x[i]) / Σ exp(x[j])`. It is `Activation(softmax)`; behind a `Dense` layer one writes
/// `Dense(10, softmax)`.
///
/// # Shapes
/// output as input
///
/// # Cost
/// an exponential and a division for each value; no weights.
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(4) => Dense(3) => Softmax }
/// let net = Net::new(Seed(1));
/// let y = net.predict_in(&[1.0, 2.0, 3.0, 4.0].into(), &mut Arena::new());
/// assert!((y.as_slice().iter().sum::<f32>() - 1.0).abs() < 1e-6);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Softmax;
