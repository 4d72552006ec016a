//! Measures a training.

use kerust::activation::Softmax;
use kerust::model::Head;
use kerust::prelude::*;
use kerust::tensor::StaticShape;
use std::time::Instant;

/// The milliseconds per step for each chunk of steps after a first one, and the last loss.
pub fn chunks<N, const CLASSES: usize>(
    data: &Dataset<N::Input, Class<CLASSES>>,
    batch_size: usize,
    counts: &[usize],
) -> kerust::Result<(Vec<f64>, Option<f64>)>
where
    N: Train<Heads = Head<Softmax, Rank1<CLASSES>>, Input: StaticShape>,
{
    let (chunks, steps) = (counts[0], counts[1]);
    let mut model = N::new(Seed(1)).compile(Adam::new(0.001), SparseCategoricalCrossentropy, ());
    let mut times = Vec::new();
    let mut last = Instant::now();
    let fit = Fit::epochs(chunks + 1)
        .batch_size(batch_size)
        .steps_per_epoch(steps)
        .quiet()
        .on_epoch_end(|_| {
            times.push(last.elapsed().as_secs_f64() * 1e3 / steps as f64);
            last = Instant::now();
        });
    let history = model.fit(data, fit)?;
    let losses = history.series("loss").unwrap_or(&[]);
    times.remove(0);
    Ok((times, losses.last().copied()))
}
