//! The search for the address of each buffer.

use super::Buffer;

/// Finds an address for each buffer. The largest buffers come first, and each is placed at the lowest address
/// at which it overlaps no other. Addresses are in words and run through the outputs, one after the other,
/// and then through the arena, whose length is returned. A buffer can be placed in an output if its last read
/// is before the step that writes the output. Both parts of `scratch` must be as long as `buffers`.
///
/// # Cost
/// For each buffer, one pass over the buffers placed so far, from the lowest address up, and one more pass
/// for each output without space. rustc evaluates this function too, and counts the steps.
///
/// # Panics
/// Panics when all buffers together are larger than the memory that can be addressed, or a part of `scratch`
/// is too short.
pub const fn place(
    buffers: &[Buffer],
    outputs: &[Buffer],
    addresses: &mut [usize],
    [order, next]: [&mut [usize]; 2],
) -> usize {
    super::check_total(buffers, outputs);
    largest_first(buffers, order, next);
    let mut placed = Placed {
        buffers,
        addresses,
        next,
        lowest: NONE,
    };
    let (mut len, mut round) = (0, 0);
    while round < buffers.len() {
        let wanted = buffers[order[round]];
        let (mut start, mut output) = (0, 0);
        let mut address = None;
        while output < outputs.len() {
            if address.is_none() && wanted.last < outputs[output].first {
                let free = placed.free(wanted, start);
                if wanted.fits(free - start, &outputs[output]) {
                    address = Some(free);
                }
            }
            start += outputs[output].words;
            output += 1;
        }
        let address = match address {
            Some(address) => address,
            None => {
                let free = placed.free(wanted, start);
                if len < free + wanted.words - start {
                    len = free + wanted.words - start;
                }
                free
            }
        };
        placed.insert(order[round], address);
        round += 1;
    }
    len
}

const NONE: usize = usize::MAX;

/// The placed buffers sorted by address, as a linked list.
struct Placed<'a> {
    buffers: &'a [Buffer],
    addresses: &'a mut [usize],
    next: &'a mut [usize],
    lowest: usize,
}

impl Placed<'_> {
    /// The lowest address from `start` on where a buffer overlaps no other.
    const fn free(&self, wanted: Buffer, start: usize) -> usize {
        let (mut address, mut at) = (start, self.lowest);
        while at != NONE {
            let other = self.buffers[at];
            if wanted.first <= other.last && other.first <= wanted.last {
                if address + wanted.words <= self.addresses[at] {
                    break;
                }
                if address < self.addresses[at] + other.words {
                    address = self.addresses[at] + other.words;
                }
            }
            at = self.next[at];
        }
        address
    }

    const fn insert(&mut self, number: usize, address: usize) {
        let (mut below, mut above) = (NONE, self.lowest);
        while above != NONE && self.addresses[above] <= address {
            below = above;
            above = self.next[above];
        }
        self.addresses[number] = address;
        self.next[number] = above;
        if below == NONE {
            self.lowest = number;
        } else {
            self.next[below] = number;
        }
    }
}

/// Writes the indices of the buffers to `order`, the largest first and equal ones in their order, with a
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
                let second = a == middle
                    || b < end && buffers[unmerged[b]].words > buffers[unmerged[a]].words;
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
