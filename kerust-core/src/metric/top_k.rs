//! Top-k accuracies.

use super::accuracy::argmax;
use super::{Mean, Metrics, Single, single};
use crate::activation::HeadActivation;
use crate::data::{Class, Data};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};

/// How often the class of the label is among the `K` classes with the highest scores. Keras:
/// `TopKCategoricalAccuracy`, and `SparseTopKCategoricalAccuracy`, which is the same type here; reported as
/// `top_3` for a `K` of 3.
///
/// `TopK::<3>` is a shorter name for the same metric. It fits labels `Class<N>` and one-hot labels. As in
/// TensorFlow's `in_top_k`, all classes whose score equals the `K`-th highest score count as among the first
/// `K`, and a sample with a score that is not finite counts as wrong.
///
/// ```
/// use kerust::metric::{Accuracy, TopK};
///
/// let metrics = (Accuracy, TopK::<3>);
/// ```
///
/// `K` must be from 1 to the number of classes, which is checked at compile time:
///
/// ```compile_fail,E0080
/// use kerust::activation::Softmax;
/// use kerust::loss::{SparseCategoricalCrossentropy, objective};
/// use kerust::metric::TopK;
/// use kerust::model::Head;
/// use kerust::tensor::Rank1;
///
/// let loss = SparseCategoricalCrossentropy;
/// objective::<Head<Softmax, Rank1<10>>, _, _>(loss, TopK::<12>, &[]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TopKCategoricalAccuracy<const K: usize>;

impl<const K: usize> Single for TopKCategoricalAccuracy<K> {
    type State = Mean;
    const HIGHER_IS_BETTER: bool = true;

    fn name(&self) -> String {
        format!("top_{K}")
    }

    fn merge(&self, state: &mut Mean, other: &Mean) {
        state.merge(other);
    }

    fn result(&self, state: &Mean) -> f64 {
        state.value()
    }
}

impl<A: HeadActivation, const N: usize, const K: usize> Metrics<Head<A, Rank1<N>>, Class<N>>
    for TopKCategoricalAccuracy<K>
{
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, Rank1<N>>, Class<N>>) {
        const { check(K, N) };
        add::<_, _, _, K>(state, batch, batch.labels);
    }
}

/// One label for each step.
impl<A: HeadActivation, const STEPS: usize, const N: usize, const K: usize>
    Metrics<Head<A, Rank2<STEPS, N>>, [Class<N>; STEPS]> for TopKCategoricalAccuracy<K>
{
    single!(Mean);

    fn update(
        &self,
        state: &mut Mean,
        batch: Batch<'_, Head<A, Rank2<STEPS, N>>, [Class<N>; STEPS]>,
    ) {
        const { check(K, N) };
        add::<_, _, _, K>(state, batch.by_steps(), batch.labels);
    }
}

impl<A: HeadActivation, const N: usize, const K: usize> Metrics<Head<A, Rank1<N>>, Rank1<N>>
    for TopKCategoricalAccuracy<K>
{
    single!(Mean);

    fn update(&self, state: &mut Mean, batch: Batch<'_, Head<A, Rank1<N>>, Rank1<N>>) {
        const { check(K, N) };
        let labels: &[f32] = batch.labels;
        state.add_batch(batch, |sample| {
            let range = sample * N..(sample + 1) * N;
            let label = argmax(&labels[range.clone()]);
            f64::from(u8::from(in_top_k(label, &batch.outputs[range], K)))
        });
    }
}

/// Adds whether each label is among the best `K` answers.
fn add<A: HeadActivation, S: StaticShape, Y: Data, const K: usize>(
    state: &mut Mean,
    batch: Batch<'_, Head<A, S>, Y>,
    labels: &[u32],
) {
    for unit in batch.units() {
        let label = labels[unit.number] as usize;
        let is_right = in_top_k(label, unit.outputs, K);
        state.add(f64::from(u8::from(is_right)), unit.weight.into());
    }
}

const fn check(k: usize, classes: usize) {
    assert!(k > 0, "`TopK::<0>` counts nothing: K is at least 1");
    assert!(
        k <= classes,
        "`TopK::<K>` with a K above the number of the head's classes: K is at most that number"
    );
}

fn in_top_k(label: usize, scores: &[f32], k: usize) -> bool {
    let score = scores[label];
    if !score.is_finite() {
        return false;
    }
    let mut above = 0;
    for other in scores {
        if !other.is_finite() {
            return false;
        }
        if *other > score {
            above += 1;
            if above >= k {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_as_likely_as_the_kth_are_all_among_the_k() {
        let scores = [0.3, 0.1, 0.3, 0.3];
        assert!(in_top_k(3, &scores, 1));
        assert!(!in_top_k(1, &scores, 3));
        assert!(in_top_k(1, &scores, 4));
    }

    #[test]
    fn a_score_that_is_not_finite_makes_the_answer_wrong() {
        assert!(!in_top_k(0, &[f32::NAN, 0.0], 2));
        assert!(!in_top_k(0, &[1.0, f32::INFINITY], 2));
    }
}
