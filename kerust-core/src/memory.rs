//! Where each buffer of a model lies, planned while compiling.
//!
//! A buffer lives from the step that writes it to the last step that reads it; two buffers share
//! their place when they never live at the same time. What the caller gives for an output is memory
//! too, until the output is written there: the buffers that are read for the last time before lie
//! there, as far as they fit, and the arena holds the others.

mod placing;

pub use placing::place;

/// A buffer to be placed: its size for one sample, and the steps between which it lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffer {
    /// Values for one sample.
    pub len: usize,
    /// The step that writes it first.
    pub first: usize,
    /// The step that reads it last.
    pub last: usize,
}

impl Buffer {
    /// A buffer of `len` values that lives from step `first` to step `last`, both included.
    pub const fn new(len: usize, first: usize, last: usize) -> Self {
        Self { len, first, last }
    }

    /// An output of `len` values that step `first` begins to write.
    pub const fn output(len: usize, first: usize) -> Self {
        Self::new(len, first, usize::MAX)
    }
}

/// The place of `N` buffers, in the arena or in one of the outputs.
///
/// Addresses are for one sample; for a batch, they and lengths are multiplied by its size. They
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
            if place.output.is_none() && plan.len < place.start + place.len {
                plan.len = place.start + place.len;
            }
            i += 1;
        }
        plan
    }

    /// Values of the arena for one sample.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the plan needs no arena.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Values for one sample in the buffers of the arena that live at `step`.
    pub const fn in_use(&self, step: usize) -> usize {
        let (mut len, mut i) = (0, 0);
        while i < N {
            let lives = self.buffers[i].first <= step && step <= self.buffers[i].last;
            if lives && self.place(i).output.is_none() {
                len += self.buffers[i].len;
            }
            i += 1;
        }
        len
    }

    /// Where a buffer lies; behind the `N` buffers the numbers are those of the outputs.
    const fn place(&self, buffer: usize) -> Place {
        if buffer >= N {
            return Place {
                output: Some(buffer - N),
                start: 0,
                len: self.outputs[buffer - N].len,
            };
        }
        let len = self.buffers[buffer].len;
        let (mut start, mut output) = (self.addresses[buffer], 0);
        // An empty buffer at an output's end lies in what follows.
        while output < OUTPUTS {
            if start < self.outputs[output].len {
                return Place {
                    output: Some(output),
                    start,
                    len,
                };
            }
            start -= self.outputs[output].len;
            output += 1;
        }
        Place {
            output: None,
            start,
            len,
        }
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
            len: self.len,
            outputs: [0; OUTPUTS],
        };
        let mut i = 0;
        while i < OUTPUTS {
            places.outputs[i] = self.outputs[i].len;
            i += 1;
        }
        i = 0;
        while i < K {
            let place = self.place(buffers[i]);
            let end = match place.output {
                Some(output) => self.outputs[output].len,
                None => self.len,
            };
            assert!(
                place.start + place.len <= end,
                "a buffer ends beyond its plan"
            );
            let mut j = 0;
            while j < i {
                assert!(
                    place.is_apart(places.places[j]),
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
#[derive(Clone, Copy, Debug)]
struct Place {
    /// In the output of this number, or in the arena.
    output: Option<usize>,
    start: usize,
    len: usize,
}

impl Place {
    const fn is_apart(self, other: Self) -> bool {
        let elsewhere = match (self.output, other.output) {
            (Some(a), Some(b)) => a != b,
            (None, None) => false,
            _ => true,
        };
        elsewhere || self.start + self.len <= other.start || other.start + other.len <= self.start
    }
}

/// Where `K` buffers of one [`Plan`] lie. No two of them share memory, and all lie inside the plan:
/// [`Plan::places`] alone makes this.
#[derive(Clone, Copy, Debug)]
pub struct Places<const K: usize, const OUTPUTS: usize = 0> {
    places: [Place; K],
    /// Values of the arena.
    len: usize,
    /// Values of each output.
    outputs: [usize; OUTPUTS],
}

/// An arena and outputs, laid out for `batch` samples by a [`Plan`].
pub struct Memory<'a, const OUTPUTS: usize = 0> {
    values: &'a mut [f32],
    outputs: [&'a mut [f32]; OUTPUTS],
    batch: usize,
}

impl<'a> Memory<'a> {
    /// Lays `values` out for `batch` samples.
    pub fn new(values: &'a mut [f32], batch: usize) -> Self {
        Self {
            values,
            outputs: [],
            batch,
        }
    }

    /// The same arena, and outputs that hold buffers until they are written.
    #[inline(always)]
    pub fn with<'b, const OUTPUTS: usize>(
        &'b mut self,
        outputs: [&'b mut [f32]; OUTPUTS],
    ) -> Memory<'b, OUTPUTS> {
        Memory {
            values: self.values,
            outputs,
            batch: self.batch,
        }
    }
}

impl<const OUTPUTS: usize> Memory<'_, OUTPUTS> {
    /// The number of samples.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Some buffers, all at once; costs nothing where the places and the batch are constants.
    ///
    /// # Panics
    /// When the arena or an output is shorter than the plan. Without `std` the buffers are empty
    /// then, and the kernels leave them alone.
    #[inline(always)]
    pub fn get<const K: usize>(&mut self, places: Places<K, OUTPUTS>) -> [&mut [f32]; K] {
        let batch = self.batch;
        let mut fit = fits(places.len, self.values, batch);
        let mut number = 0;
        while number < OUTPUTS {
            fit = fit && fits(places.outputs[number], self.outputs[number], batch);
            number += 1;
        }
        let mut buffers = [(); K].map(|()| Default::default());
        if !fit {
            return buffers;
        }
        number = 0;
        // Counted: other loops stay loops where the size is optimised, and the places no constants.
        while number < K {
            let Place { output, start, len } = places.places[number];
            // SAFETY: the plan has such an output; the places lie inside the plan, and arena and outputs
            // hold it `batch` times; they share nothing, so each slice is the only one of its values,
            // for as long as `self` is borrowed.
            buffers[number] = unsafe {
                let values = match output {
                    Some(output) => self.outputs.get_unchecked_mut(output).as_mut_ptr(),
                    None => self.values.as_mut_ptr(),
                };
                core::slice::from_raw_parts_mut(values.add(start * batch), len * batch)
            };
            number += 1;
        }
        buffers
    }
}

/// Whether `values` are a plan's `len` for each sample; with `std` they must be.
#[inline(always)]
fn fits(len: usize, values: &[f32], batch: usize) -> bool {
    let fit = len
        .checked_mul(batch)
        .is_some_and(|len| len <= values.len());
    #[cfg(feature = "std")]
    assert!(
        fit,
        "a plan of {len} values for each of {batch} samples is given {}",
        values.len()
    );
    fit
}

#[cfg(test)]
mod tests;
