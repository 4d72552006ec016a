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

    /// The buffers of the given numbers, all at once.
    ///
    /// # Panics
    /// When two of them share memory, or the block is too short for the plan: a plan that a
    /// `model!` expands to asks for neither.
    #[inline(always)]
    pub fn get<const N: usize, const K: usize>(
        &mut self,
        plan: &Plan<N>,
        buffers: [usize; K],
    ) -> [&mut [f32]; K] {
        let ranges = buffers.map(|buffer| {
            let start = plan.offsets[buffer] * self.batch;
            start..start + plan.buffers[buffer].len * self.batch
        });
        match self.values.get_disjoint_mut(ranges) {
            Ok(slices) => slices,
            Err(_) => panic!("the memory plan gives out overlapping buffers"),
        }
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
        let [a, b, c] = memory.get(&PLAN, [0, 1, 2]);
        assert_eq!([a.len(), b.len(), c.len()], [6, 10, 8]);
    }
}
