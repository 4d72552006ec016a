//! Expected help: flatten it first.
use kerust::model;

model! {
    pub Net:
        Input(28, 28, 1)
        => Conv2D(10, 3x3, same)
        => Dense(64, relu)
}

fn main() {}
