//! Expected: the metric, which on one sigmoid needs a threshold.
use kerust::prelude::*;

model! { pub One: Input(4) => Dense(1, sigmoid) }

fn main() {
    let _ = One::new(Seed(1)).compile(
        Adam::new(0.001),
        BinaryCrossentropy,
        (Accuracy, F1Score),
    );
}
