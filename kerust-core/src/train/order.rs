//! The order in which samples are seen: a function of the seed and the pass, of nothing else.

use crate::rng::{Seed, Step};
use rand::Rng as _;

/// The stream of a generator that shuffles; layers draw from the streams 0, 1, 2 and so on.
const STREAM: u64 = u64::MAX;

/// The numbers of all samples, in the order of one pass over them.
pub(super) struct Order {
    numbers: Vec<usize>,
    shuffled: Option<Seed>,
    pass: Option<u64>,
}

impl Order {
    /// The order of `samples` samples; shuffled when there is a seed.
    pub(super) fn new(samples: usize, shuffled: Option<Seed>) -> Self {
        Self {
            numbers: (0..samples).collect(),
            shuffled,
            pass: None,
        }
    }

    /// The order of the pass number `pass`. Allocates nothing.
    pub(super) fn pass(&mut self, pass: u64) -> &[usize] {
        if let Some(seed) = self.shuffled
            && self.pass != Some(pass)
        {
            for (place, number) in self.numbers.iter_mut().enumerate() {
                *number = place;
            }
            let step = Step::new(seed, pass);
            let mut rng = step.layer(STREAM).rng(0);
            // Fisher-Yates; the bound is taken from the high half of a product (Lemire 2019,
            // without the rejection: a bias below 2⁻³² for any data set that fits into memory).
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
