//! Expected help: a separate parameter.
use kerust::model;

model! {
    pub Net<const N: usize>:
        Input(4)
        => Dense(2 * N)
}

fn main() {}
