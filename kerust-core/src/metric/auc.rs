//! Area under a curve.

use super::confusion::ratio;
use super::{Metrics, Single, single};
use crate::activation::{HeadActivation, Sigmoid, Softmax};
use crate::data::{Binary, Data};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, Shape};

/// The area under a curve over thresholds of the output. Keras: `AUC`; name: `auc`.
///
/// As Keras does, the curve is taken at evenly spaced thresholds (200 by default) and interpolated:
/// ROC by trapezoids, PR by Davis & Goadrich (2006), section 4. Fits one sigmoid with labels
/// `Binary`, and several sigmoids or a softmax with labels of the head's shape, whose values are
/// all counted.
///
/// # Cost
/// 16 bytes and one pass for each threshold; a sample costs one step whatever their number.
#[derive(Clone, Copy, Debug)]
pub struct Auc {
    thresholds: usize,
    curve: Curve,
}

/// What [`Auc`] is the area under.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Curve {
    /// Receiver operating characteristic: true positive rate over false positive rate.
    #[default]
    Roc,
    /// Precision over recall.
    Pr,
}

/// Weights of samples whose output lies from one threshold to the next; see [`Auc`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Buckets {
    positives: Vec<f64>,
    negatives: Vec<f64>,
}

impl Default for Auc {
    fn default() -> Self {
        Self {
            thresholds: 200,
            curve: Curve::Roc,
        }
    }
}

impl Auc {
    /// Takes the curve at so many thresholds (Keras's `num_thresholds`).
    ///
    /// # Panics
    /// Unless `thresholds > 1`.
    pub fn num_thresholds(mut self, thresholds: usize) -> Self {
        assert!(
            thresholds > 1,
            "a curve has at least 2 thresholds, found {thresholds}"
        );
        self.thresholds = thresholds;
        self
    }

    /// Sets the curve.
    pub const fn curve(mut self, curve: Curve) -> Self {
        self.curve = curve;
        self
    }

    fn add<A: HeadActivation, S: Shape, Y: Data>(
        &self,
        state: &mut Buckets,
        batch: Batch<'_, Head<A, S>, Y>,
        labels: &[f32],
    ) {
        state.positives.resize(self.thresholds, 0.0);
        state.negatives.resize(self.thresholds, 0.0);
        let last = (self.thresholds - 1) as f32;
        for (place, (output, label)) in batch.outputs.iter().zip(labels).enumerate() {
            // In f32 as Keras computes it, so that a tie falls to the same side.
            let bucket = libm::ceilf(output.clamp(0.0, 1.0) * last) - 1.0;
            let bucket = bucket.max(0.0) as usize;
            let side = if *label == 0.0 {
                &mut state.negatives
            } else {
                &mut state.positives
            };
            side[bucket] += f64::from(batch.weight(place / S::LEN));
        }
    }
}

impl Single for Auc {
    type State = Buckets;

    fn name(&self) -> String {
        "auc".into()
    }

    fn result(&self, state: &Buckets) -> f64 {
        let positives: f64 = state.positives.iter().sum();
        let negatives: f64 = state.negatives.iter().sum();
        // From the highest threshold down: what lies above one threshold, then above the next.
        let (mut above, mut area) = ((0.0, 0.0), 0.0);
        let buckets = state.positives.iter().zip(&state.negatives);
        for (more_true, more_false) in buckets.rev() {
            let next = (above.0 + more_true, above.1 + more_false);
            area += match self.curve {
                Curve::Roc => {
                    let width = ratio(next.1, negatives) - ratio(above.1, negatives);
                    width * (ratio(next.0, positives) + ratio(above.0, positives)) / 2.0
                }
                Curve::Pr => precision_area(above, next, positives),
            };
            above = next;
        }
        area
    }
}

/// The area under the precision between two thresholds, given as (true, false) positives, both
/// taken to grow linearly in between.
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

macro_rules! measures {
    ($(<$($shape:ident)?> $head:ty, $label:ty;)+) => {$(
        impl$(<$shape: Shape>)? Metrics<$head, $label> for Auc {
            single!(Buckets);

            fn update(&self, state: &mut Buckets, batch: Batch<'_, $head, $label>) {
                self.add(state, batch, batch.labels);
            }

            fn reset(&self, state: &mut Buckets) {
                // Keeps the memory.
                state.positives.fill(0.0);
                state.negatives.fill(0.0);
            }
        }
    )+};
}
measures! {
    <> Head<Sigmoid, Rank1<1>>, Binary;
    <S> Head<Sigmoid, S>, S;
    <S> Head<Softmax, S>, S;
}

#[cfg(test)]
mod tests {
    use super::super::testing::{result, weighted_result};
    use super::*;

    type One = Head<Sigmoid, Rank1<1>>;

    #[test]
    fn the_examples_of_keras_come_out() {
        let (labels, answers) = ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.3, 0.9]);
        let auc = Auc::default().num_thresholds(3);
        assert_eq!(result::<One, Binary, _>(&auc, &answers, &labels), 0.75);
        let weights = [1.0, 0.0, 0.0, 1.0];
        let found = weighted_result::<One, Binary, _>(&auc, &answers, &labels, Some(&weights));
        assert_eq!(found, 1.0);
    }

    #[test]
    fn a_perfect_order_has_the_whole_area() {
        let (labels, answers) = ([0.0, 1.0, 0.0, 1.0], [0.1, 0.8, 0.2, 0.9]);
        for curve in [Curve::Roc, Curve::Pr] {
            let auc = Auc::default().curve(curve);
            assert_eq!(result::<One, Binary, _>(&auc, &answers, &labels), 1.0);
        }
    }

    #[test]
    fn outputs_that_are_no_probabilities_do_not_panic() {
        let answers = [f32::NAN, f32::INFINITY, -3.0, 7.0];
        let labels = [0.0, 1.0, 0.0, 1.0];
        assert!(result::<One, Binary, _>(&Auc::default(), &answers, &labels) >= 0.0);
    }
}
