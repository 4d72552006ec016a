//! The weights of a layer as plain data, and their memory layout.

use crate::element::{Dtype, Element};
#[cfg(feature = "std")]
use std::borrow::Cow;

/// The memory layout of a layer's weights.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Layout {
    /// An array with this element type and these sizes, row-major.
    Tensor(Dtype, &'static [usize]),
    /// The fields of a struct, in order.
    Parts(&'static [Part]),
}

/// A named field of a layer's or a model's data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part {
    /// The field's name.
    pub name: &'static str,
    /// The offset of the field in its struct, in bytes.
    pub offset: usize,
    /// Whether an optimizer updates it. State such as a moving average is also part of the layer's data, but
    /// has no gradient: in a gradient its space holds the values that the step observed.
    pub trainable: bool,
    /// The layout of the field.
    pub layout: Layout,
}

impl Layout {
    /// The number of values.
    pub const fn len(&self) -> usize {
        match self {
            Self::Tensor(_, sizes) => {
                let (mut len, mut axis) = (1, 0);
                while axis < sizes.len() {
                    len *= sizes[axis];
                    axis += 1;
                }
                len
            }
            Self::Parts(parts) => {
                let (mut len, mut part) = (0, 0);
                while part < parts.len() {
                    len += parts[part].layout.len();
                    part += 1;
                }
                len
            }
        }
    }

    /// Whether there are no values.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the values in bytes.
    pub const fn bytes(&self) -> usize {
        match self {
            Self::Tensor(dtype, _) => dtype.bytes() * self.len(),
            Self::Parts(parts) => {
                let (mut bytes, mut part) = (0, 0);
                while part < parts.len() {
                    bytes += parts[part].layout.bytes();
                    part += 1;
                }
                bytes
            }
        }
    }

    /// Whether all values are of one type.
    pub const fn is_of(&self, expected: Dtype) -> bool {
        match self {
            Self::Tensor(dtype, _) => dtype.is(expected) || self.is_empty(),
            Self::Parts(parts) => {
                let mut part = 0;
                while part < parts.len() {
                    if !parts[part].layout.is_of(expected) {
                        return false;
                    }
                    part += 1;
                }
                true
            }
        }
    }

    /// Calls `each` for every tensor, with the offset of its values in the struct and their size, both in
    /// bytes. `offset` is where the layout begins.
    #[cfg(feature = "std")]
    fn each_tensor(&self, offset: usize, each: &mut dyn FnMut(usize, usize)) {
        match self {
            Self::Tensor(..) => each(offset, self.bytes()),
            Self::Parts(parts) => {
                for part in *parts {
                    part.layout.each_tensor(offset + part.offset, each);
                }
            }
        }
    }
}

/// Plain data: arrays of numbers, and structs of such arrays.
///
/// It is implemented for arrays of every [`Element`], for `()`, and by `#[derive(LayerData)]` for
/// `#[repr(C)]` structs whose fields are `LayerData`. A field marked `#[state]` is not trainable. All
/// trainable fields are `f32`. Between numbers of different types `repr(C)` may leave gaps: they are never
/// read, and files do not contain them.
///
/// # Safety
/// The type is `repr(C)` (or an array), every bit pattern of its numbers is valid, and its numbers are
/// exactly those of `LAYOUT`, in this order, each part at its offset.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not data of a layer",
    label = "expected an array of `f32`, `i8` or `i32`, or a struct of such arrays",
    note = "write `#[derive(LayerData)]` and `#[repr(C)]` above a struct"
)]
pub unsafe trait LayerData: Sized + Send + Sync + 'static {
    /// The names, types, sizes and order of the numbers.
    const LAYOUT: Layout;

    /// All numbers, in the order of [`LAYOUT`](Self::LAYOUT), for a type whose numbers are all `f32`.
    ///
    /// ```
    /// use kerust::layer::LayerData;
    /// assert_eq!(LayerData::as_slice(&[[1.0f32, 2.0], [3.0, 4.0]]), [1.0, 2.0, 3.0, 4.0]);
    /// ```
    /// For numbers other than `f32` it does not compile:
    /// ```compile_fail
    /// use kerust::layer::LayerData;
    /// assert_eq!(LayerData::as_slice(&[[1i8, 2], [3, 4]]), [1.0, 2.0, 3.0, 4.0]);
    /// ```
    fn as_slice(&self) -> &[f32] {
        const {
            assert!(
                Self::LAYOUT.is_of(Dtype::F32),
                "not all numbers of this type are `f32`"
            )
        };
        if Self::LAYOUT.is_empty() {
            // A type without fields does not have the alignment of `f32`.
            return &[];
        }
        // SAFETY: the trait promises that `Self` is `LAYOUT.len()` contiguous numbers, all `f32`.
        unsafe { core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), Self::LAYOUT.len()) }
    }

    /// All numbers, in the order of [`LAYOUT`](Self::LAYOUT). It compiles for the same types as
    /// [`as_slice`](Self::as_slice).
    fn as_mut_slice(&mut self) -> &mut [f32] {
        const {
            assert!(
                Self::LAYOUT.is_of(Dtype::F32),
                "not all numbers of this type are `f32`"
            )
        };
        if Self::LAYOUT.is_empty() {
            return &mut [];
        }
        // SAFETY: as in `as_slice`; the borrow is unique, and any `f32` is valid there.
        unsafe {
            core::slice::from_raw_parts_mut(core::ptr::from_mut(self).cast(), Self::LAYOUT.len())
        }
    }

    /// Reads a flat buffer as this type, or returns `None` if the length differs.
    #[doc(hidden)]
    fn from_slice(values: &[f32]) -> Option<&Self> {
        const {
            assert!(
                Self::LAYOUT.is_of(Dtype::F32),
                "not all numbers of this type are `f32`"
            )
        };
        if Self::LAYOUT.is_empty() || values.len() != Self::LAYOUT.len() {
            return None;
        }
        // SAFETY: as in `from_mut_slice`.
        Some(unsafe { &*values.as_ptr().cast() })
    }

    /// Reads a flat buffer as this type, or returns `None` if the length differs.
    #[doc(hidden)]
    fn from_mut_slice(values: &mut [f32]) -> Option<&mut Self> {
        const {
            assert!(
                Self::LAYOUT.is_of(Dtype::F32),
                "not all numbers of this type are `f32`"
            )
        };
        if Self::LAYOUT.is_empty() || values.len() != Self::LAYOUT.len() {
            return None;
        }
        // SAFETY: the trait promises that `Self` is `LAYOUT.len()` contiguous numbers, all `f32`, for
        // which any `f32` is valid; so its alignment is that of `f32`.
        Some(unsafe { &mut *values.as_mut_ptr().cast() })
    }

    /// The bytes of all numbers, in the order of [`LAYOUT`](Self::LAYOUT). It compiles only for a type
    /// without gaps between its numbers.
    fn as_bytes(&self) -> &[u8] {
        const { assert!(is_dense::<Self>(), "there are gaps between the numbers") };
        // SAFETY: the trait promises `LAYOUT.bytes()` bytes of numbers, and the size says that nothing lies
        // between them.
        unsafe {
            core::slice::from_raw_parts(core::ptr::from_ref(self).cast(), Self::LAYOUT.bytes())
        }
    }

    /// The bytes of all numbers, in the order of [`LAYOUT`](Self::LAYOUT). It compiles only for a type
    /// without gaps between its numbers.
    fn as_mut_bytes(&mut self) -> &mut [u8] {
        const { assert!(is_dense::<Self>(), "there are gaps between the numbers") };
        // SAFETY: as in `as_bytes`; the borrow is unique, and any bytes are numbers.
        unsafe {
            core::slice::from_raw_parts_mut(core::ptr::from_mut(self).cast(), Self::LAYOUT.bytes())
        }
    }

    /// The bytes of all numbers, one tensor after the other in the order of [`LAYOUT`](Self::LAYOUT), as in a
    /// file.
    #[cfg(feature = "std")]
    fn to_bytes(&self) -> Cow<'_, [u8]> {
        let start = core::ptr::from_ref(self).cast::<u8>();
        if is_dense::<Self>() {
            // SAFETY: as in `as_bytes`.
            return Cow::Borrowed(unsafe {
                core::slice::from_raw_parts(start, Self::LAYOUT.bytes())
            });
        }
        let mut bytes = Vec::with_capacity(Self::LAYOUT.bytes());
        Self::LAYOUT.each_tensor(0, &mut |offset, len| {
            // SAFETY: the trait promises a tensor of this many bytes at this offset.
            bytes.extend_from_slice(unsafe { core::slice::from_raw_parts(start.add(offset), len) });
        });
        Cow::Owned(bytes)
    }

    /// Lets `fill` write the bytes of all numbers, in the order of [`to_bytes`](Self::to_bytes).
    #[cfg(feature = "std")]
    fn fill_bytes<R>(&mut self, fill: impl FnOnce(&mut [u8]) -> R) -> R {
        let start = core::ptr::from_mut(self).cast::<u8>();
        if is_dense::<Self>() {
            // SAFETY: as in `as_mut_bytes`.
            return fill(unsafe { core::slice::from_raw_parts_mut(start, Self::LAYOUT.bytes()) });
        }
        let mut bytes = self.to_bytes().into_owned();
        let filled = fill(&mut bytes);
        let mut rest = bytes.as_slice();
        Self::LAYOUT.each_tensor(0, &mut |offset, len| {
            let (tensor, behind) = rest.split_at(len);
            rest = behind;
            // SAFETY: the trait promises a tensor of this many bytes at this offset; any bytes are valid
            // numbers.
            unsafe { core::ptr::copy_nonoverlapping(tensor.as_ptr(), start.add(offset), len) };
        });
        filled
    }

    /// Creates a value with all numbers 0, directly on the heap, so that a model of any size fits the stack.
    #[cfg(feature = "std")]
    fn zeroed() -> Box<Self> {
        // SAFETY: the trait promises that zeros are a valid value.
        unsafe { Box::new_zeroed().assume_init() }
    }
}

/// Whether the numbers of `T` have no gaps between them.
const fn is_dense<T: LayerData>() -> bool {
    size_of::<T>() == T::LAYOUT.bytes()
}

// SAFETY: it has no values.
unsafe impl LayerData for () {
    const LAYOUT: Layout = Layout::Parts(&[]);
}

macro_rules! arrays {
    ($($array:ty, <$($size:ident),+>;)+) => {$(
        // SAFETY: an array of plain numbers is contiguous and row-major.
        unsafe impl<T: Element, $(const $size: usize),+> LayerData for $array {
            const LAYOUT: Layout = Layout::Tensor(T::DTYPE, &[$($size),+]);
        }
    )+};
}
arrays! {
    [T; A], <A>;
    [[T; B]; A], <A, B>;
    [[[T; C]; B]; A], <A, B, C>;
    [[[[T; D]; C]; B]; A], <A, B, C, D>;
}

/// Declares the weights of a layer: a `repr(C)` struct of arrays, with its layout. The arrays after `state`
/// are not trainable.
///
/// Instead of sizes the struct may have one parameter for each of its arrays, which are then any.
macro_rules! weights {
    (
        $(#[$doc:meta])*
        pub struct $name:ident<$($array:ident),+> {
            $($(#[$field_doc:meta])* pub $field:ident: $type:ident,)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[repr(C)]
        pub struct $name<$($array),+> {
            $($(#[$field_doc])* pub $field: $type,)+
        }

        // SAFETY: `repr(C)`, parts in the order of the layout, each at its offset.
        unsafe impl<$($array: $crate::layer::LayerData),+> $crate::layer::LayerData
            for $name<$($array),+>
        {
            const LAYOUT: $crate::layer::Layout = $crate::layer::Layout::Parts(const {
                &[$($crate::layer::Part {
                    name: stringify!($field),
                    offset: core::mem::offset_of!(Self, $field),
                    trainable: true,
                    layout: <$type as $crate::layer::LayerData>::LAYOUT,
                },)+]
            });
        }
    };
    (
        $(#[$doc:meta])*
        pub struct $name:ident<$(const $size:ident: usize $(= $default:tt)?),* $(,)?> {
            $($(#[$field_doc:meta])* pub $field:ident: $type:ty,)*
        }
        $(state {
            $($(#[$state_doc:meta])* pub $state:ident: $state_type:ty,)+
        })?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[repr(C)]
        pub struct $name<$(const $size: usize $(= $default)?),*> {
            $($(#[$field_doc])* pub $field: $type,)*
            $($($(#[$state_doc])* pub $state: $state_type,)+)?
        }

        // SAFETY: `repr(C)`, arrays of numbers in the order of the layout.
        unsafe impl<$(const $size: usize),*> $crate::layer::LayerData for $name<$($size),*> {
            const LAYOUT: $crate::layer::Layout = $crate::layer::Layout::Parts(const {
                &[
                    $($crate::layer::Part {
                        name: stringify!($field),
                        offset: core::mem::offset_of!(Self, $field),
                        trainable: true,
                        layout: <$type as $crate::layer::LayerData>::LAYOUT,
                    },)*
                    $($($crate::layer::Part {
                        name: stringify!($state),
                        offset: core::mem::offset_of!(Self, $state),
                        trainable: false,
                        layout: <$state_type as $crate::layer::LayerData>::LAYOUT,
                    },)+)?
                ]
            });
        }
    };
}
pub(crate) use weights;
