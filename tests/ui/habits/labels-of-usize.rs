//! Expected: labels are `Class<N>`, not numbers.
use kerust::prelude::*;

fn main() {
    let _: Dataset<Rank1<4>, usize> = Dataset::generate(8, |i| ([0.0; 4].into(), i));
}
