//! Expected: the crossentropy that takes logits, `::from_logits()`.
use kerust::prelude::*;

model! { pub Three: Input(4) => Dense(3) }

fn main() {
    let _ = Three::new(Seed(1)).compile(SGD::new(0.1), SparseCategoricalCrossentropy, ());
}
