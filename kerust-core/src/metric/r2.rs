//! The coefficient of determination.

use super::{Metrics, Single, single};
use crate::activation::HeadActivation;
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::Shape;

/// How much of the labels' variance the outputs explain: `1 - Σ (t - y)² / Σ (t - mean t)²`, the
/// mean over the values of a sample. Keras: `R2Score`; reported as `r2_score`.
///
/// 1 is perfect, 0 is as good as the mean of the labels. As in Keras, a value whose labels do not
/// vary counts 0. It fits every head; the label is a tensor of the head's shape.
///
/// ```
/// # extern crate kerust_core as kerust;
/// use kerust::metric::R2Score;
///
/// let metric = R2Score;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct R2Score;

/// Sums over samples for each value of a sample; the state of [`R2Score`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Sums {
    values: Vec<Sum>,
    count: f64,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Sum {
    labels: f64,
    squares: f64,
    residuals: f64,
}

impl Single for R2Score {
    type State = Sums;
    const HIGHER_IS_BETTER: bool = true;

    fn name(&self) -> String {
        "r2_score".into()
    }

    fn merge(&self, state: &mut Sums, other: &Sums) {
        state
            .values
            .resize(state.values.len().max(other.values.len()), Sum::default());
        for (sum, other) in state.values.iter_mut().zip(&other.values) {
            sum.labels += other.labels;
            sum.squares += other.squares;
            sum.residuals += other.residuals;
        }
        state.count += other.count;
    }

    fn result(&self, state: &Sums) -> f64 {
        if state.count == 0.0 {
            return 0.0;
        }
        let scores = state.values.iter().map(|sum| {
            let total = sum.squares - sum.labels * sum.labels / state.count;
            let score = 1.0 - sum.residuals / total;
            if score.is_infinite() { 0.0 } else { score }
        });
        scores.sum::<f64>() / state.values.len() as f64
    }
}

impl<A: HeadActivation, S: Shape> Metrics<Head<A, S>, S> for R2Score {
    single!(Sums);

    fn update(&self, state: &mut Sums, batch: Batch<'_, Head<A, S>, S>) {
        state.values.resize(S::LEN, Sum::default());
        let labels: &[f32] = batch.labels;
        for (place, (output, label)) in batch.outputs.iter().zip(labels).enumerate() {
            let weight = f64::from(batch.weight(place / S::LEN));
            let (output, label) = (f64::from(*output), f64::from(*label));
            let sum = &mut state.values[place % S::LEN];
            sum.labels += weight * label;
            sum.squares += weight * label * label;
            sum.residuals += weight * (label - output) * (label - output);
        }
        state.count += (0..batch.len())
            .map(|sample| f64::from(batch.weight(sample)))
            .sum::<f64>();
    }

    fn reset(&self, state: &mut Sums) {
        // Keeps the memory.
        state.values.fill(Sum::default());
        state.count = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::result;
    use super::*;
    use crate::activation::Linear;
    use crate::tensor::Rank1;

    type Pair = Head<Linear, Rank1<2>>;

    #[test]
    fn the_mean_of_the_labels_scores_zero_and_the_labels_score_one() {
        let labels = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0];
        assert_eq!(result::<Pair, Rank1<2>, _>(&R2Score, &labels, &labels), 1.0);
        let means = [2.0, 20.0, 2.0, 20.0, 2.0, 20.0];
        assert_eq!(result::<Pair, Rank1<2>, _>(&R2Score, &means, &labels), 0.0);
    }

    #[test]
    fn labels_that_do_not_vary_count_zero() {
        let labels = [1.0, 5.0, 2.0, 5.0];
        let outputs = [1.0, 4.0, 2.0, 5.0];
        assert_eq!(
            result::<Pair, Rank1<2>, _>(&R2Score, &outputs, &labels),
            0.5
        );
    }
}
