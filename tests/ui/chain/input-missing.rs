//! Expected help: begin with `Input`.
use kerust::model;

model! {
    pub Net:
        Dense(8, relu)
        => Dense(3)
}

fn main() {}
