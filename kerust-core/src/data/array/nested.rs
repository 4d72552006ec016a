//! Nested lists of numbers.

use super::{Array, ArrayFault, Number};
use crate::data::{Binary, Class, TensorColumn};

/// The sizes of an array, as far as they are known.
#[doc(hidden)]
#[derive(Default)]
pub struct Sizes {
    /// The size of each axis, and the index where it was first seen.
    seen: Vec<(usize, Vec<usize>)>,
    /// The current index.
    place: Vec<usize>,
}

impl Sizes {
    /// Moves to the list number `place` along an axis.
    pub(super) fn at(&mut self, axis: usize, place: usize) {
        self.place.truncate(axis);
        self.place.push(place);
    }

    /// Checks the sizes of the axes from `axis` on at the current index.
    pub(super) fn take(&mut self, axis: usize, sizes: &[usize]) -> Result<(), ArrayFault> {
        self.place.truncate(axis);
        for (place, &found) in sizes.iter().enumerate() {
            match self.seen.get(axis + place) {
                None => self.seen.push((found, self.place.clone())),
                Some((expected, _)) if *expected == found => {}
                Some((expected, first)) => {
                    return Err(ArrayFault::Ragged {
                        found,
                        at: self.place.clone(),
                        expected: *expected,
                        first: first.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    /// The sizes.
    pub(crate) fn found(&self) -> Vec<usize> {
        self.seen.iter().map(|(size, _)| *size).collect()
    }
}

impl<A: Array> Array for [A] {
    type Number = A::Number;

    fn read(
        &self,
        axis: usize,
        sizes: &mut Sizes,
        values: &mut Vec<A::Number>,
    ) -> Result<(), ArrayFault> {
        sizes.take(axis, &[self.len()])?;
        A::read_all(self, axis, sizes, values)
    }
}

macro_rules! pointers {
    ($($pointer:ty)+) => {$(
        impl<A: Array + ?Sized> Array for $pointer {
            type Number = A::Number;

            fn read(
                &self,
                axis: usize,
                sizes: &mut Sizes,
                values: &mut Vec<A::Number>,
            ) -> Result<(), ArrayFault> {
                A::read(self, axis, sizes, values)
            }
        }
    )+};
}
pointers! { &A Box<A> }

impl<A: Array> Array for Vec<A> {
    type Number = A::Number;

    fn read(
        &self,
        axis: usize,
        sizes: &mut Sizes,
        values: &mut Vec<A::Number>,
    ) -> Result<(), ArrayFault> {
        self.as_slice().read(axis, sizes, values)
    }
}

impl<A: Array, const N: usize> Array for [A; N] {
    type Number = A::Number;

    fn read(
        &self,
        axis: usize,
        sizes: &mut Sizes,
        values: &mut Vec<A::Number>,
    ) -> Result<(), ArrayFault> {
        self.as_slice().read(axis, sizes, values)
    }
}

macro_rules! scalars {
    ($(<$(const $size:ident)?> $type:ty: $number:ident => $value:expr, $($column:ident)?;)+) => {$(
        impl<$(const $size: usize)?> Array for $type {
            type Number = Self;

            fn read(
                &self,
                _axis: usize,
                _sizes: &mut Sizes,
                values: &mut Vec<Self>,
            ) -> Result<(), ArrayFault> {
                values.push(*self);
                Ok(())
            }

            fn read_all(
                list: &[Self],
                _axis: usize,
                _sizes: &mut Sizes,
                values: &mut Vec<Self>,
            ) -> Result<(), ArrayFault> {
                values.extend_from_slice(list);
                Ok(())
            }
        }

        impl<$(const $size: usize)?> Number for $type {
            fn to_f64(self) -> f64 {
                let $number = self;
                $value
            }

            $(fn column(values: Vec<Self>) -> Result<TensorColumn, (usize, f64)> {
                Ok($column(values))
            })?
        }
    )+};
}
scalars! {
    <> f32: number => f64::from(number), floats;
    <> f64: number => number,;
    <> i8: number => f64::from(number),;
    <> i16: number => f64::from(number),;
    <> i32: number => f64::from(number),;
    <> i64: number => number as f64,;
    <> isize: number => number as f64,;
    <> u8: number => f64::from(number), bytes;
    <> u16: number => f64::from(number),;
    <> u32: number => f64::from(number),;
    <> u64: number => number as f64,;
    <> usize: number => number as f64,;
    <> bool: number => f64::from(u8::from(number)),;
    <> Binary: number => f64::from(u8::from(number.is_positive())),;
    <const N> Class<N>: number => number.index() as f64,;
}

fn floats(values: Vec<f32>) -> TensorColumn {
    TensorColumn::Float(values)
}

fn bytes(values: Vec<u8>) -> TensorColumn {
    TensorColumn::Byte(values)
}
