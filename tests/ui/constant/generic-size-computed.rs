//! Expected help: a separate parameter.
use kerust::model;

model! {
    pub Net<const N: usize>:
        Input(N, N, 1)
        => Flatten
        => Dense(3)
}

fn main() {}
