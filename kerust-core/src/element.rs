//! Element types: the types of the numbers in weights, inputs, outputs and buffers.
//!
//! Each value of a model has an element type of its own. Training works on `f32`; the other types
//! are those of tokens (`u16`), masks (`u8`) and integer inference (`i8`, `i16`, `i32`).

use bytemuck::Pod;

/// A number type that a buffer can hold: `f32`, `i8`, `u8`, `i16`, `u16` or `i32`.
///
/// Elements are plain data of at most four bytes. The trait cannot be implemented for other types: buffers
/// are aligned for these.
pub trait Element:
    Pod
    + PartialEq
    + PartialOrd
    + core::fmt::Debug
    + Send
    + Sync
    + for<'a> Elements<Slices<'a> = &'a [Self], SlicesMut<'a> = &'a mut [Self]>
    + sealed::Sealed
{
    /// The type as a value.
    const DTYPE: Dtype;

    /// The values as a slice of this type, or `None` if they have another type.
    #[doc(hidden)]
    fn of(values: Values<'_>) -> Option<&mut [Self]>;

    /// Wraps the values together with their element type.
    #[doc(hidden)]
    fn values(values: &mut [Self]) -> Values<'_>;

    /// Converts a number to this type. Integers must match exactly and `f32` is rounded; otherwise `None`.
    #[doc(hidden)]
    fn of_f64(number: f64) -> Option<Self>;
}

/// The element types of several buffers: one type, a tuple or an array of types, or `()` for none.
///
/// It determines the slices that a layer gets for its inputs, outputs and scratch: for `f32` a slice, for
/// `(f32, u8)` a pair of slices, for `[f32; 3]` an array of three slices. The shapes of
/// [`tensor`](crate::tensor) are element types too: they stand for the type of their values.
pub trait Elements: 'static {
    /// The buffers, for reading.
    type Slices<'a>: Copy;
    /// The buffers, for writing.
    type SlicesMut<'a>;
    /// The gradients of these values, where they are a layer's outputs: a slice for each buffer. It is empty
    /// for a buffer of another type than `f32`, which has no gradient.
    type Gradients<'a>;
    /// Where a layer writes the gradients of these values, where they are its inputs. A slice is `None`
    /// where nobody asks for the gradient; for a buffer of another type than `f32` it is `None` or empty.
    type GradientsOut<'a>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! elements {
    ($($name:ident $type:ty, $text:literal;)+) => {
        /// An element type as a value.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Dtype {
            $(#[doc = concat!("`", stringify!($type), "`")] $name,)+
        }

        impl Dtype {
            /// The name of the type in a safetensors file: `F32`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The size of a value in bytes, which is also its alignment.
            pub const fn bytes(self) -> usize {
                match self { $(Self::$name => size_of::<$type>(),)+ }
            }
        }

        /// A buffer of values of any element type.
        #[derive(Debug)]
        pub enum Values<'a> {
            $(#[doc = concat!("`", stringify!($type), "`")] $name(&'a mut [$type]),)+
        }

        $(
            impl sealed::Sealed for $type {}

            impl Element for $type {
                const DTYPE: Dtype = Dtype::$name;

                #[inline(always)]
                fn of(values: Values<'_>) -> Option<&mut [Self]> {
                    match values {
                        Values::$name(values) => Some(values),
                        _ => None,
                    }
                }

                fn values(values: &mut [Self]) -> Values<'_> {
                    Values::$name(values)
                }

                fn of_f64(number: f64) -> Option<Self> {
                    let value = number as $type;
                    let is_float = matches!(Self::DTYPE, Dtype::F32);
                    (is_float || value as f64 == number).then_some(value)
                }
            }
        )+
    };
}

macro_rules! one_buffer {
    ($($type:ty)+) => {$(
        impl Elements for $type {
            type Slices<'a> = &'a [$type];
            type SlicesMut<'a> = &'a mut [$type];
            type Gradients<'a> = &'a mut [f32];
            type GradientsOut<'a> = Option<&'a mut [f32]>;
        }
    )+};
}
// `u32` is the element type of labels.
one_buffer! { f32 i8 u8 i16 u16 i32 u32 }

impl Elements for () {
    type Slices<'a> = ();
    type SlicesMut<'a> = ();
    type Gradients<'a> = ();
    type GradientsOut<'a> = ();
}

impl<T: Element, const N: usize> Elements for [T; N] {
    type Slices<'a> = [T::Slices<'a>; N];
    type SlicesMut<'a> = [T::SlicesMut<'a>; N];
    type Gradients<'a> = [T::Gradients<'a>; N];
    type GradientsOut<'a> = [T::GradientsOut<'a>; N];
}

macro_rules! tuples {
    ($(($($name:ident),+))+) => {$(
        impl<$($name: Elements),+> Elements for ($($name,)+) {
            type Slices<'a> = ($($name::Slices<'a>,)+);
            type SlicesMut<'a> = ($($name::SlicesMut<'a>,)+);
            type Gradients<'a> = ($($name::Gradients<'a>,)+);
            type GradientsOut<'a> = ($($name::GradientsOut<'a>,)+);
        }
    )+};
}
tuples! {
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
}

elements! {
    F32 f32, "F32";
    I8 i8, "I8";
    U8 u8, "U8";
    I16 i16, "I16";
    U16 u16, "U16";
    I32 i32, "I32";
}

impl Dtype {
    /// `==` as a `const fn`.
    pub(crate) const fn is(self, other: Self) -> bool {
        self as u8 == other as u8
    }
}

impl<'a> Values<'a> {
    /// The values as a slice of the type that the caller expects.
    ///
    /// # Panics
    /// Panics when the values are of another type. Without `std` it returns an empty slice instead, which the
    /// kernels ignore.
    #[inline(always)]
    pub fn of<T: Element>(self) -> &'a mut [T] {
        let values = T::of(self);
        #[cfg(feature = "std")]
        assert!(values.is_some(), "a buffer holds no {}", T::DTYPE.name());
        values.unwrap_or_default()
    }
}
