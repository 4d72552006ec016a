//! Expected: a number becomes a label by `Class::new`.
use kerust::prelude::*;

fn main() {
    let _: Dataset<Rank1<4>, Class<3>> = Dataset::generate(8, |i| ([0.0; 4].into(), i % 3));
}
