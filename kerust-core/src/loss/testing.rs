//! Shared code of the losses' tests.

use super::{Batch, Loss};
use crate::activation::HeadActivation;
use crate::data::Data;
use crate::model::{Head, Heads};
use crate::tensor::StaticShape;

/// The loss of a batch of logits, and its gradient.
pub(super) fn measure<A: HeadActivation, S: StaticShape, L: Loss<Head<A, S>>, T>(
    loss: &L,
    logits: &[f32],
    labels: &[T],
    weights: Option<&[f32]>,
) -> (f64, Vec<f32>)
where
    L::Label: for<'a> Data<Slices<'a> = &'a [T]>,
{
    let mut outputs = logits.to_vec();
    Head::<A, S>::activate(&mut outputs);
    // NaN reveals values that are not written.
    let mut gradient = vec![f32::NAN; logits.len()];
    let batch = Batch::<Head<A, S>, L::Label>::new(logits, &outputs, labels, weights);
    let value = loss.measure(batch, Some(&mut gradient));
    let again = loss.measure(batch, None);
    assert_eq!(value, again, "the gradient changes the loss");
    (value, gradient)
}

/// Compares the gradient with central differences of the loss, within 0.1 %.
pub(super) fn check_gradient<A: HeadActivation, S: StaticShape, L: Loss<Head<A, S>>, T>(
    loss: &L,
    logits: &[f32],
    labels: &[T],
) where
    L::Label: for<'a> Data<Slices<'a> = &'a [T]>,
{
    const STEP: f32 = 1.0 / 256.0;
    let samples = logits.len() / S::LEN;
    let weights: Vec<f32> = (0..samples).map(|sample| 0.5 + sample as f32).collect();
    for weights in [None, Some(&weights[..])] {
        let (_, gradient) = measure::<A, S, L, T>(loss, logits, labels, weights);
        for place in 0..logits.len() {
            let mut moved = logits.to_vec();
            moved[place] = logits[place] + STEP;
            let (above, _) = measure::<A, S, L, T>(loss, &moved, labels, weights);
            moved[place] = logits[place] - STEP;
            let (below, _) = measure::<A, S, L, T>(loss, &moved, labels, weights);
            let expected = ((above - below) / f64::from(2.0 * STEP)) as f32;
            let gap = (gradient[place] - expected).abs();
            assert!(
                gap < 1e-3 * (0.1 + expected.abs()),
                "at {place}: {} is not {expected}",
                gradient[place]
            );
        }
    }
}

/// Logits that are all different.
pub(super) fn logits(len: usize) -> Vec<f32> {
    (0..len)
        .map(|place| ((place * 7 + 3) % 11) as f32 / 4.0 - 1.2)
        .collect()
}

pub(super) fn assert_close(found: f64, expected: f64, tolerance: f64) {
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} is not {expected}"
    );
}
