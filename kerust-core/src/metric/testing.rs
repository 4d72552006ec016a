//! Shared code of the metrics' tests.

use super::Metrics;
use crate::data::Data;
use crate::loss::Batch;
use crate::model::Heads;

/// The result of one batch.
pub(super) fn result<'a, H: Heads<Slices<'a> = &'a [f32]>, Y: Data, M: Metrics<H, Y>>(
    metric: &M,
    outputs: &'a [f32],
    labels: Y::Slices<'a>,
) -> f64 {
    weighted_result::<H, Y, M>(metric, outputs, labels, None)
}

/// The result of one batch of weighted samples.
pub(super) fn weighted_result<'a, H: Heads<Slices<'a> = &'a [f32]>, Y: Data, M: Metrics<H, Y>>(
    metric: &M,
    outputs: &'a [f32],
    labels: Y::Slices<'a>,
    weights: Option<&'a [f32]>,
) -> f64 {
    let mut state = M::State::default();
    metric.update(&mut state, Batch::new(outputs, outputs, labels, weights));
    let mut results = Vec::new();
    metric.results(&state, &mut results);
    results[0]
}
