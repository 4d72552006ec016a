//! A batch as losses and metrics see it.

use super::weights::{BatchWeights, HeadWeights};
use crate::activation::HeadActivation;
use crate::data::Data;
use crate::model::{Head, Heads, MOST_HEADS};
use crate::tensor::StaticShape;

/// A batch of samples: the outputs of a model with the heads `H`, and the labels `Y`.
///
/// # Steps
/// If the output is a sequence whose padding is masked, or each step has a weight or a label of its own, then
/// each step counts by itself. The means that the methods of a batch compute are then over the steps that the
/// mask leaves, as in Keras.
///
/// ```
/// use kerust::activation::Linear;
/// use kerust::loss::{Batch, Loss, MeanSquaredError};
/// use kerust::model::Head;
/// use kerust::tensor::Rank1;
///
/// let (outputs, labels) = ([1.0, 3.0], [0.0, 0.0]);
/// let batch = Batch::<Head<Linear, Rank1<1>>, Rank1<1>>::new(&outputs, &outputs, &labels, None);
/// assert_eq!(MeanSquaredError.measure(batch, None), 5.0);
/// // As a part of a batch of 4 samples; another machine has the rest.
/// assert_eq!(MeanSquaredError.measure(batch.part_of(4), None), 2.5);
/// ```
pub struct Batch<'a, H: Heads, Y: Data> {
    /// The heads' values before their activation.
    pub logits: H::Slices<'a>,
    /// The heads' values after their activation.
    pub outputs: H::Slices<'a>,
    /// The labels.
    pub labels: Y::Slices<'a>,
    /// The weights for each head.
    weights: [HeadWeights<'a>; MOST_HEADS],
    /// Whether each step counts by itself, or each sample; `None` if the weights decide.
    by_steps: Option<bool>,
    /// The divisor of a mean; see [`divisor`](Self::divisor).
    divisor: usize,
}

impl<H: Heads, Y: Data> Clone for Batch<'_, H, Y> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Heads, Y: Data> Copy for Batch<'_, H, Y> {}

impl<'a, H: Heads, Y: Data> Batch<'a, H, Y> {
    /// Creates a batch of samples with these weights, or with weight 1 for all. Means divide by its number of
    /// samples. For an output that is a sequence, there can be a weight for each step.
    pub fn new(
        logits: H::Slices<'a>,
        outputs: H::Slices<'a>,
        labels: Y::Slices<'a>,
        weights: Option<&'a [f32]>,
    ) -> Self {
        Self::weighted(logits, outputs, labels, weights.into())
    }

    /// Creates a batch with weights for each head.
    pub(crate) fn weighted(
        logits: H::Slices<'a>,
        outputs: H::Slices<'a>,
        labels: Y::Slices<'a>,
        weights: BatchWeights<'a>,
    ) -> Self {
        Self {
            logits,
            outputs,
            labels,
            weights: weights.0,
            by_steps: None,
            divisor: H::samples(outputs),
        }
    }

    /// This batch as one part of a batch of `samples` samples. Means divide by that number, so that the
    /// losses and gradients of all parts add up to those of the whole batch.
    pub fn part_of(self, samples: usize) -> Self {
        Self {
            divisor: samples,
            ..self
        }
    }

    /// The divisor of a mean over the batch: the number of its samples, or that of the larger batch of which
    /// it is a [part](Self::part_of).
    pub fn divisor(&self) -> usize {
        self.divisor
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        H::samples(self.outputs)
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weight of the sample number `sample`: the mean of the weights of its steps, if each has one.
    pub fn weight(&self, sample: usize) -> f32 {
        let Some(weights) = self.weights[0].current else {
            return 1.0;
        };
        match weights.len() / self.len().max(1) {
            1 => weights[sample],
            steps => {
                let weights = &weights[sample * steps..(sample + 1) * steps];
                weights.iter().sum::<f32>() / steps as f32
            }
        }
    }

    /// The weights of the samples, or of their steps.
    pub(crate) fn weights(&self) -> Option<&'a [f32]> {
        self.weights[0].current
    }

    /// The factor in the weights of the steps that a mask leaves.
    pub(super) fn mask_factor(&self) -> f64 {
        self.weights[0].factor
    }

    /// One of several heads.
    pub(crate) fn head<H1: Heads, Y1: Data>(
        &self,
        head: usize,
        logits: H1::Slices<'a>,
        outputs: H1::Slices<'a>,
        labels: Y1::Slices<'a>,
    ) -> Batch<'a, H1, Y1> {
        Batch {
            logits,
            outputs,
            labels,
            weights: [self.weights[head]; MOST_HEADS],
            by_steps: None,
            divisor: self.divisor,
        }
    }

    /// The batch as metrics see it: every sample has weight 1, or every step that a mask leaves, and means are
    /// over these samples only.
    pub(crate) fn without_weights(self) -> Self {
        Self {
            weights: self.weights.map(HeadWeights::hidden),
            divisor: self.len(),
            ..self
        }
    }

    /// The batch with the weights that were hidden.
    pub(crate) fn with_weights(self) -> Self {
        Self {
            weights: self.weights.map(HeadWeights::shown),
            ..self
        }
    }
}

/// The logits and outputs of one sample, or of one step.
#[derive(Clone, Copy)]
pub struct Scores<'a> {
    /// The values before the activation.
    pub logits: &'a [f32],
    /// The values after the activation.
    pub outputs: &'a [f32],
}

/// What counts by itself in a mean: a sample, or a step of one.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'a> {
    /// Its number in the batch.
    pub(crate) number: usize,
    pub(crate) outputs: &'a [f32],
    pub(crate) weight: f32,
}

impl<'a, A: HeadActivation, S: StaticShape, Y: Data> Batch<'a, Head<A, S>, Y> {
    /// The same batch, in which each step counts by itself.
    pub(crate) fn by_steps(self) -> Self {
        Self {
            by_steps: Some(true),
            ..self
        }
    }

    /// The same batch, in which each sample counts by itself, by the mean weight of its steps.
    pub(super) fn by_samples(self) -> Self {
        Self {
            by_steps: Some(false),
            ..self
        }
    }

    /// The number of units in a sample: 1, or the number of steps.
    pub(crate) fn units_in_sample(&self) -> usize {
        let steps = S::LEN / S::SHAPE.last().max(1);
        let weights = self.weights[0].current.map_or(0, <[f32]>::len);
        match self.by_steps.unwrap_or(weights > self.len()) {
            true => steps.max(1),
            false => 1,
        }
    }

    /// The number of units that count: all, or those that a mask leaves.
    pub(super) fn counted(&self) -> f64 {
        let units = (self.len() * self.units_in_sample()) as f64;
        match self.weights[0].mask {
            None => units,
            Some(mask) => mask.iter().map(|step| f64::from(*step)).sum(),
        }
    }

    /// The sum of the weights of all units.
    pub(crate) fn weight_sum(&self) -> f64 {
        let units = self.len() * self.units_in_sample();
        match self.weights[0].current {
            None => units as f64,
            Some(weights) => {
                let sum: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
                sum * (units / weights.len().max(1)) as f64
            }
        }
    }

    /// The weight of a unit.
    fn unit_weight(&self, unit: usize, in_sample: usize) -> f32 {
        let Some(weights) = self.weights[0].current else {
            return 1.0;
        };
        match (weights.len() > self.len(), in_sample) {
            (true, 1) => self.weight(unit),
            (true, _) => weights[unit],
            (false, _) => weights[unit / in_sample],
        }
    }

    /// The samples, or the steps if each counts by itself.
    pub(crate) fn units(self) -> impl Iterator<Item = Unit<'a>> {
        let in_sample = self.units_in_sample();
        let outputs: &'a [f32] = self.outputs;
        let outputs = outputs.chunks_exact(S::LEN / in_sample).enumerate();
        outputs.map(move |(number, outputs)| Unit {
            number,
            outputs,
            weight: self.unit_weight(number, in_sample),
        })
    }

    /// The weight of the value at `place`.
    pub(crate) fn weight_at(&self, place: usize) -> f32 {
        let in_sample = self.units_in_sample();
        self.unit_weight(place / (S::LEN / in_sample), in_sample)
    }

    /// Whether a mask leaves out the value at `place`.
    pub(crate) fn is_masked(&self, place: usize) -> bool {
        let mask = self.weights[0].mask;
        mask.is_some_and(|mask| mask[place / S::SHAPE.last().max(1)] == 0.0)
    }

    /// The mean loss of the batch, for a loss whose derivative with respect to the logits is known.
    ///
    /// `loss` gets the number of a unit, which is a sample or a step, and its scores. It returns the loss of the
    /// unit. If a gradient is needed, it also writes the derivative with respect to each logit.
    pub(crate) fn mean_by_logits(
        self,
        mut gradient: Option<&mut [f32]>,
        mut loss: impl FnMut(usize, Scores<'_>, Option<&mut [f32]>) -> f64,
    ) -> f64 {
        let in_sample = self.units_in_sample();
        let (units, len) = (self.len() * in_sample, S::LEN / in_sample);
        let divisor = self.divisor.max(1) * in_sample;
        assert_eq!(self.logits.len(), self.outputs.len());
        let mut total = 0.0;
        for unit in 0..units {
            let range = unit * len..(unit + 1) * len;
            let scores = Scores {
                logits: &self.logits[range.clone()],
                outputs: &self.outputs[range.clone()],
            };
            let weight = self.unit_weight(unit, in_sample);
            // What a mask leaves out has no value: it may not even be a number.
            if weight == 0.0 && self.is_masked(range.start) && self.is_masked(range.end - 1) {
                if let Some(gradient) = gradient.as_deref_mut() {
                    gradient[range].fill(0.0);
                }
                continue;
            }
            match gradient.as_deref_mut() {
                None => total += f64::from(weight) * loss(unit, scores, None),
                Some(gradient) => {
                    let gradient = &mut gradient[range];
                    total += f64::from(weight) * loss(unit, scores, Some(gradient));
                    let scale = weight / divisor as f32;
                    gradient.iter_mut().for_each(|slot| *slot *= scale);
                }
            }
        }
        total / divisor as f64
    }

    /// The mean loss of the batch, for a loss that is a function of the outputs of a sample, or of a step if
    /// [each step counts by itself](Batch#steps).
    ///
    /// `loss` gets the number of a sample or step and its outputs; with one label for each output, its labels
    /// begin at that number times the number of outputs. It returns the loss. If a gradient is needed, it also
    /// writes the derivative with respect to each output. The derivative of the head's activation is applied
    /// here.
    pub fn mean_of_samples(
        self,
        mut gradient: Option<&mut [f32]>,
        mut loss: impl FnMut(usize, &[f32], Option<&mut [f32]>) -> f64,
    ) -> f64 {
        let mean = self.mean_by_logits(gradient.as_deref_mut(), |unit, scores, gradient| {
            loss(unit, scores.outputs, gradient)
        });
        if let Some(gradient) = gradient {
            self.through_activation(gradient);
        }
        mean
    }

    /// Converts the derivative with respect to the outputs into the derivative with respect to the logits.
    pub(crate) fn through_activation(self, gradient: &mut [f32]) {
        let shape = S::SHAPE;
        let features = shape.dim(shape.rank() - 1);
        // An activation whose derivative needs its input reads it from `self.logits`.
        A::ACTIVATION.backward(self.outputs, gradient, features);
    }
}

impl<A: HeadActivation, S: StaticShape> Batch<'_, Head<A, S>, S> {
    /// The mean over the batch, and over all positions of a map, for a loss that compares vectors along the
    /// last axis and whose derivative with respect to the logits is known.
    pub(crate) fn mean_of_vectors(
        self,
        gradient: Option<&mut [f32]>,
        mut loss: impl FnMut(Scores<'_>, &[f32], Option<&mut [f32]>) -> f64,
    ) -> f64 {
        let features = S::SHAPE.last();
        let labels: &[f32] = self.labels;
        assert_eq!(labels.len(), self.outputs.len());
        self.mean_by_logits(gradient, |unit, scores, mut gradient| {
            let len = scores.outputs.len();
            let places = len / features;
            let labels = &labels[unit * len..(unit + 1) * len];
            let mut total = 0.0;
            for start in (0..len).step_by(features) {
                let range = start..start + features;
                let scores = Scores {
                    logits: &scores.logits[range.clone()],
                    outputs: &scores.outputs[range.clone()],
                };
                let slots = gradient
                    .as_deref_mut()
                    .map(|slots| &mut slots[range.clone()]);
                total += loss(scores, &labels[range], slots);
            }
            if let Some(gradient) = gradient
                && places > 1
            {
                gradient.iter_mut().for_each(|slot| *slot /= places as f32);
            }
            total / places as f64
        })
    }

    /// The mean over all values of the batch, for a loss that compares single values.
    ///
    /// `loss` gets an output and its label. It returns the loss and its derivative with respect to the
    /// output.
    pub fn mean_of_values(
        self,
        gradient: Option<&mut [f32]>,
        loss: impl Fn(f32, f32) -> (f64, f32),
    ) -> f64 {
        let labels: &[f32] = self.labels;
        assert_eq!(labels.len(), self.outputs.len());
        self.mean_of_samples(gradient, |unit, outputs, gradient| {
            let len = outputs.len();
            let pairs = outputs.iter().zip(&labels[unit * len..]);
            let total: f64 = match gradient {
                None => pairs.map(|(output, label)| loss(*output, *label).0).sum(),
                Some(gradient) => pairs
                    .zip(gradient)
                    .map(|((output, label), slot)| {
                        let (value, slope) = loss(*output, *label);
                        *slot = slope / len as f32;
                        value
                    })
                    .sum(),
            };
            total / len as f64
        })
    }
}
