//! Expected: a loss is no optimizer.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let _ = Ten::new(Seed(1)).compile(SparseCategoricalCrossentropy, Adam::new(0.001), Accuracy);
}
