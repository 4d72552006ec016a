//! Losses for segmentation, based on the overlap of outputs and labels.

use super::weight::scaled;
use super::{Batch, Loss, WeightedLoss};
use crate::activation::HeadActivation;
use crate::model::Head;
use crate::tensor::StaticShape;
use crate::value::value;

/// Dice loss: one minus twice the overlap of outputs and labels, divided by their sum: `1 - 2 Σ t y / (Σ t +
/// Σ y)`. Keras: `Dice`.
///
/// It fits every head; use a `sigmoid` or `softmax`. The label is a tensor of the head's shape. As in Keras,
/// the sums run over the whole batch, unless [`axis`](Self::axis) says otherwise.
///
/// ```
/// use kerust::loss::Dice;
///
/// let of_batches = Dice;
/// let of_each_image = Dice.axis([1, 2, 3]);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dice {
    axes: Axes,
}

/// Tversky loss: one minus the overlap of outputs and labels, divided by the overlap plus the weighted
/// errors: `1 - Σ t y / (Σ t y + α Σ t (1 - y) + β Σ (1 - t) y)`. Salehi et al. (2017). Keras: `Tversky`.
///
/// `alpha` and `beta` are 0.5 by default; then it is [`Dice`](struct@Dice). It fits the same heads and labels
/// as `Dice`, and its sums run over the same axes.
///
/// ```
/// use kerust::loss::Tversky;
///
/// let loss = Tversky.alpha(0.3).beta(0.7);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tversky {
    alpha: f32,
    beta: f32,
    axes: Axes,
}

/// The axes of a batch over which the sums run: `None` for all axes, otherwise one bit for each. Axis 0, the
/// batch, is never included.
#[derive(Clone, Copy, Debug)]
struct Axes(Option<u8>);

value! {
    Dice { axes: Axes(None) }
}
value! {
    Tversky {
        alpha: 0.5,
        beta: 0.5,
        axes: Axes(None),
    }
}

impl Tversky {
    /// Sets the weight of false negatives: labels that are not predicted (Keras's `alpha`).
    pub fn alpha(mut self, alpha: f32) -> Self {
        self.alpha = alpha;
        self
    }

    /// Sets the weight of false positives: outputs that are not labeled (Keras's `beta`).
    pub fn beta(mut self, beta: f32) -> Self {
        self.beta = beta;
        self
    }
}

/// The sums of labels times outputs, of labels, and of outputs.
#[derive(Clone, Copy, Default)]
struct Sums {
    both: f64,
    labels: f64,
    outputs: f64,
}

/// A loss with its derivatives with respect to two of the [`Sums`]: `both` and `outputs`.
type Loss1 = (f64, f64, f64);

/// Keras adds this to a denominator.
const EPSILON: f64 = 1e-7;

macro_rules! overlaps {
    ($($name:ident |$self:ident, $sums:ident| $loss:expr;)+) => {$(
        impl $name {
            /// Sets the axes over which the sums run (Keras's `axis`). For (batch, rows, columns, channels),
            /// `[1, 2, 3]` sums over each sample, and `[1, 2]` over each channel of a sample. The loss is the
            /// mean of the resulting values.
            ///
            /// # Panics
            /// Panics unless each axis is from 1 to 7. The rank of the head is checked when the loss is
            /// measured.
            pub fn axis<const N: usize>(mut self, axes: [usize; N]) -> Self {
                self.axes = Axes::new(&axes);
                self
            }

            /// Multiplies this loss by `weight` in the sum over the heads (Keras's `loss_weights`).
            ///
            /// # Panics
            /// Panics unless `weight` is finite.
            pub fn weight(self, weight: f32) -> WeightedLoss<Self> {
                WeightedLoss::new(self, weight)
            }

            fn of_sums(&$self, $sums: Sums) -> Loss1 {
                $loss
            }
        }

        impl<A: HeadActivation, S: StaticShape> Loss<Head<A, S>> for $name {
            type Label = S;

            fn measure(
                &self,
                batch: Batch<'_, Head<A, S>, S>,
                gradient: Option<&mut [f32]>,
            ) -> f64 {
                let of_sums = |sums| self.of_sums(sums);
                match self.axes.0 {
                    None => of_batch(batch, gradient, of_sums),
                    Some(axes) => of_groups(batch, gradient, axes, of_sums),
                }
            }
        }
    )+};
}
overlaps! {
    Dice |self, sums| {
        let whole = sums.labels + sums.outputs + EPSILON;
        (1.0 - 2.0 * sums.both / whole, -2.0 / whole, 2.0 * sums.both / (whole * whole))
    };
    Tversky |self, sums| {
        let (alpha, beta) = (f64::from(self.alpha), f64::from(self.beta));
        let missed = sums.labels - sums.both;
        let wrong = sums.outputs - sums.both;
        let whole = sums.both + alpha * missed + beta * wrong + EPSILON;
        let by_whole = sums.both / (whole * whole);
        (
            1.0 - sums.both / whole,
            by_whole * (1.0 - alpha - beta) - 1.0 / whole,
            by_whole * beta,
        )
    };
}

impl Axes {
    fn new(axes: &[usize]) -> Self {
        let mut bits = 0;
        for axis in axes {
            assert!(
                (1..8).contains(axis),
                "the axis of an overlap is {axis}, expected a number from 1 to 7: axis 0 is the batch"
            );
            bits |= 1 << axis;
        }
        Self(Some(bits))
    }
}

impl Sums {
    fn add(&mut self, output: f32, label: f32) {
        self.both += f64::from(output) * f64::from(label);
        self.labels += f64::from(label);
        self.outputs += f64::from(output);
    }
}

/// The loss of the whole batch: one number, multiplied by the mean of the sample weights.
fn of_batch<A: HeadActivation, S: StaticShape>(
    batch: Batch<'_, Head<A, S>, S>,
    mut gradient: Option<&mut [f32]>,
    loss: impl Fn(Sums) -> Loss1,
) -> f64 {
    let (outputs, labels): (&[f32], &[f32]) = (batch.outputs, batch.labels);
    assert_eq!(labels.len(), outputs.len());
    let mut sums = Sums::default();
    let pairs = outputs.iter().zip(labels).enumerate();
    let pairs = pairs.filter(|(place, _)| !batch.is_masked(*place));
    pairs.for_each(|(_, (output, label))| sums.add(*output, *label));
    let (value, by_both, by_outputs) = loss(sums);
    if let Some(gradient) = gradient.as_deref_mut() {
        for (place, (slot, label)) in gradient.iter_mut().zip(labels).enumerate() {
            *slot = match batch.is_masked(place) {
                true => 0.0,
                false => (by_both * f64::from(*label) + by_outputs) as f32,
            };
        }
        batch.through_activation(gradient);
    }
    let weights: f64 = (0..batch.len())
        .map(|sample| f64::from(batch.weight(sample)))
        .sum();
    // A part of a larger batch is weighted by its share of the samples.
    scaled(value, gradient, weights / batch.divisor().max(1) as f64)
}

/// The mean loss of the groups of each sample, one group for each index along the axes that are not summed.
fn of_groups<A: HeadActivation, S: StaticShape>(
    batch: Batch<'_, Head<A, S>, S>,
    gradient: Option<&mut [f32]>,
    axes: u8,
    loss: impl Fn(Sums) -> Loss1,
) -> f64 {
    let (shape, len) = (S::SHAPE, S::LEN);
    let rank = shape.rank();
    assert!(
        u32::from(axes) < 2 << rank,
        "the axis of an overlap is above {rank}, the last one of a batch of this head"
    );
    let is_summed = |axis: usize| axes & 2 << axis != 0;
    let kept = (0..rank).filter(|axis| !is_summed(*axis));
    let groups: usize = kept.map(|axis| shape.dim(axis)).product();
    let group = |mut place: usize| {
        let (mut stride, mut group) = (1, 0);
        for axis in (0..rank).rev() {
            if !is_summed(axis) {
                group += place % shape.dim(axis) * stride;
                stride *= shape.dim(axis);
            }
            place /= shape.dim(axis);
        }
        group
    };
    let labels: &[f32] = batch.labels;
    assert_eq!(labels.len(), batch.outputs.len());
    let mut all = vec![Sums::default(); groups];
    batch
        .by_samples()
        .mean_of_samples(gradient, |sample, outputs, gradient| {
            let labels = &labels[sample * len..(sample + 1) * len];
            let is_masked = |place: usize| batch.is_masked(sample * len + place);
            all.fill(Sums::default());
            for (place, (output, label)) in outputs.iter().zip(labels).enumerate() {
                if !is_masked(place) {
                    all[group(place)].add(*output, *label);
                }
            }
            if let Some(gradient) = gradient {
                for (place, (slot, label)) in gradient.iter_mut().zip(labels).enumerate() {
                    let (_, by_both, by_outputs) = loss(all[group(place)]);
                    let slope = (by_both * f64::from(*label) + by_outputs) / groups as f64;
                    *slot = if is_masked(place) { 0.0 } else { slope as f32 };
                }
            }
            all.iter().map(|sums| loss(*sums).0).sum::<f64>() / groups as f64
        })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{assert_close, check_gradient, logits, measure};
    use super::*;
    use crate::activation::{Linear, Sigmoid, Softmax};
    use crate::tensor::{Rank1, Rank3};

    #[test]
    fn gradients_match_finite_differences() {
        let x = logits(24);
        let label = |place| f32::from(u8::from(place * 5 % 7 < 3));
        let labels: &[f32] = &(0..24).map(label).collect::<Vec<_>>();
        type Map = Rank3<3, 2, 2>;
        check_gradient::<Sigmoid, Map, _, _>(&Dice, &x, labels);
        check_gradient::<Softmax, Map, _, _>(&Dice.axis([1, 2]), &x, labels);
        check_gradient::<Sigmoid, Map, _, _>(&Dice.axis([1, 2, 3]), &x, labels);
        let tversky = Tversky.alpha(0.3).beta(0.9);
        check_gradient::<Sigmoid, Map, _, _>(&tversky, &x, labels);
        check_gradient::<Softmax, Map, _, _>(&tversky.axis([2]), &x, labels);
        check_gradient::<Sigmoid, Map, _, _>(&tversky.axis([1, 3]).weight(0.5), &x, labels);
    }

    #[test]
    fn a_perfect_prediction_has_no_loss() {
        let x = [0.0, 1.0, 1.0, 0.0];
        for loss in [Tversky, Tversky.axis([1]), Tversky.alpha(0.0).beta(0.0)] {
            let (value, _) = measure::<Linear, Rank1<2>, _, _>(&loss, &x, &x, None);
            assert_close(value, 0.0, 1e-6);
        }
        let (value, _) = measure::<Linear, Rank1<2>, _, _>(&Dice, &x, &[1.0, 0.0, 0.0, 1.0], None);
        assert_close(value, 1.0, 1e-12);
    }

    #[test]
    #[should_panic(expected = "axis 0 is the batch")]
    fn the_batch_is_no_axis_of_a_sample() {
        let _ = Dice.axis([0]);
    }
}
