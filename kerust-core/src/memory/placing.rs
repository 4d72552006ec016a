//! The search for a place for each buffer.

use super::Buffer;

/// Finds the address of each buffer: the largest first, each at the lowest one where it meets no
/// other. Addresses are words and count through the outputs, one behind the other, and then the arena,
/// whose length is returned. A buffer may lie in an output if it is read for the last time before the step
/// that writes the output. Both parts of `scratch` are as long as `buffers`.
///
/// # Cost
/// for each buffer a pass over those that are placed, from the lowest address up, and one more for
/// each output where it finds no place: rustc runs this too, and counts the steps
pub const fn place(
    buffers: &[Buffer],
    outputs: &[Buffer],
    addresses: &mut [usize],
    [order, next]: [&mut [usize]; 2],
) -> usize {
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

/// The placed buffers by their addresses, as a list: the lowest one, and what follows each.
struct Placed<'a> {
    buffers: &'a [Buffer],
    addresses: &'a mut [usize],
    next: &'a mut [usize],
    lowest: usize,
}

impl Placed<'_> {
    /// The lowest address from `start` on where a buffer meets no other.
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
