//! Expected help: fewer layers.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Repeat(1000000000, Dense(4))
        => Dense(3)
}

fn main() {}
