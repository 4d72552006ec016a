//! Where each buffer of a model lies, planned while compiling.
//!
//! A buffer lives from the step that writes it to the last step that reads it; two buffers share
//! their place when they never live at the same time. What the caller gives for an output is memory
//! too, until the output is written there: the buffers that are read for the last time before lie
//! there, as far as they fit, and the arena holds the others.

//!
//! Places are counted in words of four bytes, where any [`Element`] is aligned: a buffer of `i8` takes a
//! byte a value, and at most three behind its last one.

mod placing;

pub use placing::place;

use crate::element::{Dtype, Element, Values};

/// Bytes of a word.
pub const WORD_BYTES: usize = size_of::<u32>();

/// A buffer to be placed: its size for one sample, and the steps between which it lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffer {
    dtype: Dtype,
    /// Values for one sample.
    len: usize,
    /// What `len` values take; kept, for the search asks often.
    words: usize,
    /// The step that writes it first.
    first: usize,
    /// The step that reads it last.
    last: usize,
}

impl Buffer {
    /// A buffer of `len` values of `f32` that lives from step `first` to step `last`, both included.
    pub const fn new(len: usize, first: usize, last: usize) -> Self {
        Self {
            dtype: Dtype::F32,
            len,
            words: len,
            first,
            last,
        }
    }

    /// An output of `len` values of `f32` that step `first` begins to write.
    pub const fn output(len: usize, first: usize) -> Self {
        Self::new(len, first, usize::MAX)
    }

    /// The same buffer of as many values of another type.
    pub const fn of<T: Element>(mut self) -> Self {
        self.dtype = T::DTYPE;
        self.words = self.bytes().div_ceil(WORD_BYTES);
        self
    }

    /// Bytes for one sample.
    pub const fn bytes(&self) -> usize {
        self.dtype.bytes() * self.len
    }

    /// Whether it may lie in an output, `words` behind its start: it ends there before the output does,
    /// and is aligned, for a slice of bytes may begin anywhere.
    const fn fits(&self, words: usize, output: &Self) -> bool {
        WORD_BYTES * words + self.bytes() <= output.bytes()
            && self.dtype.bytes() <= output.dtype.bytes()
    }
}

/// The place of `N` buffers, in the arena or in one of the outputs.
///
/// Addresses are words for one sample; for a batch, they and lengths are multiplied by its size. They
/// count through the outputs, one behind the other, and then the arena.
#[derive(Clone, Copy, Debug)]
pub struct Plan<const N: usize, const OUTPUTS: usize = 0> {
    buffers: [Buffer; N],
    outputs: [Buffer; OUTPUTS],
    addresses: [usize; N],
    len: usize,
}

impl<const N: usize, const OUTPUTS: usize> Plan<N, OUTPUTS> {
    /// Places the buffers as [`place`] does.
    pub const fn new(buffers: [Buffer; N], outputs: [Buffer; OUTPUTS]) -> Self {
        let mut addresses = [0; N];
        let [mut order, mut next] = [[0; N]; 2];
        let scratch = [&mut order as &mut [usize], &mut next];
        let len = place(&buffers, &outputs, &mut addresses, scratch);
        Self {
            buffers,
            outputs,
            addresses,
            len,
        }
    }

    /// The buffers at addresses where none that live at the same time overlap, such as [`place`]
    /// finds: `model!` calls it wherever it knows all sizes, which spares rustc the search.
    pub const fn placed(
        buffers: [Buffer; N],
        outputs: [Buffer; OUTPUTS],
        addresses: [usize; N],
    ) -> Self {
        let mut plan = Self {
            buffers,
            outputs,
            addresses,
            len: 0,
        };
        let mut i = 0;
        while i < N {
            let place = plan.place(i);
            let end = place.start + buffers[i].words;
            if place.output.is_none() && plan.len < end {
                plan.len = end;
            }
            i += 1;
        }
        plan
    }

    /// Words of the arena for one sample.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the plan needs no arena.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of the arena for one sample.
    pub const fn bytes(&self) -> usize {
        WORD_BYTES * self.len
    }

    /// Bytes for one sample of the arena's words that are in use at `step`.
    pub const fn in_use(&self, step: usize) -> usize {
        let (mut words, mut i) = (0, 0);
        while i < N {
            let lives = self.buffers[i].first <= step && step <= self.buffers[i].last;
            if lives && self.place(i).output.is_none() {
                words += self.buffers[i].words;
            }
            i += 1;
        }
        WORD_BYTES * words
    }

    const fn buffer(&self, number: usize) -> Buffer {
        if number < N {
            self.buffers[number]
        } else {
            self.outputs[number - N]
        }
    }

    /// Where a buffer lies; behind the `N` buffers the numbers are those of the outputs.
    const fn place(&self, number: usize) -> Place {
        let mut place = Place {
            output: None,
            start: 0,
            len: self.buffer(number).len,
        };
        if number >= N {
            place.output = Some(number - N);
            return place;
        }
        let mut output = 0;
        place.start = self.addresses[number];
        // An empty buffer at an output's end lies in what follows.
        while output < OUTPUTS {
            if place.start < self.outputs[output].words {
                place.output = Some(output);
                return place;
            }
            place.start -= self.outputs[output].words;
            output += 1;
        }
        place
    }

    /// The places of the buffers of the given numbers, which are taken together; output number `i` is
    /// buffer number `N + i`.
    ///
    /// # Panics
    /// When two of them share memory: a plan that a `model!` expands to never asks for that, and it
    /// is looked at while compiling.
    pub const fn places<const K: usize>(&self, buffers: [usize; K]) -> Places<K, OUTPUTS> {
        let nowhere = Place {
            output: None,
            start: 0,
            len: 0,
        };
        let mut places = Places {
            places: [nowhere; K],
            dtypes: [Dtype::F32; K],
            dtype: None,
            len: self.len,
            outputs: [0; OUTPUTS],
            outputs_dtype: Dtype::F32,
        };
        let mut i = 0;
        while i < OUTPUTS {
            let dtype = self.outputs[i].dtype;
            assert!(
                i == 0 || dtype.is(places.outputs_dtype),
                "outputs of several types"
            );
            places.outputs_dtype = dtype;
            places.outputs[i] = self.outputs[i].len;
            i += 1;
        }
        i = 0;
        while i < K {
            let buffer = self.buffer(buffers[i]);
            let place = self.place(buffers[i]);
            let lies_inside = match place.output {
                Some(output) => buffer.fits(place.start, &self.outputs[output]),
                None => place.start + buffer.words <= self.len,
            };
            assert!(lies_inside, "a buffer ends beyond its plan");
            let mut j = 0;
            while j < i {
                let other = self.buffer(buffers[j]);
                assert!(
                    place.is_apart(buffer.words, places.places[j], other.words),
                    "two buffers that are taken together share memory"
                );
                j += 1;
            }
            places.dtype = match places.dtype {
                Some(dtype) if !dtype.is(buffer.dtype) => None,
                None if i > 0 => None,
                _ => Some(buffer.dtype),
            };
            places.places[i] = place;
            places.dtypes[i] = buffer.dtype;
            i += 1;
        }
        places
    }
}

/// Where a buffer lies, for one sample.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// In the output of this number, or in the arena.
    output: Option<usize>,
    /// Words before it.
    start: usize,
    /// Values.
    len: usize,
}

impl Place {
    /// Whether two places, of as many words, share none.
    const fn is_apart(self, words: usize, other: Self, others_words: usize) -> bool {
        let elsewhere = match (self.output, other.output) {
            (Some(a), Some(b)) => a != b,
            (None, None) => false,
            _ => true,
        };
        elsewhere || self.start + words <= other.start || other.start + others_words <= self.start
    }
}

/// Where `K` buffers of one [`Plan`] lie. No two of them share memory, and all lie inside the plan:
/// [`Plan::places`] alone makes this.
#[derive(Clone, Copy, Debug)]
pub struct Places<const K: usize, const OUTPUTS: usize = 0> {
    places: [Place; K],
    dtypes: [Dtype; K],
    /// The type of all of them, if it is one.
    dtype: Option<Dtype>,
    /// Words of the arena.
    len: usize,
    /// Values of each output.
    outputs: [usize; OUTPUTS],
    outputs_dtype: Dtype,
}

/// An arena and outputs of type `T`, laid out for `batch` samples by a [`Plan`].
pub struct Memory<'a, const OUTPUTS: usize = 0, T = f32> {
    words: &'a mut [u32],
    outputs: [&'a mut [T]; OUTPUTS],
    batch: usize,
}

impl<'a> Memory<'a> {
    /// Lays out a block for `batch` samples: a word for each `f32`, whatever comes to lie there.
    pub fn new(block: &'a mut [f32], batch: usize) -> Self {
        Self::of_words(bytemuck::cast_slice_mut(block), batch)
    }

    /// Lays words out for `batch` samples.
    pub fn of_words(words: &'a mut [u32], batch: usize) -> Self {
        Self {
            words,
            outputs: [],
            batch,
        }
    }

    /// The same arena, and outputs that hold buffers until they are written.
    #[inline(always)]
    pub fn with<'b, T: Element, const OUTPUTS: usize>(
        &'b mut self,
        outputs: [&'b mut [T]; OUTPUTS],
    ) -> Memory<'b, OUTPUTS, T> {
        Memory {
            words: self.words,
            outputs,
            batch: self.batch,
        }
    }
}

impl<const OUTPUTS: usize, T: Element> Memory<'_, OUTPUTS, T> {
    /// The number of samples.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Some buffers of one type, all at once; costs nothing where the places and the batch are
    /// constants.
    ///
    /// # Panics
    /// When the arena or an output is shorter than the plan, or a type is not the plan's. Without `std`
    /// the buffers are empty then, and the kernels leave them alone.
    #[inline(always)]
    pub fn get<E: Element, const K: usize>(&mut self, places: Places<K, OUTPUTS>) -> [&mut [E]; K] {
        let mut buffers = [(); K].map(|()| Default::default());
        if !is_of::<E>(places.dtype) || !self.holds(&places) {
            return buffers;
        }
        let mut number = 0;
        // Counted: other loops stay loops where the size is optimised, and the places no constants.
        while number < K {
            // SAFETY: the memory holds the places, which share nothing; the type is the plan's.
            buffers[number] = unsafe { self.slice(places.places[number]) };
            number += 1;
        }
        buffers
    }

    /// Some buffers of several types, all at once.
    ///
    /// # Panics
    /// As [`get`](Self::get).
    #[inline(always)]
    pub fn get_mixed<const K: usize>(&mut self, places: Places<K, OUTPUTS>) -> [Values<'_>; K] {
        let mut buffers = [(); K].map(|()| Values::F32(&mut []));
        if !self.holds(&places) {
            return buffers;
        }
        let mut number = 0;
        while number < K {
            let place = places.places[number];
            // SAFETY: the memory holds the places, which share nothing; the type is the plan's.
            buffers[number] = unsafe {
                match places.dtypes[number] {
                    Dtype::F32 => Values::F32(self.slice(place)),
                    Dtype::I8 => Values::I8(self.slice(place)),
                    Dtype::I32 => Values::I32(self.slice(place)),
                }
            };
            number += 1;
        }
        buffers
    }

    /// Whether the arena and the outputs are those of the plan; with `std` they must be.
    #[inline(always)]
    fn holds<const K: usize>(&self, places: &Places<K, OUTPUTS>) -> bool {
        let mut fit = OUTPUTS == 0 || is_of::<T>(Some(places.outputs_dtype));
        fit = fit && fits(places.len, self.words.len(), "words", self.batch);
        let mut number = 0;
        while number < OUTPUTS {
            let (len, found) = (places.outputs[number], self.outputs[number].len());
            fit = fit && fits(len, found, "values", self.batch);
            number += 1;
        }
        fit
    }

    /// The values of a place.
    ///
    /// # Safety
    /// The memory holds the plan, `E` is the place's type, and no other slice of these values lives
    /// as long as this one, which outlives no borrow of `self`.
    #[inline(always)]
    unsafe fn slice<'s, E: Element>(&mut self, place: Place) -> &'s mut [E] {
        let Place {
            output, start, len, ..
        } = place;
        // SAFETY: the plan has such an output, and the place lies inside it or the arena, which holds
        // the plan `batch` times. It begins with a word; what begins anywhere holds bytes alone.
        unsafe {
            let first = match output {
                Some(output) => self.outputs.get_unchecked_mut(output).as_mut_ptr().cast(),
                None => self.words.as_mut_ptr().cast::<u8>(),
            };
            let first = first.add(WORD_BYTES * start * self.batch).cast();
            core::slice::from_raw_parts_mut(first, len * self.batch)
        }
    }
}

/// Whether there are `len` for each sample; with `std` there must be.
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

/// Whether a plan's one type is that which is asked for; with `std` it must be.
#[inline(always)]
fn is_of<E: Element>(dtype: Option<Dtype>) -> bool {
    let fit = dtype.is_some_and(|dtype| dtype.is(E::DTYPE));
    #[cfg(feature = "std")]
    assert!(
        fit,
        "a buffer of {} is taken as {}",
        dtype.map_or("several types", Dtype::name),
        E::DTYPE.name()
    );
    fit
}

#[cfg(test)]
mod tests;
