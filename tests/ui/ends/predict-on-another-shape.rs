//! Expected: a tensor of 5 values found, of 4 expected.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(10, softmax) }

fn main() {
    let model = Ten::new(Seed(1));
    let x = Tensor::from([0.0; 5]);
    println!("{}", model.predict(&x).argmax());
}
