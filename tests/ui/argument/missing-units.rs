//! Expected help: `Dense(32)`.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => Dense
        => Dense(3)
}

fn main() {}
