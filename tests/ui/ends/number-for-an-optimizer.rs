//! Expected: a learning rate is not an optimizer, `Adam::new(..)` is one.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let _ = Ten::new(Seed(1)).compile(0.001, SparseCategoricalCrossentropy, Accuracy);
}
