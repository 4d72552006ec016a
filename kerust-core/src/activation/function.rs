//! Scalar activation functions and their derivatives.
//!
//! The long ones are marked as inlined, because a loop of function calls is not vectorized.

const LEAKY_SLOPE: f32 = 0.2;
const SELU_SCALE: f32 = 1.050_701;
const SELU_SCALED_ALPHA: f32 = 1.758_099_3;

/// `y` from `x`. Conditions are written so that NaN is kept.
pub mod value {
    use super::{LEAKY_SLOPE, SELU_SCALE, SELU_SCALED_ALPHA};
    use crate::activation::exp::{exp, exp_m1};
    use crate::activation::log1p::log1p;
    use crate::activation::normal::normal;

    pub fn relu(x: f32) -> f32 {
        if x < 0.0 { 0.0 } else { x }
    }

    pub fn relu6(x: f32) -> f32 {
        x.clamp(0.0, 6.0)
    }

    pub fn leaky_relu(x: f32) -> f32 {
        if x > 0.0 { x } else { LEAKY_SLOPE * x }
    }

    #[inline(always)]
    pub fn elu(x: f32) -> f32 {
        if x > 0.0 { x } else { exp_m1(x) }
    }

    #[inline(always)]
    pub fn selu(x: f32) -> f32 {
        if x > 0.0 {
            SELU_SCALE * x
        } else {
            SELU_SCALED_ALPHA * exp_m1(x)
        }
    }

    #[inline(always)]
    pub fn gelu(x: f32) -> f32 {
        x * normal(x)[0]
    }

    #[inline(always)]
    pub fn silu(x: f32) -> f32 {
        x * sigmoid(x)
    }

    #[inline(always)]
    pub fn sigmoid(x: f32) -> f32 {
        // If `exp` overflows, the result is 1 / inf = 0, which is correct.
        1.0 / (1.0 + exp(-x))
    }

    pub fn hard_sigmoid(x: f32) -> f32 {
        relu6(x + 3.0) / 6.0
    }

    pub fn hard_silu(x: f32) -> f32 {
        x * hard_sigmoid(x)
    }

    #[inline(always)]
    pub fn softplus(x: f32) -> f32 {
        relu(x) + log1p(exp(-x.abs()))
    }

    pub fn softsign(x: f32) -> f32 {
        x / (1.0 + x.abs())
    }

    #[inline(always)]
    pub fn mish(x: f32) -> f32 {
        x * tanh_of_softplus(x)
    }

    /// `tanh(ln(1 + eˣ)) = n / (n + 2)` with `n = eˣ · (eˣ + 2)`.
    #[inline(always)]
    pub fn tanh_of_softplus(x: f32) -> f32 {
        // Beyond this limit the result is 1; NaN is kept.
        let power = exp(if x > 30.0 { 30.0 } else { x });
        let n = power * (power + 2.0);
        n / (n + 2.0)
    }
}

/// `dy/dx` from `y`.
pub mod slope_of_y {
    use super::{LEAKY_SLOPE, SELU_SCALE, SELU_SCALED_ALPHA};
    use crate::activation::exp::exp_m1;

    pub fn relu(y: f32) -> f32 {
        if y > 0.0 { 1.0 } else { 0.0 }
    }

    pub fn relu6(y: f32) -> f32 {
        if y > 0.0 && y < 6.0 { 1.0 } else { 0.0 }
    }

    pub fn leaky_relu(y: f32) -> f32 {
        if y > 0.0 { 1.0 } else { LEAKY_SLOPE }
    }

    pub fn elu(y: f32) -> f32 {
        if y > 0.0 { 1.0 } else { y + 1.0 }
    }

    pub fn selu(y: f32) -> f32 {
        if y > 0.0 {
            SELU_SCALE
        } else {
            y + SELU_SCALED_ALPHA
        }
    }

    pub fn sigmoid(y: f32) -> f32 {
        y * (1.0 - y)
    }

    pub fn hard_sigmoid(y: f32) -> f32 {
        if y > 0.0 && y < 1.0 { 1.0 / 6.0 } else { 0.0 }
    }

    pub fn tanh(y: f32) -> f32 {
        1.0 - y * y
    }

    #[inline(always)]
    pub fn softplus(y: f32) -> f32 {
        -exp_m1(-y)
    }

    pub fn softsign(y: f32) -> f32 {
        let rest = 1.0 - y.abs();
        rest * rest
    }
}

/// `dy/dx` from `x`, for functions that have the same value at two points.
pub mod slope_of_x {
    use super::value;
    use crate::activation::normal::normal;

    #[inline(always)]
    pub fn gelu(x: f32) -> f32 {
        let [below, density] = normal(x);
        below + x * density
    }

    #[inline(always)]
    pub fn silu(x: f32) -> f32 {
        let s = value::sigmoid(x);
        s * (1.0 + x * (1.0 - s))
    }

    pub fn hard_silu(x: f32) -> f32 {
        let slope = if x > -3.0 && x < 3.0 { 1.0 / 6.0 } else { 0.0 };
        value::hard_sigmoid(x) + x * slope
    }

    #[inline(always)]
    pub fn mish(x: f32) -> f32 {
        let t = value::tanh_of_softplus(x);
        t + x * (1.0 - t * t) * value::sigmoid(x)
    }
}
