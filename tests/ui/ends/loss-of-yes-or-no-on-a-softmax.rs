//! Expected: a softmax over one class is refused with words for `sigmoid`.
use kerust::prelude::*;

model! { pub One: Input(4) => Dense(1, softmax) }

fn main() {
    let _ = One::new(Seed(1)).compile(Adam::new(0.001), BinaryCrossentropy, (BinaryAccuracy, AUC));
}
