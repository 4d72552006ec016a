//! Expected help: const parameters.
use kerust::model;

model! {
    pub Net<T>: Input(4) => Dense(3)
}

fn main() {}
