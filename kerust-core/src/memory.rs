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
    /// Places the buffers as [`place`] does.
    pub const fn new(buffers: [Buffer; N]) -> Self {
        let mut offsets = [0; N];
        let len = place(&buffers, &mut offsets, [&mut [0; N], &mut [0; N]]);
        Self {
            buffers,
            offsets,
            len,
        }
    }

    /// The buffers at offsets where none that live at the same time overlap, such as [`place`]
    /// finds: `model!` calls it wherever it knows all sizes, which spares rustc the search.
    pub const fn placed(buffers: [Buffer; N], offsets: [usize; N]) -> Self {
        let (mut len, mut i) = (0, 0);
        while i < N {
            if len < offsets[i] + buffers[i].len {
                len = offsets[i] + buffers[i].len;
            }
            i += 1;
        }
        Self {
            buffers,
            offsets,
            len,
        }
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
            ranges: [(0, 0); K],
            len: self.len,
        };
        let mut i = 0;
        while i < K {
            let (start, len) = (self.offsets[buffers[i]], self.buffers[buffers[i]].len);
            assert!(start + len <= self.len, "a buffer ends beyond its plan");
            let mut j = 0;
            while j < i {
                let (other, other_len) = places.ranges[j];
                assert!(
                    start + len <= other || other + other_len <= start,
                    "two buffers that are taken together share memory"
                );
                j += 1;
            }
            places.ranges[i] = (start, len);
            i += 1;
        }
        places
    }
}

/// Finds the offset of each buffer: the largest first, each at the lowest one where it meets no
/// other. Returns the length of all together; both parts of `scratch` are as long as `buffers`.
///
/// # Cost
/// for each buffer one pass over those that are placed, from the lowest offset up: rustc runs this
/// too, and counts the steps
pub const fn place(
    buffers: &[Buffer],
    offsets: &mut [usize],
    [order, next]: [&mut [usize]; 2],
) -> usize {
    largest_first(buffers, order, next);
    // The placed buffers by their offsets, as a list: the lowest one, and what follows each.
    const NONE: usize = usize::MAX;
    let mut lowest = NONE;
    let (mut len, mut round) = (0, 0);
    while round < buffers.len() {
        let placing = order[round];
        let wanted = buffers[placing];
        let mut offset = 0;
        // The last one that begins no higher than `offset`.
        let mut below = NONE;
        let mut at = lowest;
        while at != NONE {
            let other = buffers[at];
            if wanted.first <= other.last && other.first <= wanted.last {
                if offset + wanted.len <= offsets[at] {
                    break;
                }
                if offset < offsets[at] + other.len {
                    offset = offsets[at] + other.len;
                    below = at;
                }
            }
            at = next[at];
        }
        let mut above = if below == NONE { lowest } else { next[below] };
        while above != NONE && offsets[above] <= offset {
            below = above;
            above = next[above];
        }
        next[placing] = above;
        if below == NONE {
            lowest = placing;
        } else {
            next[below] = placing;
        }
        offsets[placing] = offset;
        if len < offset + wanted.len {
            len = offset + wanted.len;
        }
        round += 1;
    }
    len
}

/// Writes the numbers of the buffers to `order`, the largest first and equal ones in order, by a
/// merge sort.
const fn largest_first(buffers: &[Buffer], order: &mut [usize], unmerged: &mut [usize]) {
    let mut number = 0;
    while number < buffers.len() {
        order[number] = number;
        number += 1;
    }
    let mut run = 1;
    while run < buffers.len() {
        unmerged.copy_from_slice(order);
        let mut to = 0;
        while to < buffers.len() {
            let middle = least(to + run, buffers.len());
            let end = least(middle + run, buffers.len());
            let (mut a, mut b) = (to, middle);
            while to < end {
                let second =
                    a == middle || b < end && buffers[unmerged[b]].len > buffers[unmerged[a]].len;
                let from = if second { &mut b } else { &mut a };
                order[to] = unmerged[*from];
                *from += 1;
                to += 1;
            }
        }
        run *= 2;
    }
}

const fn least(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// Where `K` buffers of one [`Plan`] lie. No two of them share memory, and all lie inside the plan:
/// [`Plan::places`] alone makes this.
#[derive(Clone, Copy, Debug)]
pub struct Places<const K: usize> {
    /// Where each begins, and how long it is.
    ranges: [(usize, usize); K],
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
        places.ranges.map(|(start, len)| {
            // SAFETY: the places lie inside the plan, and the block holds the plan `batch` times; they
            // share nothing, so each slice is the only one of its values, for as long as `self` is
            // borrowed.
            unsafe {
                core::slice::from_raw_parts_mut(values.add(start * self.batch), len * self.batch)
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

    fn meet(a: &Buffer, b: &Buffer) -> bool {
        a.first <= b.last && b.first <= a.last
    }

    /// The lowest offset where a buffer meets none of those that are placed, found by trying all.
    fn lowest_offset(buffers: &[Buffer], wanted: &Buffer, offsets: &[Option<usize>]) -> usize {
        let mut offset = 0;
        loop {
            let placed = buffers.iter().zip(offsets);
            let met = placed.filter(|(other, _)| meet(wanted, other));
            let mut ends = met.filter_map(|(other, place)| {
                let place = (*place)?;
                let apart = place >= offset + wanted.len || offset >= place + other.len;
                (!apart).then_some(place + other.len)
            });
            match ends.next() {
                Some(end) => offset = end,
                None => return offset,
            }
        }
    }

    /// The least memory that any order of placing reaches: each buffer at the lowest offset that is
    /// free. Some order gives the optimum: that of the optimum's own offsets.
    fn fewest(buffers: &[Buffer; 6], offsets: &mut [Option<usize>; 6], len: usize) -> usize {
        let mut best = usize::MAX;
        for next in 0..6 {
            if offsets[next].is_some() {
                continue;
            }
            let offset = lowest_offset(buffers, &buffers[next], offsets);
            offsets[next] = Some(offset);
            let end = offset + buffers[next].len;
            best = best.min(fewest(buffers, offsets, len.max(end)));
            offsets[next] = None;
        }
        match best {
            usize::MAX => len,
            best => best,
        }
    }

    #[test]
    fn each_buffer_lies_as_low_as_those_before_it_allow() {
        let mut state = 1u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) % below) as usize
        };
        for _ in 0..50 {
            let buffers = [(); 61].map(|()| {
                let first = random(40);
                Buffer::new(random(20), first, first + random(9))
            });
            let plan = Plan::new(buffers);
            let mut order: Vec<usize> = (0..61).collect();
            order.sort_by_key(|number| std::cmp::Reverse(buffers[*number].len));
            let mut offsets = [None; 61];
            for number in order {
                let offset = lowest_offset(&buffers, &buffers[number], &offsets);
                assert_eq!(plan.offset(number), offset);
                offsets[number] = Some(offset);
            }
            assert_eq!(Plan::placed(buffers, plan.offsets).len(), plan.len());
        }
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
                    assert!(apart || !meet(&buffers[a], &buffers[b]), "{buffers:?}");
                }
            }
            let best = fewest(&buffers, &mut [None; 6], 0);
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
