//! Constraints: limits on weights, applied after each step of the optimizer.
//!
//! Keras's `keras.constraints`. In `model!` a layer takes one for each of its arrays of weights:
//! `Dense(64, relu, kernel_constraint = max_norm(2))`.
//!
//! A norm runs over the first axis of an array, as with Keras's default, `axis = 0`: in a `Dense` kernel
//! that is the weights that lead to one output. For a `Conv2D` kernel those are
//! `max_norm(2, axis = (0, 1, 2))`.
//!
//! A custom constraint is a type that implements [`Constrain`], named by its path:
//!
//! ```
//! use kerust::constraint::Constrain;
//! use kerust::prelude::*;
//!
//! mod own {
//!     /// No weight is farther from 0 than a limit.
//!     pub struct Clip(pub f32);
//! }
//!
//! impl Constrain for own::Clip {
//!     fn apply(&self, weights: &mut [f32], _sizes: &[usize]) {
//!         weights.iter_mut().for_each(|w| *w = w.clamp(-self.0, self.0));
//!     }
//! }
//!
//! model! { pub Net: Input(4) => Dense(8, relu, kernel_constraint = own::Clip(0.5)) => Dense(3) }
//! ```

/// A custom constraint, which is applied to the weights after each step of the optimizer, as in Keras.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a constraint",
    label = "expected a constraint",
    note = "write `max_norm(2)`, `min_max_norm(0.5, 2)`, `unit_norm` or `non_neg`, or implement `kerust::constraint::Constrain` for `{Self}`"
)]
pub trait Constrain: Sync {
    /// Limits the weights, a row-major array of the sizes `sizes`.
    fn apply(&self, weights: &mut [f32], sizes: &[usize]);
}

/// A limit on an array of weights.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Constraint {
    rule: Rule,
    axes: Axes,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Rule {
    NonNeg,
    UnitNorm,
    /// The norm `n` becomes `rate · clamp(n, min, max) + (1 - rate) · n`.
    Norm {
        min: f32,
        max: f32,
        rate: f32,
    },
    Custom(Custom),
}

/// A reference to a custom constraint.
#[derive(Clone, Copy)]
struct Custom(&'static dyn Constrain);

impl PartialEq for Custom {
    fn eq(&self, other: &Self) -> bool {
        // Two types without fields may have the same address, but they have different methods.
        core::ptr::eq(self.0, other.0)
    }
}

impl core::fmt::Debug for Custom {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Custom(..)")
    }
}

/// The axes of an array, one bit for each: counted from the first axis, and counted from the last.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Axes {
    front: u8,
    back: u8,
}

/// Keras adds this to a norm before it divides by it.
const EPSILON: f32 = 1e-7;
/// The number of norms that are computed at the same time.
const COLUMNS: usize = 32;

impl Constraint {
    /// A norm of at most `max_value`: Keras's `MaxNorm`. Srivastava et al. (2014), section 5.1.
    pub const fn max_norm(max_value: f32) -> Self {
        Self::min_max_norm(0.0, max_value, 1.0)
    }

    /// No weight below 0: Keras's `NonNeg`.
    pub const fn non_neg() -> Self {
        Self::new(Rule::NonNeg)
    }

    /// A norm of 1: Keras's `UnitNorm`.
    pub const fn unit_norm() -> Self {
        Self::new(Rule::UnitNorm)
    }

    /// A norm from `min_value` to `max_value`: Keras's `MinMaxNorm`. `rate` is the share of the correction
    /// that each step applies.
    pub const fn min_max_norm(min_value: f32, max_value: f32, rate: f32) -> Self {
        Self::new(Rule::Norm {
            min: min_value,
            max: max_value,
            rate,
        })
    }

    /// A custom constraint.
    pub const fn custom(custom: &'static dyn Constrain) -> Self {
        Self::new(Rule::Custom(Custom(custom)))
    }

    const fn new(rule: Rule) -> Self {
        let axes = Axes { front: 1, back: 0 };
        Self { rule, axes }
    }

    /// The axes over which a norm runs (Keras's `axis`); negative ones count from the last.
    ///
    /// # Panics
    /// Panics when an axis is not from -8 to 7.
    pub const fn axis(mut self, axes: &[i8]) -> Self {
        self.axes = Axes { front: 0, back: 0 };
        let mut place = 0;
        while place < axes.len() {
            match axes[place] {
                axis @ 0..8 => self.axes.front |= 1 << axis,
                axis @ -8..0 => self.axes.back |= 1 << (-1 - axis),
                _ => panic!("an axis must be from -8 to 7"),
            }
            place += 1;
        }
        self
    }

    /// The first axis of this constraint that an array of these sizes does not have.
    #[cfg(any(feature = "std", test))]
    pub(crate) fn missing_axis(&self, sizes: &[usize]) -> Option<i8> {
        if matches!(self.rule, Rule::NonNeg | Rule::Custom(_)) {
            return None;
        }
        // A single number counts as one row.
        let rank = sizes.len().max(1) as i8;
        let front = (rank..8).find(|axis| self.axes.front & 1 << axis != 0);
        let back = (rank..8).find(|axis| self.axes.back & 1 << axis != 0);
        front.or(back.map(|axis| -1 - axis))
    }

    /// Applies the constraint to an array of these sizes, row-major.
    pub fn apply(&self, weights: &mut [f32], sizes: &[usize]) {
        let factor = |norm: f32| match self.rule {
            Rule::Norm { min, max, rate } => {
                // As in TensorFlow's `clip_by_value`, the lower bound wins over an upper one below it.
                let desired = rate * norm.min(max).max(min) + (1.0 - rate) * norm;
                desired / (EPSILON + norm)
            }
            _ => 1.0 / (EPSILON + norm),
        };
        match self.rule {
            Rule::NonNeg => weights.iter_mut().for_each(|w| *w = w.max(0.0)),
            Rule::Custom(custom) => custom.0.apply(weights, sizes),
            _ => self.scale(weights, sizes, factor),
        }
    }

    /// Multiplies the weights of each norm by the factor that follows from it.
    fn scale(&self, weights: &mut [f32], sizes: &[usize], factor: impl Fn(f32) -> f32) {
        let rank = sizes.len();
        let is_normed = |axis: usize| {
            self.axes.front & 1 << axis != 0 || self.axes.back & 1 << (rank - 1 - axis) != 0
        };
        // The axes after the last axis of a norm belong to separate norms, one for each position.
        let inner_from = (0..rank).rev().find(|axis| is_normed(*axis));
        let inner_from = inner_from.map_or(0, |axis| axis + 1);
        let inner: usize = sizes[inner_from..].iter().product();
        let count = |normed: bool| -> usize {
            let axes = (0..inner_from).filter(|axis| is_normed(*axis) == normed);
            axes.map(|axis| sizes[axis]).product()
        };
        // The offset at which the row number `index` begins, either along the normed axes or across them.
        let start = |normed: bool, mut index: usize| {
            let (mut stride, mut start) = (inner, 0);
            for axis in (0..inner_from).rev() {
                if is_normed(axis) == normed {
                    start += index % sizes[axis] * stride;
                    index /= sizes[axis];
                }
                stride *= sizes[axis];
            }
            start
        };
        let rows = count(true);
        for group in 0..count(false) {
            let first = start(false, group);
            for from in (0..inner).step_by(COLUMNS) {
                let columns = COLUMNS.min(inner - from);
                let mut factors = [0.0f32; COLUMNS];
                for row in 0..rows {
                    let place = first + start(true, row) + from;
                    for (sum, w) in factors.iter_mut().zip(&weights[place..place + columns]) {
                        *sum += w * w;
                    }
                }
                for sum in &mut factors {
                    *sum = factor(libm::sqrtf(*sum));
                }
                for row in 0..rows {
                    let place = first + start(true, row) + from;
                    for (w, factor) in weights[place..place + columns].iter_mut().zip(factors) {
                        *w *= factor;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The norms over the axes that are `true` in `normed`, one after the other.
    fn norms(weights: &[f32], sizes: [usize; 3], normed: [bool; 3]) -> Vec<f32> {
        let kept: Vec<usize> = (0..3)
            .map(|a| if normed[a] { 1 } else { sizes[a] })
            .collect();
        let mut sums = vec![0.0f32; kept.iter().product()];
        for (place, w) in weights.iter().enumerate() {
            let at = [
                place / sizes[2] / sizes[1],
                place / sizes[2] % sizes[1],
                place % sizes[2],
            ];
            let at = |a: usize| if normed[a] { 0 } else { at[a] };
            sums[(at(0) * kept[1] + at(1)) * kept[2] + at(2)] += w * w;
        }
        sums.into_iter().map(f32::sqrt).collect()
    }

    #[test]
    fn a_norm_runs_over_any_axes() {
        let sizes = [3, 17, 37];
        let weights: Vec<f32> = (0..3 * 17 * 37)
            .map(|place| (place * 31 % 97) as f32 - 48.0)
            .collect();
        for (axes, normed) in [
            (&[0][..], [true, false, false]),
            (&[1], [false, true, false]),
            (&[-1], [false, false, true]),
            (&[0, 1], [true, true, false]),
            (&[0, -1], [true, false, true]),
            (&[-2, 2], [false, true, true]),
            (&[0, 1, 2], [true; 3]),
        ] {
            let mut limited = weights.clone();
            Constraint::unit_norm()
                .axis(axes)
                .apply(&mut limited, &sizes);
            for norm in norms(&limited, sizes, normed) {
                assert!((norm - 1.0).abs() < 1e-5, "{axes:?}: {norm}");
            }
            let signs = limited.iter().zip(&weights);
            assert!(signs.clone().all(|(a, b)| a * b >= 0.0));
            assert!(signs.clone().any(|(a, b)| a != b));
        }
    }

    #[test]
    fn a_norm_is_led_into_its_range() {
        let limited = |constraint: Constraint| {
            let mut weights = [3.0, 0.03, 4.0, 0.04];
            constraint.apply(&mut weights, &[2, 2]);
            weights.map(|w| (w * 1e4f32).round() / 1e4)
        };
        assert_eq!(limited(Constraint::max_norm(2.0)), [1.2, 0.03, 1.6, 0.04]);
        let both = Constraint::min_max_norm(0.5, 2.0, 1.0);
        assert_eq!(limited(both), [1.2, 0.3, 1.6, 0.4]);
        let slowly = Constraint::min_max_norm(0.5, 2.0, 0.5);
        assert_eq!(limited(slowly), [2.1, 0.165, 2.8, 0.22]);
    }

    #[test]
    fn no_weight_is_negative() {
        let mut weights = [-1.0, 0.0, 2.0];
        Constraint::non_neg().apply(&mut weights, &[3]);
        assert_eq!(weights, [0.0, 0.0, 2.0]);
    }

    #[test]
    fn an_axis_that_an_array_has_not_is_found() {
        let constraint = Constraint::max_norm(1.0).axis(&[0, 2]);
        assert_eq!(constraint.missing_axis(&[3, 3]), Some(2));
        assert_eq!(constraint.missing_axis(&[3, 3, 1]), None);
        let constraint = Constraint::unit_norm().axis(&[-3]);
        assert_eq!(constraint.missing_axis(&[3, 3]), Some(-3));
        assert_eq!(Constraint::max_norm(1.0).missing_axis(&[]), None);
    }
}
