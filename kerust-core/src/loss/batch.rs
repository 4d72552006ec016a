//! What losses and metrics see of a batch.

use crate::activation::HeadActivation;
use crate::data::Data;
use crate::model::{Head, Heads};
use crate::tensor::Shape;

/// A batch behind the heads `H`, with its labels `Y`.
pub struct Batch<'a, H: Heads, Y: Data> {
    /// The heads' values before their activation.
    pub logits: H::Slices<'a>,
    /// The heads' values after their activation.
    pub outputs: H::Slices<'a>,
    /// The labels.
    pub labels: Y::Slices<'a>,
    /// The weight of each sample; `None`: all 1.
    pub weights: Option<&'a [f32]>,
    /// The weights, while a metric is not to see them.
    withheld: Option<&'a [f32]>,
    /// The samples of the whole batch, of which these may be a part.
    whole: usize,
}

impl<H: Heads, Y: Data> Clone for Batch<'_, H, Y> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H: Heads, Y: Data> Copy for Batch<'_, H, Y> {}

impl<'a, H: Heads, Y: Data> Batch<'a, H, Y> {
    /// A batch of samples of the given weights, or all of weight 1.
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
            whole: H::samples(outputs),
        }
    }

    /// The same samples as a part of a batch of `whole` samples, which is computed in several parts.
    pub fn part_of(self, whole: usize) -> Self {
        Self { whole, ..self }
    }

    /// The number of samples that the loss is a mean over: [`len`](Self::len), unless these samples
    /// are a part of a larger batch. The losses of the parts then add up to that of the whole.
    pub fn divisor(&self) -> usize {
        self.whole
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        H::samples(self.outputs)
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The weight of the sample number `sample`.
    pub fn weight(&self, sample: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[sample])
    }

    /// One head of several.
    pub(crate) fn part<H1: Heads, Y1: Data>(
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
            whole: self.whole,
        }
    }

    /// The batch as metrics see it: every sample of weight 1, and these samples alone.
    pub(crate) fn without_weights(self) -> Self {
        Self {
            weights: None,
            withheld: self.weights,
            whole: self.len(),
            ..self
        }
    }

    /// The batch with the weights that were withheld.
    pub(crate) fn with_weights(self) -> Self {
        Self {
            weights: self.weights.or(self.withheld),
            ..self
        }
    }
}

/// The logits of one sample, with its outputs.
#[derive(Clone, Copy)]
pub struct Scores<'a> {
    /// Before the activation.
    pub logits: &'a [f32],
    /// After it.
    pub outputs: &'a [f32],
}

impl<A: HeadActivation, S: Shape, Y: Data> Batch<'_, Head<A, S>, Y> {
    /// The mean over the batch of a loss whose derivative is known by the logits.
    ///
    /// `loss` gets the number of a sample and its scores, returns the sample's loss and writes its
    /// derivative by each logit where there is a place for it.
    pub(crate) fn mean_by_logits(
        self,
        mut gradient: Option<&mut [f32]>,
        mut loss: impl FnMut(usize, Scores<'_>, Option<&mut [f32]>) -> f64,
    ) -> f64 {
        let (samples, len, divisor) = (self.len(), S::LEN, self.divisor());
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
        total / divisor.max(1) as f64
    }

    /// The mean over the batch of a loss in terms of a sample's outputs.
    ///
    /// `loss` gets the number of a sample and its outputs, returns the sample's loss and, where
    /// there is a place for it, writes its derivative by each output. The head's activation is
    /// taken into account here.
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

    /// Turns the derivative by the outputs into that by the logits.
    fn through_activation(self, gradient: &mut [f32]) {
        let shape = S::SHAPE;
        let features = shape.dim(shape.rank() - 1);
        // An activation whose derivative needs its input finds it in `self.logits`.
        A::ACTIVATION.backward(self.outputs, gradient, features);
    }
}

impl<A: HeadActivation, S: Shape> Batch<'_, Head<A, S>, S> {
    /// The mean over all values of the batch of a loss that compares value with value.
    ///
    /// `loss` gets an output and its label; it returns the loss and its derivative by the output.
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
