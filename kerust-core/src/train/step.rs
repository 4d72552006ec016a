//! One training step in its parts, and one batch of an evaluation, with reused buffers.
//!
//! A step consists of `compute` (gather, forward, loss, backward), the exchange of the gradient with machines
//! that compute other parts of the same batch, and `apply`. All errors occur before the model changes.

use super::diagnosis::Watch;
use super::exchange::Exchange;
use super::trainee::Trainee;
use crate::Result;
use crate::data::samples::{Room, Side};
use crate::data::{Data, DataError, Found, Samples};
use crate::element::Elements;
use crate::gradient::{Frozen, Gradient};
use crate::kernels::scratch::AlignedBuffer;
use crate::loss::{Objective, Weighting};
use crate::memory::Memory;
use crate::model::{Heads, Model, Train, regularizes_activity};
use crate::rng::{Observer, Step};
use crate::tensor::Tensors;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

type HeadBatch<N> = <<N as Model>::Heads as Data>::Batch;

/// The memory of steps. It grows to the size of the largest batch, and is then reused.
pub(super) struct Buffers<N: Train, Y: Data> {
    inputs: Side<N::Input>,
    labels: Side<Y>,
    weights: Vec<f32>,
    weighting: Weighting,
    logits: HeadBatch<N>,
    outputs: HeadBatch<N>,
    memory: AlignedBuffer,
}

/// The samples of a training or an evaluation.
pub(super) struct Source<'a, X: Data, Y: Data> {
    pub(super) data: &'a dyn Samples<X, Y>,
    /// The weight of each sample, or of each step of each sample.
    pub(super) sample_weight: Option<&'a [f32]>,
    /// The weight of each class, by which the sample weights are multiplied.
    pub(super) class_weight: Option<&'a ClassWeight<Y>>,
}

/// A weight for each class.
pub(super) struct ClassWeight<Y: Data> {
    pub(super) of_class: Vec<f32>,
    /// Multiplies the weights of a batch by the class weights of its labels.
    pub(super) multiply: fn(of_class: &[f32], labels: Y::Slices<'_>, weights: &mut [f32]),
}

impl<X: Data, Y: Data> Source<'_, X, Y> {
    /// Whether samples or classes have weights.
    pub(super) fn is_weighted(&self) -> bool {
        self.sample_weight.is_some() || self.class_weight.is_some()
    }

    /// The weights of these samples, if there are any.
    fn weights<'w>(
        &self,
        numbers: &[usize],
        labels: Y::Slices<'_>,
        into: &'w mut Vec<f32>,
    ) -> Option<&'w [f32]> {
        if self.sample_weight.is_none() && self.class_weight.is_none() {
            return None;
        }
        into.clear();
        match self.sample_weight {
            Some(weights) => {
                let steps = weights.len() / self.data.len().max(1);
                let of_sample = |n: &usize| &weights[n * steps..(n + 1) * steps];
                numbers
                    .iter()
                    .for_each(|n| into.extend_from_slice(of_sample(n)));
            }
            None => into.resize(numbers.len(), 1.0),
        }
        if let Some(class_weight) = self.class_weight {
            (class_weight.multiply)(&class_weight.of_class, labels, into);
        }
        Some(into)
    }
}

impl<N: Train, Y: Data> Default for Buffers<N, Y> {
    fn default() -> Self {
        Self {
            inputs: Side::default(),
            labels: Side::default(),
            weights: Vec::new(),
            weighting: Weighting::default(),
            logits: Default::default(),
            outputs: Default::default(),
            memory: AlignedBuffer::new(),
        }
    }
}

impl<N: Train, Y: Data> Buffers<N, Y> {
    /// Performs one training step on these samples and returns their mean loss. If the loss is not finite or
    /// the step fails, the model is not changed.
    pub(super) fn train(
        &mut self,
        trainee: &mut Trainee<N>,
        objective: &mut dyn Objective<N::Heads, Y>,
        source: &Source<'_, N::Input, Y>,
        numbers: &[usize],
        exchange: &mut dyn Exchange,
        watch: Option<&mut Watch>,
    ) -> Result<f64> {
        let share = exchange.share(numbers.len());
        let samples = share.len();
        let mut loss =
            self.compute(trainee, objective, source, numbers, share.clone(), exchange)?;
        exchange.sum(&mut trainee.gradient, &mut loss)?;
        if loss.is_finite() {
            let penalty = trainee.penalize();
            objective.add_penalty(penalty, samples);
            match watch {
                Some(watch) => self.watched(trainee, source, &numbers[share], watch)?,
                None => trainee.apply(),
            }
            loss += penalty;
        }
        Ok(loss)
    }

    /// Updates the weights, and shows the gradient to the watch.
    fn watched(
        &mut self,
        trainee: &mut Trainee<N>,
        source: &Source<'_, N::Input, Y>,
        numbers: &[usize],
        watch: &mut Watch,
    ) -> Result<()> {
        watch.gradient(&trainee.gradient, trainee.model.as_slice());
        trainee.apply();
        watch.moved(trainee.model.as_slice());
        // A data source that is not in memory is read only once for each sample.
        if Y::CLASS_COUNT > 1 && !numbers.is_empty() && source.data.is_in_memory() {
            let room = Room::new(&mut self.inputs, &mut self.labels);
            let (_, labels) = source.data.gather(numbers, room)?;
            Y::classes_of(labels, watch.labels());
            let outputs = N::Heads::slices(&self.outputs);
            N::Heads::floats(outputs, 0, &mut |_, scores, len| watch.outputs(scores, len));
        }
        Ok(())
    }

    /// Writes the gradient of a share of a batch to the trainee, and returns the share's part of the batch's
    /// mean loss. The model does not change.
    pub(super) fn compute(
        &mut self,
        trainee: &mut Trainee<N>,
        objective: &mut dyn Objective<N::Heads, Y>,
        source: &Source<'_, N::Input, Y>,
        batch: &[usize],
        share: Range<usize>,
        exchange: &mut dyn Exchange,
    ) -> Result<f64> {
        let first = share.start;
        let numbers = &batch[share];
        self.weighting.clear();
        if numbers.is_empty() {
            count_steps::<N>(&mut self.weighting, exchange)?;
            trainee.gradient.fill(0.0);
            return Ok(0.0);
        }
        let room = Room::new(&mut self.inputs, &mut self.labels);
        let (input, labels) = source.data.gather(numbers, room)?;
        // This check is not left to the loss, because a maximum, in a pooling layer or in `Hinge`, hides a
        // NaN.
        refuse::<N::Input, Y>(numbers, input, labels, false)?;
        refuse_tokens::<N>(numbers, input)?;
        let weights = source.weights(numbers, labels, &mut self.weights);
        N::Heads::resize(&mut self.outputs, numbers.len());
        let frozen = Frozen(trainee.applied.frozen());
        let penalties = Penalties::default();
        let step = Step::new(trainee.run.seed, trainee.applied.step)
            .over(first, numbers.len())
            .of_batch(batch.len())
            .freezing(frozen)
            .observed_by(&penalties);
        let mut memory = memory(&mut self.memory, N::TRAINING_LEN, numbers.len());
        trainee.model.forward_training(input, &mut memory, step);
        N::masks(&mut memory, &mut |head, mask| {
            self.weighting.set(head, mask)
        });
        count_steps::<N>(&mut self.weighting, exchange)?;

        let heads = N::heads(&mut memory);
        N::Heads::copy(heads.logits, N::Heads::slices_mut(&mut self.outputs));
        N::Heads::activate(N::Heads::slices_mut(&mut self.outputs));
        let outputs = N::Heads::slices(&self.outputs);
        let weights = self.weighting.of(weights, [numbers.len(), batch.len()]);
        let mut loss = objective.train(heads, outputs, labels, weights, batch.len());
        let penalty = penalties.sum();
        objective.add_penalty(penalty, batch.len());
        loss += penalty;
        if loss.is_finite() {
            trainee.model.backward(
                input,
                &mut memory,
                Gradient::new(&mut trainee.gradient, frozen),
                N::Input::no_gradients(),
                false,
            );
        } else {
            let room = Room::new(&mut self.inputs, &mut self.labels);
            let (input, labels) = source.data.gather(numbers, room)?;
            refuse::<N::Input, Y>(numbers, input, labels, true)?;
        }
        Ok(loss)
    }

    /// Evaluates the model on these samples.
    pub(super) fn evaluate(
        &mut self,
        model: &N,
        objective: &mut dyn Objective<N::Heads, Y>,
        source: &Source<'_, N::Input, Y>,
        numbers: &[usize],
    ) -> Result<()> {
        let room = Room::new(&mut self.inputs, &mut self.labels);
        let (input, labels) = source.data.gather(numbers, room)?;
        refuse_tokens::<N>(numbers, input)?;
        let weights = source.weights(numbers, labels, &mut self.weights);
        N::Heads::resize(&mut self.logits, numbers.len());
        N::Heads::resize(&mut self.outputs, numbers.len());
        self.weighting.clear();
        let penalties = Penalties::default();
        if const { regularizes_activity(N::SETTINGS) } {
            // Inference does not compute the values on which the penalties are.
            let mut memory = memory(&mut self.memory, N::TRAINING_LEN, numbers.len());
            let step = Step::observing(&penalties).over(0, numbers.len());
            model.forward_training(input, &mut memory, step);
            N::masks(&mut memory, &mut |head, mask| {
                self.weighting.set(head, mask)
            });
            let logits = N::heads(&mut memory).logits;
            N::Heads::copy(logits, N::Heads::slices_mut(&mut self.logits));
        } else {
            model.logits_and_masks(
                input,
                &mut memory(&mut self.memory, N::ARENA_LEN, numbers.len()),
                N::Heads::slices_mut(&mut self.logits),
                &mut |head, mask| self.weighting.set(head, mask),
            );
        }
        N::Heads::copy(
            N::Heads::slices(&self.logits),
            N::Heads::slices_mut(&mut self.outputs),
        );
        model.activate(N::Heads::slices_mut(&mut self.outputs));
        objective.evaluate(
            N::Heads::slices(&self.logits),
            N::Heads::slices(&self.outputs),
            labels,
            self.weighting.of(weights, [numbers.len(); 2]),
        );
        objective.add_penalty(penalties.sum(), numbers.len());
        Ok(())
    }
}

/// The penalties on the outputs of the layers in one pass.
#[derive(Default)]
struct Penalties(Mutex<f64>);

impl Penalties {
    fn sum(self) -> f64 {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Penalties {
    fn penalize(&self, penalty: f64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += penalty;
    }
}

/// Sums the number of steps that count over all machines that compute parts of the same batch.
fn count_steps<N: Model>(weighting: &mut Weighting, exchange: &mut dyn Exchange) -> Result<()> {
    if N::MASKED {
        for valid in weighting.valid_mut() {
            exchange.sum(&mut [], valid)?;
        }
    }
    Ok(())
}

/// Returns an error if an input or a label of the batch is NaN, or with `infinite` also if it is infinite.
pub(super) fn refuse<X: Data, Y: Data>(
    numbers: &[usize],
    input: X::Slices<'_>,
    labels: Y::Slices<'_>,
    infinite: bool,
) -> Result<(), DataError> {
    let fault = |what: &'static str, found: Found| DataError::NotFinite {
        what,
        part: found.part,
        sample: numbers[found.sample],
        index: found.index,
        found: found.value,
    };
    if let Some(found) = X::find_not_finite(input, infinite) {
        return Err(fault("input", found));
    }
    match Y::find_not_finite(labels, infinite) {
        Some(found) => Err(fault("label", found)),
        None => Ok(()),
    }
}

/// Returns an error if the batch has a token that the model's embeddings do not know.
pub(super) fn refuse_tokens<N: Model>(
    numbers: &[usize],
    input: <N::Input as Elements>::Slices<'_>,
) -> Result<(), DataError> {
    match N::Input::find_beyond(input, N::VOCABULARIES) {
        None => Ok(()),
        Some(found) => Err(DataError::Token {
            part: found.part,
            sample: numbers[found.sample],
            index: found.index,
            found: found.value as u16,
            vocabulary: N::VOCABULARIES[found.part],
        }),
    }
}

pub(super) fn memory(block: &mut AlignedBuffer, len: usize, samples: usize) -> Memory<'_> {
    Memory::new(block.values(len * samples), samples)
}
