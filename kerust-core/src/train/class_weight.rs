//! Weights of classes.

use super::Fit;
use super::step::ClassWeight;
use crate::data::{Binary, Class, Data};

/// Labels that are one of `N` classes: [`Class`], and [`Binary`] with 2.
#[diagnostic::on_unimplemented(
    message = "the labels `{Self}` do not take these class weights",
    label = "expected one weight for each class",
    note = "labels `Class<N>` take an array of `N` weights, labels `Binary` take 2: the weights of `false` and of `true`",
    note = "other labels have no classes: `sample_weight` gives each sample a weight"
)]
pub trait Classes<const N: usize>: Data {
    /// Calls `each` with the number of each label's class.
    #[doc(hidden)]
    fn classes(labels: Self::Slices<'_>, each: impl FnMut(usize));
}

impl<const N: usize> Classes<N> for Class<N> {
    fn classes(labels: &[u32], each: impl FnMut(usize)) {
        labels.iter().map(|class| *class as usize).for_each(each);
    }
}

impl Classes<2> for Binary {
    fn classes(labels: &[f32], each: impl FnMut(usize)) {
        let classes = labels.iter().map(|yes| usize::from(*yes != 0.0));
        classes.for_each(each);
    }
}

impl<X: Data, Y: Data> Fit<'_, X, Y> {
    /// The weight of each class in the loss, in the order of the classes; with labels `Binary` that
    /// of `false` and that of `true`.
    pub fn class_weight<const N: usize>(mut self, of_class: [f32; N]) -> Self
    where
        Y: Classes<N>,
    {
        self.class_weight = Some(ClassWeight {
            of_class: of_class.into(),
            multiply: |of_class, labels, weights| {
                let mut weights = weights.iter_mut();
                Y::classes(labels, |class| {
                    if let Some(weight) = weights.next() {
                        *weight *= of_class[class];
                    }
                });
            },
        });
        self
    }
}
