//! Expected: the metric that does not fit, inside its tuple.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let _ = Ten::new(Seed(1)).compile(
        Adam::new(0.001),
        SparseCategoricalCrossentropy,
        (Accuracy, BinaryAccuracy),
    );
}
