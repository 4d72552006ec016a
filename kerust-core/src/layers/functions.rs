//! Activations with settings, and those that no layer can take up: what `Dense(8, celu(0.5))` and
//! `Activation(hard_tanh)` expand to. The settings and their defaults are those of Keras's functions.

use super::elementwise::elementwise;
use crate::activation::{exp, exp_m1, sigmoid, slope_of_x, tanh, value};
use crate::kernels::sqrt;

/// Declares activations: their settings with defaults, their value and their slope at `x`.
macro_rules! functions {
    ($(
        $(#[$doc:meta])*
        $name:ident { $($setting:ident: $type:ty = $default:expr),* }
        |$this:ident, $x:ident| $value:expr, $slope:expr;
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            $($setting: $type,)*
        }

        #[allow(
            clippy::new_without_default,
            reason = "a declaration, read in an expansion"
        )]
        impl $name {
            /// The activation with Keras's defaults.
            pub const fn new() -> Self {
                Self { $($setting: $default),* }
            }

            $(
                #[doc = concat!("Sets `", stringify!($setting), "`.")]
                pub const fn $setting(mut self, $setting: $type) -> Self {
                    self.$setting = $setting;
                    self
                }
            )*

            #[inline(always)]
            fn value(self, $x: f32) -> f32 {
                let $this = self;
                $value
            }

            #[inline(always)]
            fn slope(self, $x: f32) -> f32 {
                let $this = self;
                $slope
            }
        }

        elementwise! { $name }
    )+};
}

functions! {
    /// `y = x` where `x > 0`, else `alpha * (exp(x / alpha) - 1)`: Barron (2017).
    Celu { alpha: f32 = 1.0 }
    |this, x| if x > 0.0 { x } else { this.alpha * exp_m1(x / this.alpha) }, if x > 0.0 { 1.0 } else { exp(x / this.alpha) };

    /// `y = x * (1 + erf(x / √2)) / 2`, or its approximation by tanh: Hendrycks & Gimpel (2016).
    Gelu { approximate: bool = false }
    |this, x| match this.approximate { false => value::gelu(x), true => 0.5 * x * (1.0 + tanh(inner(x))) }, { if !this.approximate { return slope_of_x::gelu(x); }
 let t = tanh(inner(x));
 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * SCALE * (1.0 + 3.0 * CUBIC * x * x) };

    /// `y = (x + sqrt(x² + b)) / 2`: Barron (2021).
    Squareplus { b: f32 = 4.0 }
    |this, x| (x + sqrt(x * x + this.b)) / 2.0, (1.0 + x / sqrt(x * x + this.b)) / 2.0;

    /// `y = x - threshold` above the threshold, `x + threshold` below its negative, else 0.
    SoftShrink { threshold: f32 = 0.5 }
    |this, x| if x > this.threshold { x - this.threshold } else if x < -this.threshold { x + this.threshold } else { 0.0 * x }, if x > this.threshold || x < -this.threshold { 1.0 } else { 0.0 };

    /// `y = x` where `|x|` is above the threshold, else 0.
    HardShrink { threshold: f32 = 0.5 }
    |this, x| if x.abs() > this.threshold { x } else { 0.0 * x }, if x.abs() > this.threshold { 1.0 } else { 0.0 };

    /// `y = x` above the threshold, else the default value.
    Threshold { threshold: f32 = 0.0, default_value: f32 = 0.0 }
    |this, x| if x <= this.threshold { this.default_value } else { x }, if x > this.threshold { 1.0 } else { 0.0 };

    /// `y = min(max(x, -1), 1)`.
    HardTanh {  }
    |_this, x| x.clamp(-1.0, 1.0), if x > -1.0 && x < 1.0 { 1.0 } else { 0.0 };

    /// `y = ln(1 / (1 + exp(-x)))`.
    LogSigmoid {  }
    |_this, x| -value::softplus(-x), sigmoid(-x);

    /// `y = 0` up to -1, `x` from 1 on, and `(x + 1)² / 4` between: Blondel et al. (2019).
    SparsePlus {  }
    |_this, x| if x <= -1.0 { 0.0 } else if x < 1.0 { 0.25 * (x + 1.0) * (x + 1.0) } else { x }, if x <= -1.0 { 0.0 } else if x < 1.0 { 0.5 * (x + 1.0) } else { 1.0 };

    /// `y = 0` up to -1, `1` from 1 on, and `(x + 1) / 2` between: Blondel et al. (2019).
    SparseSigmoid {  }
    |_this, x| if x <= -1.0 { 0.0 } else if x >= 1.0 { 1.0 } else { 0.5 * (x + 1.0) }, if x > -1.0 && x < 1.0 { 0.5 } else { 0.0 };

    /// `y = x - tanh(x)`.
    TanhShrink {  }
    |_this, x| x - tanh(x), { let t = tanh(x); t * t };
}

/// `sqrt(2 / π)`, and the factor of the cube: Hendrycks & Gimpel (2016), section 2.
const SCALE: f32 = 0.797_884_6;
const CUBIC: f32 = 0.044_715;

#[inline(always)]
fn inner(x: f32) -> f32 {
    SCALE * (x + CUBIC * x * x * x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Forward;
    use crate::testing::{check_in_place, check_operation};

    #[test]
    fn gradients_match_finite_differences() {
        check_operation::<(), _>(&Celu::new().alpha(0.5), 17, 17, 0).unwrap();
        check_operation::<(), _>(&Gelu::new().approximate(true), 17, 17, 0).unwrap();
        check_operation::<(), _>(&Squareplus::new().b(0.5), 17, 17, 0).unwrap();
        check_operation::<(), _>(&LogSigmoid::new(), 17, 17, 0).unwrap();
        check_operation::<(), _>(&SparsePlus::new(), 17, 17, 0).unwrap();
        check_operation::<(), _>(&SparseSigmoid::new(), 17, 17, 0).unwrap();
        check_operation::<(), _>(&TanhShrink::new(), 17, 17, 0).unwrap();
    }

    #[test]
    fn the_input_may_be_overwritten_and_nan_is_not_hidden() {
        fn check(layer: impl Forward<()> + crate::layer::InPlace<()>) {
            check_in_place(&layer, &(), 3);
            let mut y = [0.0];
            layer.forward(&(), &[f32::NAN], &mut y, ());
            assert!(y[0].is_nan());
        }
        check(Celu::new());
        check(Gelu::new());
        check(Gelu::new().approximate(true));
        check(Squareplus::new());
        check(SoftShrink::new().threshold(0.2));
        check(HardShrink::new().threshold(0.2));
        check(Threshold::new().default_value(3.0));
        check(HardTanh::new());
        check(LogSigmoid::new());
        check(SparsePlus::new());
        check(SparseSigmoid::new());
        check(TanhShrink::new());
    }
}
