//! Custom activations: what `Dense(8, own::Snake)` and `Activation(own::Snake)` expand to.

use super::elementwise::elementwise;
use crate::activation::PointwiseActivation;

/// A custom activation as a layer.
///
/// # Shapes
/// output as input
///
/// # Cost
/// one call for each value, which is not inlined; no weights
#[derive(Clone, Copy)]
pub struct CustomActivation(&'static dyn PointwiseActivation);

impl CustomActivation {
    /// A layer that applies the activation to each value.
    pub const fn new(activation: &'static dyn PointwiseActivation) -> Self {
        Self(activation)
    }

    fn value(self, x: f32) -> f32 {
        self.0.value(x)
    }

    fn slope(self, x: f32) -> f32 {
        self.0.derivative(x)
    }
}

impl core::fmt::Debug for CustomActivation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("CustomActivation(..)")
    }
}

elementwise! { CustomActivation }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_in_place, check_operation};

    struct Cube;

    impl PointwiseActivation for Cube {
        fn value(&self, x: f32) -> f32 {
            x * x * x
        }

        fn derivative(&self, x: f32) -> f32 {
            3.0 * x * x
        }
    }

    #[test]
    fn gradients_match_finite_differences() {
        check_operation::<(), _>(&CustomActivation::new(&Cube), 17, 17, 0).unwrap();
        check_in_place(&CustomActivation::new(&Cube), &(), 3);
    }
}
