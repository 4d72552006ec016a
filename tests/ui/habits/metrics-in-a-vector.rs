//! Expected: a tuple of metrics in place of a vector.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let _ = Ten::new(Seed(1)).compile(
        Adam::new(0.001),
        SparseCategoricalCrossentropy,
        vec![Accuracy],
    );
}
