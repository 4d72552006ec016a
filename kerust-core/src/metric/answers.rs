//! The outputs of a batch with their labels, independent of the types of head and labels.

use super::Names;
use crate::activation::{HeadActivation, sigmoid};
use crate::data::Data;
use crate::loss::Batch;
use crate::model::Head;
use crate::shape::Shape;
use crate::tensor::StaticShape;

/// A batch, for metrics that compare scores with labels.
#[derive(Clone, Copy)]
pub(super) struct Answers<'a> {
    pub(super) outputs: &'a [f32],
    labels: Labels<'a>,
    weights: Option<&'a [f32]>,
    /// The number of values that have one weight: those of a sample, or of a step.
    len: usize,
    /// The number of values along the last axis.
    pub(super) features: usize,
    /// Whether the outputs are logits, of which a sigmoid is taken.
    logits: bool,
}

/// A metric that compares scores with labels, for any head.
pub(super) trait Scored {
    type State;

    /// Pushes the names of its results for outputs of this shape.
    ///
    /// # Panics
    /// Panics if its settings do not fit that shape.
    fn names(&self, shape: Shape, names: &mut Names);

    fn add(&self, state: &mut Self::State, answers: Answers<'_>);

    fn merge(&self, state: &mut Self::State, other: &Self::State);

    fn results(&self, state: &Self::State, results: &mut Vec<f64>);
}

/// The labels: a value for each output, or a class number for each vector of outputs.
#[derive(Clone, Copy)]
pub(super) enum Labels<'a> {
    Values(&'a [f32]),
    Classes(&'a [u32]),
}

impl<'a> From<&'a [f32]> for Labels<'a> {
    fn from(values: &'a [f32]) -> Self {
        Self::Values(values)
    }
}

impl<'a> From<&'a [u32]> for Labels<'a> {
    fn from(classes: &'a [u32]) -> Self {
        Self::Classes(classes)
    }
}

/// An output with its label.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    /// Its index among the outputs.
    pub(super) place: usize,
    /// Its index along the last axis.
    pub(super) class: usize,
    pub(super) output: f32,
    /// Its label; a class number is treated as one-hot.
    pub(super) label: f32,
    /// The weight of its sample or step.
    pub(super) weight: f64,
}

impl<'a> Answers<'a> {
    pub(super) fn new<A: HeadActivation, S: StaticShape, Y: Data>(
        batch: Batch<'a, Head<A, S>, Y>,
        labels: impl Into<Labels<'a>>,
    ) -> Self {
        Self {
            outputs: batch.outputs,
            labels: labels.into(),
            weights: batch.weights(),
            len: batch.outputs.len() / batch.weights().map_or(1, |weights| weights.len().max(1)),
            features: S::SHAPE.last(),
            logits: false,
        }
    }

    /// The same, where the outputs are logits.
    pub(super) fn of_logits(self) -> Self {
        Self {
            logits: true,
            ..self
        }
    }

    /// Iterates over the outputs.
    pub(super) fn each(self) -> impl Iterator<Item = Answer> {
        self.outputs.iter().enumerate().map(move |(place, output)| {
            let class = place % self.features;
            Answer {
                place,
                class,
                output: match self.logits {
                    true => sigmoid(*output),
                    false => *output,
                },
                label: match self.labels {
                    Labels::Values(values) => values[place],
                    Labels::Classes(classes) => {
                        f32::from(u8::from(classes[place / self.features] as usize == class))
                    }
                },
                weight: self.weight(place),
            }
        })
    }

    /// Iterates over the vectors along the last axis: the outputs, the labels and the weight.
    pub(super) fn vectors(self) -> impl Iterator<Item = (&'a [f32], Labels<'a>, f64)> {
        let vectors = self.outputs.chunks_exact(self.features).enumerate();
        vectors.map(move |(number, outputs)| {
            let start = number * self.features;
            let labels = match self.labels {
                Labels::Values(values) => Labels::Values(&values[start..start + self.features]),
                Labels::Classes(classes) => Labels::Classes(&classes[number..=number]),
            };
            (outputs, labels, self.weight(start))
        })
    }

    /// Whether the output at `place` is among the `k` largest along its axis. If values are equal, the first
    /// counts as larger.
    pub(super) fn is_in_top(self, place: usize, k: usize) -> bool {
        let start = place - place % self.features;
        let vector = &self.outputs[start..start + self.features];
        let own = self.outputs[place];
        let before = vector
            .iter()
            .enumerate()
            .filter(|(other, value)| **value > own || (**value == own && start + other < place));
        before.count() < k
    }

    fn weight(self, place: usize) -> f64 {
        f64::from(
            self.weights
                .map_or(1.0, |weights| weights[place / self.len]),
        )
    }
}

/// Checks the class that a metric counts.
///
/// # Panics
/// Panics if there is no such class.
pub(super) fn check_class(class_id: Option<usize>, shape: Shape) {
    let classes = shape.last();
    if let Some(class) = class_id {
        assert!(
            class < classes,
            "`class_id` is {class}, expected a class below {classes}, the number of the head's outputs"
        );
    }
}

/// Implements [`Metrics`](super::Metrics) for a [`Scored`] metric and heads whose outputs are probabilities: one
/// sigmoid with labels `Binary`, a softmax with class numbers, sequences of both with a label for each step, and both
/// with labels of the head's shape. [`FromLogits`](crate::loss::FromLogits) of it fits heads without activation, with
/// the labels of a sigmoid.
macro_rules! of_probabilities {
    ($($name:ty: $state:ty;)+) => {$(
        of_probabilities!(@one $name, $state, [] Sigmoid, Rank1<1>, Binary);
        of_probabilities!(@one $name, $state, [const N: usize] Softmax, Rank1<N>, Class<N>);
        of_probabilities!(@one $name, $state,
            [const STEPS: usize] Sigmoid, Rank2<STEPS, 1>, [Binary; STEPS]);
        of_probabilities!(@one $name, $state,
            [const STEPS: usize, const N: usize] Softmax, Rank2<STEPS, N>, [Class<N>; STEPS]);
        of_probabilities!(@one $name, $state, [S: StaticShape] Sigmoid, S, S);
        of_probabilities!(@one $name, $state, [S: StaticShape] Softmax, S, S);
        of_probabilities!(@one FromLogits<$name>, $state, [] Linear, Rank1<1>, Binary);
        of_probabilities!(@one FromLogits<$name>, $state,
            [const STEPS: usize] Linear, Rank2<STEPS, 1>, [Binary; STEPS]);
        of_probabilities!(@one FromLogits<$name>, $state, [S: StaticShape] Linear, S, S);

        impl $name {
            /// This metric for a head without activation, whose outputs are logits (Keras's `from_logits = True`): it
            /// sees their sigmoid. It is the last setting to be written.
            pub const fn from_logits(self) -> FromLogits<Self> {
                FromLogits(self)
            }
        }

        impl FromLogits<$name> {
            /// Makes this metric use the sample weights (Keras's `weighted_metrics`).
            pub fn weighted(self) -> $crate::metric::WeightedMetric<Self> {
                $crate::metric::WeightedMetric::new(self)
            }
        }

        impl Scored for FromLogits<$name> {
            type State = $state;

            fn names(&self, shape: Shape, names: &mut Names) {
                Scored::names(&self.0, shape, names);
            }

            fn add(&self, state: &mut $state, answers: Answers<'_>) {
                Scored::add(&self.0, state, answers.of_logits());
            }

            fn merge(&self, state: &mut $state, other: &$state) {
                Scored::merge(&self.0, state, other);
            }

            fn results(&self, state: &$state, results: &mut Vec<f64>) {
                Scored::results(&self.0, state, results);
            }
        }
    )+};
    (@one $name:ty, $state:ty, [$($parameter:tt)*] $activation:ty, $shape:ty, $label:ty) => {
        impl<$($parameter)*> Metrics<Head<$activation, $shape>, $label> for $name {
            type State = $state;

            fn names(&self, names: &mut Names) {
                Scored::names(self, <$shape as StaticShape>::SHAPE, names);
            }

            fn update(&self, state: &mut $state, batch: Batch<'_, Head<$activation, $shape>, $label>) {
                Scored::add(self, state, Answers::new(batch, batch.labels));
            }

            fn merge(&self, state: &mut $state, other: &$state) {
                Scored::merge(self, state, other);
            }

            fn results(&self, state: &$state, results: &mut Vec<f64>) {
                Scored::results(self, state, results);
            }
        }
    };
}
pub(super) use of_probabilities;
