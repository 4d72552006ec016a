//! The memory planner: it places each buffer of a model at compile time.
//!
//! A buffer lives from the step that writes it to the last step that reads it. Two buffers can share memory
//! if they never live at the same time. The caller's memory for an output is used too, until the output is
//! written: buffers that are read for the last time before that are placed there as far as they fit. The
//! arena holds the other buffers.
//!
//! Addresses are counted in words of four bytes, because any [`Element`] is aligned there. A buffer of `i8`
//! takes one byte for each value, plus up to three bytes of padding at its end.

mod block;
mod placing;

pub use block::{Memory, Output, output};
pub use placing::place;

use crate::element::{Dtype, Element};

/// The size of a word in bytes.
pub const WORD_BYTES: usize = size_of::<u32>();

/// A buffer to be placed: its size for one sample, and the steps during which it lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffer {
    dtype: Dtype,
    /// The number of values for one sample.
    len: usize,
    /// The size of `len` values in words. It is stored because the search needs it often.
    words: usize,
    /// The first step that writes it.
    first: usize,
    /// The last step that reads it.
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

    /// An output of `len` values of `f32`, which is first written in step `first`.
    pub const fn output(len: usize, first: usize) -> Self {
        Self::new(len, first, usize::MAX)
    }

    /// The same buffer with values of another type.
    pub const fn of<T: Element>(self) -> Self {
        self.of_dtype(T::DTYPE)
    }

    /// Like [`of`](Self::of), with the type as a value.
    pub const fn of_dtype(mut self, dtype: Dtype) -> Self {
        self.dtype = dtype;
        self.words = self.bytes().div_ceil(WORD_BYTES);
        self
    }

    /// The size for one sample in bytes.
    ///
    /// # Panics
    /// Panics when the size overflows `usize`.
    pub const fn bytes(&self) -> usize {
        match self.dtype.bytes().checked_mul(self.len) {
            Some(bytes) => bytes,
            None => panic!("the size of a buffer in bytes overflows `usize`"),
        }
    }

    /// Whether it can be placed in an output, `words` after the start of the output. It must be dead before
    /// the output is written, and it must be aligned, since a slice of bytes can begin at any address.
    const fn fits(&self, words: usize, output: &Self) -> bool {
        WORD_BYTES * words + self.bytes() <= output.bytes()
            && self.dtype.bytes() <= output.dtype.bytes()
    }
}

/// The memory plan of `N` buffers, each placed in the arena or in one of the outputs.
///
/// Addresses count words for one sample; for a batch, addresses and lengths are multiplied by its size. They
/// run through the outputs, one after the other, and then through the arena.
#[derive(Clone, Copy, Debug)]
pub struct Plan<const N: usize, const OUTPUTS: usize = 0> {
    buffers: [Buffer; N],
    outputs: [Buffer; OUTPUTS],
    addresses: [usize; N],
    len: usize,
}

impl<const N: usize, const OUTPUTS: usize> Plan<N, OUTPUTS> {
    /// Places the buffers as [`place`] does.
    ///
    /// # Panics
    /// Panics when all buffers together are larger than the memory that can be addressed.
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

    /// Takes addresses that were computed before, for example by [`place`]. Buffers that live at the same
    /// time must not overlap. `model!` calls this function if it knows all sizes, so that rustc need not
    /// search.
    ///
    /// # Panics
    /// Panics when all buffers together are larger than the memory that can be addressed, or an address is.
    pub const fn placed(
        buffers: [Buffer; N],
        outputs: [Buffer; OUTPUTS],
        addresses: [usize; N],
    ) -> Self {
        check_total(&buffers, &outputs);
        let mut plan = Self {
            buffers,
            outputs,
            addresses,
            len: 0,
        };
        let mut i = 0;
        while i < N {
            let place = plan.place(i);
            let Some(end) = place.start.checked_add(buffers[i].words) else {
                panic!("{}", OVERFLOW);
            };
            assert!(end <= MOST_WORDS, "{}", OVERFLOW);
            if place.output.is_none() && plan.len < end {
                plan.len = end;
            }
            i += 1;
        }
        plan
    }

    /// The size of the arena for one sample, in words.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the plan needs no arena.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The size of the arena for one sample, in bytes.
    pub const fn bytes(&self) -> usize {
        WORD_BYTES * self.len
    }

    /// The arena memory in use at `step` for one sample, in bytes.
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

    /// The place of a buffer. The outputs are numbered after the `N` buffers.
    const fn place(&self, number: usize) -> Location {
        let Buffer { dtype, len, .. } = self.buffer(number);
        let mut place = Location {
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
        // An empty buffer at the end of an output belongs to the memory after it.
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

    /// The places of several buffers that are borrowed at the same time. Output number `i` is buffer number
    /// `N + i`.
    ///
    /// # Panics
    /// Panics when two of them share memory. The plan of a `model!` never does, and it is evaluated at
    /// compile time.
    pub const fn places<const K: usize>(&self, buffers: [usize; K]) -> Locations<K, OUTPUTS> {
        assert!(
            OUTPUTS <= u16::MAX as usize,
            "more outputs than a `u16` can number"
        );
        let nowhere = Location {
            output: None,
            start: 0,
            dtype: Dtype::F32,
            len: 0,
        };
        let mut places = Locations {
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
            assert!(lies_inside, "a buffer ends after the end of its plan");
            let mut j = 0;
            while j < i {
                let other = self.buffer(buffers[j]);
                assert!(
                    place.is_apart(buffer.words, places.places[j], other.words),
                    "two buffers that are used at the same time share memory"
                );
                j += 1;
            }
            places.places[i] = place;
            i += 1;
        }
        places
    }
}

/// The maximum number of words that can be addressed.
const MOST_WORDS: usize = isize::MAX as usize / WORD_BYTES;

const OVERFLOW: &str = "the sizes of the buffers overflow `usize`";

/// Checks that no sum of sizes overflows, so that no address can: each is at most the sum of all sizes.
const fn check_total(buffers: &[Buffer], outputs: &[Buffer]) {
    let (mut words, mut i) = (0usize, 0);
    while i < buffers.len() + outputs.len() {
        let buffer = if i < buffers.len() {
            buffers[i]
        } else {
            outputs[i - buffers.len()]
        };
        words = words.saturating_add(buffer.words);
        i += 1;
    }
    assert!(words <= MOST_WORDS, "{}", OVERFLOW);
}

/// The place of a buffer, for one sample.
// Small types, because some places remain in a binary that is optimized for size.
#[derive(Clone, Copy, Debug)]
struct Location {
    /// The number of the output that holds it, or `None` for the arena.
    output: Option<u16>,
    /// The number of words before it.
    start: usize,
    dtype: Dtype,
    /// The number of values.
    len: usize,
}

impl Location {
    /// Whether two places of these sizes do not overlap.
    const fn is_apart(self, words: usize, other: Self, others_words: usize) -> bool {
        let elsewhere = match (self.output, other.output) {
            (Some(a), Some(b)) => a != b,
            (None, None) => false,
            _ => true,
        };
        elsewhere || self.start + words <= other.start || other.start + others_words <= self.start
    }
}

/// The places of `K` buffers of one [`Plan`]. No two of them share memory, and all lie inside the plan: only
/// [`Plan::places`] creates this type.
#[derive(Clone, Copy, Debug)]
pub struct Locations<const K: usize, const OUTPUTS: usize = 0> {
    places: [Location; K],
    /// The size of the arena in words.
    len: usize,
    /// The type and the number of values of each output.
    outputs: [(Dtype, usize); OUTPUTS],
}

#[cfg(test)]
mod tests;
