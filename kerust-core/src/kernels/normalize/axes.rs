//! By groups of values along any axes of a sample.

use super::VALUE_MACS;
use crate::kernels::elementwise::copy;
use crate::kernels::machine::sqrt;
use crate::kernels::parallel;
use crate::kernels::reduce::sum_in_chunks;
use crate::shape::{MAX_RANK, Shape};
use core::ops::Range;

/// A sample of up to four axes, cut into groups: the values that differ along some of the axes alone.
#[derive(Clone, Copy, Debug)]
pub struct Groups {
    sizes: [usize; MAX_RANK],
    /// Whether a group runs along the axis.
    along: [bool; MAX_RANK],
    /// How far apart neighbours along each axis stand in the scale and in the shift.
    strides: [usize; MAX_RANK],
}

impl Groups {
    /// Groups along `axes` of samples of the shape `sample`, with a scale and a shift for each place of them.
    ///
    /// # Panics
    /// When the sample has no such axis.
    pub const fn along(sample: Shape, axes: &[usize]) -> Self {
        let mut groups = Self {
            sizes: [1; MAX_RANK],
            along: [false; MAX_RANK],
            strides: [0; MAX_RANK],
        };
        // Leading axes of size 1 make every rank the greatest.
        let lead = MAX_RANK - sample.rank();
        let mut axis = 0;
        while axis < sample.rank() {
            groups.sizes[lead + axis] = sample.dim(axis);
            axis += 1;
        }
        let mut place = 0;
        while place < axes.len() {
            assert!(axes[place] < sample.rank(), "the sample has no such axis");
            groups.along[lead + axes[place]] = true;
            place += 1;
        }
        let (mut axis, mut stride) = (MAX_RANK, 1);
        while axis > 0 {
            axis -= 1;
            if groups.along[axis] {
                groups.strides[axis] = stride;
                stride *= groups.sizes[axis];
            }
        }
        groups
    }

    /// The places of `axis` in `groups` groups of neighbours, each along all other axes too, with a scale and a shift
    /// for each place.
    ///
    /// # Panics
    /// When the sample has no such axis, or the groups do not divide it.
    pub const fn of_axis(sample: Shape, axis: usize, groups: usize) -> Self {
        let size = sample.dim(axis);
        assert!(
            groups > 0 && size.is_multiple_of(groups),
            "the groups do not divide the axis"
        );
        let inner = sample.run(axis + 1);
        let outer = sample.run(0) / (size * inner);
        Self {
            sizes: [outer, groups, size / groups, inner],
            along: [true, false, true, true],
            strides: [0, size / groups, 1, 0],
        }
    }

    /// Values of a sample.
    pub(crate) fn len(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Values of a group.
    fn group_len(&self) -> usize {
        let sizes = self.sizes.iter().zip(self.along);
        let sizes = sizes.map(|(size, along)| if along { *size } else { 1 });
        sizes.product()
    }

    /// Values of a group that stand side by side.
    fn run_len(&self) -> usize {
        match self.along[MAX_RANK - 1] {
            true => self.sizes[MAX_RANK - 1],
            false => 1,
        }
    }

    /// Calls `each` for every group of a sample.
    pub(super) fn each_group(&self, mut each: impl FnMut(Group<'_>)) {
        for group in 0..self.len() / self.group_len().max(1) {
            let (mut rest, mut step) = (group, 1);
            let mut first = Strip::default();
            let axes = self.sizes.iter().zip(self.along).zip(self.strides);
            for ((size, along), stride) in axes.rev() {
                if !along {
                    let at = rest % (*size).max(1);
                    rest /= (*size).max(1);
                    first.value += at * step;
                    first.number += at * stride;
                }
                step *= size;
            }
            each(Group { of: self, first });
        }
    }
}

/// Where a run begins: in the sample, and in the scale and the shift.
#[derive(Clone, Copy, Default)]
pub(super) struct Strip {
    value: usize,
    number: usize,
}

/// A group of a sample.
pub(super) struct Group<'a> {
    of: &'a Groups,
    first: Strip,
}

impl Group<'_> {
    /// Calls `each` with the place of each run of the group.
    #[inline(always)]
    pub(super) fn runs(&self, mut each: impl FnMut(Strip)) {
        let Groups {
            sizes: [_, b, c, d],
            strides,
            ..
        } = *self.of;
        let steps = [b * c * d, c * d, d];
        let count = |axis: usize| match (self.of.along.get(axis), self.of.sizes.get(axis)) {
            (Some(true), Some(size)) => *size,
            _ => 1,
        };
        let [first, second, third] = [0, 1, 2].map(count);
        for i in 0..first {
            for j in 0..second {
                for k in 0..third {
                    each(Strip {
                        value: self.first.value + i * steps[0] + j * steps[1] + k * steps[2],
                        number: self.first.number
                            + i * strides[0]
                            + j * strides[1]
                            + k * strides[2],
                    });
                }
            }
        }
    }

    /// The values of the run at a place.
    pub(super) fn run<'v>(&self, values: &'v [f32], place: Strip) -> &'v [f32] {
        let end = place.value + self.of.run_len();
        values.get(place.value..end).unwrap_or_default()
    }

    /// The same, to be written.
    pub(super) fn run_mut<'v>(&self, values: &'v mut [f32], place: Strip) -> &'v mut [f32] {
        let end = place.value + self.of.run_len();
        values.get_mut(place.value..end).unwrap_or_default()
    }

    /// Where the numbers of the run at a place stand in a scale or a shift: one for each value, or one for all.
    fn numbers(&self, place: Strip) -> Range<usize> {
        let width = match self.of.strides[MAX_RANK - 1] {
            0 => 1,
            _ => self.of.run_len(),
        };
        place.number..place.number + width
    }

    /// `Σ term(x)` over the group.
    fn sum(&self, values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
        let mut sum = 0.0;
        self.runs(|place| sum += super::layer_norm::lane_sum(self.run(values, place), &term));
        sum
    }
}

/// The number of a scale or shift for the value at `place` of a run; `default` where there is none.
fn number(numbers: &[f32], place: usize, default: f32) -> f32 {
    let number = numbers.get(place).or(numbers.first());
    number.copied().unwrap_or(default)
}

/// What the values of a group are brought to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Norm {
    /// Mean 0 and variance 1: Ba et al. (2016).
    Moments,
    /// Mean square 1: Zhang & Sennrich (2019).
    RootMeanSquare,
    /// A sum of squares of 1.
    Length,
}

/// The least length that a group is divided by.
const LEAST_LENGTH: f32 = 1e-12;

/// A normalization of groups: `y = scale · (x − mean) · inverse + shift`.
#[derive(Clone, Copy, Debug)]
pub struct AxesNorm {
    /// What is normalized together.
    pub groups: Groups,
    /// What it is brought to.
    pub norm: Norm,
    /// What is added to the variance or the mean square.
    pub epsilon: f32,
}

impl AxesNorm {
    /// From `x` to `y`. An empty scale is 1, and an empty shift 0.
    pub fn forward(&self, x: &[f32], numbers: [&[f32]; 2], y: &mut [f32]) {
        copy(x, y);
        self.forward_in_place(numbers, y);
    }

    /// [`forward`](Self::forward) of what stands in `y`.
    pub fn forward_in_place(&self, [scale, shift]: [&[f32]; 2], y: &mut [f32]) {
        let macs = y.len() * VALUE_MACS;
        parallel::chunks(y, self.groups.len(), macs, |_, y| {
            self.groups.each_group(|group| {
                let [mean, inverse] = self.moments(&group, y);
                group.runs(|place| {
                    let numbers = group.numbers(place);
                    let scale = scale.get(numbers.clone()).unwrap_or_default();
                    let shift = shift.get(numbers).unwrap_or_default();
                    normalize(group.run_mut(y, place), mean, inverse, scale, shift);
                });
            });
        });
    }

    /// The mean that is subtracted from a group, and what the rest is multiplied with.
    fn moments(&self, group: &Group<'_>, x: &[f32]) -> [f32; 2] {
        let len = self.groups.group_len() as f32;
        let mean = match self.norm {
            Norm::Moments => group.sum(x, |x| x) / len,
            _ => 0.0,
        };
        let squares = group.sum(x, |x| (x - mean) * (x - mean));
        let inverse = match self.norm {
            Norm::Length => {
                let inverse = 1.0 / sqrt(squares);
                // Written so that NaN stays.
                if inverse > 1.0 / LEAST_LENGTH {
                    1.0 / LEAST_LENGTH
                } else {
                    inverse
                }
            }
            _ => 1.0 / sqrt(squares / len + self.epsilon),
        };
        [mean, inverse]
    }

    /// The gradients of the scale and the shift, each where it is not empty.
    pub fn weight_gradient(
        &self,
        x: &[f32],
        dy: &[f32],
        gradients: [&mut [f32]; 2],
        accumulate: bool,
    ) {
        let (len, macs) = (self.groups.len().max(1), x.len() * VALUE_MACS);
        let add = |samples: Range<usize>, [dscale, dshift]: [&mut [f32]; 2], _| {
            let part = samples.start * len..samples.end * len;
            let [x, dy] = [x, dy].map(|values| values.get(part.clone()).unwrap_or_default());
            for (x, dy) in x.chunks_exact(len).zip(dy.chunks_exact(len)) {
                self.groups.each_group(|group| {
                    let [mean, inverse] = self.moments(&group, x);
                    group.runs(|place| {
                        let numbers = group.numbers(place);
                        let values = group.run(x, place).iter().zip(group.run(dy, place));
                        for (at, (x, dy)) in values.enumerate() {
                            let at = numbers.start + at.min(numbers.len() - 1);
                            if let Some(dscale) = dscale.get_mut(at) {
                                *dscale += (x - mean) * inverse * dy;
                            }
                            if let Some(dshift) = dshift.get_mut(at) {
                                *dshift += dy;
                            }
                        }
                    });
                });
            }
        };
        sum_in_chunks(x.len() / len, macs, gradients, accumulate, add);
    }

    /// The gradient of the input.
    pub fn input_gradient(&self, x: &[f32], scale: &[f32], dy: &[f32], dx: &mut [f32]) {
        let (len, macs) = (self.groups.len().max(1), 2 * x.len() * VALUE_MACS);
        let share = 1.0 / self.groups.group_len() as f32;
        parallel::chunks(dx, len, macs, |sample, dx| {
            let first = sample * len;
            let [x, dy] = [x, dy].map(|it| it.get(first..first + len).unwrap_or_default());
            self.groups.each_group(|group| {
                let [mean, inverse] = self.moments(&group, x);
                // Sums of the gradient, and of its products with the normalized values.
                let (mut sum, mut products) = (0.0, 0.0);
                let each = |place, each: &mut dyn FnMut(usize, f32, f32)| {
                    let scale = scale.get(group.numbers(place)).unwrap_or_default();
                    let values = group.run(x, place).iter().zip(group.run(dy, place));
                    for (at, (x, dy)) in values.enumerate() {
                        each(at, (x - mean) * inverse, dy * number(scale, at, 1.0));
                    }
                };
                group.runs(|place| {
                    each(place, &mut |_, x, dy| {
                        sum += dy;
                        products += x * dy;
                    });
                });
                let [sum, products] = match self.norm {
                    Norm::Moments => [sum * share, products * share],
                    Norm::RootMeanSquare => [0.0, products * share],
                    Norm::Length if inverse == 1.0 / LEAST_LENGTH => [0.0; 2],
                    Norm::Length => [0.0, products],
                };
                group.runs(|place| {
                    let dx = group.run_mut(dx, place);
                    each(place, &mut |at, x, dy| {
                        if let Some(dx) = dx.get_mut(at) {
                            *dx = inverse * (dy - sum - x * products);
                        }
                    });
                });
            });
        });
    }
}

/// `y = scale · (y − mean) · inverse + shift` along a run.
#[inline(always)]
fn normalize(y: &mut [f32], mean: f32, inverse: f32, scale: &[f32], shift: &[f32]) {
    if scale.len() == y.len() && shift.len() == y.len() {
        for (y, (scale, shift)) in y.iter_mut().zip(scale.iter().zip(shift)) {
            let factor = inverse * scale;
            *y = *y * factor + (shift - mean * factor);
        }
        return;
    }
    for (at, y) in y.iter_mut().enumerate() {
        let factor = inverse * number(scale, at, 1.0);
        *y = *y * factor + (number(shift, at, 0.0) - mean * factor);
    }
}
