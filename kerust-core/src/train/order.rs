//! The order of the samples. It depends only on the seed and the pass.

use crate::rng::{Seed, Step};
use rand::Rng as _;

/// The stream of the generator for shuffling; layers use the streams 0, 1, 2 and so on.
const STREAM: u64 = u64::MAX;

/// The indices of all samples, in the order of one pass.
pub(super) struct Order {
    numbers: Vec<usize>,
    shuffled: Option<Seed>,
    pass: Option<u64>,
}

impl Order {
    /// Creates the order of `samples` samples, shuffled if there is a seed.
    pub(super) fn new(samples: usize, shuffled: Option<Seed>) -> Self {
        Self {
            numbers: (0..samples).collect(),
            shuffled,
            pass: None,
        }
    }

    /// The order for the pass number `pass`. It allocates no memory.
    pub(super) fn pass(&mut self, pass: u64) -> &[usize] {
        if let Some(seed) = self.shuffled
            && self.pass != Some(pass)
        {
            for (place, number) in self.numbers.iter_mut().enumerate() {
                *number = place;
            }
            let step = Step::new(seed, pass);
            let mut rng = step.layer(STREAM).rng(0);
            // Fisher-Yates. The index is the high half of a product (Lemire 2019, without rejection: the bias
            // is below 2⁻³² for any data set that fits in memory).
            for last in (1..self.numbers.len()).rev() {
                let product = u128::from(rng.next_u64()) * (last as u128 + 1);
                self.numbers.swap(last, (product >> 64) as usize);
            }
            self.pass = Some(pass);
        }
        &self.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pass_is_another_permutation() {
        let mut order = Order::new(17, Some(Seed(1)));
        let first = order.pass(0).to_vec();
        let second = order.pass(1).to_vec();
        assert_ne!(first, second);
        for mut numbers in [first, second] {
            numbers.sort_unstable();
            assert!(numbers.into_iter().eq(0..17));
        }
    }

    #[test]
    fn a_pass_does_not_depend_on_those_before() {
        let mut straight = Order::new(17, Some(Seed(1)));
        straight.pass(0);
        straight.pass(1);
        let mut resumed = Order::new(17, Some(Seed(1)));
        assert_eq!(straight.pass(2), resumed.pass(2));
    }

    #[test]
    fn without_a_seed_samples_keep_their_order() {
        assert!(Order::new(3, None).pass(5).iter().copied().eq(0..3));
    }
}
