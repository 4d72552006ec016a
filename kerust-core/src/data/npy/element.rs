//! The element types of arrays.

use super::header::DataType;

/// An element type: `f32`, `f64`, `bool`, and integers of 8 to 64 bits.
pub trait Element: Copy + sealed::Element {}

pub(super) mod sealed {
    /// The part of the trait that only this module uses.
    pub trait Element {
        /// The kind and the size in bytes in NumPy's notation: `f4`, `u1`.
        const TYPE: &'static str;

        /// Reads a value from as many little-endian bytes as the type has.
        fn from_little_endian(bytes: &[u8]) -> Self;
    }
}

macro_rules! elements {
    ($($type:ty, $name:literal;)+) => {$(
        impl Element for $type {}

        impl sealed::Element for $type {
            const TYPE: &'static str = $name;

            fn from_little_endian(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<Self>()];
                array.copy_from_slice(bytes);
                Self::from_le_bytes(array)
            }
        }
    )+};
}
elements! {
    f32, "f4";
    f64, "f8";
    i8, "i1";
    i16, "i2";
    i32, "i4";
    i64, "i8";
    u8, "u1";
    u16, "u2";
    u32, "u4";
    u64, "u8";
}

impl Element for bool {}

impl sealed::Element for bool {
    const TYPE: &'static str = "b1";

    fn from_little_endian(bytes: &[u8]) -> Self {
        bytes != [0]
    }
}

/// The values of `bytes`, which have this type.
pub(super) fn values<T: Element>(bytes: &[u8], data_type: &DataType) -> Option<Vec<T>> {
    let size = size_of::<T>();
    let mut values = Vec::new();
    values.try_reserve_exact(bytes.len() / size).ok()?;
    if data_type.big_endian {
        let mut turned = [0; 8];
        values.extend(bytes.chunks_exact(size).map(|bytes| {
            let turned = &mut turned[..size];
            turned.copy_from_slice(bytes);
            turned.reverse();
            T::from_little_endian(turned)
        }));
    } else {
        values.extend(bytes.chunks_exact(size).map(T::from_little_endian));
    }
    Some(values)
}
