//! Intersection over union: for each class, the correct predictions divided by all samples that have the
//! class as label or prediction.

use super::accuracy::argmax;
use super::answers::{Answers, Labels};
use super::{Metrics, Names};
use crate::activation::{HeadActivation, Sigmoid};
use crate::data::{Binary, Class};
use crate::loss::Batch;
use crate::model::Head;
use crate::tensor::{Rank1, StaticShape};
use crate::value::value;

macro_rules! over_classes {
    ($($(#[$doc:meta])* $name:ident $text:literal { $($target:ident)? };)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($target: Option<Vec<usize>>,)?
            ignore_class: Option<usize>,
        }

        value! {
            $name { $($target: None,)? ignore_class: None }
        }

        impl $name {
            $(
                /// Sets the classes whose mean is the result (Keras's `target_class_ids`). All classes by
                /// default.
                pub fn target_class_ids(mut self, classes: impl Into<Vec<usize>>) -> Self {
                    self.$target = Some(classes.into());
                    self
                }
            )?

            /// Ignores samples with this class as the label (Keras's `ignore_class`).
            pub fn ignore_class(mut self, class: usize) -> Self {
                self.ignore_class = Some(class);
                self
            }

            fn target(&self) -> Option<&[usize]> {
                None$(.or(self.$target.as_deref()))?
            }
        }
    )+};
}
over_classes! {
    /// The mean intersection over union of some classes. Keras: `IoU`; reported as `io_u`.
    ///
    /// It fits heads over N classes, and maps of classes, with one-hot labels of the head's shape or labels
    /// `Class<N>`. The predicted class is the one with the highest output. As in Keras, a class that occurs
    /// neither as label nor as prediction is left out of the mean.
    ///
    /// ```
    /// use kerust::metric::IoU;
    ///
    /// let metric = IoU.target_class_ids([1, 2]);
    /// ```
    IoU "io_u" { target_class_ids };
    /// The mean intersection over union of all classes. Keras: `MeanIoU`; reported as `mean_io_u`.
    ///
    /// It fits the same heads and labels as [`IoU`](struct@IoU).
    ///
    /// ```
    /// use kerust::metric::MeanIoU;
    ///
    /// let metric = MeanIoU.ignore_class(0);
    /// ```
    MeanIoU "mean_io_u" {};
    /// [`IoU`](struct@IoU) with one-hot labels. Keras: `OneHotIoU`; reported as `one_hot_io_u`.
    ///
    /// ```
    /// use kerust::metric::OneHotIoU;
    ///
    /// let metric = OneHotIoU.target_class_ids([0]);
    /// ```
    OneHotIoU "one_hot_io_u" { target_class_ids };
    /// [`MeanIoU`](struct@MeanIoU) with one-hot labels. Keras: `OneHotMeanIoU`; reported as
    /// `one_hot_mean_io_u`.
    ///
    /// ```
    /// use kerust::metric::OneHotMeanIoU;
    ///
    /// let metric = OneHotMeanIoU;
    /// ```
    OneHotMeanIoU "one_hot_mean_io_u" {};
}

/// The mean intersection over union of the classes 0 and 1. Keras: `BinaryIoU`; reported as `binary_io_u`.
///
/// It fits one sigmoid with labels `Binary`, and several with labels of the head's shape, whose values are
/// all counted. An output of at least the threshold, 0.5 by default, is class 1.
///
/// ```
/// use kerust::metric::BinaryIoU;
///
/// let of_class_1 = BinaryIoU.target_class_ids([1]).threshold(0.3);
/// ```
#[derive(Clone, Debug)]
pub struct BinaryIoU {
    target_class_ids: Option<Vec<usize>>,
    threshold: f32,
}

value! {
    BinaryIoU {
        target_class_ids: None,
        threshold: 0.5,
    }
}

impl BinaryIoU {
    /// Sets which of the classes 0 and 1 are averaged (Keras's `target_class_ids`). Both by default.
    pub fn target_class_ids(mut self, classes: impl Into<Vec<usize>>) -> Self {
        self.target_class_ids = Some(classes.into());
        self
    }

    /// Counts outputs of at least `threshold` as class 1 (Keras's `threshold`).
    pub fn threshold(mut self, threshold: f32) -> Self {
        self.threshold = threshold;
        self
    }

    fn add(&self, state: &mut Overlaps, answers: Answers<'_>) {
        state.0.resize(2, Overlap::default());
        for answer in answers.each() {
            let found = usize::from(answer.output >= self.threshold);
            // As in Keras, a label other than 0 or 1 is truncated to an integer.
            let label = answer.label as i64;
            if let Some(label) = usize::try_from(label).ok().filter(|label| *label < 2) {
                state.count(label, found, answer.weight);
            }
        }
    }
}

/// The weights of labels and predictions for each class. It is the state of [`IoU`](struct@IoU).
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Overlaps(Vec<Overlap>);

#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Overlap {
    both: f64,
    labels: f64,
    answers: f64,
}

impl Overlaps {
    fn count(&mut self, label: usize, answer: usize, weight: f64) {
        self.0[label].labels += weight;
        self.0[answer].answers += weight;
        if label == answer {
            self.0[label].both += weight;
        }
    }

    fn add(&mut self, answers: Answers<'_>, ignored: Option<usize>) {
        self.0.resize(answers.features, Overlap::default());
        for (outputs, labels, weight) in answers.vectors() {
            let label = match labels {
                Labels::Values(values) => argmax(values),
                Labels::Classes(classes) => classes[0] as usize,
            };
            if Some(label) != ignored {
                self.count(label, argmax(outputs), weight);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.0
            .resize(self.0.len().max(other.0.len()), Overlap::default());
        for (overlap, other) in self.0.iter_mut().zip(&other.0) {
            overlap.both += other.both;
            overlap.labels += other.labels;
            overlap.answers += other.answers;
        }
    }

    fn mean(&self, target: Option<&[usize]>) -> f64 {
        /// Keras adds this to denominators. A smaller union counts as empty.
        const EPSILON: f64 = 1e-7;
        const NONE: f64 = 1e-9;
        let (mut sum, mut count) = (0.0, 0.0);
        let mut add = |overlap: &Overlap| {
            let union = overlap.labels + overlap.answers - overlap.both;
            if union > NONE {
                sum += overlap.both / (union + EPSILON);
                count += 1.0;
            }
        };
        match target {
            None => self.0.iter().for_each(add),
            Some(target) => {
                let classes = target.iter().filter_map(|class| self.0.get(*class));
                classes.for_each(&mut add);
            }
        }
        sum / (count + EPSILON)
    }
}

/// Names the result. An invalid target class is an error when the metric is compiled.
fn name(text: &str, target: Option<&[usize]>, classes: usize, names: &mut Names) {
    if let Some(class) = target
        .unwrap_or(&[])
        .iter()
        .find(|class| **class >= classes)
    {
        panic!("`target_class_ids` of `{text}` has {class}, expected a class below {classes}");
    }
    names.push(text, Some(true));
}

macro_rules! overlaps {
    ($($name:ident $text:literal [$($parameter:tt)*] $head:ty, $label:ty, $classes:expr, |$self:ident, $answers:ident, $state:ident| $add:expr, $target:expr;)+) => {$(
        impl<$($parameter)*> Metrics<$head, $label> for $name {
            type State = Overlaps;

            fn names(&$self, names: &mut Names) {
                name($text, $target, $classes, names);
            }

            fn update(&$self, $state: &mut Overlaps, batch: Batch<'_, $head, $label>) {
                let $answers = Answers::new(batch, batch.labels);
                $add;
            }

            fn merge(&self, state: &mut Overlaps, other: &Overlaps) {
                state.merge(other);
            }

            fn results(&$self, state: &Overlaps, results: &mut Vec<f64>) {
                results.push(state.mean($target));
            }

            fn reset(&self, state: &mut Overlaps) {
                // `fill` keeps the allocated memory.
                state.0.fill(Overlap::default());
            }
        }
    )+};
}
macro_rules! of_maps {
    ($($name:ident $text:literal;)+) => {
        overlaps! {$(
            $name $text [A: HeadActivation, S: StaticShape] Head<A, S>, S, S::SHAPE.last(),
                |self, answers, state| state.add(answers, self.ignore_class), self.target();
        )+}
    };
}
macro_rules! of_classes {
    ($($name:ident $text:literal;)+) => {
        overlaps! {$(
            $name $text [A: HeadActivation, const N: usize] Head<A, Rank1<N>>, Class<N>, N,
                |self, answers, state| state.add(answers, self.ignore_class), self.target();
        )+}
    };
}
of_maps! {
    IoU "io_u";
    MeanIoU "mean_io_u";
    OneHotIoU "one_hot_io_u";
    OneHotMeanIoU "one_hot_mean_io_u";
}
of_classes! {
    IoU "io_u";
    MeanIoU "mean_io_u";
}
overlaps! {
    BinaryIoU "binary_io_u" [] Head<Sigmoid, Rank1<1>>, Binary, 2,
        |self, answers, state| self.add(state, answers), self.target_class_ids.as_deref();
    BinaryIoU "binary_io_u" [S: StaticShape] Head<Sigmoid, S>, S, 2,
        |self, answers, state| self.add(state, answers), self.target_class_ids.as_deref();
}

#[cfg(test)]
mod tests {
    use super::super::testing::result;
    use super::*;
    use crate::activation::Softmax;
    use crate::tensor::Rank3;

    #[test]
    fn the_places_of_a_map_are_all_counted() {
        type Map = Rank3<1, 2, 2>;
        let outputs = [0.9, 0.1, 0.4, 0.6];
        let labels = [1.0, 0.0, 1.0, 0.0];
        let found = result::<Head<Softmax, Map>, Map, _>(&MeanIoU, &outputs, &labels);
        assert!((found - 0.25).abs() < 1e-6, "{found}");
        // The second class occurs neither as label nor as prediction.
        let outputs = [0.9, 0.1, 0.7, 0.3];
        let found = result::<Head<Softmax, Map>, Map, _>(&MeanIoU, &outputs, &labels);
        assert!((found - 1.0).abs() < 1e-6, "{found}");
    }

    #[test]
    #[should_panic(expected = "`target_class_ids` of `io_u` has 3, expected a class below 3")]
    fn a_target_that_is_no_class_is_refused() {
        let metric = IoU.target_class_ids([0, 3]);
        Metrics::<Head<Softmax, Rank1<3>>, Class<3>>::names(&metric, &mut Names::default());
    }
}
