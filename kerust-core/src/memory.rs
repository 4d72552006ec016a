//! Where each buffer of a model lies, planned while compiling.
//!
//! A buffer lives from the step that writes it to the last step that reads it; two buffers share
//! their place when they never live at the same time. What the caller gives for an output is memory
//! too, until the output is written there: the buffers that are read for the last time before lie
//! there, as far as they fit, and the arena holds the others.
//!
//! Places are counted in words of four bytes, where any [`Element`] is aligned: a buffer of `i8` takes a
//! byte a value, and at most three behind its last one.

mod block;
mod placing;

pub use block::{Memory, Output, output};
pub use placing::place;

use crate::element::{Dtype, Element};

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
    pub const fn of<T: Element>(self) -> Self {
        self.of_dtype(T::DTYPE)
    }

    /// [`of`](Self::of), with the type as a value.
    pub const fn of_dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = dtype;
        self.words = self.bytes().div_ceil(WORD_BYTES);
        self
    }

    /// Bytes for one sample.
    ///
    /// # Panics
    /// When they are more than `usize` counts.
    pub const fn bytes(&self) -> usize {
        match self.dtype.bytes().checked_mul(self.len) {
            Some(bytes) => bytes,
            None => panic!("a buffer has more bytes than `usize` counts"),
        }
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
        let Buffer { dtype, len, .. } = self.buffer(number);
        let mut place = Place {
            output: None,
            start: 0,
            dtype,
            len,
        };
        if number >= N {
            place.output = Some((number - N) as u16);
            return place;
        }
        let mut output = 0;
        place.start = self.addresses[number];
        // An empty buffer at an output's end lies in what follows.
        while output < OUTPUTS {
            if place.start < self.outputs[output].words {
                place.output = Some(output as u16);
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
        assert!(OUTPUTS <= u16::MAX as usize, "outputs without a number");
        let nowhere = Place {
            output: None,
            start: 0,
            dtype: Dtype::F32,
            len: 0,
        };
        let mut places = Places {
            places: [nowhere; K],
            len: self.len,
            outputs: [(Dtype::F32, 0); OUTPUTS],
        };
        let mut i = 0;
        while i < OUTPUTS {
            places.outputs[i] = (self.outputs[i].dtype, self.outputs[i].len);
            i += 1;
        }
        i = 0;
        while i < K {
            let buffer = self.buffer(buffers[i]);
            let place = self.place(buffers[i]);
            let lies_inside = match place.output {
                Some(output) => buffer.fits(place.start, &self.outputs[output as usize]),
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
            places.places[i] = place;
            i += 1;
        }
        places
    }
}

/// Where a buffer lies, for one sample.
// Small: where the size is optimised, some places stay in the program.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// In the output of this number, or in the arena.
    output: Option<u16>,
    /// Words before it.
    start: usize,
    dtype: Dtype,
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
    /// Words of the arena.
    len: usize,
    /// Values of each output.
    outputs: [(Dtype, usize); OUTPUTS],
}

#[cfg(test)]
mod tests;
