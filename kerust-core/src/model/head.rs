//! The heads of a model: outputs with an activation that the loss may use.

#[cfg(feature = "std")]
use super::HeadPass;
use super::{Head, Heads};
use crate::activation::{Activation, HeadActivation};
use crate::data::Data;
use crate::element::{Dtype, Element, Elements};
use crate::kernels;
use crate::shape;
use crate::tensor::{Nth, StaticShape, Tensor, Tensors};

/// A tensor that can be a head.
pub trait Activated: Tensors {
    /// Applies the activation.
    fn activate(activation: Activation, values: Self::SlicesMut<'_>);
    /// Computes the gradient with respect to the values before the activation.
    fn activation_gradient(
        activation: Activation,
        logits: Self::Slices<'_>,
        outputs: Self::Slices<'_>,
        dy: Self::Gradients<'_>,
        dlogits: Self::SlicesMut<'_>,
    );
    /// The values as `f32`, which are none if they are integers.
    #[cfg(feature = "std")]
    fn part(values: Self::SlicesMut<'_>) -> &mut [f32];
    /// The logits and their gradient.
    #[cfg(feature = "std")]
    fn pass(part: [&mut [f32]; 2]) -> (Self::Slices<'_>, Self::SlicesMut<'_>);
}

impl<S: StaticShape> Activated for S {
    #[cfg(feature = "std")]
    fn part(values: Self::SlicesMut<'_>) -> &mut [f32] {
        values
    }

    #[cfg(feature = "std")]
    fn pass([logits, gradient]: [&mut [f32]; 2]) -> (Self::Slices<'_>, Self::SlicesMut<'_>) {
        (logits, gradient)
    }

    fn activate(activation: Activation, values: &mut [f32]) {
        activation.apply(values, S::SHAPE.last());
    }

    fn activation_gradient(
        activation: Activation,
        logits: &[f32],
        outputs: &[f32],
        dy: &mut [f32],
        dlogits: &mut [f32],
    ) {
        let values = [logits, outputs, dy];
        kernels::activated_gradient(activation, values, dlogits, S::SHAPE.last());
    }
}

/// Integers have no activation after the last layer, and no gradient.
impl<S: StaticShape, T: Element> Activated for Tensor<S, T> {
    fn activate(_: Activation, _: &mut [T]) {}
    fn activation_gradient(_: Activation, _: &[T], _: &[T], _: &mut [f32], _: &mut [T]) {}

    #[cfg(feature = "std")]
    fn part(_: Self::SlicesMut<'_>) -> &mut [f32] {
        &mut []
    }

    #[cfg(feature = "std")]
    fn pass(_: [&mut [f32]; 2]) -> (Self::Slices<'_>, Self::SlicesMut<'_>) {
        (&[], &mut [])
    }
}

impl<A: HeadActivation, S: Activated> Elements for Head<A, S> {
    type Slices<'a> = S::Slices<'a>;
    type SlicesMut<'a> = S::SlicesMut<'a>;
    type Gradients<'a> = S::Gradients<'a>;
    type GradientsOut<'a> = S::GradientsOut<'a>;
}

impl<A: HeadActivation, S: Activated> Data for Head<A, S> {
    type Value = S::Value;

    fn view(value: &S::Value) -> S::Slices<'_> {
        S::view(value)
    }

    #[cfg(feature = "std")]
    type Column = S::Column;
    #[cfg(feature = "std")]
    type Batch = S::Batch;

    #[cfg(feature = "std")]
    fn push(column: &mut S::Column, value: &S::Value) {
        S::push(column, value);
    }

    #[cfg(feature = "std")]
    fn read(column: &S::Column, index: usize) -> Box<S::Value> {
        S::read(column, index)
    }

    #[cfg(feature = "std")]
    fn floats(batch: S::Slices<'_>, part: usize, look: &mut dyn FnMut(usize, &[f32], usize)) {
        S::floats(batch, part, look);
    }

    #[cfg(feature = "std")]
    fn gather<'a>(
        column: &'a S::Column,
        indices: &[usize],
        batch: &'a mut S::Batch,
    ) -> S::Slices<'a> {
        S::gather(column, indices, batch)
    }
}

impl<A: HeadActivation, S: Activated> Tensors for Head<A, S> {
    const BYTES: usize = S::BYTES;

    fn zeros() -> S::Value {
        S::zeros()
    }

    fn view_mut(value: &mut S::Value) -> S::SlicesMut<'_> {
        S::view_mut(value)
    }

    fn samples(batch: S::Slices<'_>) -> usize {
        S::samples(batch)
    }

    fn sample<'a>(batch: Self::Slices<'a>, index: usize) -> Self::Slices<'a> {
        S::sample(batch, index)
    }

    fn sample_mut<'s>(batch: &'s mut S::SlicesMut<'_>, index: usize) -> S::SlicesMut<'s> {
        S::sample_mut(batch, index)
    }

    fn gradient_mut<'s>(batch: &'s mut S::Gradients<'_>, index: usize) -> S::Gradients<'s> {
        S::gradient_mut(batch, index)
    }

    fn reborrow<'s>(batch: &'s mut S::SlicesMut<'_>) -> S::SlicesMut<'s> {
        S::reborrow(batch)
    }

    fn copy(from: S::Slices<'_>, to: S::SlicesMut<'_>) {
        S::copy(from, to);
    }

    #[cfg(feature = "std")]
    fn resize(batch: &mut S::Batch, samples: usize) {
        S::resize(batch, samples);
    }

    #[cfg(feature = "std")]
    fn slices(batch: &S::Batch) -> S::Slices<'_> {
        S::slices(batch)
    }

    #[cfg(feature = "std")]
    fn slices_mut(batch: &mut S::Batch) -> S::SlicesMut<'_> {
        S::slices_mut(batch)
    }

    fn no_gradients<'a>() -> Self::GradientsOut<'a> {
        S::no_gradients()
    }

    fn asked_for<'a>(gradients: Self::GradientsOut<'a>) -> Self::Gradients<'a> {
        S::asked_for(gradients)
    }
}

impl<A: HeadActivation, S: Activated + Nth<0>> Nth<0> for Head<A, S> {
    type Tensor = S;
    const SHAPE: shape::Shape = S::SHAPE;
    const DTYPE: Dtype = S::DTYPE;
}

impl<A: HeadActivation, S: Activated> Heads for Head<A, S> {
    fn activate(outputs: S::SlicesMut<'_>) {
        S::activate(A::ACTIVATION, outputs);
    }

    fn activation_gradient(
        logits: S::Slices<'_>,
        outputs: S::Slices<'_>,
        dy: S::Gradients<'_>,
        dlogits: S::SlicesMut<'_>,
    ) {
        S::activation_gradient(A::ACTIVATION, logits, outputs, dy, dlogits);
    }

    #[cfg(feature = "std")]
    fn parts<'a>(outputs: S::SlicesMut<'a>) -> Vec<&'a mut [f32]> {
        vec![S::part(outputs)]
    }

    #[cfg(feature = "std")]
    fn pass<'a>(parts: &mut dyn Iterator<Item = [&'a mut [f32]; 2]>) -> HeadPass<'a, Self> {
        let (logits, gradient) = S::pass(parts.next().unwrap_or_default());
        HeadPass { logits, gradient }
    }
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),+))+) => {$(
        impl<$($name: Heads),+> Heads for ($($name,)+) {
            fn activate(outputs: Self::SlicesMut<'_>) {
                $($name::activate(outputs.$place);)+
            }

            fn activation_gradient(
                logits: Self::Slices<'_>,
                outputs: Self::Slices<'_>,
                dy: Self::Gradients<'_>,
                dlogits: Self::SlicesMut<'_>,
            ) {
                $($name::activation_gradient(
                    logits.$place,
                    outputs.$place,
                    dy.$place,
                    dlogits.$place,
                );)+
            }

            #[cfg(feature = "std")]
            fn parts<'a>(outputs: Self::SlicesMut<'a>) -> Vec<&'a mut [f32]> {
                let mut parts = Vec::new();
                $(parts.extend($name::parts(outputs.$place));)+
                parts
            }

            #[cfg(feature = "std")]
            fn pass<'a>(
                parts: &mut dyn Iterator<Item = [&'a mut [f32]; 2]>,
            ) -> HeadPass<'a, Self> {
                let heads = ($($name::pass(parts),)+);
                HeadPass {
                    logits: ($(heads.$place.logits,)+),
                    gradient: ($(heads.$place.gradient,)+),
                }
            }
        }
    )+};
}
tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}
