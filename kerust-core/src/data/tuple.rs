//! Tuples: several inputs, or several labels.

use super::Data;
#[cfg(feature = "std")]
use super::Found;

macro_rules! tuples {
    ($(($($name:ident $place:tt),+))+) => {$(
        impl<$($name: Data),+> Data for ($($name,)+) {
            type Value = ($($name::Value,)+);

            fn view(value: &Self::Value) -> Self::Slices<'_> {
                ($($name::view(&value.$place),)+)
            }

            #[cfg(feature = "std")]
            type Column = ($($name::Column,)+);
            #[cfg(feature = "std")]
            type Batch = ($($name::Batch,)+);

            #[cfg(feature = "std")]
            fn push(column: &mut Self::Column, value: &Self::Value) {
                $($name::push(&mut column.$place, &value.$place);)+
            }

            #[cfg(feature = "std")]
            fn read(column: &Self::Column, index: usize) -> Box<Self::Value> {
                let mut value = bytemuck::zeroed_box();
                Self::read_into(column, index, &mut value);
                value
            }

            #[cfg(feature = "std")]
            fn read_into(column: &Self::Column, index: usize, value: &mut Self::Value) {
                $($name::read_into(&column.$place, index, &mut value.$place);)+
            }

            #[cfg(feature = "std")]
            fn gather<'a>(
                column: &'a Self::Column,
                indices: &[usize],
                batch: &'a mut Self::Batch,
            ) -> Self::Slices<'a> {
                ($($name::gather(&column.$place, indices, &mut batch.$place),)+)
            }

            #[cfg(feature = "std")]
            fn append(
                column: &mut Self::Column,
                from: &Self::Column,
                indices: &mut dyn Iterator<Item = usize>,
            ) {
                let indices: Vec<usize> = indices.collect();
                $($name::append(&mut column.$place, &from.$place, &mut indices.iter().copied());)+
            }

            #[cfg(feature = "std")]
            fn floats(
                batch: Self::Slices<'_>,
                part: usize,
                look: &mut dyn FnMut(usize, &[f32], usize),
            ) {
                $($name::floats(batch.$place, part + $place, look);)+
            }

            #[cfg(feature = "std")]
            fn fingerprint(column: &Self::Column, index: usize, all: bool) -> Option<u64> {
                let mut hash = 0u64;
                $(hash = hash.rotate_left(13) ^ $name::fingerprint(&column.$place, index, all)?;)+
                Some(hash)
            }

            #[cfg(feature = "std")]
            fn find_not_finite(batch: Self::Slices<'_>, infinite: bool) -> Option<Found> {
                $(if let Some(found) = $name::find_not_finite(batch.$place, infinite) {
                    return Some(Found { part: $place, ..found });
                })+
                None
            }

            #[cfg(feature = "std")]
            fn find_beyond(batch: Self::Slices<'_>, limits: &[usize]) -> Option<Found> {
                $(
                    let limits_here = limits.get($place..).unwrap_or_default();
                    if let Some(found) = $name::find_beyond(batch.$place, limits_here) {
                        return Some(Found { part: $place, ..found });
                    }
                )+
                None
            }
        }
    )+};
}
tuples! {
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
}
