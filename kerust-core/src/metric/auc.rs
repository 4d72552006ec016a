//! The area under a curve.

use super::answers::{Answers, of_probabilities};
use super::confusion::ratio;
use super::{Metrics, Single, single};
use crate::activation::{Sigmoid, Softmax};
use crate::data::{Binary, Class};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Rank2, StaticShape};
use crate::value::value;

/// The area under a curve over thresholds of the output. Keras: `AUC`; reported as `auc`.
///
/// As in Keras, the curve is computed at evenly spaced thresholds (200 by default) and interpolated: the ROC
/// curve by trapezoids, the PR curve by Davis & Goadrich (2006), section 4. It fits one sigmoid with labels
/// `Binary`, and several sigmoids or a softmax with labels of the head's shape or class numbers. It counts
/// all values.
///
/// ```
/// use kerust::metric::{AUC, Curve};
///
/// let roc = AUC;
/// let precision_over_recall = AUC.curve(Curve::Pr).num_thresholds(50);
/// ```
///
/// # Cost
/// 16 bytes for each threshold. The time per sample does not depend on the number of thresholds if they are
/// evenly spaced. With your own [`thresholds`](Self::thresholds) it grows with the logarithm of their number.
#[derive(Clone, Debug)]
pub struct AUC {
    thresholds: Thresholds,
    curve: Curve,
    summation_method: SummationMethod,
}

/// The thresholds of the curve.
#[derive(Clone, Debug)]
enum Thresholds {
    /// This number of evenly spaced thresholds from 0 to 1.
    Even(usize),
    /// These ascending thresholds, in addition to 0 and 1.
    Given(Vec<f32>),
}

value! {
    AUC {
        thresholds: Thresholds::Even(200),
        curve: Curve::Roc,
        summation_method: SummationMethod::Interpolation,
    }
}

/// The curve whose area [`AUC`](struct@AUC) measures.
///
/// ```
/// use kerust::metric::{AUC, Curve};
///
/// let metric = AUC.curve(Curve::Pr);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Curve {
    /// Keras's `"ROC"`, the receiver operating characteristic: true positive rate against false positive
    /// rate.
    #[default]
    Roc,
    /// Keras's `"PR"`: precision against recall.
    Pr,
}

/// How the area between two thresholds is computed (Keras's `summation_method`).
///
/// ```
/// use kerust::metric::{AUC, SummationMethod};
///
/// let at_least = AUC.summation_method(SummationMethod::Minoring);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SummationMethod {
    /// Interpolation: a trapezoid, or for the PR curve the hyperbola of Davis & Goadrich.
    #[default]
    Interpolation,
    /// The lower of the two values.
    Minoring,
    /// The higher of the two values.
    Majoring,
}

/// The weights of the samples whose output lies between two neighbouring thresholds. It is the state of
/// [`AUC`](struct@AUC).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Buckets {
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl AUC {
    /// Sets the number of evenly spaced thresholds (Keras's `num_thresholds`).
    ///
    /// # Panics
    /// Panics if `thresholds` is below 2.
    pub fn num_thresholds(mut self, thresholds: usize) -> Self {
        assert!(
            thresholds > 1,
            "a curve needs at least 2 thresholds, found {thresholds}"
        );
        self.thresholds = Thresholds::Even(thresholds);
        self
    }

    /// Sets the thresholds; 0 and 1 are added (Keras's `thresholds`).
    ///
    /// # Panics
    /// Panics unless each threshold is from 0 to 1.
    pub fn thresholds(mut self, thresholds: impl Into<Vec<f32>>) -> Self {
        let mut thresholds = thresholds.into();
        if let Some(found) = thresholds.iter().find(|t| !(0.0..=1.0).contains(*t)) {
            panic!("a threshold is from 0 to 1, found {found}");
        }
        thresholds.sort_by(f32::total_cmp);
        self.thresholds = Thresholds::Given(thresholds);
        self
    }

    /// Sets the curve (Keras's `curve`).
    pub fn curve(mut self, curve: Curve) -> Self {
        self.curve = curve;
        self
    }

    /// Sets how the area is computed (Keras's `summation_method`).
    pub fn summation_method(mut self, summation_method: SummationMethod) -> Self {
        self.summation_method = summation_method;
        self
    }

    fn add(&self, state: &mut Buckets, answers: Answers<'_>) {
        state.make_room(match &self.thresholds {
            Thresholds::Even(count) => count - 1,
            Thresholds::Given(thresholds) => thresholds.len() + 1,
        });
        for answer in answers.each() {
            let output = answer.output;
            let bucket = match &self.thresholds {
                Thresholds::Even(count) => {
                    // Computed in `f32` as in Keras, so that ties are resolved in the same way.
                    let bucket = libm::ceilf(output.clamp(0.0, 1.0) * (count - 1) as f32) - 1.0;
                    bucket.max(0.0) as usize
                }
                Thresholds::Given(thresholds) => thresholds.partition_point(|t| *t < output),
            };
            let side = if answer.label == 0.0 {
                &mut state.negatives
            } else {
                &mut state.positives
            };
            side[bucket] += answer.weight;
        }
    }
}

impl Buckets {
    fn make_room(&mut self, buckets: usize) {
        let buckets = buckets.max(self.positives.len());
        self.positives.resize(buckets, 0.0);
        self.negatives.resize(buckets, 0.0);
    }
}

impl Single for AUC {
    type State = Buckets;
    const HIGHER_IS_BETTER: bool = true;

    fn name(&self) -> String {
        "auc".into()
    }

    fn merge(&self, state: &mut Buckets, other: &Buckets) {
        state.make_room(other.positives.len());
        let pairs = state.positives.iter_mut().zip(&other.positives);
        pairs.for_each(|(sum, other)| *sum += other);
        let pairs = state.negatives.iter_mut().zip(&other.negatives);
        pairs.for_each(|(sum, other)| *sum += other);
    }

    fn result(&self, state: &Buckets) -> f64 {
        let positives: f64 = state.positives.iter().sum();
        let negatives: f64 = state.negatives.iter().sum();
        // From the highest threshold downwards: outputs above one threshold, then above the next.
        let (mut above, mut area) = ((0.0, 0.0), 0.0);
        let buckets = state.positives.iter().zip(&state.negatives);
        for (more_true, more_false) in buckets.rev() {
            let next = (above.0 + more_true, above.1 + more_false);
            // A point of the curve, at one threshold and at the next.
            let point = |(found, wrong): (f64, f64)| {
                let recall = ratio(found, positives);
                match self.curve {
                    Curve::Roc => (ratio(wrong, negatives), recall),
                    Curve::Pr => (recall, ratio(found, found + wrong)),
                }
            };
            let ((x, y), (next_x, next_y)) = (point(above), point(next));
            area += match (self.summation_method, self.curve) {
                (SummationMethod::Interpolation, Curve::Pr) => {
                    precision_area(above, next, positives)
                }
                (SummationMethod::Interpolation, Curve::Roc) => (next_x - x) * (next_y + y) / 2.0,
                (SummationMethod::Minoring, _) => (next_x - x) * next_y.min(y),
                (SummationMethod::Majoring, _) => (next_x - x) * next_y.max(y),
            };
            above = next;
        }
        area
    }
}

/// The area under the precision between two thresholds. `above` and `below` are (true, false) positives,
/// which are assumed to grow linearly between the thresholds.
fn precision_area(above: (f64, f64), below: (f64, f64), positives: f64) -> f64 {
    let (found, answers) = (above.0 + above.1, below.0 + below.1);
    let gained = below.0 - above.0;
    let slope = ratio(gained, (answers - found).max(0.0));
    let intercept = above.0 - slope * found;
    let growth = if found > 0.0 && answers > 0.0 {
        answers / found
    } else {
        1.0
    };
    ratio(slope * (gained + intercept * libm::log(growth)), positives)
}

of_probabilities! { AUC: Buckets; }

#[cfg(test)]
mod tests {
    use super::super::testing::{result, weighted_result};
    use super::*;

    type One = Head<Sigmoid, Rank1<1>>;

    #[test]
    fn the_examples_of_keras_come_out() {
        let (labels, answers) = ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.3, 0.9]);
        let auc = AUC.num_thresholds(3);
        assert_eq!(result::<One, Binary, _>(&auc, &answers, &labels), 0.75);
        let weights = [1.0, 0.0, 0.0, 1.0];
        let found = weighted_result::<One, Binary, _>(&auc, &answers, &labels, Some(&weights));
        assert_eq!(found, 1.0);
    }

    #[test]
    fn given_thresholds_are_those_of_keras() {
        // python: keras.metrics.AUC(thresholds=[0.5]), which is num_thresholds=3
        let (labels, answers) = ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.3, 0.9]);
        let auc = AUC.thresholds([0.5]);
        assert_eq!(result::<One, Binary, _>(&auc, &answers, &labels), 0.75);
    }

    #[test]
    fn a_perfect_order_has_the_whole_area() {
        let (labels, answers) = ([0.0, 1.0, 0.0, 1.0], [0.1, 0.8, 0.2, 0.9]);
        for curve in [Curve::Roc, Curve::Pr] {
            let auc = AUC.curve(curve);
            assert_eq!(result::<One, Binary, _>(&auc, &answers, &labels), 1.0);
        }
    }

    #[test]
    fn outputs_that_are_no_probabilities_do_not_panic() {
        let answers = [f32::NAN, f32::INFINITY, -3.0, 7.0];
        let labels = [0.0, 1.0, 0.0, 1.0];
        assert!(result::<One, Binary, _>(&AUC, &answers, &labels) >= 0.0);
    }
}
