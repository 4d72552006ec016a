//! Expected: the loss, which is for binary labels.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let _ = Ten::new(Seed(1)).compile(
        Adam::new(0.001),
        BinaryFocalCrossentropy.gamma(1.0),
        Accuracy,
    );
}
