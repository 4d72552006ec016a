//! Random numbers: a seed names a run.

use crate::gradient::Frozen;
use core::ops::Range;
use rand::SeedableRng;

/// The generator of everything random: ChaCha8, the same stream on every platform.
pub type Rng = rand::rngs::ChaCha8Rng;

/// A seed: the same seed, the same run.
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
    /// A generator that starts at this seed.
    pub fn rng(self) -> Rng {
        Rng::seed_from_u64(self.0)
    }
}

/// One training step, as the layers of a model see it: its random numbers, and what is frozen.
///
/// The random numbers depend on the seed, the step, the layer and the place of the sample in the batch
/// alone, and on nothing that ran before: a resumed run draws what the uninterrupted one would have
/// drawn.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The seed of the run.
    pub seed: Seed,
    /// The number of the step since training began.
    pub number: u64,
    first_sample: usize,
    samples: usize,
    /// What is frozen at run time.
    pub frozen: Frozen<'a>,
    /// Where the gradient begins in that of the whole model; `None` where all is frozen in the
    /// declaration.
    start: Option<usize>,
    observer: Observing<'a>,
}

/// What looks at the inputs of layers that learn from data without a gradient.
pub trait Observer: Sync {
    /// A batch comes to a layer whose weights are `weights`: `run` values in turn belong to one of the layer's
    /// `features`.
    fn see(&self, weights: &[f32], x: &[f32], features: usize, run: usize);
}

#[derive(Clone, Copy, Default)]
struct Observing<'a>(Option<&'a dyn Observer>);

impl core::fmt::Debug for Observing<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.is_some().fmt(f)
    }
}

impl<'a> Step<'a> {
    /// The step number `number` of a run, with nothing frozen.
    pub fn new(seed: Seed, number: u64) -> Self {
        Self {
            seed,
            number,
            first_sample: 0,
            samples: 1,
            frozen: Frozen(&[]),
            start: Some(0),
            observer: Observing(None),
        }
    }

    /// A pass that computes what inference computes, and shows `observer` the inputs of the layers that learn
    /// from data.
    pub fn observing(observer: &'a dyn Observer) -> Self {
        Self {
            observer: Observing(Some(observer)),
            ..Self::new(Seed(0), 0)
        }
    }

    /// The same step for `samples` samples of a batch, beginning with the one number `first_sample`.
    pub fn over(self, first_sample: usize, samples: usize) -> Self {
        Self {
            first_sample,
            samples: samples.max(1),
            ..self
        }
    }

    /// The same step with these places of the gradient frozen.
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

/// One training step, as one layer sees it.
#[derive(Clone, Copy, Debug)]
pub struct LayerStep<'a> {
    step: Step<'a>,
    layer: u64,
    /// Where a layer with weights begins and ends in the gradient of its model.
    part: Option<(usize, usize)>,
}

impl<'a> LayerStep<'a> {
    /// The same for a layer with weights, whose gradient has this place in that of the model.
    pub fn part(self, part: Range<usize>) -> Self {
        Self {
            part: Some((part.start, part.end)),
            ..self
        }
    }

    /// Whether the layer computes what it computes in inference: no random numbers, no moments of the batch.
    pub fn is_inference(&self) -> bool {
        self.step.observer.0.is_some()
    }

    /// What looks at the inputs of layers that learn from data.
    pub fn observer(&self) -> Option<&'a dyn Observer> {
        self.step.observer.0
    }

    /// Whether the layer's weights stay as they are in this step.
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

    /// The step of a model that is itself the layer: its layers draw what no other layer draws.
    pub fn within(self) -> Step<'a> {
        // An odd constant with bits everywhere (2^64 over the golden ratio): layers lie far apart.
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

    /// The number of samples at hand, at least 1.
    pub fn samples(&self) -> usize {
        self.step.samples
    }

    /// The generator of this layer in this step, where the samples at hand draw `words` numbers of 32 bits
    /// together, each as many: so a batch draws the same numbers however it is divided.
    pub fn rng(self, words: usize) -> Rng {
        let mut rng = self.seeded(0);
        let of_each = words / self.step.samples;
        rng.set_word_pos(self.step.first_sample as u128 * of_each as u128);
        rng
    }

    /// The generator of the sample number `sample` of those at hand, for a layer whose samples draw no fixed
    /// count of numbers.
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
