//! One training step, and one batch of an evaluation, over buffers that are reused.

use super::trainee::Trainee;
use crate::data::{Data, Dataset};
use crate::loss::Objective;
use crate::memory::Memory;
use crate::model::{Heads, Model};
use crate::rng::Step;

type Batch<D> = <D as Data>::Batch;
type HeadBatch<N> = <<N as Model>::Heads as Heads>::Batch;

/// The memory of steps: it grows to the largest batch, and is reused from then on.
pub(super) struct Buffers<N: Model, Y: Data> {
    places: Vec<usize>,
    inputs: Batch<N::Input>,
    labels: Y::Batch,
    logits: HeadBatch<N>,
    outputs: HeadBatch<N>,
    weights: Vec<f32>,
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

impl<N: Model, Y: Data> Default for Buffers<N, Y> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            inputs: Default::default(),
            labels: Default::default(),
            logits: Default::default(),
            outputs: Default::default(),
            weights: Vec::new(),
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
        let weighted = self.gather(source, numbers);
        let step = Step {
            seed: trainee.run.seed,
            number: trainee.applied.step,
        };
        let mut memory = memory(&mut self.memory, N::TRAINING_LEN, numbers.len());
        let input = N::Input::slices(&self.inputs);
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
            Y::slices(&self.labels),
            weighted.then_some(&self.weights),
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
        let weighted = self.gather(source, numbers);
        self.infer(model, numbers.len());
        N::Heads::copy(
            N::Heads::slices(&self.logits),
            N::Heads::slices_mut(&mut self.outputs),
        );
        N::Heads::activate(N::Heads::slices_mut(&mut self.outputs));
        objective.evaluate(
            N::Heads::slices(&self.logits),
            N::Heads::slices(&self.outputs),
            Y::slices(&self.labels),
            weighted.then_some(&self.weights),
        );
    }

    /// Appends the predictions for the samples of these numbers.
    pub(super) fn predict(
        &mut self,
        model: &N,
        data: &Dataset<N::Input, Y>,
        numbers: &[usize],
        into: &mut Vec<<N::Heads as Heads>::Output>,
    ) {
        let source = Source {
            data,
            sample_weight: None,
            class_weight: None,
        };
        self.gather(&source, numbers);
        self.infer(model, numbers.len());
        N::Heads::activate(N::Heads::slices_mut(&mut self.logits));
        let outputs = N::Heads::slices(&self.logits);
        into.extend((0..numbers.len()).map(|sample| N::Heads::read(outputs, sample)));
    }

    fn infer(&mut self, model: &N, samples: usize) {
        model.logits(
            N::Input::slices(&self.inputs),
            &mut memory(&mut self.memory, N::ARENA_LEN, samples),
            N::Heads::slices_mut(&mut self.logits),
        );
    }

    /// Takes the batch in hand; whether it is weighted.
    fn gather(&mut self, source: &Source<'_, N::Input, Y>, numbers: &[usize]) -> bool {
        let data = source.data;
        data.gather(
            numbers,
            &mut self.places,
            &mut self.inputs,
            &mut self.labels,
        );
        N::Heads::resize(&mut self.logits, numbers.len());
        N::Heads::resize(&mut self.outputs, numbers.len());
        self.weights.clear();
        match source.sample_weight {
            Some(weights) => self.weights.extend(numbers.iter().map(|n| weights[*n])),
            None => self.weights.resize(numbers.len(), 1.0),
        }
        if let Some(class_weight) = source.class_weight {
            let labels = Y::slices(&self.labels);
            (class_weight.multiply)(&class_weight.of_class, labels, &mut self.weights);
        }
        source.sample_weight.is_some() || source.class_weight.is_some()
    }
}

fn memory(block: &mut Vec<f32>, len: usize, samples: usize) -> Memory<'_> {
    if block.len() < len * samples {
        *block = vec![0.0; len * samples];
    }
    Memory::new(&mut block[..len * samples], samples)
}
