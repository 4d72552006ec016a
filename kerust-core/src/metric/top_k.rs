//! Top-k accuracies.

use super::accuracy::argmax;
use super::{Mean, Metrics, Single, single};
use crate::activation::HeadActivation;
use crate::data::Class;
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::Rank1;

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
        let labels: &[u32] = batch.labels;
        state.add_batch(batch, |sample| {
            let scores = &batch.outputs[sample * N..(sample + 1) * N];
            f64::from(u8::from(in_top_k(labels[sample] as usize, scores, K)))
        });
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
