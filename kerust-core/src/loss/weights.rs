//! The weights of the samples of a batch, and of their steps, for each head of a model.

use crate::model::MOST_HEADS;

/// The weights of a batch, for an [`Objective`](super::Objective): one for each sample, or for an output that is a
/// sequence one for each step of each sample. `None.into()` is a weight of 1 for all.
#[derive(Clone, Copy, Debug)]
pub struct BatchWeights<'a>(pub(super) [HeadWeights<'a>; MOST_HEADS]);

impl<'a> From<Option<&'a [f32]>> for BatchWeights<'a> {
    fn from(weights: Option<&'a [f32]>) -> Self {
        Self([HeadWeights::new(weights); MOST_HEADS])
    }
}

/// The weights of a batch as one head sees them: one for each sample, or one for each step of each sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadWeights<'a> {
    /// The weights that count now; `None` if all are 1.
    pub(super) current: Option<&'a [f32]>,
    /// The sample weights, for metrics that use them. What a mask leaves out has weight 0.
    given: Option<&'a [f32]>,
    /// 0 for each step that a mask leaves out, else 1.
    pub(super) mask: Option<&'a [f32]>,
    /// The factor in the current weights; see [`Weighting`].
    pub(super) factor: f64,
}

impl<'a> HeadWeights<'a> {
    /// The weights of a head without a mask.
    const fn new(weights: Option<&'a [f32]>) -> Self {
        Self {
            current: weights,
            given: weights,
            mask: None,
            factor: 1.0,
        }
    }

    /// The weights of metrics that do not use sample weights.
    pub(super) fn hidden(self) -> Self {
        Self {
            current: self.mask,
            factor: 1.0,
            ..self
        }
    }

    /// The weights of metrics that use sample weights.
    pub(super) fn shown(self) -> Self {
        Self {
            current: self.given.or(self.current),
            factor: 1.0,
            ..self
        }
    }
}

/// The masks of a model's heads for a batch, and their products with sample weights. The buffers are reused from
/// batch to batch.
#[derive(Default)]
pub(crate) struct Weighting {
    /// 0 and 1 for each step, for each head; empty without a mask.
    masks: [Vec<f32>; MOST_HEADS],
    /// The number of steps that count, for each head.
    valid: [f64; MOST_HEADS],
    /// The sample weights, and 0 for what a mask leaves out.
    given: [Vec<f32>; MOST_HEADS],
    /// The weights of the loss: the same, multiplied by the number of all steps and divided by the number of those
    /// that count, so that a mean over all steps is one over these. This is Keras's `apply_mask`.
    loss: [Vec<f32>; MOST_HEADS],
}

impl Weighting {
    /// Forgets the masks.
    pub(crate) fn clear(&mut self) {
        self.masks.iter_mut().for_each(Vec::clear);
        self.valid = [0.0; MOST_HEADS];
    }

    /// Sets the mask of a head: 0 for each step that is left out.
    pub(crate) fn set(&mut self, head: usize, mask: &[u8]) {
        let to = &mut self.masks[head];
        to.clear();
        to.extend(mask.iter().map(|step| f32::from(u8::from(*step != 0))));
        self.valid[head] = to.iter().map(|step| f64::from(*step)).sum();
    }

    /// The number of steps that count, for each head. For a part of a batch, they are replaced by those of the
    /// whole batch.
    pub(crate) fn valid_mut(&mut self) -> &mut [f64; MOST_HEADS] {
        &mut self.valid
    }

    /// The weights for each head of a batch of `samples` samples, which may be part of one of `divisor` samples.
    pub(crate) fn of<'a>(
        &'a mut self,
        weights: Option<&'a [f32]>,
        [samples, divisor]: [usize; 2],
    ) -> BatchWeights<'a> {
        let mut factors = [1.0; MOST_HEADS];
        for (head, mask) in self.masks.iter().enumerate() {
            let steps = mask.len() / samples.max(1);
            if steps == 0 {
                continue;
            }
            factors[head] = match self.valid[head] {
                0.0 => 0.0,
                valid => (divisor * steps) as f64 / valid,
            };
            let weight = |step: usize| match weights {
                None => 1.0,
                Some(weights) if weights.len() == mask.len() => weights[step],
                Some(weights) => weights[step / steps],
            };
            let given = &mut self.given[head];
            given.clear();
            given.extend((0..mask.len()).map(|step| mask[step] * weight(step)));
            let loss = &mut self.loss[head];
            loss.clear();
            loss.extend(
                given
                    .iter()
                    .map(|weight| (f64::from(*weight) * factors[head]) as f32),
            );
        }
        let this = &*self;
        BatchWeights(core::array::from_fn(|head| {
            match this.masks[head].as_slice() {
                [] => HeadWeights::new(weights),
                mask => HeadWeights {
                    current: Some(&this.loss[head]),
                    given: Some(&this.given[head]),
                    mask: Some(mask),
                    factor: factors[head],
                },
            }
        }))
    }
}
