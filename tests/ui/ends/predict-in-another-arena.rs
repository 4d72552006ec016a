//! Expected: the arena of another model found.
use kerust::prelude::*;

model! { pub Ten: Input(4) => Dense(16, relu) => Dense(10, softmax) }
model! { pub Two: Input(4) => Dense(8, relu) => Dense(2, softmax) }

fn main() {
    let mut arena = Arena::<Two>::new();
    println!(
        "{:?}",
        Ten::new(Seed(1)).predict_in(&Tensor::from([0.0; 4]), &mut arena)
    );
}
