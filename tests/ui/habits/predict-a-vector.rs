//! Expected: a tensor in place of a vector.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let x = vec![0.0; 4];
    println!("{}", Ten::new(Seed(1)).predict(&x).argmax());
}
