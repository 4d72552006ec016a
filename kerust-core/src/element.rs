//! What the numbers of weights and buffers are.
//!
//! All that trains is `f32`. Layouts, files, plans and memory know the element of each array, and
//! [`Inference`](crate::layer::Inference) computes on any: so layers of int8 find their place. What
//! those add is their arithmetic, how `model!` names them, and how trained weights become theirs.

use bytemuck::Pod;

/// A number as it lies in memory: `f32`, `i8` or `i32`.
///
/// Plain data, of four bytes at most. The list is closed: a plan's places are aligned for these.
pub trait Element:
    Pod + PartialEq + PartialOrd + core::fmt::Debug + Send + Sync + sealed::Sealed
{
    /// The type as a value.
    const DTYPE: Dtype;

    /// These values, if they are of this type.
    #[doc(hidden)]
    fn of(values: Values<'_>) -> Option<&mut [Self]>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! elements {
    ($($name:ident $type:ty, $text:literal;)+) => {
        /// The type of an [`Element`], as a value.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Dtype {
            $(#[doc = concat!("`", stringify!($type), "`")] $name,)+
        }

        impl Dtype {
            /// What safetensors calls it: `F32`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Bytes of a value, and what its address is a multiple of.
            pub const fn bytes(self) -> usize {
                match self { $(Self::$name => size_of::<$type>(),)+ }
            }
        }

        /// The values of a buffer, of any type.
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
            }
        )+
    };
}
elements! {
    F32 f32, "F32";
    I8 i8, "I8";
    I32 i32, "I32";
}

impl Dtype {
    /// `==`, which is no `const fn`.
    pub(crate) const fn is(self, other: Self) -> bool {
        self as u8 == other as u8
    }
}

impl<'a> Values<'a> {
    /// The values, whose type follows from their use.
    ///
    /// # Panics
    /// When they are of another type. Without `std` the slice is empty then, and the kernels leave it
    /// alone.
    #[inline(always)]
    pub fn of<T: Element>(self) -> &'a mut [T] {
        let values = T::of(self);
        #[cfg(feature = "std")]
        assert!(values.is_some(), "a buffer holds no {}", T::DTYPE.name());
        values.unwrap_or_default()
    }
}
