//! Expected: `Adam::new(0.001)` in place of a string.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let _ = Ten::new(Seed(1)).compile("adam", SparseCategoricalCrossentropy, Accuracy);
}
