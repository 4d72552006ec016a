//! NumPy's `RandomState(seed).shuffle(indices)`, with which Keras shuffles its data sets.
//!
//! The generator is the Mersenne Twister MT19937 of Matsumoto & Nishimura (1998), seeded by their
//! `init_genrand`.

const LEN: usize = 624;

/// The state of the generator.
pub(super) struct RandomState {
    words: [u32; LEN],
    next: usize,
}

impl RandomState {
    pub(super) fn new(seed: u32) -> Self {
        let mut words = [seed; LEN];
        for i in 1..LEN {
            let previous = words[i - 1];
            words[i] = (previous ^ previous >> 30)
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        Self { words, next: LEN }
    }

    /// The numbers from 0 to `count - 1`, shuffled.
    pub(super) fn shuffled(&mut self, count: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            indices.swap(last, self.up_to(last));
        }
        indices
    }

    /// A random number from 0 to `most`: numbers with the same count of bits are drawn until one is small
    /// enough.
    fn up_to(&mut self, most: usize) -> usize {
        let mask = usize::MAX >> most.leading_zeros();
        loop {
            let drawn = match u32::try_from(most) {
                Ok(_) => self.word() as usize,
                Err(_) => (u64::from(self.word()) << 32 | u64::from(self.word())) as usize,
            };
            if drawn & mask <= most {
                return drawn & mask;
            }
        }
    }

    fn word(&mut self) -> u32 {
        if self.next == LEN {
            self.renew();
        }
        let mut word = self.words[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    fn renew(&mut self) {
        for i in 0..LEN {
            let joined = self.words[i] & 0x8000_0000 | self.words[(i + 1) % LEN] & 0x7fff_ffff;
            let odd = if joined & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + 397) % LEN] ^ joined >> 1 ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shuffled(count: usize, seed: u32) -> Vec<usize> {
        RandomState::new(seed).shuffled(count)
    }

    /// `r = numpy.random.RandomState(113); i = numpy.arange(17); r.shuffle(i)`, and the last five of 3000
    /// numbers, which are more than one state of the generator gives.
    #[test]
    fn orders_are_numpys() {
        assert_eq!(shuffled(17, 113), SEVENTEEN);
        assert_eq!(shuffled(3000, 113)[2995..], LAST_OF_3000);
        assert_eq!(shuffled(3, u32::MAX), THREE);
        assert_eq!(shuffled(1, 0), [0]);
        assert!(shuffled(0, 0).is_empty());
    }

    const SEVENTEEN: [usize; 17] = [3, 9, 13, 16, 4, 11, 8, 1, 0, 7, 6, 14, 15, 10, 2, 12, 5];
    const LAST_OF_3000: [usize; 5] = [2818, 1610, 2210, 732, 2213];
    const THREE: [usize; 3] = [1, 0, 2];
}
