//! Expected: `MeanSquaredError` in place of a string.
use kerust::prelude::*;

model! { pub Two: Input(4) => Dense(2) }

fn main() {
    let _ = Two::new(Seed(1)).compile(Adam::new(0.001), "mse", ());
}
