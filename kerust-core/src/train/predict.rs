//! Predictions for many samples.

use super::compiled::BATCH_SIZE;
use super::logs::Logs;
use super::step::refuse_tokens;
use super::workflow::with_scratch;
use super::{TrainError, pool};
use crate::Result;
use crate::data::samples::{Room, Side};
use crate::data::{Data, Samples};
use crate::element::Elements;
use crate::kernels::alone;
use crate::loss::{Batch, Weighting};
use crate::memory::Memory;
use crate::metric::{Metrics, Names};
use crate::model::Model;
use crate::tensor::Tensors;
use rayon::prelude::*;

/// The number of arena values for the samples that a thread predicts together: 1 MB, which fits in a level-2
/// cache.
const ARENA_VALUES: usize = 1 << 18;

/// The maximum number of samples that are predicted together. More samples do not make a matrix product
/// faster.
const MOST: usize = 256;

/// Computes the outputs for each sample of a data set, in order.
pub(super) fn all<N: Model, Y: Data>(
    model: &N,
    data: &dyn Samples<N::Input, Y>,
) -> Result<Vec<<N::Heads as Data>::Value>>
where
    <N::Heads as Data>::Value: Send,
{
    let numbers: Vec<usize> = (0..data.len()).collect();
    some(model, data, &numbers)
}

/// Computes the outputs for the samples with these indices, in order.
pub(super) fn some<N: Model, Y: Data>(
    model: &N,
    data: &dyn Samples<N::Input, Y>,
    numbers: &[usize],
) -> Result<Vec<<N::Heads as Data>::Value>>
where
    <N::Heads as Data>::Value: Send,
{
    each_of(model, data, numbers, |numbers, _, outputs| {
        let outputs = (0..numbers.len()).map(|sample| {
            let mut output = N::Heads::zeros();
            let values = N::Heads::sample(outputs, sample);
            N::Heads::copy(values, N::Heads::view_mut(&mut output));
            output
        });
        outputs.collect()
    })
}

/// Calls `look` with the outputs of all samples of a data set, and collects the results in order. Each thread
/// takes some samples through all layers, so that the output of a layer is still in its cache for the next
/// layer.
pub(super) fn each<N: Model, Y: Data, R: Send>(
    model: &N,
    data: &dyn Samples<N::Input, Y>,
    look: impl Fn(&[usize], <Y as Elements>::Slices<'_>, <N::Heads as Elements>::Slices<'_>) -> Vec<R>
    + Sync,
) -> Result<Vec<R>> {
    let numbers: Vec<usize> = (0..data.len()).collect();
    each_of(model, data, &numbers, look)
}

/// The same for the samples with these indices.
fn each_of<N: Model, Y: Data, R: Send>(
    model: &N,
    data: &dyn Samples<N::Input, Y>,
    numbers: &[usize],
    look: impl Fn(&[usize], <Y as Elements>::Slices<'_>, <N::Heads as Elements>::Slices<'_>) -> Vec<R>
    + Sync,
) -> Result<Vec<R>> {
    let outputs = pool::inside(None, || {
        let share = numbers.len().div_ceil(rayon::current_num_threads());
        let fitting = ARENA_VALUES / N::ARENA_LEN.max(1);
        let size = fitting.clamp(BATCH_SIZE / 4, MOST).min(share).max(1);
        let mut outputs = Vec::new();
        let batches = numbers.par_chunks(size);
        let batches = batches.map_init(
            || (Side::default(), Side::default(), Default::default()),
            |(inputs, labels, logits), numbers| {
                let room = Room::new(inputs, labels);
                alone(|| batch(model, data, numbers, room, logits, &look))
            },
        );
        batches.collect_into_vec(&mut outputs);
        outputs
    })?;
    let mut all = Vec::with_capacity(numbers.len());
    for batch in outputs {
        all.extend(batch?);
    }
    Ok(all)
}

/// The metrics of a model that need not be compiled, over a data set.
pub(super) fn measure<N: Model, Y: Data, M: Metrics<N::Heads, Y>>(
    model: &N,
    data: &dyn Samples<N::Input, Y>,
    metrics: &M,
) -> Result<Logs> {
    if data.is_empty() {
        let which = "the data set to measure on";
        return Err(TrainError::EmptyDataset { which }.into());
    }
    let numbers: Vec<usize> = (0..data.len()).collect();
    let mut state = M::State::default();
    let (mut inputs, mut labels) = (Side::default(), Side::default());
    let mut weighting = Weighting::default();
    let [mut logits, mut outputs] = [(); 2].map(|()| <N::Heads as Data>::Batch::default());
    for numbers in numbers.chunks(MOST) {
        let room = Room::new(&mut inputs, &mut labels);
        let (input, labels) = data.gather(numbers, room)?;
        refuse_tokens::<N>(numbers, input)?;
        let samples = numbers.len();
        N::Heads::resize(&mut logits, samples);
        N::Heads::resize(&mut outputs, samples);
        with_scratch(N::ARENA_LEN * samples, |arena| {
            let mut memory = Memory::new(arena, samples);
            weighting.clear();
            let look = &mut |head, mask: &[u8]| weighting.set(head, mask);
            let logits = N::Heads::slices_mut(&mut logits);
            model.logits_and_masks(input, &mut memory, logits, look);
        });
        let values = N::Heads::slices(&logits);
        N::Heads::copy(values, N::Heads::slices_mut(&mut outputs));
        model.activate(N::Heads::slices_mut(&mut outputs));
        let outputs = N::Heads::slices(&outputs);
        let values = N::Heads::slices(&logits);
        let weights = weighting.of(None, [samples; 2]);
        let batch = Batch::weighted(values, outputs, labels, weights);
        metrics.update(&mut state, batch.without_weights());
    }
    let (mut names, mut results) = (Names::default(), Vec::new());
    metrics.names_of(N::HEADS, &mut names);
    metrics.results(&state, &mut results);
    Ok(Logs::new(names.as_slice(), &results))
}

fn batch<N: Model, Y: Data, R>(
    model: &N,
    data: &dyn Samples<N::Input, Y>,
    numbers: &[usize],
    room: Room<'_, '_, N::Input, Y>,
    logits: &mut <N::Heads as Data>::Batch,
    look: impl Fn(&[usize], <Y as Elements>::Slices<'_>, <N::Heads as Elements>::Slices<'_>) -> Vec<R>,
) -> Result<Vec<R>> {
    let (input, labels) = data.gather(numbers, room)?;
    refuse_tokens::<N>(numbers, input)?;
    let samples = numbers.len();
    N::Heads::resize(logits, samples);
    with_scratch(N::ARENA_LEN * samples, |arena| {
        model.logits(
            input,
            &mut Memory::new(arena, samples),
            N::Heads::slices_mut(logits),
        );
    });
    model.activate(N::Heads::slices_mut(logits));
    Ok(look(numbers, labels, N::Heads::slices(logits)))
}
