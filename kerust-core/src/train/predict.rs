//! Predictions for many samples.

use super::compiled::BATCH_SIZE;
use super::pool;
use super::workflow::with_scratch;
use crate::data::{Data, Dataset, Room};
use crate::kernels::alone;
use crate::memory::Memory;
use crate::model::{Heads, Model};
use crate::tensor::Tensors;
use rayon::prelude::*;

/// Values of the arenas of the samples that a thread predicts together: 1 MB, which a second cache
/// holds.
const ARENA_VALUES: usize = 1 << 18;

/// The most samples that are predicted together: more make no product faster.
const MOST: usize = 256;

/// The outputs for each sample of a data set, in order: each thread takes some samples through all
/// layers, so that what a layer leaves is in its cache for the next.
pub(super) fn all<N: Model, Y: Data>(
    model: &N,
    data: &Dataset<N::Input, Y>,
) -> Vec<<N::Heads as Data>::Value>
where
    <N::Heads as Data>::Value: Send,
{
    let numbers: Vec<usize> = (0..data.len()).collect();
    let outputs = pool::inside(None, || {
        let share = data.len().div_ceil(rayon::current_num_threads());
        let fitting = ARENA_VALUES / N::ARENA_LEN.max(1);
        let size = fitting.clamp(BATCH_SIZE / 4, MOST).min(share).max(1);
        let mut outputs = Vec::new();
        let batches = numbers.par_chunks(size);
        let batches = batches.map_init(
            || (Room::default(), Default::default()),
            |(room, logits), numbers| alone(|| batch(model, data, numbers, room, logits)),
        );
        batches.collect_into_vec(&mut outputs);
        outputs
    });
    let outputs = outputs.expect("no pool is built");
    outputs.into_iter().flatten().collect()
}

fn batch<N: Model, Y: Data>(
    model: &N,
    data: &Dataset<N::Input, Y>,
    numbers: &[usize],
    room: &mut Room<N::Input>,
    logits: &mut <N::Heads as Data>::Batch,
) -> Vec<<N::Heads as Data>::Value> {
    let samples = numbers.len();
    N::Heads::resize(logits, samples);
    with_scratch(N::ARENA_LEN * samples, |arena| {
        model.logits(
            data.inputs(numbers, room),
            &mut Memory::new(arena, samples),
            N::Heads::slices_mut(logits),
        );
    });
    N::Heads::activate(N::Heads::slices_mut(logits));
    let outputs = N::Heads::slices(logits);
    let read = |sample| {
        let mut output = N::Heads::zeros();
        let values = N::Heads::sample(outputs, sample);
        N::Heads::copy(values, N::Heads::view_mut(&mut output));
        output
    };
    (0..samples).map(read).collect()
}
