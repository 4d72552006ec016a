//! The memory of a plan: the arena and the outputs, and how buffers are borrowed from them.

use super::{Location, Locations, WORD_BYTES};
use crate::element::{Dtype, Element, Values};
use core::marker::PhantomData;

/// An arena and outputs, which hold the buffers of `batch` samples as a [`Plan`](super::Plan) places them.
///
/// It stores the base address of each region, so that borrowing a buffer never borrows the whole region
/// again.
pub struct Memory<'a, const OUTPUTS: usize = 0> {
    arena: Region<'a>,
    outputs: [Region<'a>; OUTPUTS],
    batch: usize,
}

/// Values that are borrowed mutably for `'a`.
#[derive(Clone, Copy)]
struct Region<'a> {
    first: *mut u8,
    len: usize,
    dtype: Dtype,
    lives: PhantomData<&'a mut [u32]>,
}

impl<'a> Region<'a> {
    fn new<T: Element>(values: &'a mut [T]) -> Self {
        Self {
            first: values.as_mut_ptr().cast(),
            len: values.len(),
            dtype: T::DTYPE,
            lives: PhantomData,
        }
    }
}

impl<'a> Memory<'a> {
    /// Uses the block as the arena for `batch` samples, one word for each `f32`, whatever type the buffers
    /// have.
    pub fn new(block: &'a mut [f32], batch: usize) -> Self {
        Self::of_words(bytemuck::cast_slice_mut(block), batch)
    }

    /// Uses the words as the arena for `batch` samples.
    pub fn of_words(words: &'a mut [u32], batch: usize) -> Self {
        Self {
            // The region counts words. Its element type is not that of the buffers in it.
            arena: Region::new(bytemuck::cast_slice_mut::<u32, i32>(words)),
            outputs: [],
            batch,
        }
    }

    /// All values of the arena, as `f32`.
    #[cfg(feature = "std")]
    pub(crate) fn values(&mut self) -> &mut [f32] {
        // SAFETY: the region is borrowed mutably for the life of `self`, and any word is an `f32`.
        unsafe { core::slice::from_raw_parts_mut(self.arena.first.cast(), self.arena.len) }
    }

    /// The same arena, with outputs that hold buffers until they are written.
    #[inline(always)]
    pub fn with<'b, const OUTPUTS: usize>(
        &'b mut self,
        outputs: [Output<'b>; OUTPUTS],
    ) -> Memory<'b, OUTPUTS> {
        Memory {
            arena: self.arena,
            outputs: outputs.map(|output| output.0),
            batch: self.batch,
        }
    }
}

/// A model's output with any element type.
pub struct Output<'a>(Region<'a>);

/// Creates an output from a slice of any element type.
#[inline(always)]
pub fn output<T: Element>(values: &mut [T]) -> Output<'_> {
    Output(Region::new(values))
}

impl<const OUTPUTS: usize> Memory<'_, OUTPUTS> {
    /// The number of samples.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Borrows several buffers of one type at the same time. It costs nothing if the places and the batch are
    /// constants.
    ///
    /// # Panics
    /// Panics when the arena or an output is shorter than the plan, or when the type differs from the plan.
    /// Without `std` it returns empty buffers instead, which the kernels ignore.
    #[inline(always)]
    pub fn get<E: Element, const K: usize>(
        &mut self,
        places: Locations<K, OUTPUTS>,
    ) -> [&mut [E]; K] {
        let mut buffers = [(); K].map(|()| Default::default());
        let mut fit = self.holds(&places);
        let mut number = 0;
        // A `while` loop, because it is unrolled also when optimizing for size, so that the places are
        // constants.
        while number < K {
            fit = fit && is_of(E::DTYPE, places.places[number].dtype);
            number += 1;
        }
        if !fit {
            return buffers;
        }
        number = 0;
        while number < K {
            // SAFETY: the memory holds the places, which do not overlap; the type is the plan's.
            buffers[number] = unsafe { self.slice(places.places[number]) };
            number += 1;
        }
        buffers
    }

    /// Borrows several buffers of different types at the same time.
    ///
    /// # Panics
    /// Under the same conditions as [`get`](Self::get).
    #[inline(always)]
    pub fn get_mixed<const K: usize>(&mut self, places: Locations<K, OUTPUTS>) -> [Values<'_>; K] {
        let mut buffers = [(); K].map(|()| Values::F32(&mut []));
        if !self.holds(&places) {
            return buffers;
        }
        // Written out, because a loop is not unrolled when optimizing for size, and the places would not be
        // constants.
        macro_rules! written_out {
            ($($number:literal)+) => {$(
                if $number < K {
                    // SAFETY: the memory holds the places, which do not overlap; the type is the plan's.
                    buffers[$number] = unsafe { self.values_at(places.places[$number]) };
                }
            )+};
        }
        written_out!(0 1 2 3 4 5 6 7);
        let mut number = 8;
        while number < K {
            // SAFETY: as above.
            buffers[number] = unsafe { self.values_at(places.places[number]) };
            number += 1;
        }
        buffers
    }

    /// The values at a place, with their type.
    ///
    /// # Safety
    /// As for [`slice`](Self::slice), with the type of the plan.
    #[inline(always)]
    unsafe fn values_at<'m>(&mut self, place: Location) -> Values<'m> {
        // SAFETY: the caller's promise.
        unsafe {
            match place.dtype {
                Dtype::F32 => Values::F32(self.slice(place)),
                Dtype::I8 => Values::I8(self.slice(place)),
                Dtype::U8 => Values::U8(self.slice(place)),
                Dtype::I16 => Values::I16(self.slice(place)),
                Dtype::U16 => Values::U16(self.slice(place)),
                Dtype::I32 => Values::I32(self.slice(place)),
            }
        }
    }

    /// Whether the arena and the outputs match the plan. With `std`, a mismatch panics.
    #[inline(always)]
    fn holds<const K: usize>(&self, places: &Locations<K, OUTPUTS>) -> bool {
        let mut fit = fits(places.len, self.arena.len, "words", self.batch);
        let mut number = 0;
        while number < OUTPUTS {
            let (dtype, len) = places.outputs[number];
            let found = &self.outputs[number];
            fit = fit && is_of(found.dtype, dtype) && fits(len, found.len, "values", self.batch);
            number += 1;
        }
        fit
    }

    /// The values at a place.
    ///
    /// # Safety
    /// The memory holds the plan, `E` is the place's type, and no other slice of these values lives
    /// as long as this one, which outlives no borrow of `self`.
    #[inline(always)]
    unsafe fn slice<'s, E: Element>(&mut self, place: Location) -> &'s mut [E] {
        let Location {
            output, start, len, ..
        } = place;
        // SAFETY: the plan has such an output, and the place lies inside it or inside the arena, which holds
        // the plan `batch` times: no product wraps. A place begins at a word; a region that can begin at any
        // address holds only bytes. The regions are borrowed for longer than `self`.
        unsafe {
            let region = match output {
                Some(output) => self.outputs.get_unchecked(output as usize),
                None => &self.arena,
            };
            let first = region.first.add(WORD_BYTES * start * self.batch).cast();
            core::slice::from_raw_parts_mut(first, len * self.batch)
        }
    }
}

/// Whether there are `len` values for each sample. With `std`, a mismatch panics.
#[inline(always)]
fn fits(len: usize, found: usize, what: &str, batch: usize) -> bool {
    let fit = len.checked_mul(batch).is_some_and(|len| len <= found);
    #[cfg(feature = "std")]
    assert!(
        fit,
        "a plan of {len} {what} for each of {batch} samples is given {found}"
    );
    #[cfg(not(feature = "std"))]
    let _ = what;
    fit
}

/// Whether the requested type is that of the plan. With `std`, a mismatch panics.
#[inline(always)]
fn is_of(asked: Dtype, planned: Dtype) -> bool {
    let fit = planned.is(asked);
    #[cfg(feature = "std")]
    assert!(
        fit,
        "a buffer of {} is taken as {}",
        planned.name(),
        asked.name()
    );
    fit
}
