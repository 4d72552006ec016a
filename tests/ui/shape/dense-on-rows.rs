//! Expected help: flatten it first.
use kerust::model;

model! {
    pub Net:
        Input(24, 2)
        => Dense(64, relu)
}

fn main() {}
