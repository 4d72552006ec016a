//! Random numbers and seeds.

use crate::gradient::Frozen;
use core::ops::Range;
use rand::SeedableRng;

/// The random number generator of kerust: ChaCha8, which gives the same stream on every platform.
pub type Rng = rand::rngs::ChaCha8Rng;

/// A random seed. The same seed gives the same run.
///
/// ```
/// use kerust::prelude::*;
///
/// model! { pub Net: Input(4) => Dense(3) }
/// assert_eq!(Net::new(Seed(7)).dense.kernel, Net::new(Seed(7)).dense.kernel);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seed(pub u64);

impl Seed {
    /// Creates a generator that starts from this seed.
    pub fn rng(self) -> Rng {
        Rng::seed_from_u64(self.0)
    }
}

/// A training step as the layers of a model see it: its random numbers, and the frozen weights.
///
/// The random numbers depend only on the seed, the step, the layer and the position of the sample in the
/// batch. They do not depend on earlier steps, so a resumed run draws the same numbers as an uninterrupted
/// one.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The seed of the run.
    pub seed: Seed,
    /// The number of steps since training began.
    pub number: u64,
    first_sample: usize,
    samples: usize,
    /// The number of samples in the whole batch, of which these are a part.
    batch_size: usize,
    /// The weights that are frozen at run time.
    pub frozen: Frozen<'a>,
    /// The start of this part of the gradient in the whole model's gradient. `None` if all of it is frozen in
    /// the declaration.
    start: Option<usize>,
    /// Whether the layers compute as in inference.
    is_inference: bool,
    observer: Observing<'a>,
}

/// A callback that sees what the layers of a pass report.
pub trait Observer: Sync {
    /// Called with a batch for a layer with these `weights`, which learns from data without a gradient (`adapt`). Each `run`
    /// consecutive values belong to one of the layer's `features`.
    fn see(&self, _weights: &[f32], _x: &[f32], _features: usize, _run: usize) {}

    /// Called with a penalty on the outputs of a layer, which is part of the loss.
    fn penalize(&self, _penalty: f64) {}
}

#[derive(Clone, Copy, Default)]
struct Observing<'a>(Option<&'a dyn Observer>);

impl core::fmt::Debug for Observing<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.is_some().fmt(f)
    }
}

impl<'a> Step<'a> {
    /// Creates the step `number` of a run, with no frozen weights.
    pub fn new(seed: Seed, number: u64) -> Self {
        Self {
            seed,
            number,
            first_sample: 0,
            samples: 1,
            batch_size: 1,
            frozen: Frozen(&[]),
            start: Some(0),
            is_inference: false,
            observer: Observing(None),
        }
    }

    /// A pass that computes the same as inference, and shows `observer` the inputs of layers that learn from
    /// data.
    pub fn observing(observer: &'a dyn Observer) -> Self {
        Self {
            is_inference: true,
            ..Self::new(Seed(0), 0).observed_by(observer)
        }
    }

    /// The same step with an observer.
    pub fn observed_by<'b>(self, observer: &'b dyn Observer) -> Step<'b>
    where
        'a: 'b,
    {
        Step {
            observer: Observing(Some(observer)),
            ..self
        }
    }

    /// The same step for `samples` samples of a batch, starting with the sample `first_sample`. They are the whole batch,
    /// unless [`of_batch`](Self::of_batch) says otherwise.
    pub fn over(self, first_sample: usize, samples: usize) -> Self {
        Self {
            first_sample,
            samples: samples.max(1),
            batch_size: samples.max(1),
            ..self
        }
    }

    /// The same step for a part of a batch of this size.
    pub fn of_batch(self, batch_size: usize) -> Self {
        Self {
            batch_size: batch_size.max(1),
            ..self
        }
    }

    /// The same step with these ranges of the gradient frozen.
    pub fn freezing<'b>(self, frozen: Frozen<'b>) -> Step<'b>
    where
        'a: 'b,
    {
        Step { frozen, ..self }
    }

    /// The step as the layer number `layer` sees it.
    pub fn layer(self, layer: u64) -> LayerStep<'a> {
        LayerStep {
            step: self,
            layer,
            part: None,
        }
    }
}

/// A training step as one layer sees it.
#[derive(Clone, Copy, Debug)]
pub struct LayerStep<'a> {
    step: Step<'a>,
    layer: u64,
    /// The start and the end of the layer's part in the gradient of its model.
    part: Option<(usize, usize)>,
}

impl<'a> LayerStep<'a> {
    /// Sets the layer's part in the gradient of its model.
    pub fn part(self, part: Range<usize>) -> Self {
        Self {
            part: Some((part.start, part.end)),
            ..self
        }
    }

    /// Whether the layer computes as in inference, without random numbers and batch statistics.
    pub fn is_inference(&self) -> bool {
        self.step.is_inference
    }

    /// The observer of this pass.
    pub fn observer(&self) -> Option<&'a dyn Observer> {
        self.step.observer.0
    }

    /// Whether the layer's weights do not change in this step.
    pub fn is_frozen(&self) -> bool {
        if self.is_inference() {
            return true;
        }
        let Some(start) = self.step.start else {
            return true;
        };
        self.part
            .is_some_and(|(from, to)| self.step.frozen.covers(&(start + from..start + to)))
    }

    /// The step for the inner layers of a model that is used as a layer. They draw other random numbers than
    /// all other layers.
    pub fn within(self) -> Step<'a> {
        // An odd constant with well-mixed bits (2^64 divided by the golden ratio), so that the seeds of
        // layers differ widely.
        let apart = (self.layer + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Step {
            seed: Seed(self.step.seed.0 ^ apart),
            start: match (self.step.start, self.part) {
                (Some(start), Some((from, to))) if from < to => Some(start + from),
                _ => None,
            },
            ..self.step
        }
    }

    /// The number of samples in this part of the batch, at least 1.
    pub fn samples(&self) -> usize {
        self.step.samples
    }

    /// The number of samples in the whole batch, at least 1.
    pub fn batch_size(&self) -> usize {
        self.step.batch_size
    }

    /// Adds a penalty to the loss of the batch.
    pub fn add_penalty(&self, penalty: f64) {
        if let Some(observer) = self.observer() {
            observer.penalize(penalty);
        }
    }

    /// The generator of this layer for this step. `words` is the number of 32-bit numbers that the samples of
    /// this part draw together, the same count for each. Therefore a batch draws the same numbers however it
    /// is divided.
    pub fn rng(self, words: usize) -> Rng {
        let mut rng = self.seeded(0);
        let of_each = words / self.step.samples;
        rng.set_word_pos(self.step.first_sample as u128 * of_each as u128);
        rng
    }

    /// The generator for the sample number `sample` of this part, for a layer that does not draw a fixed
    /// count of numbers for each sample.
    pub fn sample_rng(self, sample: usize) -> Rng {
        self.seeded((self.step.first_sample + sample) as u64 + 1)
    }

    fn seeded(self, sample: u64) -> Rng {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.step.seed.0.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.step.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&sample.to_le_bytes());
        let mut rng = Rng::from_seed(bytes);
        rng.set_stream(self.layer);
        rng
    }
}
