//! The area under a curve.

use super::answers::{Answers, Scored, of_probabilities};
use super::confusion::ratio;
use super::thresholds::{Thresholds, below, is_even};
use super::{Metrics, Names};
use crate::activation::{Linear, Sigmoid, Softmax};
use crate::data::{Binary, Class};
use crate::loss::{Batch, FromLogits};
use crate::model::Head;
use crate::shape::Shape;
use crate::tensor::{Rank1, Rank2, StaticShape};
use crate::value::value;

/// The area under a curve over thresholds of the output. Keras: `AUC`; reported as `auc`.
///
/// As in Keras, the curve is computed at evenly spaced thresholds (200 by default) and interpolated: the ROC
/// curve by trapezoids, the PR curve by Davis & Goadrich (2006), section 4. It fits one sigmoid with labels
/// `Binary`, and several sigmoids or a softmax with labels of the head's shape or class numbers. All values count as
/// one set, unless [`multi_label`](Self::multi_label) computes an area for each label.
///
/// ```
/// use kerust::metric::{AUC, Curve};
///
/// let roc = AUC;
/// let precision_over_recall = AUC.curve(Curve::Pr).num_thresholds(50);
/// let mean_of_labels = AUC.multi_label(true).label_weights([2.0, 1.0, 1.0]);
/// let of_logits = AUC.from_logits();
/// ```
///
/// # Cost
/// 16 bytes for each threshold, with `multi_label` of each label. The time per sample does not depend on the number of thresholds if they are
/// evenly spaced. With your own [`thresholds`](Self::thresholds) it grows with the logarithm of their number.
#[derive(Clone, Debug)]
pub struct AUC {
    thresholds: Thresholds,
    curve: Curve,
    summation_method: SummationMethod,
    multi_label: bool,
    /// Empty if all labels have the same weight.
    label_weights: Vec<f32>,
}

value! {
    AUC {
        thresholds: Thresholds::Even(200),
        curve: Curve::Roc,
        summation_method: SummationMethod::Interpolation,
        multi_label: false,
        label_weights: Vec::new(),
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
    /// Keras's `"PRGAIN"`: precision gain against recall gain, by Flach & Kull (2015).
    PrGain,
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
        Thresholds::check(&thresholds);
        thresholds.sort_by(f32::total_cmp);
        let all = [&[0.0], thresholds.as_slice(), &[1.0]].concat();
        self.thresholds = match is_even(&all) {
            true => Thresholds::Even(all.len()),
            false => Thresholds::Given(thresholds),
        };
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

    /// Computes the area for each output of the head and averages the areas, instead of counting all outputs as one
    /// set (Keras's `multi_label`). It fits heads with one axis. Keras's `num_labels` is the number of the head's
    /// outputs.
    pub fn multi_label(mut self, multi_label: bool) -> Self {
        self.multi_label = multi_label;
        self
    }

    /// Sets a weight for each output of the head (Keras's `label_weights`). With `multi_label` the areas are averaged
    /// with these weights; without, each value counts with the weight of its output.
    ///
    /// # Panics
    /// Panics without weights, and unless each is a number from 0 on.
    pub fn label_weights(mut self, weights: impl Into<Vec<f32>>) -> Self {
        self.label_weights = weights.into();
        assert!(
            !self.label_weights.is_empty(),
            "`label_weights` is empty, expected one for each output of the head"
        );
        let mut weights = self.label_weights.iter();
        if let Some(found) = weights.find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
            panic!("a label weight is a number from 0 on, found {found}");
        }
        self
    }

    /// The number of intervals between thresholds. Those of one label lie together in the state.
    fn buckets(&self) -> usize {
        match &self.thresholds {
            Thresholds::Even(count) => count - 1,
            // The ends of the curve are added.
            Thresholds::Given(thresholds) => thresholds.len() + 1,
        }
    }

    /// The area of one label, or of all values.
    fn area(&self, positives: &[f64], negatives: &[f64]) -> f64 {
        let all: (f64, f64) = (positives.iter().sum(), negatives.iter().sum());
        // From the highest threshold downwards: outputs above one threshold, then above the next.
        let (mut above, mut area) = ((0.0, 0.0), 0.0);
        for (more_true, more_false) in positives.iter().zip(negatives).rev() {
            let next = (above.0 + more_true, above.1 + more_false);
            let ((x, y), (next_x, next_y)) =
                (self.curve.point(above, all), self.curve.point(next, all));
            area += match (self.summation_method, self.curve) {
                (SummationMethod::Interpolation, Curve::Pr) => precision_area(above, next, all.0),
                (SummationMethod::Interpolation, _) => (next_x - x) * (next_y + y) / 2.0,
                (SummationMethod::Minoring, _) => (next_x - x) * next_y.min(y),
                (SummationMethod::Majoring, _) => (next_x - x) * next_y.max(y),
            };
            above = next;
        }
        area
    }
}

impl Curve {
    /// The point of the curve where `found` positive and `wrong` negative labels are above the threshold.
    fn point(self, (found, wrong): (f64, f64), (positives, negatives): (f64, f64)) -> (f64, f64) {
        let recall = ratio(found, positives);
        match self {
            Self::Roc => (ratio(wrong, negatives), recall),
            Self::Pr => (recall, ratio(found, found + wrong)),
            // As in Keras, the gains without a true positive are 0 and 1.
            Self::PrGain if found == 0.0 => (0.0, 1.0),
            Self::PrGain => {
                let scale = ratio(positives, negatives);
                let recall_gain = 1.0 - scale * (positives - found) / found;
                (recall_gain.max(0.0), 1.0 - scale * wrong / found)
            }
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

impl Scored for AUC {
    type State = Buckets;

    fn names(&self, shape: Shape, names: &mut Names) {
        let (rank, outputs) = (shape.rank(), shape.last());
        assert!(
            rank == 1 || !self.multi_label,
            "`multi_label` takes a head with one axis, found one with {rank}"
        );
        let weights = self.label_weights.len();
        assert!(
            [0, outputs].contains(&weights),
            "found {weights} `label_weights`, expected {outputs}, one for each output of the head"
        );
        names.push("auc", Some(true));
    }

    fn add(&self, state: &mut Buckets, answers: Answers<'_>) {
        let buckets = self.buckets();
        state.make_room(match self.multi_label {
            true => buckets * answers.features,
            false => buckets,
        });
        for answer in answers.each() {
            let output = answer.output;
            let bucket = match &self.thresholds {
                // The first interval begins below 0.
                Thresholds::Even(count) => below(output, *count).saturating_sub(1),
                Thresholds::Given(thresholds) => thresholds.partition_point(|t| *t < output),
            };
            let side = if answer.label == 0.0 {
                &mut state.negatives
            } else {
                &mut state.positives
            };
            let (first, weight) = match self.multi_label {
                true => (buckets * answer.class, 1.0),
                false => {
                    let weight = self.label_weights.get(answer.class);
                    (0, weight.map_or(1.0, |weight| f64::from(*weight)))
                }
            };
            side[first + bucket] += weight * answer.weight;
        }
    }

    fn merge(&self, state: &mut Buckets, other: &Buckets) {
        state.make_room(other.positives.len());
        let pairs = state.positives.iter_mut().zip(&other.positives);
        pairs.for_each(|(sum, other)| *sum += other);
        let pairs = state.negatives.iter_mut().zip(&other.negatives);
        pairs.for_each(|(sum, other)| *sum += other);
    }

    fn results(&self, state: &Buckets, results: &mut Vec<f64>) {
        let buckets = self.buckets();
        let sides = state.positives.chunks(buckets);
        let labels = sides.zip(state.negatives.chunks(buckets));
        let weights = self.label_weights.iter().copied().map(f64::from);
        let weights = weights.filter(|_| self.multi_label);
        // Without weights, and for the one area of all labels, each is 1.
        let (mut sum, mut whole) = (0.0, 0.0);
        for ((positives, negatives), weight) in labels.zip(weights.chain(std::iter::repeat(1.0))) {
            sum += weight * self.area(positives, negatives);
            whole += weight;
        }
        results.push(ratio(sum, whole));
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
    #[should_panic(expected = "found 2 `label_weights`, expected 3")]
    fn weights_of_other_labels_are_refused() {
        let metric = AUC.label_weights([1.0, 2.0]);
        let mut names = Names::default();
        Metrics::<Head<Sigmoid, Rank1<3>>, Rank1<3>>::names(&metric, &mut names);
    }

    #[test]
    #[should_panic(expected = "`multi_label` takes a head with one axis, found one with 2")]
    fn labels_of_steps_have_no_area_of_their_own() {
        let metric = AUC.multi_label(true);
        let mut names = Names::default();
        Metrics::<Head<Sigmoid, Rank2<5, 3>>, Rank2<5, 3>>::names(&metric, &mut names);
    }

    #[test]
    fn outputs_that_are_no_probabilities_do_not_panic() {
        let answers = [f32::NAN, f32::INFINITY, -3.0, 7.0];
        let labels = [0.0, 1.0, 0.0, 1.0];
        assert!(result::<One, Binary, _>(&AUC, &answers, &labels) >= 0.0);
    }
}
