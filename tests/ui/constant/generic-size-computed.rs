//! Expected help: a parameter of its own.
use kerust::model;

model! {
    pub Net<const N: usize>:
        Input(N, N, 1)
        => Flatten
        => Dense(3)
}

fn main() {}
