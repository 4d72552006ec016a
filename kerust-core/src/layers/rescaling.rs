//! Rescaling layer.

use super::int8;
use crate::gradient::Gradient;
use crate::kernels;
use crate::layer::{Forward, InPlace, Operation, Pass};
use crate::quantize::{Int8Layer, Int8Operation};

/// Multiplies every value by a number, and adds another one.
///
/// `y = x * scale + offset`, mostly from pixels of 0 to 255 to numbers of 0 to 1 or -1 to 1.
///
/// # Arguments
/// - `scale`: the factor. A quotient of whole numbers is a fraction: `1 / 255`.
/// - `offset = 0`: what is added.
///
/// # Shapes
/// output as input
///
/// # Cost
/// one multiply-add for each value
///
/// # Example
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(28, 28, 1) => Rescaling(1.0 / 127.5, -1.0) => Flatten => Dense(10) }
/// assert_eq!(Net::PARAMS, (28 * 28 + 1) * 10);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rescaling {
    scale: f32,
    offset: f32,
}

impl Rescaling {
    /// `y = x * scale + offset`
    pub const fn new(scale: f32, offset: f32) -> Self {
        Self { scale, offset }
    }

    #[inline(always)]
    pub(super) fn value(&self, x: f32) -> f32 {
        x * self.scale + self.offset
    }
}

impl Forward<()> for Rescaling {
    fn forward(&self, _weights: &(), x: &[f32], y: &mut [f32], (): ()) {
        let this = *self;
        kernels::map(x, y, move |x| this.value(x));
    }
}

impl Operation<()> for Rescaling {
    fn backward(&self, _weights: &(), pass: Pass<'_>, _: Gradient<'_>) {
        let Some(dx) = pass.dx else { return };
        let scale = self.scale;
        kernels::map(pass.dy, dx, move |dy| dy * scale);
    }
}

impl InPlace<()> for Rescaling {
    fn forward_in_place(&self, _weights: &(), y: &mut [f32], (): (), (): ()) {
        let this = *self;
        kernels::map_in_place(y, move |y| this.value(y));
    }
}

int8::tabulated!(Rescaling);

impl Int8Layer for Rescaling {
    fn operation(&self) -> Int8Operation<'_> {
        Int8Operation::Elementwise
    }

    fn value(&self, x: f32) -> f32 {
        let mut y = [0.0];
        self.forward(&(), &[x], &mut y, ());
        y[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check_in_place, check_operation};

    #[test]
    fn gradients_match_finite_differences() {
        check_operation::<(), _>(&Rescaling::new(0.3, 2.0), 17, 17, 0).unwrap();
    }

    #[test]
    fn the_input_may_be_overwritten() {
        check_in_place(&Rescaling::new(0.3, 2.0), &(), 1);
    }

    #[test]
    fn pixels_come_to_lie_between_minus_1_and_1() {
        let mut y = [f32::NAN; 3];
        Rescaling::new(1.0 / 127.5, -1.0).forward(&(), &[0.0, 127.5, 255.0], &mut y, ());
        assert_eq!(y, [-1.0, 0.0, 1.0]);
    }
}
