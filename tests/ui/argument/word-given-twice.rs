//! Expected help: remove one.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense(8, relu, tanh)
}

fn main() {}
