//! Expected: `Ten::summary()`.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let model = Ten::new(Seed(1));
    println!("{}", model.summary());
}
