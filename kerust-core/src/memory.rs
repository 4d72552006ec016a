//! Where each buffer of a model lies, planned while compiling.
//!
//! A buffer lives from the step that writes it to the last step that reads it; two buffers share
//! their place when they never live at the same time.

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

    const fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The place of `N` buffers in one block of memory.
///
/// Offsets are for one sample; for a batch, offsets and lengths are multiplied by its size.
#[derive(Clone, Copy, Debug)]
pub struct Plan<const N: usize> {
    buffers: [Buffer; N],
    offsets: [usize; N],
    len: usize,
}

impl<const N: usize> Plan<N> {
    /// Places the buffers, the largest first, each at the lowest offset where it meets no other.
    pub const fn new(buffers: [Buffer; N]) -> Self {
        let mut plan = Self {
            buffers,
            offsets: [0; N],
            len: 0,
        };
        let mut placed = [false; N];
        let mut round = 0;
        while round < N {
            let next = plan.largest(&placed);
            let offset = plan.lowest_offset(next, &placed);
            plan.offsets[next] = offset;
            placed[next] = true;
            if offset + buffers[next].len > plan.len {
                plan.len = offset + buffers[next].len;
            }
            round += 1;
        }
        plan
    }

    /// Values for one sample, all buffers together.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the plan needs no memory.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The offset of buffer number `buffer` for one sample.
    pub const fn offset(&self, buffer: usize) -> usize {
        self.offsets[buffer]
    }

    /// Values for one sample in the buffers that live at `step`.
    pub const fn in_use(&self, step: usize) -> usize {
        let (mut len, mut i) = (0, 0);
        while i < N {
            if self.buffers[i].first <= step && step <= self.buffers[i].last {
                len += self.buffers[i].len;
            }
            i += 1;
        }
        len
    }

    /// The places of the buffers of the given numbers, which are taken together.
    ///
    /// # Panics
    /// When two of them share memory: a plan that a `model!` expands to never asks for that, and it
    /// is looked at while compiling.
    pub const fn places<const K: usize>(&self, buffers: [usize; K]) -> Places<K> {
        let mut places = Places {
            starts: [0; K],
            lens: [0; K],
            len: self.len,
        };
        let mut i = 0;
        while i < K {
            let (start, len) = (self.offsets[buffers[i]], self.buffers[buffers[i]].len);
            assert!(start + len <= self.len, "a buffer ends beyond its plan");
            let mut j = 0;
            while j < i {
                assert!(
                    start + len <= places.starts[j] || places.starts[j] + places.lens[j] <= start,
                    "two buffers that are taken together share memory"
                );
                j += 1;
            }
            places.starts[i] = start;
            places.lens[i] = len;
            i += 1;
        }
        places
    }

    const fn largest(&self, placed: &[bool; N]) -> usize {
        let mut best = N;
        let mut i = 0;
        while i < N {
            if !placed[i] && (best == N || self.buffers[i].len > self.buffers[best].len) {
                best = i;
            }
            i += 1;
        }
        best
    }

    const fn lowest_offset(&self, buffer: usize, placed: &[bool; N]) -> usize {
        let wanted = &self.buffers[buffer];
        let mut offset = 0;
        // Each collision moves the buffer behind one placed buffer, so this ends.
        loop {
            let mut moved = false;
            let mut i = 0;
            while i < N {
                let end = self.offsets[i] + self.buffers[i].len;
                if placed[i]
                    && wanted.meets(&self.buffers[i])
                    && offset < end
                    && self.offsets[i] < offset + wanted.len
                {
                    offset = end;
                    moved = true;
                }
                i += 1;
            }
            if !moved {
                return offset;
            }
        }
    }
}

/// Where `K` buffers of one [`Plan`] lie. No two of them share memory, and all lie inside the plan:
/// [`Plan::places`] alone makes this.
#[derive(Clone, Copy, Debug)]
pub struct Places<const K: usize> {
    starts: [usize; K],
    lens: [usize; K],
    /// Values of the whole plan.
    len: usize,
}

/// One block of memory, laid out for `batch` samples by a [`Plan`].
pub struct Memory<'a> {
    values: &'a mut [f32],
    batch: usize,
}

impl<'a> Memory<'a> {
    /// Lays `values` out for `batch` samples.
    pub fn new(values: &'a mut [f32], batch: usize) -> Self {
        Self { values, batch }
    }

    /// The number of samples.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// Some buffers, all at once; costs nothing where the places and the batch are constants.
    ///
    /// # Panics
    /// When the block is shorter than the plan. Without `std` the buffers are empty then, and the
    /// kernels leave them alone.
    #[inline(always)]
    pub fn get<const K: usize>(&mut self, places: Places<K>) -> [&mut [f32]; K] {
        let len = places.len.checked_mul(self.batch);
        if len.is_none_or(|len| len > self.values.len()) {
            #[cfg(feature = "std")]
            panic!(
                "a plan of {} values for each of {} samples is given {}",
                places.len,
                self.batch,
                self.values.len()
            );
            #[cfg(not(feature = "std"))]
            return [(); K].map(|()| Default::default());
        }
        let values = self.values.as_mut_ptr();
        core::array::from_fn(|i| {
            // SAFETY: the places lie inside the plan, and the block holds the plan `batch` times; they
            // share nothing, so each slice is the only one of its values, for as long as `self` is
            // borrowed.
            unsafe {
                core::slice::from_raw_parts_mut(
                    values.add(places.starts[i] * self.batch),
                    places.lens[i] * self.batch,
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_needs_its_largest_neighbours_only() {
        const PLAN: Plan<4> = Plan::new([
            Buffer::new(784, 0, 1),
            Buffer::new(7840, 1, 2),
            Buffer::new(64, 2, 3),
            Buffer::new(10, 3, 4),
        ]);
        assert_eq!(PLAN.len(), 784 + 7840);
    }

    /// The least memory that any order of placing reaches: each buffer at the lowest offset that is
    /// free. Some order gives the optimum: that of the optimum's own offsets.
    fn least(
        buffers: &[Buffer; 6],
        plan: &mut Plan<6>,
        placed: &mut [bool; 6],
        len: usize,
    ) -> usize {
        if placed.iter().all(|placed| *placed) {
            return len;
        }
        let mut best = usize::MAX;
        for next in 0..6 {
            if placed[next] {
                continue;
            }
            plan.offsets[next] = plan.lowest_offset(next, placed);
            placed[next] = true;
            let end = plan.offsets[next] + buffers[next].len;
            best = best.min(least(buffers, plan, placed, len.max(end)));
            placed[next] = false;
        }
        best
    }

    #[test]
    fn small_random_graphs_are_packed_nearly_as_well_as_can_be() {
        let mut state = 0x2545_f491_4f6c_dd1du64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state % below as u64) as usize
        };
        let (mut planned, mut needed) = (0, 0);
        for _ in 0..300 {
            // A value is written at its step, and read at one of the next four.
            let mut step = 0;
            let buffers = [(); 6].map(|()| {
                step += 1;
                Buffer::new(1 + random(40), step, step + 1 + random(4))
            });
            let plan = Plan::new(buffers);
            for a in 0..6 {
                for b in 0..a {
                    let apart = plan.offsets[a] + buffers[a].len <= plan.offsets[b]
                        || plan.offsets[b] + buffers[b].len <= plan.offsets[a];
                    assert!(apart || !buffers[a].meets(&buffers[b]), "{buffers:?}");
                }
            }
            let best = least(&buffers, &mut plan.clone(), &mut [false; 6], 0);
            assert!(plan.len() >= best);
            planned += plan.len();
            needed += best;
        }
        // Largest first is no optimum; it stays within 2 % of it on the whole.
        assert!(planned * 100 <= needed * 102, "{planned} of {needed}");
    }

    #[test]
    fn buffers_that_live_together_lie_apart() {
        const PLAN: Plan<3> = Plan::new([
            Buffer::new(3, 0, 2),
            Buffer::new(5, 1, 3),
            Buffer::new(4, 2, 3),
        ]);
        let mut values = vec![0.0; PLAN.len() * 2];
        let mut memory = Memory::new(&mut values, 2);
        let [a, b, c] = memory.get(const { PLAN.places([0, 1, 2]) });
        assert_eq!([a.len(), b.len(), c.len()], [6, 10, 8]);
        a.fill(1.0);
        b.fill(2.0);
        c.fill(3.0);
        assert!(a.iter().all(|a| *a == 1.0) && b.iter().all(|b| *b == 2.0));
    }
    #[test]
    #[should_panic(expected = "share memory")]
    fn buffers_that_share_memory_are_not_taken_together() {
        let plan = Plan::new([Buffer::new(3, 0, 0), Buffer::new(5, 1, 1)]);
        plan.places([0, 1]);
    }

    #[test]
    #[should_panic(expected = "a plan of 8 values for each of 3 samples is given 23")]
    fn a_block_too_short_for_its_batch_is_refused() {
        const PLAN: Plan<2> = Plan::new([Buffer::new(3, 0, 1), Buffer::new(5, 1, 1)]);
        let mut values = [0.0; 23];
        Memory::new(&mut values, 3).get(const { PLAN.places([0]) });
    }
}
