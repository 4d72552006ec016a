//! The kinds of values.

use super::{Binary, Class, Data};
use crate::tensor::{StaticShape, Tensor};

/// An input or a label: a [`Tensor`], a [`Class`], a [`Binary`], or a tuple of them.
///
/// The trait maps a value to its kind, so that the type of a data set can be inferred from the results of a
/// closure.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an input nor a label",
    label = "expected a tensor, a class or a binary label",
    note = "an array becomes a tensor by `Tensor::from([..])`; a class is `Class::<N>::new(i)`; yes or no is `Binary::from(true)`"
)]
pub trait Value: Sized {
    /// The kind of input or label.
    type Kind: Data<Value = Self>;
}

impl<const N: usize> Value for Class<N> {
    type Kind = Self;
}

impl Value for Binary {
    type Kind = Self;
}

impl<S: StaticShape> Value for Tensor<S> {
    type Kind = S;
}

macro_rules! elements {
    ($($element:ty)+) => {$(
        impl<S: StaticShape> Value for Tensor<S, $element> {
            type Kind = Self;
        }
    )+};
}
elements! { i8 u8 i16 u16 i32 }

macro_rules! tuples {
    ($(($($name:ident),+))+) => {$(
        impl<$($name: Value),+> Value for ($($name,)+) {
            type Kind = ($($name::Kind,)+);
        }
    )+};
}
tuples! {
    (A, B)
    (A, B, C)
    (A, B, C, D)
}
