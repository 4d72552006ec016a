//! `softmax`.

use super::fixed_point::{
    divide_by_power_of_two, exp_on_negative_values, high_mul, one_over_one_plus,
};
use super::logistic::input_radius;
use super::{Multiplier, Quantization};

/// Integer bits of the differences that `exp` takes.
const DIFFERENCE_BITS: u32 = 5;

/// Integer bits of the sum of up to 4095 classes.
const SUM_BITS: u32 = 12;

/// Softmax over the last axis. Its output has the scale 1/256 and the zero point −128.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Softmax {
    classes: usize,
    multiplier: Multiplier,
    /// What lies further below the largest input counts as nothing.
    min_difference: i32,
}

impl Softmax {
    /// The output's quantization.
    pub const OUTPUT: Quantization = Quantization {
        scale: 1.0 / 256.0,
        zero_point: -128,
    };

    /// The softmax of `beta · x`, of so many classes: at most 4095.
    pub const fn new(classes: usize, beta: f32, input: Quantization) -> Self {
        let real = beta as f64 * input.scale as f64 * (1 << (31 - DIFFERENCE_BITS)) as f64;
        let largest = ((1i64 << 31) - 1) as f64;
        let multiplier = Multiplier::from_real(if real > largest { largest } else { real });
        Self {
            classes,
            multiplier,
            min_difference: -input_radius(DIFFERENCE_BITS, multiplier.shift),
        }
    }

    /// The softmax of these parameters, which are those of another one.
    pub const fn of(classes: usize, multiplier: Multiplier, min_difference: i32) -> Self {
        Self {
            classes,
            multiplier,
            min_difference,
        }
    }

    /// The multiplier of the inputs' differences, and the smallest difference that counts.
    pub const fn parameters(self) -> (Multiplier, i32) {
        (self.multiplier, self.min_difference)
    }

    /// Computes every sample that there is.
    pub fn forward(&self, x: &[i8], y: &mut [i8]) {
        check!(x.len() == y.len(), "as many outputs as inputs");
        y.iter_mut().zip(x).for_each(|(y, x)| *y = *x);
        self.forward_in_place(y);
    }

    /// Each sample becomes its softmax.
    pub fn forward_in_place(&self, y: &mut [i8]) {
        for y in y.chunks_exact_mut(self.classes.max(1)) {
            self.sample(y);
        }
    }

    fn sample(&self, y: &mut [i8]) {
        let largest = y.iter().copied().max().unwrap_or(0);
        let exps = y.iter().filter_map(|x| self.exp(*x, largest));
        let sum = exps.fold(0i32, |sum, exp| {
            sum.wrapping_add(divide_by_power_of_two(exp, SUM_BITS))
        });
        let headroom = sum.leading_zeros();
        // What the sum is above its leading bit, which is dropped.
        let fraction = sum.wrapping_shl(headroom).wrapping_sub(i32::MIN);
        let scale = one_over_one_plus(fraction);
        let exponent = (SUM_BITS + 23).wrapping_sub(headroom);
        for y in y {
            *y = match self.exp(*y, largest) {
                Some(exp) => {
                    let value = divide_by_power_of_two(high_mul(scale, exp), exponent);
                    value.wrapping_sub(128).clamp(-128, 127) as i8
                }
                None => i8::MIN,
            };
        }
    }

    /// `exp(x − largest)` without integer bits, where it counts.
    #[inline(always)]
    fn exp(&self, x: i8, largest: i8) -> Option<i32> {
        let difference = i32::from(x) - i32::from(largest);
        (difference >= self.min_difference)
            .then(|| exp_on_negative_values(self.multiplier.apply(difference), DIFFERENCE_BITS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_damaged_file_overflow_nothing() {
        let numbers = [i32::MIN, -32, -31, -1, 0, 1, 31, 32, 1 << 30, i32::MAX];
        let x = [-128, 127, 0, 127, -1];
        for mantissa in numbers {
            for shift in numbers {
                for min_difference in numbers {
                    let multiplier = Multiplier { mantissa, shift };
                    let mut y = [0; 5];
                    Softmax::of(5, multiplier, min_difference).forward(&x, &mut y);
                    // Equal inputs have equal outputs, whatever they are.
                    assert_eq!(y[1], y[3], "{multiplier:?} {min_difference}");
                }
            }
        }
    }
}
