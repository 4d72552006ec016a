//! One training step, and one batch of an evaluation, over buffers that are reused.

use super::trainee::Trainee;
use crate::data::{Data, Dataset, Room};
use crate::loss::Objective;
use crate::memory::Memory;
use crate::model::{Heads, Model};
use crate::rng::Step;

type HeadBatch<N> = <<N as Model>::Heads as Heads>::Batch;

/// The memory of steps: it grows to the largest batch, and is reused from then on.
pub(super) struct Buffers<N: Model, Y: Data> {
    inputs: Room<N::Input>,
    targets: Targets<Y>,
    logits: HeadBatch<N>,
    outputs: HeadBatch<N>,
    memory: Vec<f32>,
}

/// Samples to be seen.
pub(super) struct Source<'a, X: Data, Y: Data> {
    pub(super) data: &'a Dataset<X, Y>,
    /// The weight of each sample.
    pub(super) sample_weight: Option<&'a [f32]>,
    /// Multiplies weights by those of the samples' classes.
    pub(super) class_weight: Option<&'a ClassWeight<Y>>,
}

/// A weight for each class.
pub(super) struct ClassWeight<Y: Data> {
    pub(super) of_class: Vec<f32>,
    /// Multiplies the weights of a batch by those of its labels.
    pub(super) multiply: fn(of_class: &[f32], labels: Y::Slices<'_>, weights: &mut [f32]),
}

/// Room for what the outputs of a step are held against.
struct Targets<Y: Data> {
    labels: Room<Y>,
    weights: Vec<f32>,
}

impl<Y: Data> Targets<Y> {
    /// The labels of the samples of these numbers, and the samples' weights where they have any.
    fn gather<'a, X: Data>(
        &'a mut self,
        source: &'a Source<'_, X, Y>,
        numbers: &[usize],
    ) -> (Y::Slices<'a>, Option<&'a [f32]>) {
        let labels = source.data.labels(numbers, &mut self.labels);
        self.weights.clear();
        match source.sample_weight {
            Some(weights) => self.weights.extend(numbers.iter().map(|n| weights[*n])),
            None => self.weights.resize(numbers.len(), 1.0),
        }
        if let Some(class_weight) = source.class_weight {
            (class_weight.multiply)(&class_weight.of_class, labels, &mut self.weights);
        }
        let weighted = source.sample_weight.is_some() || source.class_weight.is_some();
        (labels, weighted.then_some(&self.weights))
    }
}

impl<N: Model, Y: Data> Default for Buffers<N, Y> {
    fn default() -> Self {
        Self {
            inputs: Room::default(),
            targets: Targets {
                labels: Room::default(),
                weights: Vec::new(),
            },
            logits: Default::default(),
            outputs: Default::default(),
            memory: Vec::new(),
        }
    }
}

impl<N: Model, Y: Data> Buffers<N, Y> {
    /// One training step over the samples of these numbers: their mean loss. When it is not
    /// finite, nothing is moved.
    pub(super) fn train(
        &mut self,
        trainee: &mut Trainee<N>,
        objective: &mut dyn Objective<N::Heads, Y>,
        source: &Source<'_, N::Input, Y>,
        numbers: &[usize],
    ) -> f64 {
        let input = source.data.inputs(numbers, &mut self.inputs);
        let (labels, weights) = self.targets.gather(source, numbers);
        N::Heads::resize(&mut self.outputs, numbers.len());
        let step = Step {
            seed: trainee.run.seed,
            number: trainee.applied.step,
        };
        let mut memory = memory(&mut self.memory, N::TRAINING_LEN, numbers.len());
        trainee.model.forward_training(input, &mut memory, step);

        let heads = N::heads(&mut memory);
        N::Heads::copy(
            N::Heads::logits(&heads),
            N::Heads::slices_mut(&mut self.outputs),
        );
        N::Heads::activate(N::Heads::slices_mut(&mut self.outputs));
        let loss = objective.train(
            heads,
            N::Heads::slices(&self.outputs),
            labels,
            weights,
            None,
        );
        if !loss.is_finite() {
            return loss;
        }
        let gradient = &mut *trainee.gradient;
        trainee.model.backward(input, &mut memory, gradient);
        trainee.applied.step(
            &*trainee.optimizer,
            trainee.model.as_mut_slice(),
            gradient.as_mut_slice(),
        );
        trainee.model.absorb(gradient);
        loss
    }

    /// Judges the model on the samples of these numbers.
    pub(super) fn evaluate(
        &mut self,
        model: &N,
        objective: &mut dyn Objective<N::Heads, Y>,
        source: &Source<'_, N::Input, Y>,
        numbers: &[usize],
    ) {
        let input = source.data.inputs(numbers, &mut self.inputs);
        let (labels, weights) = self.targets.gather(source, numbers);
        N::Heads::resize(&mut self.logits, numbers.len());
        N::Heads::resize(&mut self.outputs, numbers.len());
        model.logits(
            input,
            &mut memory(&mut self.memory, N::ARENA_LEN, numbers.len()),
            N::Heads::slices_mut(&mut self.logits),
        );
        N::Heads::copy(
            N::Heads::slices(&self.logits),
            N::Heads::slices_mut(&mut self.outputs),
        );
        N::Heads::activate(N::Heads::slices_mut(&mut self.outputs));
        objective.evaluate(
            N::Heads::slices(&self.logits),
            N::Heads::slices(&self.outputs),
            labels,
            weights,
            None,
        );
    }
}

fn memory(block: &mut Vec<f32>, len: usize, samples: usize) -> Memory<'_> {
    if block.len() < len * samples {
        *block = vec![0.0; len * samples];
    }
    Memory::new(&mut block[..len * samples], samples)
}
