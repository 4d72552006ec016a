//! Expected help: the name alone.
use kerust::model;

model! {
    pub Net:
        Input(4)
        => layers.Dense(64, relu)
        => Dense(3)
}

fn main() {}
