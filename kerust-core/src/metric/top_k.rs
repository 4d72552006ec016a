//! Whether the right class is among the likeliest.

use super::accuracy::argmax;
use super::{Mean, Metrics, Single, single};
use crate::activation::HeadActivation;
use crate::data::Class;
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::Rank1;

/// How often the labelled class is among the `K` likeliest. Name: `top_3` for `TopK::<3>`.
///
/// Keras: `SparseTopKCategoricalAccuracy` with labels `Class<N>`, `TopKCategoricalAccuracy` with
/// one-hot labels. As TensorFlow's `in_top_k`: classes that are as likely as the `K`-th are all
/// among them, and where a score that counts is not finite the answer is wrong. `K` from 1 to the
/// number of classes is checked while compiling:
///
/// ```compile_fail,E0080
/// use kerust_core::activation::Softmax;
/// use kerust_core::loss::{SparseCategoricalCrossentropy, objective};
/// use kerust_core::metric::TopK;
/// use kerust_core::model::Head;
/// use kerust_core::tensor::Rank1;
///
/// let loss = SparseCategoricalCrossentropy;
/// objective::<Head<Softmax, Rank1<10>>, _, _>(loss, TopK::<12>, &[]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TopK<const K: usize>;

impl<const K: usize> Single for TopK<K> {
    type State = Mean;

    fn name(&self) -> String {
        format!("top_{K}")
    }

    fn result(&self, state: &Mean) -> f64 {
        state.value()
    }
}

impl<A: HeadActivation, const N: usize, const K: usize> Metrics<Head<A, Rank1<N>>, Class<N>>
    for TopK<K>
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
    for TopK<K>
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
