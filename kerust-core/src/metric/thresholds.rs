//! Metrics at several thresholds.

use super::Names;

/// A metric at several thresholds: what `Precision.thresholds([0.2, 0.5])` returns.
///
/// Where Keras returns an array, there is a result for each threshold, with its number: `precision_0`, `precision_1`,
/// in the order in which the thresholds are given.
///
/// ```
/// use kerust::metric::{AtThresholds, Precision};
///
/// let metric: AtThresholds<Precision> = Precision.thresholds([0.2, 0.5]);
/// ```
///
/// # Cost
/// One pass over the outputs for each threshold.
#[derive(Clone, Debug)]
pub struct AtThresholds<M> {
    pub(super) metric: M,
    pub(super) thresholds: Thresholds,
}

impl<M> AtThresholds<M> {
    pub(super) fn new(metric: M, thresholds: Vec<f32>) -> Self {
        assert!(
            !thresholds.is_empty(),
            "`thresholds` is empty, expected one or more"
        );
        Thresholds::check(&thresholds);
        let thresholds = match is_even(&thresholds) {
            true => Thresholds::Even(thresholds.len()),
            false => Thresholds::Given(thresholds),
        };
        Self { metric, thresholds }
    }
}

/// The thresholds of a metric.
#[derive(Clone, Debug)]
pub(super) enum Thresholds {
    /// This number of thresholds from 0 to 1, at equal distances.
    Even(usize),
    Given(Vec<f32>),
}

impl Thresholds {
    /// # Panics
    /// Panics unless each is from 0 to 1.
    pub(super) fn check(thresholds: &[f32]) {
        if let Some(found) = thresholds.iter().find(|it| !(0.0..=1.0).contains(*it)) {
            panic!("a threshold is from 0 to 1, found {found}");
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Even(count) => *count,
            Self::Given(thresholds) => thresholds.len(),
        }
    }

    /// Whether the output is above the threshold with this number.
    pub(super) fn is_above(&self, output: f32, threshold: usize) -> bool {
        match self {
            Self::Even(count) => below(output, *count) > threshold,
            Self::Given(thresholds) => output > thresholds[threshold],
        }
    }

    /// Pushes the names of the results.
    pub(super) fn names(&self, name: &str, higher_is_better: bool, names: &mut Names) {
        match self.len() {
            1 => names.push(name, Some(higher_is_better)),
            count => (0..count)
                .for_each(|number| names.push(&format!("{name}_{number}"), Some(higher_is_better))),
        }
    }
}

/// Whether the thresholds lie at equal distances from 0 to 1, as far as Keras tells.
pub(super) fn is_even(thresholds: &[f32]) -> bool {
    let last = (thresholds.len().max(2) - 1) as f64;
    let is_close = |(number, found): (usize, &f32)| {
        let expected = number as f64 / last;
        (f64::from(*found) - expected).abs() <= 1e-7 + 1e-5 * expected
    };
    thresholds.len() > 2 && thresholds.iter().enumerate().all(is_close)
}

/// The number of evenly spaced thresholds from 0 to 1 that lie below the output. It is computed in `f32` as in Keras,
/// so that ties are resolved in the same way.
pub(super) fn below(output: f32, count: usize) -> usize {
    libm::ceilf(output.clamp(0.0, 1.0) * (count - 1) as f32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Sigmoid, Softmax};
    use crate::data::{Binary, Class};
    use crate::metric::{Metrics, Precision, Recall};
    use crate::model::Head;
    use crate::tensor::Rank1;

    type One = Head<Sigmoid, Rank1<1>>;
    type Three = Head<Softmax, Rank1<3>>;

    #[test]
    fn each_threshold_has_its_result_in_the_given_order() {
        let metric = Recall.thresholds([0.9, 0.5, 0.1]);
        let mut names = Names::default();
        Metrics::<One, Binary>::names(&metric, &mut names);
        assert_eq!(names.as_slice(), ["recall_0", "recall_1", "recall_2"]);
        let batch =
            crate::loss::Batch::<One, Binary>::new(&[0.7, 0.3], &[0.7, 0.3], &[1.0, 1.0], None);
        let mut state = Vec::new();
        metric.update(&mut state, batch);
        let mut results = Vec::new();
        Metrics::<One, Binary>::results(&metric, &state, &mut results);
        assert_eq!(results, [0.0, 0.5, 1.0]);
    }

    #[test]
    fn before_the_first_batch_all_are_zero() {
        let (metric, mut results) = (Precision.thresholds([0.1, 0.2]), Vec::new());
        Metrics::<One, Binary>::results(&metric, &Vec::new(), &mut results);
        assert_eq!(results, [0.0; 2]);
    }

    #[test]
    #[should_panic(expected = "a threshold is from 0 to 1, found 1.5")]
    fn a_threshold_above_one_is_refused() {
        let _ = Precision.thresholds([0.5, 1.5]);
    }

    #[test]
    #[should_panic(expected = "`class_id` is 3, expected a class below 3")]
    fn a_class_that_the_head_does_not_have_is_refused() {
        Metrics::<Three, Class<3>>::names(&Recall.class_id(3), &mut Names::default());
    }

    #[test]
    #[should_panic(expected = "`top_k` is 4, expected at most 3")]
    fn more_classes_than_the_head_has_are_refused() {
        Metrics::<Three, Class<3>>::names(
            &Recall.top_k(4).thresholds([0.5]),
            &mut Names::default(),
        );
    }
}
