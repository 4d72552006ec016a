//! Expected help: `Input`.
use kerust::model;

model! {
    pub Net:
        InputLayer(4)
        => Dense(3)
}

fn main() {}
