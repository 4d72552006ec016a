//! Expected help: a smaller size.
use kerust::model;

model! {
    pub Net:
        Input(99999999999999999999999)
        => Dense(3)
}

fn main() {}
