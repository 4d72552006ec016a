//! Inputs and outputs that consist of one or several tensors.

use super::{StaticShape, Tensor};
use crate::data::Data;
use crate::element::{Dtype, Element, Elements};
use crate::shape;

/// One tensor or a tuple of up to four: the inputs or the outputs of a model or of a custom layer.
///
/// It is implemented for shapes, which stand for tensors of `f32`; for [`Tensor<S, T>`](Tensor) with another
/// element type; and for tuples of both.
pub trait Tensors: Data {
    /// The size of one sample in bytes.
    const BYTES: usize;

    /// A sample with all values 0, by value.
    fn zeros() -> Self::Value;
    /// One sample as a mutable batch of one.
    fn view_mut(value: &mut Self::Value) -> Self::SlicesMut<'_>;
    /// The number of samples in a batch.
    fn samples(batch: Self::Slices<'_>) -> usize;
    /// The sample of a batch at `index`.
    fn sample<'a>(batch: Self::Slices<'a>, index: usize) -> Self::Slices<'a>;
    /// The mutable sample of a batch at `index`.
    fn sample_mut<'s>(batch: &'s mut Self::SlicesMut<'_>, index: usize) -> Self::SlicesMut<'s>;
    /// The mutable gradient of the sample at `index`.
    fn gradient_mut<'s>(batch: &'s mut Self::Gradients<'_>, index: usize) -> Self::Gradients<'s>;
    /// The same batch, borrowed for a shorter time.
    fn reborrow<'s>(batch: &'s mut Self::SlicesMut<'_>) -> Self::SlicesMut<'s>;
    /// Copies a batch.
    fn copy(from: Self::Slices<'_>, to: Self::SlicesMut<'_>);
    /// Resizes a buffer to `samples` samples.
    #[cfg(feature = "std")]
    fn resize(batch: &mut Self::Batch, samples: usize);
    /// A view of a batch.
    #[cfg(feature = "std")]
    fn slices(batch: &Self::Batch) -> Self::Slices<'_>;
    /// A mutable view of a batch.
    #[cfg(feature = "std")]
    fn slices_mut(batch: &mut Self::Batch) -> Self::SlicesMut<'_>;
    /// Gradients that are not needed.
    fn no_gradients<'a>() -> Self::GradientsOut<'a>;
    /// Converts optional gradients to required ones.
    ///
    /// # Panics
    /// Panics when a gradient is missing.
    fn asked_for<'a>(gradients: Self::GradientsOut<'a>) -> Self::Gradients<'a>;
}

/// Tensors of `f32`, which have gradients.
pub trait Floats: Tensors {
    /// The gradient of a sample.
    fn gradient<'s>(batch: &'s Self::Gradients<'_>, index: usize) -> Self::Slices<'s>;
    /// The slice of each tensor.
    #[cfg(feature = "std")]
    fn parts<'a>(batch: Self::SlicesMut<'a>) -> Vec<&'a mut [f32]>;
    /// Zeros for each tensor, for `samples` samples.
    #[cfg(feature = "std")]
    fn empty_parts(samples: usize) -> Vec<Vec<f32>>;
    /// A batch as the gradients of outputs.
    fn gradients<'a>(batch: Self::SlicesMut<'a>) -> Self::Gradients<'a>;
    /// A batch as the gradients of inputs.
    fn gradients_out<'a>(batch: Self::SlicesMut<'a>) -> Self::GradientsOut<'a>;
}

/// The tensor with the index `K` of several.
pub trait Nth<const K: usize>: Tensors {
    /// That tensor.
    type Tensor: Tensors;
    /// Its shape.
    const SHAPE: shape::Shape;
    /// Its element type.
    const DTYPE: Dtype;
}

impl<S: StaticShape> Elements for S {
    type Slices<'a> = &'a [f32];
    type SlicesMut<'a> = &'a mut [f32];
    type Gradients<'a> = &'a mut [f32];
    type GradientsOut<'a> = Option<&'a mut [f32]>;
}

impl<S: StaticShape> Tensors for S {
    const BYTES: usize = size_of::<f32>() * S::LEN;

    fn zeros() -> Tensor<S> {
        Tensor::zeroed()
    }

    fn view_mut(value: &mut Tensor<S>) -> &mut [f32] {
        value.as_mut_slice()
    }

    fn samples(batch: &[f32]) -> usize {
        batch.len() / S::LEN
    }

    fn sample<'a>(batch: Self::Slices<'a>, index: usize) -> Self::Slices<'a> {
        part::<f32, S>(batch, index)
    }

    fn sample_mut<'s>(batch: &'s mut &mut [f32], index: usize) -> &'s mut [f32] {
        part_mut::<f32, S>(batch, index)
    }

    fn gradient_mut<'s>(batch: &'s mut &mut [f32], index: usize) -> &'s mut [f32] {
        part_mut::<f32, S>(batch, index)
    }

    fn reborrow<'s>(batch: &'s mut &mut [f32]) -> &'s mut [f32] {
        batch
    }

    fn copy(from: &[f32], to: &mut [f32]) {
        let len = from.len().min(to.len());
        to[..len].copy_from_slice(&from[..len]);
    }

    #[cfg(feature = "std")]
    fn resize(batch: &mut Vec<f32>, samples: usize) {
        batch.resize(samples * S::LEN, 0.0);
    }

    #[cfg(feature = "std")]
    fn slices(batch: &Vec<f32>) -> &[f32] {
        batch
    }

    #[cfg(feature = "std")]
    fn slices_mut(batch: &mut Vec<f32>) -> &mut [f32] {
        batch
    }

    fn no_gradients<'a>() -> Self::GradientsOut<'a> {
        None
    }

    fn asked_for<'a>(gradients: Self::GradientsOut<'a>) -> Self::Gradients<'a> {
        gradients.unwrap_or_default()
    }
}

impl<S: StaticShape> Floats for S {
    fn gradient<'s>(batch: &'s &mut [f32], index: usize) -> &'s [f32] {
        part::<f32, S>(batch, index)
    }

    #[cfg(feature = "std")]
    fn parts<'a>(batch: Self::SlicesMut<'a>) -> Vec<&'a mut [f32]> {
        vec![batch]
    }

    #[cfg(feature = "std")]
    fn empty_parts(samples: usize) -> Vec<Vec<f32>> {
        vec![vec![0.0; samples * S::LEN]]
    }

    fn gradients<'a>(batch: Self::SlicesMut<'a>) -> Self::Gradients<'a> {
        batch
    }

    fn gradients_out<'a>(batch: Self::SlicesMut<'a>) -> Self::GradientsOut<'a> {
        Some(batch)
    }
}

impl<S: StaticShape> Nth<0> for S {
    type Tensor = S;
    const SHAPE: shape::Shape = S::SHAPE;
    const DTYPE: Dtype = Dtype::F32;
}

impl<S: StaticShape, T: Element> Elements for Tensor<S, T> {
    type Slices<'a> = &'a [T];
    type SlicesMut<'a> = &'a mut [T];
    type Gradients<'a> = &'a mut [f32];
    type GradientsOut<'a> = Option<&'a mut [f32]>;
}

impl<S: StaticShape, T: Element> Tensors for Tensor<S, T> {
    const BYTES: usize = size_of::<T>() * S::LEN;

    fn zeros() -> Self {
        Self::zeroed()
    }

    fn view_mut(value: &mut Self) -> &mut [T] {
        value.as_mut_slice()
    }

    fn samples(batch: &[T]) -> usize {
        batch.len() / S::LEN
    }

    fn sample<'a>(batch: Self::Slices<'a>, index: usize) -> Self::Slices<'a> {
        part::<T, S>(batch, index)
    }

    fn sample_mut<'s>(batch: &'s mut &mut [T], index: usize) -> &'s mut [T] {
        part_mut::<T, S>(batch, index)
    }

    fn gradient_mut<'s>(_: &'s mut &mut [f32], _index: usize) -> &'s mut [f32] {
        &mut []
    }

    fn reborrow<'s>(batch: &'s mut &mut [T]) -> &'s mut [T] {
        batch
    }

    fn copy(from: &[T], to: &mut [T]) {
        let len = from.len().min(to.len());
        to[..len].copy_from_slice(&from[..len]);
    }

    #[cfg(feature = "std")]
    fn resize(batch: &mut Vec<T>, samples: usize) {
        batch.resize(samples * S::LEN, bytemuck::Zeroable::zeroed());
    }

    #[cfg(feature = "std")]
    fn slices(batch: &Vec<T>) -> &[T] {
        batch
    }

    #[cfg(feature = "std")]
    fn slices_mut(batch: &mut Vec<T>) -> &mut [T] {
        batch
    }

    fn no_gradients<'a>() -> Self::GradientsOut<'a> {
        None
    }

    fn asked_for<'a>(gradients: Self::GradientsOut<'a>) -> Self::Gradients<'a> {
        gradients.unwrap_or_default()
    }
}

impl<S: StaticShape, T: Element> Nth<0> for Tensor<S, T> {
    type Tensor = Self;
    const SHAPE: shape::Shape = S::SHAPE;
    const DTYPE: Dtype = T::DTYPE;
}

/// The sample of a batch at `index`. Empty if the batch ends before it.
fn part<T, S: StaticShape>(batch: &[T], index: usize) -> &[T] {
    let start = index.saturating_mul(S::LEN);
    batch
        .get(start..start.saturating_add(S::LEN))
        .unwrap_or_default()
}

fn part_mut<T, S: StaticShape>(batch: &mut [T], index: usize) -> &mut [T] {
    let start = index.saturating_mul(S::LEN);
    batch
        .get_mut(start..start.saturating_add(S::LEN))
        .unwrap_or_default()
}

macro_rules! tuples {
    ($(($($name:ident $place:tt),+))+) => {$(
        impl<$($name: Tensors),+> Tensors for ($($name,)+) {
            const BYTES: usize = 0 $(+ $name::BYTES)+;

            fn zeros() -> Self::Value {
                ($($name::zeros(),)+)
            }

            fn view_mut(value: &mut Self::Value) -> Self::SlicesMut<'_> {
                ($($name::view_mut(&mut value.$place),)+)
            }

            fn samples(batch: Self::Slices<'_>) -> usize {
                A::samples(batch.0)
            }

            fn sample<'a>(batch: Self::Slices<'a>, index: usize) -> Self::Slices<'a> {
                ($($name::sample(batch.$place, index),)+)
            }

            fn sample_mut<'s>(batch: &'s mut Self::SlicesMut<'_>, index: usize) -> Self::SlicesMut<'s> {
                ($($name::sample_mut(&mut batch.$place, index),)+)
            }

            fn gradient_mut<'s>(
                batch: &'s mut Self::Gradients<'_>,
                index: usize,
            ) -> Self::Gradients<'s> {
                ($($name::gradient_mut(&mut batch.$place, index),)+)
            }

            fn reborrow<'s>(batch: &'s mut Self::SlicesMut<'_>) -> Self::SlicesMut<'s> {
                ($($name::reborrow(&mut batch.$place),)+)
            }

            fn copy(from: Self::Slices<'_>, to: Self::SlicesMut<'_>) {
                $($name::copy(from.$place, to.$place);)+
            }

            #[cfg(feature = "std")]
            fn resize(batch: &mut Self::Batch, samples: usize) {
                $($name::resize(&mut batch.$place, samples);)+
            }

            #[cfg(feature = "std")]
            fn slices(batch: &Self::Batch) -> Self::Slices<'_> {
                ($($name::slices(&batch.$place),)+)
            }

            #[cfg(feature = "std")]
            fn slices_mut(batch: &mut Self::Batch) -> Self::SlicesMut<'_> {
                ($($name::slices_mut(&mut batch.$place),)+)
            }

            fn no_gradients<'a>() -> Self::GradientsOut<'a> {
                ($($name::no_gradients(),)+)
            }

            fn asked_for<'a>(gradients: Self::GradientsOut<'a>) -> Self::Gradients<'a> {
                ($($name::asked_for(gradients.$place),)+)
            }
        }

        impl<$($name: Floats),+> Floats for ($($name,)+) {
            fn gradient<'s>(batch: &'s Self::Gradients<'_>, index: usize) -> Self::Slices<'s> {
                ($($name::gradient(&batch.$place, index),)+)
            }

            #[cfg(feature = "std")]
            fn parts<'a>(batch: Self::SlicesMut<'a>) -> Vec<&'a mut [f32]> {
                let mut parts = Vec::new();
                $(parts.extend($name::parts(batch.$place));)+
                parts
            }

            #[cfg(feature = "std")]
            fn empty_parts(samples: usize) -> Vec<Vec<f32>> {
                let mut parts = Vec::new();
                $(parts.extend($name::empty_parts(samples));)+
                parts
            }

            fn gradients<'a>(batch: Self::SlicesMut<'a>) -> Self::Gradients<'a> {
                ($($name::gradients(batch.$place),)+)
            }

            fn gradients_out<'a>(batch: Self::SlicesMut<'a>) -> Self::GradientsOut<'a> {
                ($($name::gradients_out(batch.$place),)+)
            }
        }
    )+};
}
tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}

macro_rules! nth {
    ($(($($name:ident),+) $place:literal $one:ident;)+) => {$(
        impl<$($name: Nth<0>),+> Nth<$place> for ($($name,)+) {
            type Tensor = $one;
            const SHAPE: shape::Shape = $one::SHAPE;
            const DTYPE: Dtype = $one::DTYPE;
        }
    )+};
}
nth! {
    (A, B) 0 A;
    (A, B) 1 B;
    (A, B, C) 0 A;
    (A, B, C) 1 B;
    (A, B, C) 2 C;
    (A, B, C, D) 0 A;
    (A, B, C, D) 1 B;
    (A, B, C, D) 2 C;
    (A, B, C, D) 3 D;
}
