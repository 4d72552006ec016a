//! Expected: values in place of the strings of Keras: one error for each of the three.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let _ = Ten::new(Seed(1)).compile("adam", "mse", ["accuracy"]);
}
