//! A batch as losses and metrics see it.

use crate::activation::HeadActivation;
use crate::data::Data;
use crate::model::{Head, Heads};
use crate::tensor::StaticShape;

/// A batch of samples: the outputs of a model with the heads `H`, and the labels `Y`.
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
    /// The weight of each sample; `None` if all are 1.
    pub weights: Option<&'a [f32]>,
    /// The weights, while they are hidden from a metric.
    withheld: Option<&'a [f32]>,
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
    /// samples.
    pub fn new(
        logits: H::Slices<'a>,
        outputs: H::Slices<'a>,
        labels: Y::Slices<'a>,
        weights: Option<&'a [f32]>,
    ) -> Self {
        Self {
            logits,
            outputs,
            labels,
            weights,
            withheld: None,
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

    /// The weight of the sample number `sample`.
    pub fn weight(&self, sample: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[sample])
    }

    /// One of several heads.
    pub(crate) fn head<H1: Heads, Y1: Data>(
        &self,
        logits: H1::Slices<'a>,
        outputs: H1::Slices<'a>,
        labels: Y1::Slices<'a>,
    ) -> Batch<'a, H1, Y1> {
        Batch {
            logits,
            outputs,
            labels,
            weights: self.weights,
            withheld: self.withheld,
            divisor: self.divisor,
        }
    }

    /// The batch as metrics see it: every sample has weight 1, and means are over these samples only.
    pub(crate) fn without_weights(self) -> Self {
        Self {
            weights: None,
            withheld: self.weights,
            divisor: self.len(),
            ..self
        }
    }

    /// The batch with the weights that were hidden.
    pub(crate) fn with_weights(self) -> Self {
        Self {
            weights: self.weights.or(self.withheld),
            ..self
        }
    }
}

/// The logits and outputs of one sample.
#[derive(Clone, Copy)]
pub struct Scores<'a> {
    /// The values before the activation.
    pub logits: &'a [f32],
    /// The values after the activation.
    pub outputs: &'a [f32],
}

impl<A: HeadActivation, S: StaticShape, Y: Data> Batch<'_, Head<A, S>, Y> {
    /// The mean loss of the batch, for a loss whose derivative with respect to the logits is known.
    ///
    /// `loss` gets the index of a sample and its scores. It returns the loss of the sample. If a gradient is
    /// needed, it also writes the derivative with respect to each logit.
    pub(crate) fn mean_by_logits(
        self,
        mut gradient: Option<&mut [f32]>,
        mut loss: impl FnMut(usize, Scores<'_>, Option<&mut [f32]>) -> f64,
    ) -> f64 {
        let (samples, len) = (self.len(), S::LEN);
        let divisor = self.divisor.max(1);
        assert_eq!(self.logits.len(), self.outputs.len());
        let mut total = 0.0;
        for sample in 0..samples {
            let range = sample * len..(sample + 1) * len;
            let scores = Scores {
                logits: &self.logits[range.clone()],
                outputs: &self.outputs[range.clone()],
            };
            let weight = self.weight(sample);
            match gradient.as_deref_mut() {
                None => total += f64::from(weight) * loss(sample, scores, None),
                Some(gradient) => {
                    let gradient = &mut gradient[range];
                    total += f64::from(weight) * loss(sample, scores, Some(gradient));
                    let scale = weight / divisor as f32;
                    gradient.iter_mut().for_each(|slot| *slot *= scale);
                }
            }
        }
        total / divisor as f64
    }

    /// The mean loss of the batch, for a loss that is a function of the outputs of a sample.
    ///
    /// `loss` gets the index of a sample and its outputs. It returns the loss of the sample. If a gradient is
    /// needed, it also writes the derivative with respect to each output. The derivative of the head's
    /// activation is applied here.
    pub fn mean_of_samples(
        self,
        mut gradient: Option<&mut [f32]>,
        mut loss: impl FnMut(usize, &[f32], Option<&mut [f32]>) -> f64,
    ) -> f64 {
        let mean = self.mean_by_logits(gradient.as_deref_mut(), |sample, scores, gradient| {
            loss(sample, scores.outputs, gradient)
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
        let (len, features) = (S::LEN, S::SHAPE.last());
        let places = len / features;
        let labels: &[f32] = self.labels;
        assert_eq!(labels.len(), self.outputs.len());
        self.mean_by_logits(gradient, |sample, scores, mut gradient| {
            let labels = &labels[sample * len..(sample + 1) * len];
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
        let len = S::LEN;
        let labels: &[f32] = self.labels;
        assert_eq!(labels.len(), self.outputs.len());
        self.mean_of_samples(gradient, |sample, outputs, gradient| {
            let pairs = outputs.iter().zip(&labels[sample * len..]);
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
